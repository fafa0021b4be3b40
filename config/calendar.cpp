#include "config/calendar.hpp"

namespace nethealth {
namespace {

using std::chrono::day;
using std::chrono::days;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr days search_days{60};

struct Opening {
  Time from;
  Time until;
};

bool is_year_end(year_month_day date) {
  const auto month_number = static_cast<unsigned>(date.month());
  const auto day_number = static_cast<unsigned>(date.day());
  return (month_number == 12 && day_number >= 29) || (month_number == 1 && day_number <= 3);
}

const std::vector<OpenRange>& ranges_on(const Calendar& calendar, year_month_day date) {
  static const std::vector<OpenRange> closed;
  if (const auto dated = calendar.dated.find(date); dated != calendar.dated.end()) return dated->second;
  if (calendar.japanese_holidays && (is_year_end(date) || is_japanese_holiday(date))) return closed;
  return calendar.weekly[weekday(sys_days(date)).c_encoding()];
}

/// The openings of a day in order. A range that a change of the clock swallows is left out.
std::vector<Opening> openings_on(const Calendar& calendar, const Zone& zone, sys_days date) {
  std::vector<Opening> openings;
  for (const OpenRange& range : ranges_on(calendar, date)) {
    const Opening opening{zone.moment(date, range.from), zone.moment(date, range.until)};
    if (opening.from < opening.until) openings.push_back(opening);
  }
  return openings;
}

/// The opening that holds the time, or the next one; joined with those that follow without a gap. Its end is
/// empty when it lies beyond the search.
struct Ahead {
  Time from;
  std::optional<Time> until;
};

std::optional<Ahead> opening_ahead(const Calendar& calendar, const Zone& zone, Time time) {
  const sys_days today = zone.local(time).day;
  std::optional<Opening> found;
  for (sys_days date = today - days(1); date <= today + search_days; date += days(1)) {
    for (const Opening& opening : openings_on(calendar, zone, date)) {
      if (found && opening.from > found->until) return Ahead{found->from, found->until};
      if (found) {
        found->until = opening.until;
      } else if (opening.until > time) {
        found = opening;
      }
    }
  }
  if (!found) return {};
  // Open to the last day searched: whether it ends there is not known.
  const bool ends = found->until < zone.moment(today + search_days, std::chrono::hours(24));
  return Ahead{found->from, ends ? std::optional(found->until) : std::nullopt};
}

year_month_day nth_monday(std::chrono::year year, unsigned month_number, unsigned nth) {
  return sys_days(year / month(month_number) / std::chrono::Monday[nth]);
}

/// Equinoxes as Japan's almanac has them, 1980 to 2099 (the formula of the Hydrographic Department).
year_month_day equinox(std::chrono::year year, unsigned month_number, double base) {
  const int since = static_cast<int>(year) - 1980;
  const int leap_days = since / 4;
  const auto day_number = static_cast<unsigned>(base + 0.242194 * since - leap_days);
  return year / month(month_number) / day(day_number);
}

bool is_fixed_holiday(int year, unsigned month_number, unsigned day_number) {
  const auto is = [&](unsigned m, unsigned d) { return month_number == m && day_number == d; };
  if (is(1, 1) || is(2, 11) || is(4, 29) || is(5, 3) || is(5, 4) || is(5, 5) || is(11, 3) || is(11, 23))
    return true;
  if (is(2, 23)) return year >= 2020;
  if (is(12, 23)) return year <= 2018;
  // The accession of the Emperor and its ceremony (Act No. 99 of 2018).
  if (is(5, 1) || is(10, 22)) return year == 2019;
  if (is(8, 11)) return year >= 2016 && year != 2020 && year != 2021;
  // Moved for the Olympic Games (Act No. 55 of 2018, Act No. 68 of 2020).
  if (year == 2020) return is(7, 23) || is(7, 24) || is(8, 10);
  if (year == 2021) return is(7, 22) || is(7, 23) || is(8, 8);
  return false;
}

/// A day that the Act names itself (国民の祝日), without substitutes.
bool is_named_holiday(year_month_day date) {
  const int year = static_cast<int>(date.year());
  const auto month_number = static_cast<unsigned>(date.month());
  if (is_fixed_holiday(year, month_number, static_cast<unsigned>(date.day()))) return true;
  const bool moved = year == 2020 || year == 2021;
  switch (month_number) {
    case 1:
      return date == nth_monday(date.year(), 1, 2);
    case 3:
      return date == equinox(date.year(), 3, 20.8431);
    case 7:
      return !moved && date == nth_monday(date.year(), 7, 3);
    case 9:
      return date == nth_monday(date.year(), 9, 3) || date == equinox(date.year(), 9, 23.2488);
    case 10:
      return !moved && date == nth_monday(date.year(), 10, 2);
    default:
      return false;
  }
}

/// Article 3 (2): after a named holiday on a Sunday, the next day that is none itself.
bool is_substitute(sys_days date) {
  for (sys_days before = date - days(1); is_named_holiday(before); before -= days(1)) {
    if (weekday(before) == std::chrono::Sunday) return true;
  }
  return false;
}

}  // namespace

bool is_open(const Calendar& calendar, const Zone& zone, Time time) {
  for (const Opening& opening : openings_on(calendar, zone, zone.local(time).day)) {
    if (opening.from <= time && time < opening.until) return true;
  }
  return false;
}

std::optional<Time> last_opening(const Calendar& calendar, const Zone& zone, Time time) {
  const sys_days today = zone.local(time).day;
  std::optional<Time> began;
  for (sys_days date = today; date >= today - search_days - days(1); date -= days(1)) {
    const auto openings = openings_on(calendar, zone, date);
    for (auto opening = openings.rbegin(); opening != openings.rend(); ++opening) {
      if (opening->from > time) continue;
      if (began && opening->until < *began) return began;
      began = opening->from;
    }
    if (began && *began < time - search_days) return {};
    // An opening that began after midnight has no part in the day before.
    if (began && *began > zone.moment(date, {})) return began;
  }
  return began;
}

std::optional<Time> closing(const Calendar& calendar, const Zone& zone, Time time) {
  const auto ahead = opening_ahead(calendar, zone, time);
  if (!ahead || ahead->from > time) return {};
  return ahead->until;
}

std::optional<Time> next_change(const Calendar& calendar, const Zone& zone, Time time) {
  const auto ahead = opening_ahead(calendar, zone, time);
  if (!ahead) return {};
  return ahead->from > time ? std::optional(ahead->from) : ahead->until;
}

bool is_japanese_holiday(year_month_day date) {
  if (is_named_holiday(date) || is_substitute(date)) return true;
  // Article 3 (3): a day between two named holidays.
  return is_named_holiday(sys_days(date) - days(1)) && is_named_holiday(sys_days(date) + days(1));
}

}  // namespace nethealth
