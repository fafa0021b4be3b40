#include "agent/line_time.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <string>

namespace nethealth {
namespace {

using namespace std::chrono;

constexpr std::size_t looked_at_bytes = 160;
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads parts of a text from the left; `good` stays false once one is missing.
class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}
  int number(std::size_t least, std::size_t most) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < most && digits < rest_.size() &&
           std::isdigit(static_cast<unsigned char>(rest_[digits])) != 0)
      value = value * 10 + (rest_[digits++] - '0');
    good = good && digits >= least;
    rest_.remove_prefix(digits);
    return value;
  }
  char one_of(std::string_view characters) {
    good = good && !rest_.empty() && characters.find(rest_.front()) != std::string_view::npos;
    if (!good) return '\0';
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  [[nodiscard]] bool at(std::string_view characters) const {
    return !rest_.empty() && characters.find(rest_.front()) != std::string_view::npos;
  }
  unsigned month() {
    const auto found = std::ranges::find(months, rest_.substr(0, 3));
    good = good && found != months.end();
    if (good) rest_.remove_prefix(3);
    return static_cast<unsigned>(found - months.begin()) + 1;
  }
  bool good = true;

 private:
  std::string_view rest_;
};

struct Clock {
  Milliseconds since_midnight{0};
  std::optional<minutes> offset;
};

Clock clock_of(Scan& scan, bool with_offset) {
  Clock clock;
  clock.since_midnight = hours(scan.number(1, 2));
  scan.one_of(":");
  clock.since_midnight += minutes(scan.number(2, 2));
  scan.one_of(":");
  clock.since_midnight += seconds(scan.number(2, 2));
  if (scan.at(".,")) {
    scan.one_of(".,");
    int unit = 100;
    for (int digits = 0; scan.at("0123456789") && digits < 9; ++digits, unit /= 10)
      clock.since_midnight += Milliseconds(scan.number(1, 1) * unit);
  }
  if (!with_offset || !scan.good) return clock;
  if (scan.at("Z")) clock.offset = minutes(0);
  Scan ahead = scan;
  if (ahead.at(" ")) ahead.one_of(" ");
  if (ahead.at("+-")) {
    const int sign = ahead.one_of("+-") == '-' ? -1 : 1;
    const minutes hour_part = hours(ahead.number(2, 2));
    if (ahead.at(":")) ahead.one_of(":");
    const minutes all = hour_part + minutes(ahead.number(2, 2));
    if (ahead.good) clock.offset = sign * all;
  }
  return clock;
}

std::optional<Time> moment(year_month_day day, const Clock& clock, const Zone& zone) {
  if (!day.ok() || clock.since_midnight >= hours(24)) return std::nullopt;
  if (clock.offset) return Time(sys_days(day)) + clock.since_midnight - *clock.offset;
  return zone.moment(day, clock.since_midnight);
}

/// 2026-11-24T09:00:00.123+09:00, 2026/11/24 09:00:00
std::optional<Time> year_first(std::string_view text, const Zone& zone) {
  Scan scan(text);
  const int y = scan.number(4, 4);
  const char separator = scan.one_of("-/");
  const int m = scan.number(1, 2);
  scan.one_of(std::string_view(&separator, 1));
  const int d = scan.number(1, 2);
  scan.one_of("T ");
  const Clock clock = clock_of(scan, true);
  if (!scan.good) return std::nullopt;
  return moment(year(y) / m / d, clock, zone);
}

/// 24/Nov/2026:09:00:00 +0900
std::optional<Time> day_first(std::string_view text, const Zone& zone) {
  Scan scan(text);
  const int d = scan.number(1, 2);
  scan.one_of("/-");
  const unsigned m = scan.month();
  scan.one_of("/-");
  const int y = scan.number(4, 4);
  scan.one_of(": ");
  const Clock clock = clock_of(scan, true);
  if (!scan.good) return std::nullopt;
  return moment(year(y) / month(m) / day(static_cast<unsigned>(d)), clock, zone);
}

/// Nov 24 09:00:00, without a year: the one that comes nearest to when it was read.
std::optional<Time> month_first(std::string_view text, Time read, const Zone& zone) {
  Scan scan(text);
  const unsigned m = scan.month();
  scan.one_of(" ");
  if (scan.at(" ")) scan.one_of(" ");
  const int d = scan.number(1, 2);
  scan.one_of(" ");
  const Clock clock = clock_of(scan, false);
  if (!scan.good) return std::nullopt;
  const year here = zone.local(read).day.year();
  std::optional<Time> nearest;
  for (const year y : {here - years(1), here, here + years(1)}) {
    const auto candidate = moment(y / month(m) / day(static_cast<unsigned>(d)), clock, zone);
    if (candidate && (!nearest || abs(*candidate - read) < abs(*nearest - read))) nearest = candidate;
  }
  return nearest;
}

}  // namespace

std::optional<Time> time_in_line(std::string_view line, Time read, const Zone& zone) {
  const std::string_view text = line.substr(0, looked_at_bytes);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1])) != 0) continue;
    const std::string_view rest = text.substr(at);
    if (const auto time = year_first(rest, zone)) return time;
    if (const auto time = day_first(rest, zone)) return time;
    if (const auto time = month_first(rest, read, zone)) return time;
  }
  return std::nullopt;
}

}  // namespace nethealth
