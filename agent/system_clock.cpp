#include "agent/system_clock.hpp"

#include <algorithm>
#include <ctime>

namespace nethealth {
namespace {

Milliseconds read_clock(clockid_t clock) {
  timespec reading{};
  clock_gettime(clock, &reading);
  return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(reading.tv_sec) +
                                                  std::chrono::nanoseconds(reading.tv_nsec));
}

Milliseconds difference(const ClockReading& reading) {
  return reading.wall.time_since_epoch() - reading.since_boot;
}

}  // namespace

ClockReading read_system_clocks() {
  return {Time(read_clock(CLOCK_REALTIME)), read_clock(CLOCK_BOOTTIME)};
}

SystemClock::SystemClock(Time not_before, std::function<ClockReading()> read)
    : read_(std::move(read)),
      last_(read_()),
      now_(std::max(last_.wall, not_before)),
      known_difference_(difference(last_)) {}

void SystemClock::advance() {
  const ClockReading reading = read_();
  const Milliseconds elapsed = std::max(Milliseconds(0), reading.since_boot - last_.since_boot);
  last_ = reading;
  carried_ += elapsed;
  const Milliseconds allowed = carried_ / slew_divisor;
  carried_ -= allowed * slew_divisor;
  const Milliseconds wanted = reading.wall - (now_ + elapsed);
  now_ += elapsed + std::clamp(wanted, -std::min(allowed, elapsed), allowed);
}

Time SystemClock::now() {
  advance();
  return now_;
}

Milliseconds SystemClock::wall_ahead() {
  advance();
  return last_.wall - now_;
}

std::optional<Milliseconds> SystemClock::jump() {
  advance();
  const Milliseconds moved = difference(last_) - known_difference_;
  if (moved <= jump_worth_a_word && moved >= -jump_worth_a_word) return std::nullopt;
  known_difference_ = difference(last_);
  return moved;
}

bool SystemClock::leap() {
  advance();
  if (last_.wall <= now_) return false;
  now_ = last_.wall;
  return true;
}

}  // namespace nethealth
