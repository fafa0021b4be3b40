#pragma once
// The flight recorder: every observation of the last days in files, bounded in age and size, so that a real
// outage can be replayed against other rules. One gzip file an hour, named by its first observation's time in
// UTC, so that the order of names is that of time; lines as the contract has them (section Observations).
//
// It helps, and nothing waits for it: where the disk is slow, nearly full or gone, observations are left out,
// counted and told once in the log. A kill loses what was not written in the last seconds.

#include <cstdint>
#include <memory>
#include <string>

#include "config/site.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// How a recording's file is called: 20261124T000000.000Z.jsonl.gz.
inline constexpr std::string_view recording_suffix = ".jsonl.gz";

struct RecorderLimits {
  std::size_t queue_observations = 20'000;      ///< more are left out
  std::uint64_t file_bytes = 16 * 1024 * 1024;  ///< compressed; then the next file begins
  Milliseconds file_time = std::chrono::hours(1);
  Milliseconds flush_interval = std::chrono::seconds(5);
  double free_share = 0.05;  ///< of the disk, which stays free for the journal
};

class Recorder {
 public:
  /// Starts a thread that writes; makes the folder when it can. `zone` is that of the lines' times.
  Recorder(RecorderPlan plan, const Zone& zone, Language language, RecorderLimits limits = {});
  /// Writes what is queued.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// In time order. Never waits for the disk.
  void record(const Observation& observation);

  /// Observations that are in no file.
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nethealth
