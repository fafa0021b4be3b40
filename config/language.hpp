#pragma once
// The two languages the product speaks.

#include <cstdint>
#include <string>
#include <string_view>

namespace nethealth {

enum class Language : std::uint8_t { ja, en };

/// One sentence or word in both languages.
struct Phrase {
  std::string_view ja;
  std::string_view en;

  [[nodiscard]] constexpr std::string_view in(Language language) const {
    return language == Language::ja ? ja : en;
  }
};

/// The same for text that a file supplies.
struct Text {
  std::string ja;
  std::string en;

  [[nodiscard]] const std::string& in(Language language) const { return language == Language::ja ? ja : en; }
};

}  // namespace nethealth
