#include "agent/scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

const Time start(std::chrono::hours(1));

std::vector<LookTask> tasks(std::size_t count, Milliseconds interval = 10s, LookKind kind = LookKind::icmp) {
  std::vector<LookTask> all;
  for (DeviceIndex i = 0; i < count; ++i) all.push_back({i, kind, false, interval});
  return all;
}

void finish_all(Scheduler& scheduler, const std::vector<Look>& looks) {
  for (const Look& look : looks) scheduler.finished(look);
}

}  // namespace

TEST_CASE("ten thousand devices are spread over their interval and each gets its turn once") {
  Scheduler scheduler(tasks(10'000), start);
  std::map<std::size_t, int> turns;
  for (Time now = start + 99ms; now < start + 10s; now += 100ms) {
    const std::vector<Look> looks = scheduler.due(now);
    CHECK(looks.size() <= 101);
    for (const Look& look : looks) ++turns[look.task];
    finish_all(scheduler, looks);
  }
  CHECK(turns.size() == 10'000);
  CHECK(std::all_of(turns.begin(), turns.end(), [](const auto& turn) { return turn.second == 1; }));
}

TEST_CASE("a poll still running when its turn comes again is skipped and not queued") {
  Scheduler scheduler(tasks(1), start);
  const std::vector<Look> first = scheduler.due(start);
  REQUIRE(first.size() == 1);
  CHECK(scheduler.due(start + 10s).empty());
  CHECK(scheduler.due(start + 20s).empty());
  CHECK(scheduler.skipped() == 2);
  scheduler.finished(first.front());
  CHECK(scheduler.due(start + 21s).empty());
  CHECK(scheduler.due(start + 30s).size() == 1);
}

TEST_CASE("a poll out of turn comes at once and the rhythm stays") {
  Scheduler scheduler(tasks(1, 1h, LookKind::snmp), start);
  finish_all(scheduler, scheduler.due(start));
  CHECK(scheduler.due(start + 1min).empty());
  CHECK(scheduler.poll_now(0, LookKind::snmp));
  CHECK(scheduler.poll_now(0, LookKind::snmp));
  CHECK(scheduler.wake(start + 1min) == start + 1min);
  const std::vector<Look> looks = scheduler.due(start + 1min);
  REQUIRE(looks.size() == 1);
  CHECK_FALSE(looks.front().wanted);
  // What began before the device spoke may not show what it spoke of.
  CHECK(scheduler.poll_now(0, LookKind::snmp));
  CHECK(scheduler.due(start + 1min).empty());
  scheduler.finished(looks.front());
  finish_all(scheduler, scheduler.due(start + 1min));
  CHECK(scheduler.wake(start + 2min) == start + 1h);
  CHECK_FALSE(scheduler.poll_now(0, LookKind::icmp));
  CHECK_FALSE(scheduler.poll_now(7, LookKind::snmp));
}

TEST_CASE("after a long sleep every device is polled once and then in its old rhythm") {
  Scheduler scheduler(tasks(10), start);
  const std::vector<Look> looks = scheduler.due(start + 1h);
  CHECK(looks.size() == 10);
  finish_all(scheduler, looks);
  CHECK(scheduler.wake(start + 1h) == start + 1h + 1s);
}

TEST_CASE("a wanted look runs at once beside a poll that began before") {
  Scheduler scheduler(tasks(1), start);
  const std::vector<Look> poll = scheduler.due(start);
  REQUIRE(poll.size() == 1);
  CHECK(scheduler.want(0, LookKind::icmp));
  CHECK(scheduler.wake(start + 1ms) == start + 1ms);
  const std::vector<Look> wanted = scheduler.due(start + 1ms);
  REQUIRE(wanted.size() == 1);
  CHECK(wanted.front().wanted);
}

TEST_CASE("a look wanted twice is queued once and one wanted while it runs is repeated") {
  Scheduler scheduler(tasks(1), start);
  finish_all(scheduler, scheduler.due(start));
  scheduler.want(0, LookKind::icmp);
  scheduler.want(0, LookKind::icmp);
  const std::vector<Look> wanted = scheduler.due(start + 1ms);
  REQUIRE(wanted.size() == 1);
  scheduler.want(0, LookKind::icmp);
  CHECK(scheduler.due(start + 2ms).empty());
  scheduler.finished(wanted.front());
  const std::vector<Look> again = scheduler.due(start + 3ms);
  REQUIRE(again.size() == 1);
  scheduler.finished(again.front());
  CHECK(scheduler.due(start + 4ms).empty());
}

TEST_CASE("wanted looks are limited in each second and none is lost") {
  const std::size_t count = 700;
  Scheduler scheduler(tasks(count, 1h), start);
  finish_all(scheduler, scheduler.due(start));
  for (DeviceIndex i = 0; i < count; ++i) scheduler.want(i, LookKind::icmp);
  std::vector<Look> looks = scheduler.due(start + 1ms);
  CHECK(looks.size() == Scheduler::max_wanted_starts_per_second);
  finish_all(scheduler, looks);
  const std::optional<Time> wake = scheduler.wake(start + 2ms);
  REQUIRE(wake);
  CHECK(*wake == start + 1s);
  looks = scheduler.due(*wake);
  CHECK(std::count_if(looks.begin(), looks.end(), [](const Look& look) { return look.wanted; }) == 200);
}

TEST_CASE("polls of one kind are limited and the waiting ones start as others end") {
  const std::size_t limit = Scheduler::max_running[static_cast<std::size_t>(LookKind::http)];
  Scheduler scheduler(tasks(limit + 1, 10s, LookKind::http), start);
  const std::vector<Look> looks = scheduler.due(start + 10s);
  CHECK(looks.size() == limit);
  scheduler.finished(looks.front());
  CHECK(scheduler.wake(start + 10s) == start + 10s);
  CHECK(scheduler.due(start + 10s).size() == 1);
}

TEST_CASE("what cannot be looked at is not wanted and nothing to poll means no wake") {
  Scheduler scheduler({}, start);
  CHECK_FALSE(scheduler.want(7, LookKind::snmp));
  CHECK_FALSE(scheduler.wake(start).has_value());
  CHECK(scheduler.due(start + 1h).empty());
}
