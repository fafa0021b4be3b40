#pragma once
// The one door to time. The product's time starts at the wall clock and then runs with CLOCK_BOOTTIME, which
// nobody can set: it never goes back and never leaps, so no deadline fires early or late because somebody, or
// NTP, moved the wall clock. A difference from the wall clock is worked off slowly, by at most one part in
// `slew_divisor` (one second in five minutes), in both directions.
//
// A restart takes over the wall clock at once, except that time never starts before `not_before` (the last
// record of the journal). `leap` does the same forward while nothing waits for an answer.

#include <functional>
#include <optional>

#include "config/time.hpp"

namespace nethealth {

struct ClockReading {
  Time wall;                  ///< CLOCK_REALTIME
  Milliseconds since_boot{};  ///< CLOCK_BOOTTIME
};

ClockReading read_system_clocks();

class SystemClock {
 public:
  static constexpr int slew_divisor = 300;
  static constexpr Milliseconds jump_worth_a_word{2'000};

  explicit SystemClock(Time not_before = Time{}, std::function<ClockReading()> read = read_system_clocks);

  /// Never smaller than the value before.
  Time now();

  /// How far the wall clock is ahead of now(); negative when behind.
  Milliseconds wall_ahead();

  /// A jump of the wall clock since the last call, when it is more than jump_worth_a_word.
  std::optional<Milliseconds> jump();

  /// Takes the wall clock over at once if it is ahead; true when it did.
  bool leap();

 private:
  void advance();

  std::function<ClockReading()> read_;
  ClockReading last_;
  Time now_;
  Milliseconds carried_{0};           ///< elapsed time that has not yet earned a whole millisecond of slewing
  Milliseconds known_difference_{0};  ///< wall minus boot time when jump() last spoke
};

}  // namespace nethealth
