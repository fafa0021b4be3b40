#pragma once
// Follows log files as they grow, are rotated, truncated, replaced, appear and vanish, and hands over their
// lines in batches. Nothing is lost over a restart: each batch carries the position after it, which the owner
// saves in the same transaction as what the lines led to, and only then acknowledges. Until then at most one
// batch of a file is outstanding and nothing more is read from it.
//
// Everything runs on the given io_context, in its one thread. Woken by inotify; looks around every
// `look_interval` besides, for file systems that do not tell (NFS, CIFS) and folders that do not exist yet.
//
// A source seen for the first time (no saved position) is followed from the end of its files; files that
// appear later are read from their start. A rotated file is read to its end before its successor, also when
// it was rotated while nobody watched: it is found again in its folder by inode and fingerprint. A truncated
// file is read from its start, after the rest of its copy where there is one (copytruncate).

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "probes/log_stream.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// How far a file has been read. The key is (device, path, file); saving one replaces the last of its key.
/// A position with an empty `file` says that the source as such is known; it is saved like any other.
struct LogPosition {
  std::string device;
  std::string path;                 ///< LogSource::path, the glob
  std::string file;                 ///< the file's path, as the glob found it
  std::uint64_t device_number = 0;  ///< stat(2)
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;  ///< of the first byte not handed over
  std::string fingerprint;   ///< of the first bytes up to the offset, 1 KiB at most: "length:hash"

  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

/// One batch. `lines` may be empty: then only the position is to be saved (or forgotten) and acknowledged.
struct LogLines {
  std::uint64_t batch = 0;  ///< what acknowledge() wants
  std::string device;
  std::vector<LogSeen> lines;  ///< in file order; ready for an Observation
  LogPosition after;
  bool gone = false;  ///< the file is no more: forget the position of this key instead of saving it
  bool read = false;  ///< lines were read, though perhaps none was let through
  /// How the newest line begins, where it was read as it was written; empty where older ones were caught up
  /// with.
  std::string newest{};
};

/// What our edge could not do or suspects: an unreadable file, lines that may be lost. For the journal, in
/// English.
struct LogProblem {
  std::string device;
  std::string file;
  std::string what;
};

/// One source of lines of one device.
struct FollowedLog {
  std::string device;
  LogSource source;
  LineContinues continues{};  ///< what LogSource::join means; empty where nothing is joined
};

/// Every log source that the site names.
std::vector<FollowedLog> followed_logs(const Site& site);

struct LogFollowerOptions {
  Milliseconds look_interval{5'000};
  /// A rotated file counts as finished after two looks this far apart that found nothing new.
  Milliseconds drain_interval{500};
  /// An entry of joined lines is handed over when nothing more came for so long.
  Milliseconds join_interval{1'000};
  std::size_t batch_bytes = 256 * 1024;  ///< read from one file before it is acknowledged
  std::size_t line_bytes = 64 * 1024;    ///< kept of one line; the rest is counted in its mark
  std::size_t batches_outstanding = 64;  ///< over all files
  std::size_t files = 10'000;            ///< followed at once, over all sources; each is open
  std::size_t problems_a_look = 20;      ///< the rest is counted and told as a number
  LineSieve sieve{};                     ///< lines it keeps back are not handed over; their positions are
  std::size_t context_lines = 0;         ///< but so many before and after a line that it lets through are
};

class LogFollower {
 public:
  using OnLines = std::function<void(LogLines)>;
  using OnProblem = std::function<void(const LogProblem&)>;

  /// Nothing is touched before start(). `saved` is every position the owner has.
  LogFollower(boost::asio::io_context& io, std::vector<FollowedLog> logs, std::vector<LogPosition> saved,
              OnLines on_lines, OnProblem on_problem, LogFollowerOptions options = {});
  /// As stop().
  ~LogFollower();
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  void start();
  /// No callback comes after this; what was not acknowledged comes again at the next start.
  void stop();

  /// Where the sources that are new at start() begin was acknowledged: from now on no line of theirs is lost,
  /// whatever happens to this process.
  [[nodiscard]] bool first_positions_safe() const;

  /// The batch and its position are safe: the file goes on. An unknown number is ignored. Never calls back
  /// from inside.
  void acknowledge(std::uint64_t batch);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
