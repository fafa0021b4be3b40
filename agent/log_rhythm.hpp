#pragma once
// How regularly a source of log lines writes, learned from when it did; and with that, how long a silence of
// it would be strange. Pure, and small: a few numbers a source.
//
// The rule: a source that has been watched for four weeks, and wrote on fourteen days of them, counts as
// silent after six times its longest pause of the last half to whole year, and never sooner than after an
// hour. So a source that pauses at night is at rest over a weekend, and one that pauses at the weekend is
// over the longest holidays. Every pause teaches, also one that was told: the next must be six times as long,
// so a source whose pauses have no bound is told of a few times and no more.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/time.hpp"

namespace nethealth {

inline constexpr Milliseconds rhythm_history = std::chrono::days(28);
inline constexpr int rhythm_days = 14;
inline constexpr int rhythm_factor = 6;
inline constexpr Milliseconds rhythm_least = std::chrono::hours(1);
/// A pause is forgotten after one to two of these.
inline constexpr Milliseconds rhythm_memory = std::chrono::days(183);

class LogRhythm {
 public:
  /// It wrote. Times that go back count as no pause.
  void wrote(Time now);
  /// From `from` to `until` nobody watched: that time is no pause, the ones before and after it are one.
  void unwatched(Time from, Time until);

  /// When it wrote last, of the time that somebody watched; empty when it never did.
  [[nodiscard]] std::optional<Time> last() const { return days_ == 0 ? std::nullopt : std::optional(last_); }
  /// Silent for longer than this is strange; nothing while too little is known.
  [[nodiscard]] std::optional<Milliseconds> expected() const;

  /// For the next run; read back with from_text().
  [[nodiscard]] std::string text() const;
  static std::optional<LogRhythm> from_text(std::string_view text);

  friend bool operator==(const LogRhythm&, const LogRhythm&) = default;

 private:
  Time first_, last_, memory_began_;
  std::int64_t day_ = 0;   ///< the last one it wrote on, since 1970
  std::int64_t days_ = 0;  ///< on so many it wrote; 0: never yet
  Milliseconds longest_{0}, longest_before_{0};
};

}  // namespace nethealth
