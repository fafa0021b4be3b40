#pragma once
// Follows the journal of systemd, of this host or of a folder of journal files (systemd-journal-remote), as
// one more source of log lines. As LogFollower: batches with the position after them, of which one at a time
// is outstanding; a position is the journal's own cursor, so a restart neither loses nor doubles an entry.
//
// A new source is followed from its end. An entry becomes one line, `IDENTIFIER[PID]: MESSAGE`; the lines of
// a message of many are joined; its offset is its time (moment_offset.hpp). Reading is from mapped
// files and bounded in each turn.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "probes/log_follower.hpp"

namespace nethealth {

struct JournalFollowerOptions {
  Milliseconds look_interval{5'000};  ///< besides what the journal tells by itself
  std::size_t entries_in_a_batch = 500;
  LineSieve sieve{};              ///< as LogFollowerOptions
  std::size_t context_lines = 0;  ///< as LogFollowerOptions
};

class JournalFollower {
 public:
  using OnLines = LogFollower::OnLines;
  using OnProblem = LogFollower::OnProblem;

  /// `log.source.journal` is set. `saved` is every position the owner has; that of (device, name()) counts.
  JournalFollower(boost::asio::io_context& io, const FollowedLog& log, const std::vector<LogPosition>& saved,
                  OnLines on_lines, OnProblem on_problem, JournalFollowerOptions options = {});
  /// No callback comes after this.
  ~JournalFollower();
  JournalFollower(const JournalFollower&) = delete;
  JournalFollower& operator=(const JournalFollower&) = delete;

  void start();
  void acknowledge(std::uint64_t batch);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Every journal that the site follows.
std::vector<FollowedLog> followed_journals(const Site& site);

}  // namespace nethealth
