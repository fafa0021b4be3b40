#include "probes/snmp_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace nethealth {
namespace {

constexpr std::size_t max_printable_bytes = 255;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// The length of the UTF-8 sequence at the front, and its code point; 0 when it is none (RFC 3629).
std::size_t sequence_length(std::string_view text, std::uint32_t& code) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  if (first < 0x80) {
    code = first;
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  code = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool too_long = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return too_long || surrogate || code > 0x10FFFF ? 0 : length;
}

/// Control, direction and zero-width characters: they can make a name look like another one.
bool is_hidden(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code <= 0x200F) ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
         code == 0x061C;
}

std::optional<double> parsed_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

SnmpValue SnmpValue::of(std::int64_t number) {
  SnmpValue value;
  value.kind = Kind::integer;
  value.integer = number;
  return value;
}

SnmpValue SnmpValue::of_unsigned(std::uint64_t number) {
  SnmpValue value;
  value.kind = Kind::unsigned_integer;
  value.unsigned_integer = number;
  return value;
}

SnmpValue SnmpValue::of(std::string octets) {
  SnmpValue value;
  value.kind = Kind::octets;
  value.octets = std::move(octets);
  return value;
}

SnmpValue SnmpValue::of(const Oid& oid) {
  SnmpValue value;
  value.kind = Kind::oid;
  value.octets = oid_text(oid);
  return value;
}

Oid SnmpValue::oid() const {
  return kind == Kind::oid ? parse_oid(octets).value_or(Oid{}) : Oid{};
}

std::optional<double> SnmpValue::number() const {
  switch (kind) {
    case Kind::integer:
      return static_cast<double>(integer);
    case Kind::unsigned_integer:
      return static_cast<double>(unsigned_integer);
    case Kind::real:
      return std::isfinite(real) ? std::optional(real) : std::nullopt;
    case Kind::octets:
      return parsed_number(octets);
    default:
      return std::nullopt;
  }
}

std::optional<std::uint64_t> SnmpValue::whole() const {
  if (kind == Kind::unsigned_integer) return unsigned_integer;
  if (kind == Kind::integer)
    return integer < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(integer));
  const auto value = number();
  constexpr double limit = 9'007'199'254'740'992.0;  // 2^53: exact in a double
  if (!value || *value < 0 || *value > limit || *value != std::floor(*value)) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::string SnmpValue::text() const {
  switch (kind) {
    case Kind::integer:
      return std::to_string(integer);
    case Kind::unsigned_integer:
      return std::to_string(unsigned_integer);
    case Kind::real:
      return std::to_string(real);
    case Kind::octets:
      return printable(octets);
    case Kind::oid:
      return octets;
    case Kind::address: {
      std::string dotted;
      for (const char octet : octets) {
        if (!dotted.empty()) dotted += '.';
        dotted += std::to_string(static_cast<unsigned char>(octet));
      }
      return dotted;
    }
    default:
      return {};
  }
}

std::string printable(std::string_view octets) {
  // Many agents end their text with NUL, or pad it.
  while (!octets.empty() && octets.back() == '\0') octets.remove_suffix(1);
  std::string text;
  while (!octets.empty()) {
    std::uint32_t code = 0;
    const std::size_t length = sequence_length(octets, code);
    const std::string_view piece = length == 0 ? replacement : octets.substr(0, length);
    const std::string_view shown = length != 0 && is_hidden(code) ? std::string_view(" ") : piece;
    if (text.size() + shown.size() > max_printable_bytes) break;
    const bool doubled_space = shown == " " && (text.empty() || text.back() == ' ');
    if (!doubled_space) text += shown;
    octets.remove_prefix(length == 0 ? 1 : length);
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace nethealth
