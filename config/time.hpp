#pragma once
// The one time type of the product and its text forms. Nobody reads a clock here: time is handed in.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nethealth {

using Milliseconds = std::chrono::milliseconds;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
using Time = std::chrono::sys_time<Milliseconds>;

/// A calendar day and the minutes and milliseconds since its midnight, as a clock on the wall of a zone shows
/// it.
struct LocalTime {
  std::chrono::year_month_day day;
  std::chrono::weekday weekday;
  Milliseconds since_midnight{};

  friend bool operator==(const LocalTime&, const LocalTime&) = default;
};

/// A time zone by its IANA name ("Asia/Tokyo"). A value; cheap to copy; valid for the life of the process.
class Zone {
 public:
  /// UTC.
  Zone();
  /// Empty when the host's zone database has no such name.
  static std::optional<Zone> find(const std::string& name);

  [[nodiscard]] std::chrono::seconds offset(Time time) const;
  [[nodiscard]] LocalTime local(Time time) const;
  /// The moment of a local day and time of day; in a skipped or doubled hour, the earlier moment.
  [[nodiscard]] Time moment(std::chrono::year_month_day day, Milliseconds since_midnight) const;

 private:
  const void* zone_ = nullptr;
};

/// RFC 3339 with milliseconds and the zone's offset: 2026-11-24T09:00:00.000+09:00.
std::string format_time(Time time, const Zone& zone);

/// Hours, minutes and seconds in the zone, as messages to people show them: 09:00:00.
std::string format_clock(Time time, const Zone& zone);

/// RFC 3339 with an offset or Z; any number of fraction digits, cut to milliseconds. Empty if it is not that.
std::optional<Time> parse_time(std::string_view text);

/// `2026-12-05T20:00` or with seconds, as the zone's clock shows it; or RFC 3339 with an offset.
std::optional<Time> parse_site_time(const std::string& text, const Zone& zone);

/// `500ms`, `10s`, `5m`, `2h`, `3d`; not negative. Empty if it is not that or overflows.
std::optional<Milliseconds> parse_duration(std::string_view text);

}  // namespace nethealth
