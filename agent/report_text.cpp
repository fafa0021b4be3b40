#include "agent/report_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nethealth {
namespace {

struct WideRange {
  char32_t first;
  char32_t last;
};

/// The blocks of Unicode's East Asian Width W and F that occur in Japanese text (UAX 11).
constexpr std::array<WideRange, 8> wide{{{0x1100, 0x115f},
                                         {0x2e80, 0x303e},
                                         {0x3041, 0x33ff},
                                         {0x3400, 0x4dbf},
                                         {0x4e00, 0x9fff},
                                         {0xf900, 0xfaff},
                                         {0xff00, 0xff60},
                                         {0x20000, 0x3fffd}}};

bool is_wide(char32_t c) {
  return std::any_of(wide.begin(), wide.end(),
                     [c](const WideRange& range) { return c >= range.first && c <= range.last; });
}

std::string_view escape(Colour colour) {
  switch (colour) {
    case Colour::red:
      return "\033[1;31m";
    case Colour::yellow:
      return "\033[33m";
    case Colour::green:
      return "\033[32m";
    case Colour::grey:
      return "\033[90m";
    case Colour::plain:
      return "";
  }
  return "";
}

Phrase phrase(DeviceHealth health) {
  switch (health) {
    case DeviceHealth::healthy:
      return {"正常", "healthy"};
    case DeviceHealth::fault:
      return {"障害", "fault"};
    case DeviceHealth::affected:
      return {"影響", "affected"};
    case DeviceHealth::suspect:
      return {"疑い", "suspect"};
    case DeviceHealth::unknown:
      return {"不明", "unknown"};
    case DeviceHealth::off_hours:
      return {"時間外", "off hours"};
    case DeviceHealth::maintenance:
      return {"作業中", "maintenance"};
  }
  return {};
}

Phrase phrase(IncidentState state) {
  switch (state) {
    case IncidentState::open:
      return {"発生中", "open"};
    case IncidentState::restored:
      return {"復旧", "restored"};
    case IncidentState::closed:
      return {"終了", "closed"};
    case IncidentState::merged:
      return {"統合", "merged"};
  }
  return {};
}

}  // namespace

std::string coloured(std::string_view text, Colour colour, const ReportStyle& style) {
  if (!style.colour || colour == Colour::plain) return std::string(text);
  return std::string(escape(colour)) + std::string(text) + "\033[0m";
}

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t c = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < utf8.size(); ++k)
      c = (c << 6U) | (static_cast<unsigned char>(utf8[i + k]) & 0x3fU);
    width += is_wide(c) ? 2 : 1;
    i += length;
  }
  return width;
}

std::string padded(std::string_view utf8, std::size_t columns) {
  const std::size_t width = display_width(utf8);
  std::string text(utf8);
  if (width < columns) text.append(columns - width, ' ');
  return text;
}

std::string person_text(const Site& site, std::string_view name) {
  const auto person = site.person(name);
  if (!person || site.people[*person].label.empty() || site.people[*person].label == name)
    return std::string(name);
  return site.people[*person].label + " (" + std::string(name) + ")";
}

std::string health_text(DeviceHealth health, Language language) {
  return std::string(phrase(health).in(language));
}
std::string state_text(IncidentState state, Language language) {
  return std::string(phrase(state).in(language));
}

Colour colour_of(DeviceHealth health) {
  switch (health) {
    case DeviceHealth::fault:
      return Colour::red;
    case DeviceHealth::affected:
    case DeviceHealth::suspect:
      return Colour::yellow;
    case DeviceHealth::healthy:
      return Colour::green;
    default:
      return Colour::grey;
  }
}

std::string time_text(const std::optional<Time>& time, const Zone& zone) {
  return time ? format_time(*time, zone) : "-";
}

}  // namespace nethealth
