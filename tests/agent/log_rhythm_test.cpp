// The learned time of silence, over simulated weeks of sources that write in their own ways.

#include "agent/log_rhythm.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <random>
#include <vector>

#include "agent/log_source_watch.hpp"

using namespace nethealth;
using namespace std::chrono_literals;
using std::chrono::days;

namespace {

/// A Monday, at midnight in Tokyo.
const Time monday = *parse_time("2026-09-28T00:00:00+09:00");

/// The pauses of a source that were longer than what it had taught, from the first write to the last of
/// `writes`.
std::vector<Time> alarms(const std::vector<Time>& writes) {
  std::vector<Time> told;
  LogRhythm rhythm;
  for (const Time at : writes) {
    const auto expected = rhythm.expected();
    if (expected && at - *rhythm.last() > *expected) told.push_back(at);
    rhythm.wrote(at);
  }
  return told;
}

/// Every `step` from `open` to `close` of each day that `works`.
std::vector<Time> office(int weeks, Milliseconds step, Milliseconds open, Milliseconds close,
                         const std::function<bool(int day)>& works) {
  std::vector<Time> writes;
  for (int day = 0; day < weeks * 7; ++day) {
    if (!works(day)) continue;
    for (Milliseconds at = open; at <= close; at += step) writes.push_back(monday + days(day) + at);
  }
  return writes;
}

bool weekday(int day) {
  return day % 7 < 5;
}

/// Taught for four weeks and a bit by a line every minute.
LogRhythm steady() {
  LogRhythm rhythm;
  for (Time at = monday; at <= monday + days(29); at += 1min) rhythm.wrote(at);
  return rhythm;
}

}  // namespace

TEST_CASE(
    "a source that writes all the time is strange after an hour of silence and no sooner than it is known") {
  LogRhythm rhythm;
  for (Time at = monday; at < monday + days(28); at += 1min) {
    rhythm.wrote(at);
    REQUIRE_FALSE(rhythm.expected().has_value());
  }
  CHECK(steady().expected() == Milliseconds(1h));
}

TEST_CASE("nights and weekends and the longest holidays of an office are no silence") {
  // Half a year with a long weekend, the New Year (29 December to 3 January) and ten days of May.
  const auto holidays = [](int day) {
    const bool long_weekend = day == 7 * 6;
    const bool new_year = day >= 92 && day <= 97;
    const bool may = day >= 213 && day <= 222;
    return weekday(day) && !long_weekend && !new_year && !may;
  };
  CHECK(alarms(office(36, 1min, 8h + 30min, 17h + 15min, holidays)).empty());
}

TEST_CASE("an office that is open on Saturdays and then is not is no silence") {
  const auto works = [](int day) { return day < 35 ? day % 7 < 6 : weekday(day); };
  CHECK(alarms(office(12, 5min, 8h, 18h, works)).empty());
  CHECK(alarms(office(12, 5min, 8h, 18h, [](int day) { return day < 35 || weekday(day); })).empty());
}

TEST_CASE("bursts once a day or a week or a month are no silence") {
  for (const int every : {1, 7, 30}) {
    std::vector<Time> writes;
    for (int day = 0; day < 400; day += every)
      for (int line = 0; line < 1'000; ++line)
        writes.push_back(monday + days(day) + Milliseconds(line * 10) + (day % 3) * 2h);
    CHECK(alarms(writes).empty());
  }
}

TEST_CASE("a source that is nearly dead or writes by chance is no silence") {
  for (const double mean_hours : {1.0, 10.0, 60.0, 400.0})
    for (unsigned seed = 1; seed <= 40; ++seed) {
      std::mt19937 random(seed);
      std::exponential_distribution<double> pause(1 / mean_hours);
      std::vector<Time> writes;
      for (Time at = monday; at < monday + days(300); at += Milliseconds(std::int64_t(pause(random) * 3.6e6)))
        writes.push_back(at);
      CHECK(alarms(writes).empty());
    }
}

TEST_CASE("a source whose pauses have no bound is told of a few times at most") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> chance(1e-9, 1);
    std::vector<Time> writes;
    // One pause in a thousand is a thousand times as long as most.
    for (Time at = monday; at < monday + days(180);)
      writes.push_back(at +=
                       Milliseconds(std::min<std::int64_t>(std::int64_t(60e3 / chance(random)),
                                                           std::chrono::milliseconds(days(20)).count())));
    CHECK(alarms(writes).size() <= 3);
  }
}

TEST_CASE("a pause teaches and is forgotten after one to two half years") {
  LogRhythm rhythm = steady();
  Time at = *rhythm.last() + 10h;
  rhythm.wrote(at);
  CHECK(rhythm.expected() == Milliseconds(60h));
  const Time taught = at;
  while (at < taught + rhythm_memory) rhythm.wrote(at += 1h);
  CHECK(rhythm.expected() == Milliseconds(60h));
  while (at < taught + 2 * rhythm_memory + days(1)) rhythm.wrote(at += 1h);
  CHECK(rhythm.expected() == Milliseconds(6h));
}

TEST_CASE("what was learned is written and read back and what is no such text is refused") {
  LogRhythm rhythm = steady();
  rhythm.wrote(*rhythm.last() + 3h + 7ms);
  CHECK(LogRhythm::from_text(rhythm.text()) == rhythm);
  CHECK(LogRhythm::from_text(LogRhythm().text()) == LogRhythm());
  for (const char* bad : {"", "1", "1 2 3 4 5 6", "1 2 3 4 5 6 7 8", "1 2 3 4 5 6 x", "a b c d e f g",
                          "99999999999999999999 2 3 4 5 6 7"})
    CHECK_FALSE(LogRhythm::from_text(bad).has_value());
}

TEST_CASE("time that nobody watched is no pause but the time before and after it is") {
  LogRhythm rhythm = steady();
  const Time last = *rhythm.last();
  rhythm.unwatched(last + 2h, last + days(20));
  CHECK(*rhythm.last() == last + days(20) - 2h);
  rhythm.wrote(last + days(20) + 1h);
  CHECK(rhythm.expected() == Milliseconds(18h));
  LogRhythm late = steady();
  late.unwatched(last - 10s, last + 1h);  // it wrote after the last sign of life
  CHECK(*late.last() == last + 1h);
}

namespace {

struct LearningSite {
  Site site;
  Time now = monday;
  std::vector<LogPosition> saved;
  std::optional<LogSourceWatch> watch;

  explicit LearningSite(bool learns = true) {
    Device& device = site.devices.emplace_back();
    device.name = "cs-1";
    LogSource source{"/log/a", "", "auto", {}};
    source.learns_silence = learns;
    device.logs.push_back(source);
    watch.emplace(site, now);
  }
  /// A line every five minutes.
  void write_for(Milliseconds time) {
    for (const Time end = now + time; now < end; now += 5min) {
      watch->read("cs-1", "/log/a", "", now);
      look();
    }
  }
  std::vector<LogSourceSeen> look() {
    for (LogPosition& position : watch->learned(now)) saved = {std::move(position)};
    std::vector<LogSourceSeen> told;
    for (const Observation& one : watch->look(now)) told.push_back(std::get<LogSourceSeen>(one.seen));
    return told;
  }
  void restart(Milliseconds away) {
    const Time alive = now;
    now += away;
    watch.emplace(site, now, saved, alive);
  }
};

}  // namespace

TEST_CASE(
    "a source that has taught how it writes and falls silent is told and it is said that this was learned") {
  LearningSite lab;
  lab.write_for(days(29));
  lab.now += 50min;
  CHECK(lab.look().empty());
  lab.now += 10min;
  const auto told = lab.look();
  REQUIRE(told.size() == 1);
  CHECK(told[0].silent);
  CHECK(told[0].learned);
  CHECK(told[0].expected == Milliseconds(1h));
  CHECK(log_source_text(lab.watch->states()[0], lab.site, Language::en).find(", learned limit 60 min") !=
        std::string::npos);
  lab.watch->read("cs-1", "/log/a", "", lab.now);
  const auto back = lab.look();
  REQUIRE(back.size() == 1);
  CHECK_FALSE(back[0].silent);
}

TEST_CASE("what was learned of a source outlives restarts and its silence goes on over them") {
  LearningSite lab;
  for (int part = 0; part < 15; ++part) {
    lab.write_for(days(2));
    lab.restart(20min);
  }
  lab.now += 40min;
  lab.look();
  lab.restart(days(3));
  CHECK(lab.look().back().silent == false);
  lab.now += 40min;
  const auto told = lab.look();
  REQUIRE(told.size() == 1);
  CHECK(told[0].silent);
}

TEST_CASE("a source that was left out of the configuration for months is not silent when it is back") {
  LearningSite lab;
  lab.write_for(days(29));
  lab.look();
  lab.now += days(90);
  lab.watch.emplace(lab.site, lab.now, lab.saved, lab.now - 20s);
  const auto told = lab.look();
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].silent);
}

TEST_CASE("a source whose silence is not to be learned is never silent and nothing is kept of it") {
  LearningSite lab(false);
  lab.write_for(days(60));
  lab.now += days(300);
  CHECK(lab.look().empty());
  CHECK(lab.saved.empty());
}
