#include <doctest/doctest.h>

#include <set>

#include "config/calendar.hpp"

using namespace nethealth;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

namespace {

const Zone& tokyo() {
  static const Zone zone = *Zone::find("Asia/Tokyo");
  return zone;
}

Calendar office() {
  Calendar calendar;
  calendar.japanese_holidays = true;
  for (std::size_t day = 1; day <= 5; ++day) calendar.weekly[day] = {{8h + 30min, 17h + 15min}};
  return calendar;
}

Time at(const char* wall) {
  return *parse_time(std::string(wall) + ":00+09:00");
}

std::set<std::string> holidays_of(int number) {
  std::set<std::string> found;
  for (sys_days day = sys_days(year(number) / 1 / 1); day < sys_days(year(number + 1) / 1 / 1);
       day += days(1)) {
    if (is_japanese_holiday(day)) found.insert(format_time(day, Zone()).substr(5, 5));
  }
  return found;
}

using Days = std::set<std::string>;

}  // namespace

TEST_CASE("public holidays are those of the official lists") {
  CHECK(holidays_of(2007) == Days{"01-01", "01-08", "02-11", "02-12", "03-21", "04-29", "04-30", "05-03",
                                  "05-04", "05-05", "07-16", "09-17", "09-23", "09-24", "10-08", "11-03",
                                  "11-23", "12-23", "12-24"});
  CHECK(holidays_of(2015) == Days{"01-01", "01-12", "02-11", "03-21", "04-29", "05-03", "05-04", "05-05",
                                  "05-06", "07-20", "09-21", "09-22", "09-23", "10-12", "11-03", "11-23",
                                  "12-23"});
  CHECK(holidays_of(2019) == Days{"01-01", "01-14", "02-11", "03-21", "04-29", "04-30", "05-01", "05-02",
                                  "05-03", "05-04", "05-05", "05-06", "07-15", "08-11", "08-12", "09-16",
                                  "09-23", "10-14", "10-22", "11-03", "11-04", "11-23"});
  CHECK(holidays_of(2020) == Days{"01-01", "01-13", "02-11", "02-23", "02-24", "03-20", "04-29", "05-03",
                                  "05-04", "05-05", "05-06", "07-23", "07-24", "08-10", "09-21", "09-22",
                                  "11-03", "11-23"});
  CHECK(holidays_of(2021) == Days{"01-01", "01-11", "02-11", "02-23", "03-20", "04-29", "05-03", "05-04",
                                  "05-05", "07-22", "07-23", "08-08", "08-09", "09-20", "09-23", "11-03",
                                  "11-23"});
  CHECK(holidays_of(2024) == Days{"01-01", "01-08", "02-11", "02-12", "02-23", "03-20", "04-29",
                                  "05-03", "05-04", "05-05", "05-06", "07-15", "08-11", "08-12",
                                  "09-16", "09-22", "09-23", "10-14", "11-03", "11-04", "11-23"});
  CHECK(holidays_of(2026) == Days{"01-01", "01-12", "02-11", "02-23", "03-20", "04-29", "05-03", "05-04",
                                  "05-05", "05-06", "07-20", "08-11", "09-21", "09-22", "09-23", "10-12",
                                  "11-03", "11-23"});
}

TEST_CASE("an office is open in its hours on working days only") {
  const Calendar calendar = office();
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-11-24T08:29")));
  CHECK(is_open(calendar, tokyo(), at("2026-11-24T08:30")));
  CHECK(is_open(calendar, tokyo(), at("2026-11-24T17:15") - 1ms));
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-11-24T17:15")));
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-11-23T10:00")));  // a public holiday
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-11-22T10:00")));  // a Sunday
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-12-29T10:00")));
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-12-31T10:00")));
  CHECK(is_open(calendar, tokyo(), at("2026-12-28T10:00")));
  CHECK(is_open(calendar, tokyo(), at("2027-01-04T10:00")));
}

TEST_CASE("openings and closings are found across weekends and holidays") {
  const Calendar calendar = office();
  CHECK(last_opening(calendar, tokyo(), at("2026-11-24T08:29")) == at("2026-11-20T08:30"));
  CHECK(last_opening(calendar, tokyo(), at("2026-11-24T08:30")) == at("2026-11-24T08:30"));
  CHECK(last_opening(calendar, tokyo(), at("2026-11-24T23:00")) == at("2026-11-24T08:30"));
  CHECK(closing(calendar, tokyo(), at("2026-11-24T10:00")) == at("2026-11-24T17:15"));
  CHECK_FALSE(closing(calendar, tokyo(), at("2026-11-24T18:00")).has_value());
  CHECK(next_change(calendar, tokyo(), at("2026-11-24T08:00")) == at("2026-11-24T08:30"));
  CHECK(next_change(calendar, tokyo(), at("2026-11-24T08:30")) == at("2026-11-24T17:15"));
  CHECK(next_change(calendar, tokyo(), at("2026-12-28T17:15")) == at("2027-01-04T08:30"));
}

TEST_CASE("dated hours replace the week and the holidays") {
  Calendar calendar = office();
  calendar.dated[year_month_day(year(2026) / 11 / 23)] = {{9h, 12h}, {13h, 15h}};
  calendar.dated[year_month_day(year(2026) / 11 / 24)] = {};
  CHECK(is_open(calendar, tokyo(), at("2026-11-23T09:30")));
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-11-23T12:30")));
  CHECK(next_change(calendar, tokyo(), at("2026-11-23T12:30")) == at("2026-11-23T13:00"));
  CHECK(last_opening(calendar, tokyo(), at("2026-11-23T12:30")) == at("2026-11-23T09:00"));
  CHECK_FALSE(is_open(calendar, tokyo(), at("2026-11-24T10:00")));
  CHECK(next_change(calendar, tokyo(), at("2026-11-23T16:00")) == at("2026-11-25T08:30"));
}

TEST_CASE("ranges that meet at midnight are one opening") {
  Calendar calendar;
  calendar.weekly[1] = {{22h, 24h}};
  calendar.weekly[2] = {{0h, 6h}, {6h, 7h}};
  const Time inside = at("2026-11-24T03:00");  // a Tuesday
  CHECK(last_opening(calendar, tokyo(), inside) == at("2026-11-23T22:00"));
  CHECK(closing(calendar, tokyo(), inside) == at("2026-11-24T07:00"));
  CHECK(closing(calendar, tokyo(), at("2026-11-23T22:00")) == at("2026-11-24T07:00"));
  CHECK(next_change(calendar, tokyo(), at("2026-11-23T23:59")) == at("2026-11-24T07:00"));
}

TEST_CASE("an hour that never opens and one that never closes have no change") {
  const Calendar closed;
  CHECK_FALSE(is_open(closed, tokyo(), at("2026-11-24T03:00")));
  CHECK_FALSE(last_opening(closed, tokyo(), at("2026-11-24T03:00")).has_value());
  CHECK_FALSE(next_change(closed, tokyo(), at("2026-11-24T03:00")).has_value());
  Calendar open;
  for (auto& ranges : open.weekly) ranges = {{0h, 24h}};
  CHECK(is_open(open, tokyo(), at("2026-11-24T03:00")));
  CHECK_FALSE(last_opening(open, tokyo(), at("2026-11-24T03:00")).has_value());
  CHECK_FALSE(closing(open, tokyo(), at("2026-11-24T03:00")).has_value());
  CHECK_FALSE(next_change(open, tokyo(), at("2026-11-24T03:00")).has_value());
}

TEST_CASE("the answers agree with one another at every hour and a quarter") {
  Calendar calendar = office();
  calendar.weekly[6] = {{0h, 3h}, {21h, 24h}};
  calendar.weekly[0] = {{0h, 2h + 45min}};
  for (const char* name : {"Asia/Tokyo", "Europe/Berlin", "America/New_York"}) {
    const Zone zone = *Zone::find(name);
    const Time start = sys_days(year(2026) / 3 / 1);
    for (Time time = start; time < start + days(270); time += 75min) {
      const bool open = is_open(calendar, zone, time);
      const auto change = next_change(calendar, zone, time);
      REQUIRE(change.has_value());
      REQUIRE(*change > time);
      REQUIRE(is_open(calendar, zone, *change) != open);
      REQUIRE(is_open(calendar, zone, *change - 1ms) == open);
      REQUIRE(closing(calendar, zone, time).has_value() == open);
      const auto began = last_opening(calendar, zone, time);
      REQUIRE(began.has_value());
      REQUIRE(*began <= time);
      REQUIRE(is_open(calendar, zone, *began));
      REQUIRE_FALSE(is_open(calendar, zone, *began - 1ms));
    }
  }
}
