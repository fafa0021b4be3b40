// Sources of log lines that fall silent or whose clock is off.

#include "agent/log_source_watch.hpp"

#include <doctest/doctest.h>

#include "tests/agent/sample_times.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

struct WatchedSite {
  Site site;
  Time now = samples::noon();
  std::vector<LogSourceSeen> told;

  explicit WatchedSite(std::optional<Milliseconds> expect_within = {}) {
    site.zone = *Zone::find("Asia/Tokyo");
    Device& device = site.devices.emplace_back();
    device.name = "cs-1";
    LogSource source{"/log/a", "", "auto", {}};
    source.expect_within = expect_within;
    device.logs.push_back(source);
    watch.emplace(site, now);
  }
  std::optional<LogSourceWatch> watch;

  void look() {
    for (const Observation& one : watch->look(now)) {
      CHECK(one.device == "cs-1");
      CHECK(one.time == now);
      told.push_back(std::get<LogSourceSeen>(one.seen));
    }
  }
  /// A line every half minute, written by a clock that is so far off and shows this zone.
  void lines(int count, Milliseconds off, const Zone& zone) {
    for (int i = 0; i < count; ++i) {
      now += 30s;
      const std::string own = format_time(now + off, zone).substr(0, 19);
      watch->read("cs-1", "/log/a", own + " app: ok", now);
      look();
    }
  }
};

}  // namespace

TEST_CASE("a log source that falls silent is told once and again while it stays so and when it is back") {
  WatchedSite lab(1h);
  lab.look();
  REQUIRE(lab.told.size() == 1);
  CHECK_FALSE(lab.told[0].silent);
  lab.now += 30min;
  lab.watch->read("cs-1", "/log/a", "", lab.now);
  lab.now += 1h;
  lab.look();
  CHECK(lab.told.size() == 1);
  lab.now += 1s;
  lab.look();
  REQUIRE(lab.told.size() == 2);
  CHECK(lab.told[1].silent);
  CHECK(lab.told[1].last == samples::noon() + 30min);
  lab.now += 1min;
  lab.look();
  CHECK(lab.told.size() == 2);
  lab.now += 5min;
  lab.look();
  CHECK(lab.told.size() == 3);
  lab.watch->read("cs-1", "/log/a", "", lab.now);
  lab.look();
  REQUIRE(lab.told.size() == 4);
  CHECK_FALSE(lab.told[3].silent);
}

TEST_CASE("a log source of which nothing is expected is never silent") {
  WatchedSite lab;
  lab.now += 1000h;
  lab.look();
  CHECK(lab.told.empty());
}

TEST_CASE("a log source whose clock is off is told with how far and told again when it is set") {
  for (const Milliseconds off : {Milliseconds(8min), Milliseconds(-20min)}) {
    WatchedSite lab;
    lab.lines(6, off, lab.site.zone);
    REQUIRE(lab.told.size() == 1);
    CHECK(lab.told[0].clock_off);
    REQUIRE(lab.told[0].ahead.has_value());
    CHECK(abs(*lab.told[0].ahead - off) < 1s);
    lab.lines(6, 0ms, lab.site.zone);
    REQUIRE(lab.told.size() == 2);
    CHECK_FALSE(lab.told[1].clock_off);
  }
}

TEST_CASE("a clock within its limit and a device that writes UTC are not off") {
  WatchedSite near;
  near.lines(10, 4min, near.site.zone);
  REQUIRE(near.told.size() == 1);
  CHECK_FALSE(near.told[0].clock_off);
  WatchedSite utc;
  utc.lines(10, 2s, Zone());
  REQUIRE(utc.told.size() == 1);
  CHECK_FALSE(utc.told[0].clock_off);
}

TEST_CASE("single lines that speak of another day do not make a clock off") {
  WatchedSite lab;
  for (int round = 0; round < 4; ++round) {
    lab.lines(3, 0ms, lab.site.zone);
    lab.lines(1, 48h, lab.site.zone);
  }
  for (const LogSourceSeen& seen : lab.told) CHECK_FALSE(seen.clock_off);
}

TEST_CASE("the text of a log source tells its last line and its clock in both languages") {
  const Site site;
  LogSourceSeen seen;
  seen.source = "/log/a";
  CHECK(log_source_text({"cs-1", seen}, site, Language::en) == "cs-1 /log/a: no line yet");
  seen.last = *parse_time("2026-11-24T03:00:00Z");
  seen.silent = true;
  seen.ahead = -480'040ms;
  seen.clock_off = true;
  CHECK(log_source_text({"cs-1", seen}, site, Language::en) ==
        "cs-1 /log/a: last line 2026-11-24T03:00:00.000+00:00, silent for too long, clock -480.0 s (off)");
  CHECK(
      log_source_text({"cs-1", seen}, site, Language::ja).find("途絶えている、時計 -480.0 s（ずれている）") !=
      std::string::npos);
}
