#include "probes/journal_follower.hpp"

#include <systemd/sd-journal.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "probes/line_gate.hpp"
#include "probes/log_decode.hpp"
#include "probes/log_joiner.hpp"
#include "probes/moment_offset.hpp"

namespace nethealth {
namespace {

constexpr std::size_t most_field_bytes = 64 * 1024;
constexpr std::size_t most_name_bytes = 256;

struct CloseJournal {
  void operator()(sd_journal* journal) const { sd_journal_close(journal); }
};
using JournalHandle = std::unique_ptr<sd_journal, CloseJournal>;

std::string why_of(int result) {
  return std::strerror(-result);
}

/// The value of a field of the present entry; empty where it has none.
std::string field_of(sd_journal* journal, const std::string& name) {
  const void* data = nullptr;
  std::size_t bytes = 0;
  if (sd_journal_get_data(journal, name.c_str(), &data, &bytes) < 0) return {};
  std::string_view text(static_cast<const char*>(data), bytes);
  text.remove_prefix(std::min(text.size(), name.size() + 1));  // "NAME="
  return std::string(text);
}

/// Printable, on one line.
std::string one_line(std::string_view text) {
  std::string line;
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (;;) {
    const std::size_t end = text.find('\n');
    line += printable_utf8(text.substr(0, end));
    if (end == std::string_view::npos) return line;
    line += joined_by;
    text.remove_prefix(end + 1);
  }
}

std::string line_of(sd_journal* journal) {
  std::string name = field_of(journal, "SYSLOG_IDENTIFIER");
  if (name.empty()) name = field_of(journal, "_COMM");
  std::string pid = field_of(journal, "_PID");
  if (pid.empty()) pid = field_of(journal, "SYSLOG_PID");
  std::string line = printable_utf8(name.substr(0, most_name_bytes));
  if (!pid.empty()) line += "[" + printable_utf8(pid.substr(0, most_name_bytes)) + "]";
  if (!line.empty()) line += ": ";
  return line + one_line(field_of(journal, "MESSAGE"));
}

}  // namespace

class JournalFollower::Impl : public std::enable_shared_from_this<JournalFollower::Impl> {
 public:
  Impl(boost::asio::io_context& io, const FollowedLog& log, const std::vector<LogPosition>& saved,
       OnLines on_lines, OnProblem on_problem, JournalFollowerOptions options)
      : log_(log),
        on_lines_(std::move(on_lines)),
        on_problem_(std::move(on_problem)),
        options_(std::move(options)),
        name_(log.source.name()),
        gate_(options_.sieve, options_.context_lines),
        io_(io),
        look_timer_(io),
        changes_(io) {
    for (const LogPosition& position : saved)
      if (position.device == log_.device && position.path == name_) cursor_ = position.fingerprint;
  }

  void start() { look(); }

  void stop() {
    stopped_ = true;
    look_timer_.cancel();
    close();
  }

  void acknowledge(std::uint64_t batch) {
    if (stopped_ || batch != outstanding_) return;
    outstanding_ = 0;
    read_soon();
  }

 private:
  /// By the clock: opens what could not be opened, and reads.
  void look() {
    if (!journal_) open();
    read();
    look_timer_.expires_after(options_.look_interval);
    look_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (self && !error && !self->stopped_) self->look();
    });
  }

  void open() {
    sd_journal* opened = nullptr;
    const std::string& folder = log_.source.journal->folder;
    const int result = folder.empty() ? sd_journal_open(&opened, SD_JOURNAL_LOCAL_ONLY)
                                      : sd_journal_open_directory(&opened, folder.c_str(), 0);
    if (result < 0) return tell("cannot be opened: " + why_of(result));
    journal_.reset(opened);
    sd_journal_set_data_threshold(opened, most_field_bytes);
    for (const std::string& unit : log_.source.journal->units)
      sd_journal_add_match(opened, ("_SYSTEMD_UNIT=" + unit).c_str(), 0);
    if (const int placed = go_to_position(); placed < 0) {
      close();
      return tell("its position cannot be found: " + why_of(placed));
    }
    told_.clear();
    watch();
  }

  /// Behind the last entry that was handed over; of an unknown source behind its last one.
  int go_to_position() {
    sd_journal* journal = journal_.get();
    if (!cursor_) {
      const int placed = sd_journal_seek_tail(journal);
      const int stepped = placed < 0 ? placed : sd_journal_previous(journal);
      if (stepped < 0) return stepped;
      cursor_ = stepped == 0 ? std::string() : cursor_here();
      send({}, "");
      return 0;
    }
    if (cursor_->empty()) return sd_journal_seek_head(journal);
    if (const int placed = sd_journal_seek_cursor(journal, cursor_->c_str()); placed < 0) return placed;
    const int stepped = sd_journal_next(journal);
    if (stepped <= 0) return stepped;
    // The entry itself was rotated away when another stands there, which then is the next to hand over.
    return sd_journal_test_cursor(journal, cursor_->c_str()) > 0 ? 0 : sd_journal_previous(journal);
  }

  [[nodiscard]] std::string cursor_here() const {
    char* text = nullptr;
    if (sd_journal_get_cursor(journal_.get(), &text) < 0) return {};
    const std::unique_ptr<char, void (*)(void*)> owned(text, std::free);
    return text;
  }

  /// Wakes when the journal grows. The descriptor stays the journal's own.
  void watch() {
    const int descriptor = sd_journal_get_fd(journal_.get());
    if (descriptor < 0) return;
    boost::system::error_code ignored;
    changes_.assign(descriptor, ignored);
    if (!ignored) wait();
  }

  void wait() {
    changes_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [weak = weak_from_this()](const boost::system::error_code& error) {
                          const auto self = weak.lock();
                          if (!self || error || self->stopped_ || !self->journal_) return;
                          sd_journal_process(self->journal_.get());
                          self->read();
                          self->wait();
                        });
  }

  void close() {
    if (changes_.is_open()) changes_.release();
    journal_.reset();
  }

  void read_soon() {
    boost::asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->read();
    });
  }

  void read() {
    if (!journal_ || outstanding_ != 0) return;
    std::vector<LogSeen> lines;
    std::string newest;
    std::size_t entries = 0;
    int stepped = 0;
    while (entries < options_.entries_in_a_batch && (stepped = sd_journal_next(journal_.get())) > 0) {
      ++entries;
      std::uint64_t time_us = 0;
      sd_journal_get_realtime_usec(journal_.get(), &time_us);
      newest = format_time(Time(Milliseconds(time_us / 1000)), Zone());
      gate_.pass(offsets_.of(time_us), line_of(journal_.get()),
                 [&](std::uint64_t offset, std::string_view line) {
                   LogSeen& seen = lines.emplace_back();
                   seen.file = name_;
                   seen.offset = offset;
                   seen.rules = log_.source.rules;
                   seen.line = line;
                 });
    }
    if (stepped < 0) {
      tell("cannot be read: " + why_of(stepped));
      if (entries == 0) return close();
    }
    if (entries == 0) return;
    cursor_ = cursor_here();
    send(std::move(lines), entries < options_.entries_in_a_batch ? newest : "");
  }

  void send(std::vector<LogSeen> seen, std::string newest) {
    LogLines lines;
    lines.batch = outstanding_ = ++last_batch_;
    lines.device = log_.device;
    lines.read = !newest.empty() || !seen.empty();
    lines.lines = std::move(seen);
    lines.after.device = log_.device;
    lines.after.path = name_;
    lines.after.file = name_;
    lines.after.fingerprint = *cursor_;
    lines.newest = std::move(newest);
    boost::asio::post(io_, [weak = weak_from_this(), lines = std::move(lines)]() mutable {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->on_lines_(std::move(lines));
    });
  }

  /// Once until it works again.
  void tell(const std::string& what) {
    if (std::exchange(told_, what) == what) return;
    on_problem_({log_.device, name_, what});
  }

  FollowedLog log_;
  OnLines on_lines_;
  OnProblem on_problem_;
  JournalFollowerOptions options_;
  std::string name_;
  LineGate gate_;
  boost::asio::io_context& io_;
  boost::asio::steady_timer look_timer_;
  JournalHandle journal_;
  boost::asio::posix::stream_descriptor changes_;  ///< of the journal, which closes it
  std::optional<std::string> cursor_;  ///< of the last entry handed over; empty text: the journal was empty
  std::uint64_t last_batch_ = 0, outstanding_ = 0;
  MomentOffset offsets_;
  std::string told_;
  bool stopped_ = false;
};

JournalFollower::JournalFollower(boost::asio::io_context& io, const FollowedLog& log,
                                 const std::vector<LogPosition>& saved, OnLines on_lines,
                                 OnProblem on_problem, JournalFollowerOptions options)
    : impl_(std::make_shared<Impl>(io, log, saved, std::move(on_lines), std::move(on_problem),
                                   std::move(options))) {}

JournalFollower::~JournalFollower() {
  impl_->stop();
}
void JournalFollower::start() {
  impl_->start();
}
void JournalFollower::acknowledge(std::uint64_t batch) {
  impl_->acknowledge(batch);
}

std::vector<FollowedLog> followed_journals(const Site& site) {
  std::vector<FollowedLog> journals;
  for (const Device& device : site.devices)
    for (const LogSource& source : device.logs)
      if (source.journal) journals.push_back({device.name, source, {}});
  return journals;
}

}  // namespace nethealth
