#pragma once
// A MAC address as it is shown and compared everywhere: "02:00:5e:00:53:07".

#include <ranges>
#include <string>

namespace nethealth {

/// One byte an element, whatever its type; of a wider one the lowest eight bits.
template <std::ranges::input_range Bytes>
[[nodiscard]] std::string mac_text(const Bytes& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    const auto value = static_cast<unsigned>(byte);
    if (!text.empty()) text += ':';
    text += digits[value >> 4U & 0xFU];
    text += digits[value & 0xFU];
  }
  return text;
}

}  // namespace nethealth
