#pragma once
// Opening hours: weekly ranges, dated ranges, closed days and Japan's public holidays, computed from the law.

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/time.hpp"

namespace nethealth {

/// Minutes since local midnight, the end excluded; until is at most 24:00.
struct OpenRange {
  std::chrono::minutes from{};
  std::chrono::minutes until{};
  friend bool operator==(const OpenRange&, const OpenRange&) = default;
};

struct Calendar {
  std::string name;
  std::array<std::vector<OpenRange>, 7> weekly;  ///< by weekday, Sunday first; each in order, not overlapping
  std::map<std::chrono::year_month_day, std::vector<OpenRange>>
      dated;                       ///< replaces the week's hours on that day
  bool japanese_holidays = false;  ///< closed on public holidays and from 29 December to 3 January
};

[[nodiscard]] bool is_open(const Calendar& calendar, const Zone& zone, Time time);

/// When the present or last opening began; empty if none lies within the 60 days before.
[[nodiscard]] std::optional<Time> last_opening(const Calendar& calendar, const Zone& zone, Time time);

/// When the present opening ends; empty when closed now.
[[nodiscard]] std::optional<Time> closing(const Calendar& calendar, const Zone& zone, Time time);

/// The next moment after `time` at which is_open changes; empty if none within 60 days.
[[nodiscard]] std::optional<Time> next_change(const Calendar& calendar, const Zone& zone, Time time);

/// Public holidays by the Act on National Holidays (国民の祝日に関する法律), substitute and citizens'
/// holidays included. Holds from 2007 to 2099; the equinoxes of a coming year are official each February.
[[nodiscard]] bool is_japanese_holiday(std::chrono::year_month_day day);

}  // namespace nethealth
