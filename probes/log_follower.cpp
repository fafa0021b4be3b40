#include "probes/log_follower.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "probes/log_glob.hpp"
#include "probes/log_stream.hpp"
#include "probes/log_watch.hpp"

namespace nethealth {
namespace {

/// Looks without a sign of a file that is neither at its path nor has a successor, until it is let go.
constexpr std::uint64_t missing_looks = 720;
constexpr std::uint64_t quiet_looks = 2;
constexpr std::size_t most_watched_folders = 1'000;
constexpr std::size_t most_remembered_problems = 10'000;

struct Source;

/// One name that the glob found. The streams are what is to be read under it, the oldest first: rotated
/// files, then the one at the path.
struct Followed {
  Source* source = nullptr;
  std::string file;
  std::deque<LogStream> streams;
  std::uint64_t outstanding = 0;  ///< the batch not acknowledged; 0 when there is none
  bool queued = false;
  bool at_path = false;             ///< the newest stream is what the path names
  std::uint64_t quiet_since = 0;    ///< drain tick at which the oldest stream last showed something new
  std::uint64_t missing_since = 0;  ///< look by the clock at which the path last named the newest stream
  std::uint64_t held_since = 0;     ///< join tick at which its held entry last grew; 0 when none is held
  std::string problem;              ///< the last one told, so that it is told once
};

struct Source {
  std::string device;
  LogSource config;
  LineContinues continues;
  LogEncoding encoding = LogEncoding::automatic;
  bool known = false;                        ///< seen by an earlier run or look
  std::map<std::string, LogPosition> saved;  ///< by file; those not taken up yet
  std::map<std::string, Followed> files;     ///< by path; addresses stay
  bool look_wanted = false;
  std::string problem;
};

/// Counts intervals, but only while a file waits for one to pass.
struct Ticker {
  boost::asio::steady_timer timer;
  std::uint64_t ticks;
  bool armed = false;
};

struct Found {
  std::string path;
  FileIdentity identity;
};

LostPlace place_of(const LogPosition& position) {
  return {{position.device_number, position.inode}, position.offset, position.fingerprint};
}

}  // namespace

class LogFollower::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, std::vector<FollowedLog> logs, std::vector<LogPosition> saved,
       OnLines on_lines, OnProblem on_problem, LogFollowerOptions options)
      : io_(io),
        on_lines_(std::move(on_lines)),
        on_problem_(std::move(on_problem)),
        options_(std::move(options)),
        look_timer_(io),
        drain_{boost::asio::steady_timer(io), 0},
        join_{boost::asio::steady_timer(io), 1} {
    for (FollowedLog& log : logs) add_source(std::move(log), saved);
  }

  void start() {
    auto watch = LogWatch::create(io_, [this](const LogWatch::Change& change) { changed(change); });
    if (watch)
      watch_ = std::move(*watch);
    else
      tell({"", watch.error().where, watch.error().what});
    look_at_all();
    first_batches_ = last_batch_;
  }

  [[nodiscard]] bool first_positions_safe() const {
    return outstanding_.empty() || outstanding_.begin()->first > first_batches_;
  }

  void stop() {
    stopped_ = true;
    if (watch_) watch_->stop();
    look_timer_.cancel();
    drain_.timer.cancel();
    join_.timer.cancel();
    sources_.clear();
    ready_.clear();
    outstanding_.clear();
  }

  void acknowledge(std::uint64_t batch) {
    const auto at = outstanding_.find(batch);
    if (at == outstanding_.end()) return;
    Followed* followed = at->second;
    outstanding_.erase(at);
    if (!followed) return post_reading();
    followed->outstanding = 0;
    make_ready(*followed);
  }

 private:
  void add_source(FollowedLog log, const std::vector<LogPosition>& saved) {
    auto source = std::make_unique<Source>();
    source->device = std::move(log.device);
    source->config = std::move(log.source);
    source->continues = std::move(log.continues);
    source->encoding = log_encoding(source->config.encoding).value_or(LogEncoding::automatic);
    for (const LogPosition& position : saved) {
      if (position.device != source->device || position.path != source->config.path) continue;
      source->known = true;
      if (!position.file.empty()) source->saved[position.file] = position;
    }
    sources_.push_back(std::move(source));
  }

  // --- looking: which files there are ---

  void look_at_all() {
    if (stopped_) return;
    tell_untold();
    std::set<std::string> folders;
    for (const auto& source : sources_)
      folders.merge(folders_of_glob(source->config.path, most_watched_folders));
    if (watch_) watch_problem_ = tell_once("", watch_->watch(folders), watch_problem_);
    for (const auto& source : sources_) look(*source);
    look_timer_.expires_after(options_.look_interval);
    look_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!self || error) return;
      ++self->looks_by_clock_;
      self->look_at_all();
    });
  }

  void changed(const LogWatch::Change& change) {
    const std::string path = (change.folder == "/" ? "" : change.folder) + "/" + change.name;
    if (change.folder.empty() || change.name.empty()) everything_changed_ = true;
    for (const auto& source : sources_) {
      if (change.only_grew) {
        const auto file = source->files.find(path);
        if (file != source->files.end()) make_ready(file->second);
      } else if (is_named_by_glob(source->config.path, path)) {
        source->look_wanted = true;
      } else if (is_above_glob(source->config.path, path)) {
        everything_changed_ = true;
      } else {
        continue;
      }
      if (!change.only_grew) look_soon();
    }
    if (everything_changed_) look_soon();
  }

  /// Many changes, one look.
  void look_soon() {
    if (std::exchange(look_posted_, true)) return;
    boost::asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      self->look_posted_ = false;
      if (std::exchange(self->everything_changed_, false)) return self->look_at_all();
      for (const auto& source : self->sources_)
        if (source->look_wanted) self->look(*source);
    });
  }

  void look(Source& source) {
    source.look_wanted = false;
    auto paths = expand_glob(source.config.path);
    source.problem = tell_once(source.device, paths, source.problem);
    if (!paths) return;
    const std::vector<Found> found = regular_files(source, *paths);
    for (auto& [path, followed] : source.files) followed.at_path = false;
    take_known(source, found);
    take_saved(source, found);
    std::set<FileIdentity> read = identities_read(source);
    for (const Found& file : found) take_new(source, file, read);
    take_missing(source, found);
    if (!std::exchange(source.known, true)) send_source_known(source);
    for (auto& [path, followed] : source.files) make_ready(followed);
  }

  /// One path an inode (a hard link is the same file twice); of files that are new no more than may be
  /// followed.
  std::vector<Found> regular_files(Source& source, const std::vector<std::string>& paths) {
    std::vector<Found> found;
    std::set<FileIdentity> seen;
    std::size_t followed = 0;
    for (const auto& one : sources_) followed += one->files.size();
    for (const std::string& path : paths) {
      const auto facts = look_at_file(path);
      const auto known = source.files.find(path);
      std::string& told = look_problems_[path];
      if (!facts) {
        told = tell_once(source.device, facts, told);
        continue;
      }
      if (known == source.files.end() && ++followed > options_.files) {
        told = tell_once(source.device,
                         Result<void>(failure(path, "is not followed: the sources name more than the " +
                                                        std::to_string(options_.files) +
                                                        " files that can be open at once")),
                         told);
        continue;
      }
      look_problems_.erase(path);
      if (seen.insert(facts->identity).second) found.push_back({path, facts->identity});
    }
    for (auto* problems : {&look_problems_, &open_problems_})
      if (problems->size() > most_remembered_problems) problems->clear();
    return found;
  }

  /// Files that are read already: at their path as before, or renamed within the glob.
  void take_known(Source& source, const std::vector<Found>& found) {
    std::map<FileIdentity, std::string> path_of;
    for (const Found& file : found) path_of[file.identity] = file.path;
    std::vector<std::pair<Followed*, std::size_t>> moved;
    for (auto& [path, followed] : source.files)
      for (std::size_t i = 0; i < followed.streams.size(); ++i) {
        const auto at = path_of.find(followed.streams[i].identity());
        if (at == path_of.end()) continue;
        if (at->second == path) {
          // Renamed back where it was: the newest again.
          const auto stream = followed.streams.begin() + static_cast<std::ptrdiff_t>(i);
          if (followed.outstanding == 0) std::rotate(stream, stream + 1, followed.streams.end());
          followed.at_path = followed.streams.back().identity() == at->first;
          if (followed.at_path) break;
        }
        if (at->second != path && followed.outstanding == 0) moved.emplace_back(&followed, i);
      }
    std::vector<std::pair<std::string, LogStream>> streams;
    for (auto at = moved.rbegin(); at != moved.rend(); ++at) {
      auto& from = at->first->streams;
      const auto stream = from.begin() + static_cast<std::ptrdiff_t>(at->second);
      streams.emplace_back(path_of[stream->identity()], std::move(*stream));
      from.erase(stream);
      at->first->quiet_since = drain_.ticks;
    }
    for (auto& [path, stream] : streams) {
      // Its lines go under the new name from here on, and so does its position.
      Followed& followed = follow(source, path);
      stream.rename(path);
      followed.streams.push_back(std::move(stream));
      followed.at_path = true;
      send_position(followed);
    }
  }

  /// Files that an earlier run has read, found by what they are, whatever they are called now.
  void take_saved(Source& source, const std::vector<Found>& found) {
    for (const Found& file : found) {
      if (source.saved.empty()) return;
      auto best = source.saved.end();
      for (auto at = source.saved.begin(); at != source.saved.end(); ++at)
        if (place_of(at->second).identity == file.identity &&
            (best == source.saved.end() || best->second.offset < at->second.offset))
          best = at;
      if (best == source.saved.end()) continue;
      const LogPosition saved = best->second;
      auto opened = open(source, file.path);
      if (!opened) continue;
      const auto facts = opened->facts();
      if (!facts || facts->size < saved.offset || !opened->starts_as(saved.fingerprint)) continue;
      std::erase_if(source.saved,
                    [&](const auto& other) { return place_of(other.second).identity == file.identity; });
      Followed& followed = follow(source, file.path);
      append(followed, std::move(*opened), saved.offset);
      followed.at_path = true;
      if (saved.file != file.path) send_position(followed);
    }
  }

  void take_new(Source& source, const Found& file, std::set<FileIdentity>& read) {
    const auto known = source.files.find(file.path);
    if (known != source.files.end() && known->second.at_path) return;
    if (read.contains(file.identity)) return;
    auto opened = open(source, file.path);
    if (!opened) return wait_until_readable(source, file);
    Followed& followed = follow(source, file.path);
    // Rotated more than once since the last look: those in between are read too.
    if (!followed.streams.empty())
      append_rotated(followed, find_rotated(file.path, followed.streams.back().place()), 0);
    const auto saved = source.saved.find(file.path);
    if (saved != source.saved.end()) {
      take_rotated(followed, place_of(saved->second), place_of(saved->second).identity == file.identity);
      source.saved.erase(saved);
    }
    const auto facts = opened->facts();
    append(followed, std::move(*opened), facts ? first_offset(source, file, *facts) : 0);
    followed.at_path = true;
    for (const LogStream& stream : followed.streams) read.insert(stream.identity());
    if (!source.known) send_position(followed);
  }

  /// Of a new source, what is written from now on counts, also where it can be read only later.
  void wait_until_readable(Source& source, const Found& file) {
    const auto facts = look_at_file(file.path);
    if (source.known || !facts) return;
    LogPosition end{source.device,
                    source.config.path,
                    file.path,
                    facts->identity.device_number,
                    facts->identity.inode,
                    facts->size,
                    fingerprint(std::string_view())};
    source.saved[file.path] = end;
    send_position_alone(source, std::move(end));
  }

  /// The start, but the end where the source is new, and behind what was read already where it is a copy
  /// (copytruncate) of a file that is followed.
  std::uint64_t first_offset(const Source& source, const Found& file, const FileFacts& facts) {
    if (!source.known) return facts.size;
    for (const auto& [path, followed] : source.files) {
      if (followed.streams.empty() || !is_named_as_rotation(file.path, path)) continue;
      const LostPlace place = followed.streams.back().place();
      if (is_copy_of(file.path, path, place)) return place.offset;
    }
    return 0;
  }

  static std::set<FileIdentity> identities_read(const Source& source) {
    std::set<FileIdentity> read;
    for (const auto& [path, followed] : source.files)
      for (const LogStream& stream : followed.streams) read.insert(stream.identity());
    return read;
  }

  /// What stood in the file where reading stopped, and in those between it and the one at the path.
  void take_rotated(Followed& followed, const LostPlace& place, bool same_file) {
    const RotatedFiles rotated = find_rotated(followed.file, place);
    const std::string where = "after offset " + std::to_string(place.offset);
    if (same_file) tell({followed.source->device, followed.file, "was truncated; read again from its start"});
    if (!rotated.found && !rotated.compressed.empty() && take_compressed(followed, place)) return;
    if (!rotated.found && place.offset > 0)
      tell({followed.source->device, followed.file,
            "what was read until now is not in its folder any more; what was written to it " + where +
                " may be lost" +
                (rotated.compressed.empty()
                     ? ""
                     : " (perhaps compressed too early: " + rotated.compressed.back() + ")")});
    append_rotated(followed, rotated, place.offset);
  }

  /// What was compressed before it was read. False when it is not there.
  bool take_compressed(Followed& followed, const LostPlace& place) {
    UnpackedFiles files = find_compressed(followed.file, place);
    if (files.unpacked.empty()) return false;
    std::uint64_t offset = place.offset;
    for (const std::string& damage : files.damage)
      tell({followed.source->device, followed.file,
            damage + "; what could be unpacked was read, the rest is lost"});
    for (LogFile& file : files.unpacked) append(followed, std::move(file), std::exchange(offset, 0));
    RotatedFiles younger;
    younger.paths = std::move(files.paths);
    append_rotated(followed, younger, 0);
    return true;
  }

  void append_rotated(Followed& followed, const RotatedFiles& rotated, std::uint64_t offset) {
    for (const std::string& path : rotated.paths) {
      auto file = open(*followed.source, path);
      const auto facts = file ? file->facts() : Result<FileFacts>(tl::unexpected(file.error()));
      if (facts && !identities_read(*followed.source).contains(facts->identity)) {
        Source& source = *followed.source;
        Followed& owner = is_named_by_glob(source.config.path, path) ? follow(source, path) : followed;
        append(owner, std::move(*file), offset);
        owner.at_path = &owner != &followed;
      }
      offset = 0;
    }
  }

  /// Whether a file may be where it was, only that we may not look there now.
  static bool is_hidden(const std::string& path) {
    return is_closed_to_us(path.substr(0, path.rfind('/') + 1));
  }

  /// Names without a file: rotated away, their successor still to come, or gone.
  void take_missing(Source& source, const std::vector<Found>& found) {
    std::set<FileIdentity> unreadable;
    for (const Found& file : found)
      if (open_problems_.contains(file.path)) unreadable.insert(file.identity);
    for (auto at = source.saved.begin(); at != source.saved.end();) {
      const std::string& file = at->first;
      const bool has_folder = is_folder(file.substr(0, file.rfind('/') + 1));
      if (!has_folder || is_hidden(file) || unreadable.contains(place_of(at->second).identity)) {
        ++at;  // perhaps not mounted yet
        continue;
      }
      Followed& followed = follow(source, file);
      take_rotated(followed, place_of(at->second), false);
      followed.missing_since = looks_by_clock_;
      at = source.saved.erase(at);
    }
    for (auto at = source.files.begin(); at != source.files.end();) {
      Followed& followed = (at++)->second;
      if (followed.at_path) followed.missing_since = looks_by_clock_;
      if (followed.at_path || followed.outstanding != 0 || followed.streams.size() > 1) continue;
      if (is_hidden(followed.file)) continue;
      const auto facts =
          followed.streams.empty() ? Result<FileFacts>(failure("", "")) : followed.streams.back().facts();
      const bool unlinked = !facts || !facts->linked;
      if (looks_by_clock_ - followed.missing_since >= (unlinked ? quiet_looks : missing_looks))
        let_go(source, followed);
    }
  }

  void let_go(Source& source, Followed& followed) {
    if (!followed.streams.empty()) {
      auto piece = followed.streams.front().read(options_.batch_bytes);
      if (piece && (!piece->lines.empty() || piece->sieved > 0)) return send(followed, std::move(*piece));
      if (piece && !piece->at_end) return;
    }
    std::vector<LogSeen> rest;
    if (!followed.streams.empty()) rest = followed.streams.front().finish();
    LogPosition nowhere;
    nowhere.device = source.device;
    nowhere.path = source.config.path;
    nowhere.file = followed.file;
    send(followed, std::move(rest), std::move(nowhere), true);
    forget(source, followed);
  }

  void forget(Source& source, Followed& followed) {
    if (followed.outstanding != 0) outstanding_[followed.outstanding] = nullptr;
    std::erase(ready_, &followed);
    source.files.erase(std::string(followed.file));
  }

  Followed& follow(Source& source, const std::string& path) {
    Followed& followed = source.files[path];
    followed.source = &source;
    followed.file = path;
    return followed;
  }

  void append(Followed& followed, LogFile file, std::uint64_t offset) {
    const auto facts = file.facts();
    if (!facts) return;
    const Source& source = *followed.source;
    followed.streams.emplace_back(std::move(file), *facts, offset, source.encoding, options_.line_bytes,
                                  followed.file, source.config.rules, options_.sieve, source.continues,
                                  options_.context_lines);
    if (followed.streams.size() <= 2) followed.quiet_since = drain_.ticks;
    followed.problem.clear();
  }

  Result<LogFile> open(Source& source, const std::string& path) {
    auto file = LogFile::open(path);
    std::string& told = open_problems_[path];
    told = tell_once(source.device, file, told);
    if (told.empty()) open_problems_.erase(path);
    return file;
  }

  // --- reading: one piece of one file at a time ---

  void make_ready(Followed& followed) {
    if (!followed.queued && followed.outstanding == 0 && !followed.streams.empty()) {
      followed.queued = true;
      ready_.push_back(&followed);
    }
    if (!ready_.empty()) post_reading();
  }

  void post_reading() {
    if (ready_.empty() || reading_posted_ || outstanding_.size() >= options_.batches_outstanding) return;
    reading_posted_ = true;
    boost::asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      self->reading_posted_ = false;
      if (self->ready_.empty()) return;
      Followed& followed = *self->ready_.front();
      self->ready_.pop_front();
      followed.queued = false;
      self->read(followed);
      if (!self->stopped_) self->post_reading();
    });
  }

  void read(Followed& followed) {
    if (followed.outstanding != 0 || followed.streams.empty()) return;
    if (was_truncated(followed)) return make_ready(followed);
    auto piece = followed.streams.front().read(options_.batch_bytes);
    followed.problem = tell_once(followed.source->device, piece, followed.problem);
    if (!piece) return;
    if (followed.streams.front().is_compressed() && followed.problem.empty())
      followed.problem =
          tell_once(followed.source->device,
                    Result<void>(failure(followed.file, "is compressed and therefore not read")), "");
    if (piece->progressed) followed.quiet_since = drain_.ticks;
    watch_held_entry(followed, *piece);
    if (!piece->lines.empty() || piece->sieved > 0) return send(followed, std::move(*piece));
    if (!piece->at_end) return make_ready(followed);
    if (followed.streams.size() > 1) drain(followed);
  }

  /// The entry at a file's end may still go on: it is let go when it did not for a whole interval.
  void watch_held_entry(Followed& followed, LogStream::Piece& piece) {
    LogStream& stream = followed.streams.front();
    if (!stream.holds_entry()) {
      followed.held_since = 0;
      return;
    }
    if (piece.progressed || followed.held_since == 0) followed.held_since = join_.ticks;
    if (!piece.at_end) return;
    if (join_.ticks - followed.held_since < quiet_looks) return join_later();
    followed.held_since = 0;
    LogStream::Piece ended = stream.finish_entry();
    piece.sieved += ended.sieved;
    std::move(ended.lines.begin(), ended.lines.end(), std::back_inserter(piece.lines));
  }

  void join_later() {
    tick_later(join_, options_.join_interval, [](const Followed& file) { return file.held_since != 0; });
  }

  void drain_later() {
    tick_later(drain_, options_.drain_interval, [](const Followed& file) { return file.streams.size() > 1; });
  }

  /// After the interval the ticker has gone on by one, and the files that wait for it are read.
  void tick_later(Ticker& ticker, Milliseconds interval, bool (*waits)(const Followed&)) {
    if (std::exchange(ticker.armed, true)) return;
    ticker.timer.expires_after(interval);
    ticker.timer.async_wait(
        [weak = weak_from_this(), &ticker, waits](const boost::system::error_code& error) {
          const auto self = weak.lock();
          if (!self || error || self->stopped_) return;
          ticker.armed = false;
          ++ticker.ticks;
          for (const auto& source : self->sources_)
            for (auto& [path, followed] : source->files)
              if (waits(followed)) self->make_ready(followed);
        });
  }

  /// A truncated file is begun anew, after the rest of its copy where the folder has one.
  bool was_truncated(Followed& followed) {
    const auto truncated = followed.streams.front().was_truncated();
    if (!truncated || !*truncated) return false;
    if (followed.streams.front().holds_entry()) {
      send(followed, followed.streams.front().finish_entry());  // nothing can go on with it any more
      return true;
    }
    const LostPlace place = followed.streams.front().place();
    auto file = LogFile::open(followed.file);
    const auto facts = file ? file->facts() : Result<FileFacts>(tl::unexpected(file.error()));
    if (!facts || facts->identity != place.identity || followed.streams.size() > 1) {
      tell({followed.source->device, followed.file, "was truncated after it was rotated; its rest is lost"});
      followed.streams.pop_front();
      return true;
    }
    std::deque<LogStream> old = std::exchange(followed.streams, {});
    take_rotated(followed, place, true);
    append(followed, std::move(*file), 0);
    return true;
  }

  /// The end of a file that has a successor: once nothing more comes, on to the next.
  void drain(Followed& followed) {
    const auto front = followed.streams.front().facts();
    const auto next = followed.streams[1].facts();
    const bool only_waits = next && next->size == 0 && front && front->linked && followed.streams.size() == 2;
    if (only_waits) return;
    const bool is_middle = followed.streams.size() > 2;
    if (!is_middle && drain_.ticks - followed.quiet_since < quiet_looks) return drain_later();
    std::vector<LogSeen> rest = followed.streams.front().finish();
    followed.streams.pop_front();
    followed.quiet_since = drain_.ticks;
    send(followed, std::move(rest), position(followed, followed.streams.front().place()), false);
  }

  // --- telling ---

  static LogPosition position(const Followed& followed, const LostPlace& place) {
    return {followed.source->device, followed.source->config.path,
            followed.file,           place.identity.device_number,
            place.identity.inode,    place.offset,
            place.fingerprint};
  }

  void send(Followed& followed, LogStream::Piece piece) {
    LogLines lines;
    lines.lines = std::move(piece.lines);
    lines.after = position(followed, followed.streams.front().place());
    lines.read = true;
    if (followed.streams.size() == 1) lines.newest = std::move(piece.newest);
    send(followed, std::move(lines));
  }

  void send(Followed& followed, std::vector<LogSeen> rest, LogPosition after, bool gone) {
    LogLines lines;
    lines.read = !rest.empty();
    lines.lines = std::move(rest);
    lines.after = std::move(after);
    lines.gone = gone;
    send(followed, std::move(lines));
  }

  void send(Followed& followed, LogLines lines) {
    followed.outstanding = lines.batch = ++last_batch_;
    outstanding_[last_batch_] = &followed;
    lines.device = followed.source->device;
    deliver(std::move(lines));
  }

  /// Only the position; the next batch carries it where one is outstanding.
  void send_position(Followed& followed) {
    if (followed.outstanding == 0)
      send(followed, {}, position(followed, followed.streams.front().place()), false);
  }

  void send_source_known(const Source& source) {
    LogPosition known;
    known.device = source.device;
    known.path = source.config.path;
    send_position_alone(source, std::move(known));
  }

  /// Nothing waits for it.
  void send_position_alone(const Source& source, LogPosition position) {
    outstanding_[++last_batch_] = nullptr;
    LogLines lines;
    lines.batch = last_batch_;
    lines.device = source.device;
    lines.after = std::move(position);
    deliver(std::move(lines));
  }

  /// Posted: the owner may acknowledge at once, or stop, from inside its callback.
  void deliver(LogLines lines) {
    boost::asio::post(io_, [weak = weak_from_this(), lines = std::move(lines)]() mutable {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->on_lines_(std::move(lines));
    });
  }

  /// Tells a problem when it is another than the last one of the same thing; returns the one that stands.
  template <class T>
  std::string tell_once(const std::string& device, const Result<T>& result, const std::string& told) {
    if (result) return {};
    const std::string text = result.error().text();
    if (text != told) tell({device, result.error().where, result.error().what});
    return text;
  }

  void tell(LogProblem problem) {
    if (told_this_look_ >= options_.problems_a_look) {
      ++untold_;
      return;
    }
    ++told_this_look_;
    boost::asio::post(io_, [weak = weak_from_this(), problem = std::move(problem)] {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->on_problem_(problem);
    });
  }

  void tell_untold() {
    told_this_look_ = 0;
    if (const std::size_t count = std::exchange(untold_, 0); count > 0)
      tell({"", "", std::to_string(count) + " more problems with log files were not told one by one"});
  }

  boost::asio::io_context& io_;
  OnLines on_lines_;
  OnProblem on_problem_;
  LogFollowerOptions options_;
  boost::asio::steady_timer look_timer_;
  Ticker drain_, join_;
  std::shared_ptr<LogWatch> watch_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::deque<Followed*> ready_;
  std::map<std::uint64_t, Followed*> outstanding_;  ///< null when nothing waits for it any more
  std::map<std::string, std::string> look_problems_, open_problems_;  ///< by path, so that each is told once
  std::string watch_problem_;
  std::uint64_t last_batch_ = 0, first_batches_ = 0;
  std::size_t told_this_look_ = 0, untold_ = 0;
  std::uint64_t looks_by_clock_ = 0;
  bool everything_changed_ = false, look_posted_ = false, reading_posted_ = false, stopped_ = false;
};

std::vector<FollowedLog> followed_logs(const Site& site) {
  std::vector<FollowedLog> logs;
  for (const Device& device : site.devices)
    for (const LogSource& source : device.logs)
      if (!source.path.empty()) logs.push_back({device.name, source, {}});
  return logs;
}

LogFollower::LogFollower(boost::asio::io_context& io, std::vector<FollowedLog> logs,
                         std::vector<LogPosition> saved, OnLines on_lines, OnProblem on_problem,
                         LogFollowerOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(logs), std::move(saved), std::move(on_lines),
                                   std::move(on_problem), std::move(options))) {}

LogFollower::~LogFollower() {
  impl_->stop();
}
void LogFollower::start() {
  impl_->start();
}
void LogFollower::stop() {
  impl_->stop();
}
bool LogFollower::first_positions_safe() const {
  return impl_->first_positions_safe();
}
void LogFollower::acknowledge(std::uint64_t batch) {
  impl_->acknowledge(batch);
}

}  // namespace nethealth
