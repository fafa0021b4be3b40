#include "agent/recorder.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "agent/log.hpp"
#include "probes/observation_json.hpp"

namespace nethealth {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t bytes_in_mb = 1'000'000;

std::string file_name(Time time) {
  // 2026-11-24T00:00:00.000Z without its signs but the last.
  std::string name;
  for (const char c : format_time(time, Zone()))
    if (c != '-' && c != ':') name += c;
  return name.substr(0, name.find_first_of("+Z")) + "Z" + std::string(recording_suffix);
}

struct GzipClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzipFile = std::unique_ptr<gzFile_s, GzipClose>;

/// The recordings of the folder, oldest first. Throws what std::filesystem throws.
std::vector<fs::path> recordings(const std::string& folder) {
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().string().ends_with(recording_suffix))
      found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

}  // namespace

class Recorder::Impl {
 public:
  Impl(RecorderPlan plan, const Zone& zone, Language language, RecorderLimits limits)
      : plan_(std::move(plan)), zone_(zone), language_(language), limits_(limits) {
    thread_ = std::thread([this] { work(); });
  }

  ~Impl() {
    {
      const std::lock_guard hold(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  void record(const Observation& observation) {
    {
      const std::lock_guard hold(mutex_);
      if (queue_.size() >= limits_.queue_observations) {
        ++left_out_;
        return;
      }
      queue_.push_back(observation);
      // The writer is woken by the first; the rest gathers while it works or waits.
      if (queue_.size() > 1) return;
    }
    changed_.notify_one();
  }

  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  void work() {
    std::vector<Observation> batch;
    for (bool last = false; !last;) {
      {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [this] { return stopping_ || !queue_.empty(); });
        if (!stopping_) changed_.wait_for(hold, limits_.flush_interval, [this] { return stopping_; });
        last = stopping_;
        batch.clear();
        batch.swap(queue_);
      }
      write(batch);
    }
  }

  void write(const std::vector<Observation>& batch) {
    const std::uint64_t before = left_out_;
    std::string trouble = room_trouble();
    for (const Observation& observation : batch) {
      if (trouble.empty()) trouble = begin_file_if_due(observation.time);
      if (trouble.empty()) trouble = write_line(observation);
      if (!trouble.empty()) ++left_out_;
    }
    if (file_ && gzflush(file_.get(), Z_SYNC_FLUSH) != Z_OK) trouble = gzip_trouble();
    // A file that could not be written to its end is begun anew once there is room.
    if (!trouble.empty()) file_.reset();
    if (!batch.empty()) tell(trouble, left_out_ - before);
  }

  /// The recording stands on the journal's disk more often than not, and the journal comes first.
  [[nodiscard]] std::string room_trouble() const {
    std::error_code error;
    fs::create_directories(plan_.folder, error);
    const fs::space_info space = error ? fs::space_info{} : fs::space(plan_.folder, error);
    if (error) return plan_.folder + ": " + error.message();
    if (static_cast<double>(space.available) >= limits_.free_share * static_cast<double>(space.capacity))
      return "";
    return plan_.folder +
           std::string(Phrase{": ディスクの残りが少ない", ": the disk is nearly full"}.in(language_));
  }

  std::string begin_file_if_due(Time time) {
    const bool full = file_ && static_cast<std::uint64_t>(gzoffset(file_.get())) >= limits_.file_bytes;
    if (file_ && !full && time < begun_ + limits_.file_time) return "";
    file_.reset();
    prune(time);
    const std::string path = (fs::path(plan_.folder) / file_name(time)).string();
    // Log lines may hold anything, so only the owner reads it.
    const int descriptor =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return path + ": " + std::strerror(errno);
    file_.reset(gzdopen(descriptor, "ab"));
    if (!file_) {
      ::close(descriptor);
      return path + ": " + std::strerror(ENOMEM);
    }
    begun_ = time;
    return "";
  }

  std::string write_line(const Observation& observation) {
    const std::string line = observation_line(observation, zone_) + "\n";
    const int written = gzwrite(file_.get(), line.data(), static_cast<unsigned>(line.size()));
    return written > 0 ? "" : gzip_trouble();
  }

  [[nodiscard]] std::string gzip_trouble() const {
    int code = Z_OK;
    const char* const text = gzerror(file_.get(), &code);
    return plan_.folder + ": " + (code == Z_ERRNO ? std::strerror(errno) : text);
  }

  /// Removes what is older than `keep` and, from the oldest on, what is beyond the limit with one more file.
  void prune(Time now) const {
    try {
      const std::vector<fs::path> files = recordings(plan_.folder);
      // One more file, and what the last line makes it longer.
      std::uint64_t bytes = limits_.file_bytes * 2;
      for (const fs::path& file : files) bytes += fs::file_size(file);
      const std::string oldest_kept = file_name(now - plan_.keep);
      for (std::size_t i = 0; i < files.size(); ++i) {
        // A file reaches until the next one begins.
        const bool too_old = i + 1 < files.size() && files[i + 1].filename().string() <= oldest_kept;
        if (!too_old && bytes <= static_cast<std::uint64_t>(plan_.limit_mb) * bytes_in_mb) return;
        bytes -= fs::file_size(files[i]);
        fs::remove(files[i]);
      }
    } catch (const fs::filesystem_error& error) {
      log_warning(std::string(Phrase{"観測の記録を片付けられません: ",
                                     "old recordings of observations cannot be removed: "}
                                  .in(language_)) +
                  error.what());
    }
  }

  /// Once when it begins and once when it ends.
  void tell(const std::string& trouble, std::uint64_t now_left_out) {
    if (!trouble.empty() && !troubled_)
      log_warning(std::string(Phrase{"観測を記録できません。監視は続きます: ",
                                     "observations are not recorded, monitoring goes on: "}
                                  .in(language_)) +
                  trouble);
    if (trouble.empty() && troubled_ && now_left_out == 0)
      log_notice(std::string(Phrase{"観測を再び記録しています。記録できなかった数: ",
                                    "observations are recorded again; left out: "}
                                 .in(language_)) +
                 std::to_string(left_out_));
    troubled_ = !trouble.empty();
  }

  const RecorderPlan plan_;
  const Zone zone_;
  const Language language_;
  const RecorderLimits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Observation> queue_;  ///< under the mutex, as is stopping_
  bool stopping_ = false;
  std::atomic<std::uint64_t> left_out_ = 0;

  // The writing thread's own.
  GzipFile file_;
  Time begun_;
  bool troubled_ = false;

  std::thread thread_;
};

Recorder::Recorder(RecorderPlan plan, const Zone& zone, Language language, RecorderLimits limits)
    : impl_(std::make_unique<Impl>(std::move(plan), zone, language, limits)) {}
Recorder::~Recorder() = default;
void Recorder::record(const Observation& observation) {
  impl_->record(observation);
}
std::uint64_t Recorder::left_out() const {
  return impl_->left_out();
}

}  // namespace nethealth
