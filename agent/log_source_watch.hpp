#pragma once
// Watches the sources of log lines themselves: which of them has not written for longer than is expected of
// it, and whose writer's clock is off. Pure: lines and times go in, observations come out.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/site.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// A source as it stands: what status and evidence tell of it.
struct LogSourceState {
  std::string device;
  LogSourceSeen seen;
};

class LogSourceWatch {
 public:
  /// Silence is counted from `start` on, and so begins anew with a restart.
  LogSourceWatch(const Site& site, Time start);

  /// Something was read from a source (LogSource::name()) of the device. `newest` is its latest line where it
  /// was read as it was written, empty where older ones were caught up with.
  void read(std::string_view device, std::string_view source, std::string_view newest, Time now);

  /// What changed, and again from time to time what is wrong. To be called every `look_interval`.
  std::vector<Observation> look(Time now);
  static constexpr Milliseconds look_interval{5'000};

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
    Time quiet_since;
    Sampling sampling;
    bool told_silent = false, told_clock = false;
    std::optional<Time> told;
  };
  void sample(Watched& watched, std::string_view line, Time now) const;
  static void judge_clock(Watched& watched, Time now);

  Zone zone_;
  std::map<std::pair<std::string, std::string>, Watched> sources_;  ///< by device and name
};

/// One line a source: "cs-1 /var/log/app.log: last line 09:00:00, clock +0.4 s".
std::string log_source_text(const LogSourceState& state, const Site& site, Language language);

}  // namespace nethealth
