// The only file that sees the time zone library; the data is the host's own.

#include <date/tz.h>

#include <algorithm>
#include <exception>

#include "config/time.hpp"

namespace nethealth {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// The library's arithmetic holds for four-digit years; times outside are treated as the nearest inside.
constexpr Time earliest_local = sys_days(std::chrono::year{0} / 1 / 1);
constexpr Time latest_local = sys_days(std::chrono::year{9999} / 12 / 31);

Time inside(Time time) {
  return std::clamp(time, earliest_local, latest_local);
}

const date::time_zone* zone_of(const void* zone) {
  return static_cast<const date::time_zone*>(zone);
}

}  // namespace

Zone::Zone() = default;

std::optional<Zone> Zone::find(const std::string& name) {
  try {
    Zone zone;
    zone.zone_ = date::locate_zone(name);
    return zone;
  } catch (const std::exception&) {
    return {};
  }
}

std::chrono::seconds Zone::offset(Time time) const {
  if (zone_ == nullptr) return {};
  return zone_of(zone_)->get_info(std::chrono::floor<std::chrono::seconds>(inside(time))).offset;
}

LocalTime Zone::local(Time time) const {
  const Time shown = inside(time) + offset(time);
  const auto day = std::chrono::floor<days>(shown);
  return {std::chrono::year_month_day(day), std::chrono::weekday(day), shown - day};
}

Time Zone::moment(std::chrono::year_month_day day, Milliseconds since_midnight) const {
  const Time as_utc = inside(sys_days(day) + since_midnight);
  if (zone_ == nullptr) return as_utc;
  const date::local_time<Milliseconds> local(as_utc.time_since_epoch());
  return zone_of(zone_)->to_sys(local, date::choose::earliest);
}

}  // namespace nethealth
