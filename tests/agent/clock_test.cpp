#include <doctest/doctest.h>

#include "agent/system_clock.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

const Time that_day(std::chrono::hours(24 * 20'000));

/// Clocks that the test sets.
struct Clocks {
  ClockReading reading{that_day, 1'000s};

  void pass(Milliseconds time) {
    reading.wall += time;
    reading.since_boot += time;
  }
  SystemClock clock(Time not_before = Time{}) {
    return SystemClock(not_before, [this] { return reading; });
  }
};

}  // namespace

TEST_CASE("time runs with the boot clock and equals the wall clock while nobody sets it") {
  Clocks clocks;
  SystemClock clock = clocks.clock();
  CHECK(clock.now() == that_day);
  clocks.pass(1h);
  CHECK(clock.now() == that_day + 1h);
  CHECK_FALSE(clock.jump().has_value());
}

TEST_CASE("a wall clock set back an hour never takes time back and five minutes last five minutes") {
  Clocks clocks;
  SystemClock clock = clocks.clock();
  clocks.reading.wall -= 1h;
  CHECK(clock.jump() == -1h);
  CHECK_FALSE(clock.jump().has_value());
  Time last = clock.now();
  for (int second = 0; second < 300; ++second) {
    clocks.pass(1s);
    const Time now = clock.now();
    CHECK(now >= last);
    last = now;
  }
  CHECK(last >= that_day + 299s);
  CHECK(last <= that_day + 300s);
}

TEST_CASE("a wall clock set forward a day makes no deadline fire early") {
  Clocks clocks;
  SystemClock clock = clocks.clock();
  clocks.reading.wall += 24h;
  for (int second = 0; second < 300; ++second) {
    clocks.pass(1s);
    static_cast<void>(clock.now());
  }
  CHECK(clock.now() <= that_day + 301s);
  CHECK(clock.wall_ahead() > 23h);
}

TEST_CASE("a difference from the wall clock is worked off in the end") {
  Clocks clocks;
  SystemClock clock = clocks.clock();
  clocks.reading.wall -= 10s;
  clocks.pass(1h);
  CHECK(clock.now() == clocks.reading.wall);
  clocks.pass(7s);
  CHECK(clock.now() == clocks.reading.wall);
}

TEST_CASE("reading the clock often slews no slower and no faster than reading it seldom") {
  Clocks clocks;
  SystemClock clock = clocks.clock();
  clocks.reading.wall += 1h;
  for (int i = 0; i < 300'000; ++i) {
    clocks.pass(1ms);
    static_cast<void>(clock.now());
  }
  CHECK(clock.now() == that_day + 301s);
}

TEST_CASE("leaping forward takes the wall clock over and leaping back is refused") {
  Clocks clocks;
  SystemClock clock = clocks.clock();
  clocks.reading.wall += 1h;
  CHECK(clock.leap());
  CHECK(clock.now() == that_day + 1h);
  clocks.reading.wall -= 2h;
  CHECK_FALSE(clock.leap());
  CHECK(clock.now() == that_day + 1h);
}

TEST_CASE("after a restart time does not begin before the last record") {
  Clocks clocks;
  SystemClock clock = clocks.clock(that_day + 30s);
  CHECK(clock.now() == that_day + 30s);
  clocks.pass(10s);
  CHECK(clock.now() > that_day + 39s);
}
