#include "probes/oid.hpp"

#include <charconv>

namespace nethealth {
namespace {

constexpr std::size_t max_oid_length = 128;

}  // namespace

std::optional<Oid> parse_oid(std::string_view text) {
  Oid oid;
  while (true) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || oid.size() == max_oid_length) return std::nullopt;
    oid.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return oid;
    if (text.front() != '.') return std::nullopt;
    text.remove_prefix(1);
  }
}

std::string oid_text(const Oid& oid) {
  std::string text;
  for (const std::uint32_t number : oid) {
    if (!text.empty()) text += '.';
    text += std::to_string(number);
  }
  return text;
}

bool starts_with(const Oid& oid, const Oid& prefix) {
  return oid.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), oid.begin());
}

Oid joined(const Oid& front, const Oid& back) {
  Oid whole = front;
  whole.append(back.begin(), back.end());
  return whole;
}

Oid index_of(const Oid& oid, const Oid& prefix) {
  return Oid(oid.begin() + prefix.size(), oid.end());
}

}  // namespace nethealth
