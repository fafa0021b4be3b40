#include "config/time.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace nethealth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

/// RFC 3339 has four digits for the year; what lies outside is shown as the nearest moment inside.
constexpr Time earliest = sys_days(std::chrono::year{0} / 1 / 2);
constexpr Time latest = sys_days(std::chrono::year{9999} / 12 / 30);

struct WallClock {
  year_month_day day;
  std::chrono::hh_mm_ss<Milliseconds> clock;
  minutes offset;
};

WallClock wall_clock(Time time, const Zone& zone) {
  const Time shown = std::clamp(time, earliest, latest);
  const auto offset = std::chrono::duration_cast<minutes>(zone.offset(shown));
  const Time local = shown + offset;
  const auto day = std::chrono::floor<days>(local);
  return {year_month_day(day), std::chrono::hh_mm_ss<Milliseconds>(local - day), offset};
}

/// Takes what it reads from the front of the text; `ok` stays false after the first mismatch.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  int digits(std::size_t count) {
    int value = 0;
    if (rest.size() < count) return ok = false, 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest[i] < '0' || rest[i] > '9') return ok = false, 0;
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(count);
    return value;
  }

  bool take(char wanted) {
    if (rest.empty() || rest.front() != wanted) return false;
    rest.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!take(wanted)) ok = false;
  }
};

Milliseconds scan_fraction(Scanner& scan) {
  if (!scan.take('.')) return {};
  int value = 0;
  std::size_t count = 0;
  while (!scan.rest.empty() && scan.rest.front() >= '0' && scan.rest.front() <= '9') {
    if (count < 3) value = value * 10 + (scan.rest.front() - '0');
    ++count;
    scan.rest.remove_prefix(1);
  }
  if (count == 0) scan.ok = false;
  for (std::size_t i = count; i < 3; ++i) value *= 10;
  return Milliseconds(value);
}

minutes scan_offset(Scanner& scan) {
  if (scan.take('Z') || scan.take('z')) return {};
  const bool west = scan.take('-');
  if (!west) scan.expect('+');
  const int hour = scan.digits(2);
  scan.expect(':');
  const int minute = scan.digits(2);
  if (hour > 23 || minute > 59) scan.ok = false;
  const minutes offset = hours(hour) + minutes(minute);
  return west ? -offset : offset;
}

}  // namespace

std::string format_time(Time time, const Zone& zone) {
  const WallClock wall = wall_clock(time, zone);
  const auto offset = wall.offset < minutes(0) ? -wall.offset : wall.offset;
  std::array<char, 64> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03d%c%02d:%02d",
      static_cast<int>(wall.day.year()), static_cast<unsigned>(wall.day.month()),
      static_cast<unsigned>(wall.day.day()), static_cast<int>(wall.clock.hours().count()),
      static_cast<int>(wall.clock.minutes().count()), static_cast<int>(wall.clock.seconds().count()),
      static_cast<int>(wall.clock.subseconds().count()), wall.offset < minutes(0) ? '-' : '+',
      static_cast<int>(offset.count() / 60), static_cast<int>(offset.count() % 60));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string format_clock(Time time, const Zone& zone) {
  const WallClock wall = wall_clock(time, zone);
  std::array<char, 32> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(wall.clock.hours().count()),
      static_cast<int>(wall.clock.minutes().count()), static_cast<int>(wall.clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<Time> parse_time(std::string_view text) {
  Scanner scan{text};
  const int year = scan.digits(4);
  scan.expect('-');
  const auto month = static_cast<unsigned>(scan.digits(2));
  scan.expect('-');
  const auto day = static_cast<unsigned>(scan.digits(2));
  if (!scan.take('t')) scan.expect('T');
  const int hour = scan.digits(2);
  scan.expect(':');
  const int minute = scan.digits(2);
  scan.expect(':');
  const int second = scan.digits(2);
  const Milliseconds fraction = scan_fraction(scan);
  const minutes offset = scan_offset(scan);
  const year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  // A leap second is written as 60 (RFC 3339 5.7); without leap seconds it is the next one.
  if (!scan.ok || !scan.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) return {};
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + fraction - offset;
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc{} || text.front() == '-' || (text.front() == '0' && length > 1)) return {};
  const std::string_view unit = text.substr(length);
  std::int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s") factor = 1'000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  if (factor == 0 || count > std::numeric_limits<std::int64_t>::max() / factor) return {};
  return Milliseconds(count * factor);
}

std::optional<Time> parse_site_time(const std::string& text, const Zone& zone) {
  constexpr std::size_t minutes_form = 16;  // 2026-12-05T20:00
  constexpr std::size_t seconds_form = 19;  // 2026-12-05T20:00:00
  if (const auto time = parse_time(text)) return time;
  std::optional<Time> wall;
  if (text.size() == minutes_form) wall = parse_time(text + ":00Z");
  if (text.size() == seconds_form) wall = parse_time(text + "Z");
  if (!wall) return {};
  const auto day = std::chrono::floor<std::chrono::days>(*wall);
  return zone.moment(std::chrono::year_month_day(day), *wall - day);
}

}  // namespace nethealth
