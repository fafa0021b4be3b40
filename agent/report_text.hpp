#pragma once
// Small pieces that every report on the terminal uses.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/language.hpp"
#include "config/site.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// How a report is to look.
struct ReportStyle {
  Language language = Language::en;
  bool colour = false;
};

enum class Colour : unsigned char { plain, red, yellow, green, grey };

std::string coloured(std::string_view text, Colour colour, const ReportStyle& style);

/// Columns that a terminal needs for the text: East Asian wide characters take two.
std::size_t display_width(std::string_view utf8);
/// The text and spaces up to `columns`.
std::string padded(std::string_view utf8, std::size_t columns);

/// "佐藤 (sato)", or the name when it has no other label.
std::string person_text(const Site& site, std::string_view name);

std::string health_text(DeviceHealth health, Language language);
std::string state_text(IncidentState state, Language language);
Colour colour_of(DeviceHealth health);

/// The time as the contract prints it, or a dash.
std::string time_text(const std::optional<Time>& time, const Zone& zone);

}  // namespace nethealth
