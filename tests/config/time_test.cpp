#include <doctest/doctest.h>

#include "config/time.hpp"

using namespace nethealth;
using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

namespace {

Zone zone(const char* name) {
  const auto found = Zone::find(name);
  REQUIRE(found.has_value());
  return *found;
}

}  // namespace

TEST_CASE("times are written with milliseconds and the offset of the zone") {
  const Time time = sys_days(year(2026) / 11 / 24) + 7ms;
  CHECK(format_time(time, Zone()) == "2026-11-24T00:00:00.007+00:00");
  CHECK(format_time(time, zone("Asia/Tokyo")) == "2026-11-24T09:00:00.007+09:00");
  CHECK(format_time(time, zone("America/St_Johns")) == "2026-11-23T20:30:00.007-03:30");
  CHECK(format_clock(time, zone("Asia/Tokyo")) == "09:00:00");
}

TEST_CASE("times are read with any offset and any number of fraction digits") {
  const Time nine = sys_days(year(2026) / 11 / 24);
  CHECK(parse_time("2026-11-24T09:00:00.000+09:00") == nine);
  CHECK(parse_time("2026-11-24T00:00:00Z") == nine);
  CHECK(parse_time("2026-11-24t00:00:00z") == nine);
  CHECK(parse_time("2026-11-23T20:30:00-03:30") == nine);
  CHECK(parse_time("2026-11-24T00:00:00.1Z") == nine + 100ms);
  CHECK(parse_time("2026-11-24T00:00:00.123999999999999999999999Z") == nine + 123ms);
  CHECK(parse_time("2016-12-31T23:59:60Z") == sys_days(year(2017) / 1 / 1));
  CHECK(parse_time("1969-12-31T23:59:59.999Z") == Time(-1ms));
}

TEST_CASE("what is not RFC 3339 is no time") {
  for (const char* text :
       {"", "2026-11-24", "2026-11-24T09:00:00", "2026-11-24 09:00:00Z", "2026-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z", "2026-11-24T09:60:00Z", "2026-11-24T09:00:61Z", "2026-11-24T09:00:00.Z",
        "2026-11-24T09:00:00+9:00", "2026-11-24T09:00:00+24:00", "2026-11-24T09:00:00Zx",
        "+026-11-24T09:00:00Z", "2026-1-24T09:00:00Z", "-1-01-01"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text).has_value());
  }
}

TEST_CASE("a written time is read back as it was") {
  const Zone tokyo = zone("Asia/Tokyo");
  const Zone new_york = zone("America/New_York");
  for (std::int64_t i = -400; i < 4'000; ++i) {
    const Time time = Time(Milliseconds(i * 86'400'000LL * 10 + i * 12'345'678));
    CHECK(parse_time(format_time(time, tokyo)) == time);
    CHECK(parse_time(format_time(time, new_york)) == time);
  }
}

TEST_CASE("times out of all bounds are written without harm") {
  CHECK(format_time(Time::max(), zone("Asia/Tokyo")).starts_with("9999-12-"));
  CHECK(format_time(Time::min(), zone("Asia/Tokyo")).starts_with("0000-01-"));
  CHECK(zone("Asia/Tokyo").local(Time::max()).day.ok());
  CHECK(Zone().local(Time::min()).day.ok());
}

TEST_CASE("durations need a unit and do not overflow") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("3d") == 72h);
  CHECK(parse_duration("0s") == 0s);
  for (const char* text : {"", "10", "s", "-1s", "+1s", "01s", "1.5s", "1 s", "1S", "1sec", "1m30s",
                           "9999999999999999d", "99999999999999999999ms", "９s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("zones are found by their names only") {
  CHECK(Zone::find("Asia/Tokyo").has_value());
  CHECK(Zone::find("UTC").has_value());
  for (const char* name : {"Asia/Tokio", "", "JST-9", "../../etc/passwd", "/etc/localtime", "Asia"}) {
    CAPTURE(name);
    CHECK_FALSE(Zone::find(name).has_value());
  }
}

TEST_CASE("a skipped or doubled hour gives the earlier moment") {
  const Zone berlin = zone("Europe/Berlin");
  const auto spring = std::chrono::year_month_day(year(2026) / 3 / 29);
  const auto autumn = std::chrono::year_month_day(year(2026) / 10 / 25);
  CHECK(berlin.moment(spring, 2h + 30min) == sys_days(spring) + 1h);
  CHECK(berlin.moment(autumn, 2h + 30min) == sys_days(autumn) + 30min);
  CHECK(berlin.offset(sys_days(autumn) + 30min) == 2h);
  CHECK(berlin.offset(sys_days(autumn) + 1h) == 1h);
}

TEST_CASE("local time and moment are each other's inverse") {
  const Zone tokyo = zone("Asia/Tokyo");
  const LocalTime local = tokyo.local(sys_days(year(2026) / 11 / 23) + 15h);
  CHECK(local.day == std::chrono::year_month_day(year(2026) / 11 / 24));
  CHECK(local.weekday == std::chrono::Tuesday);
  CHECK(local.since_midnight == 0ms);
  CHECK(tokyo.moment(local.day, local.since_midnight) == sys_days(year(2026) / 11 / 23) + 15h);
}
