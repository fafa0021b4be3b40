#pragma once
// Watches the sources of log lines themselves: which of them has not written for longer than is expected of
// it, and whose writer's clock is off. What is expected is configured or learned (log_rhythm.hpp); what was
// learned is kept over restarts as a position of its own kind. Pure: lines and times go in, observations come
// out.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/log_rhythm.hpp"
#include "config/site.hpp"
#include "probes/log_follower.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// A source as it stands: what status and evidence tell of it.
struct LogSourceState {
  std::string device;
  LogSourceSeen seen;
};

class LogSourceWatch {
 public:
  /// Silence is counted from `start` on, and so begins anew with a restart; but where it is learned, it goes
  /// on from `saved` (of every position the owner has, what learned() gave) and `alive`, when the run before
  /// was last there.
  LogSourceWatch(const Site& site, Time start, const std::vector<LogPosition>& saved = {},
                 std::optional<Time> alive = {});

  /// Something was read from a source (LogSource::name()) of the device. `newest` is its latest line where it
  /// was read as it was written, empty where older ones were caught up with.
  void read(std::string_view device, std::string_view source, std::string_view newest, Time now);

  /// What changed, and again from time to time what is wrong. To be called every `look_interval`.
  std::vector<Observation> look(Time now);
  static constexpr Milliseconds look_interval{5'000};

  /// What was learned, to be saved: at the start, and again when `save_interval` went by.
  /// The offset of such a position is when it was given, in milliseconds since 1970.
  std::vector<LogPosition> learned(Time now);
  static constexpr Milliseconds save_interval{600'000};

  [[nodiscard]] std::vector<LogSourceState> states() const;

 private:
  /// Own times minus ours, until there are enough to judge by: one line may speak of another day.
  struct Sampling {
    std::size_t lines = 0;
    Time first;
    std::optional<Time> last;
    Milliseconds largest{0}, smallest{0};
  };
  struct Watched {
    LogSourceSeen seen;
    Milliseconds clock_within{0};
    bool learns = false;
    LogRhythm rhythm;
    Time quiet_since;
    Sampling sampling;
    bool told_silent = false, told_clock = false;
    std::optional<Time> told;
  };
  static void judge_silence(Watched& watched, Time now);
  void sample(Watched& watched, std::string_view line, Time now) const;
  static void judge_clock(Watched& watched, Time now);

  Zone zone_;
  Time saved_;
  std::map<std::pair<std::string, std::string>, Watched> sources_;  ///< by device and name
};

/// One line a source: "cs-1 /var/log/app.log: last line 09:00:00, clock +0.4 s".
std::string log_source_text(const LogSourceState& state, const Site& site, Language language);

}  // namespace nethealth
