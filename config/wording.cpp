#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr std::size_t shown_characters = 60;

bool starts_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

bool is_control(char byte) {
  return static_cast<unsigned char>(byte) < 0x20U || byte == 0x7F;
}

std::string shortened(std::string_view value) {
  std::string shown;
  std::size_t characters = 0;
  for (const char byte : value) {
    if (starts_character(byte) && ++characters > shown_characters) return shown + "…";
    shown += is_control(byte) ? ' ' : byte;
  }
  return shown;
}

}  // namespace

std::string fill(std::string_view pattern, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool gap = pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 2] == '}';
    const auto number = gap ? static_cast<std::size_t>(pattern[i + 1] - '0') : parts.size();
    if (number < parts.size()) {
      text += parts.begin()[number];
      i += 2;
    } else {
      text += pattern[i];
    }
  }
  return text;
}

std::string quote(std::string_view value, Language language) {
  return language == Language::ja ? "「" + shortened(value) + "」" : "\"" + shortened(value) + "\"";
}

}  // namespace nethealth
