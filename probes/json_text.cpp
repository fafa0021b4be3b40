#include "probes/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace nethealth {
namespace {

bool is_continuation(char byte) {
  return (static_cast<std::uint8_t>(byte) & 0xC0U) == 0x80U;
}

Utf8Character bad_byte() {
  return {.code = 0xFFFD, .length = 1, .valid = false};
}

bool needs_no_escape(char byte) {
  const auto value = static_cast<std::uint8_t>(byte);
  return value >= 0x20 && value < 0x80 && byte != '"' && byte != '\\';
}

void append_escaped(std::string& out, char byte) {
  static constexpr std::string_view digits = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto value = static_cast<std::uint8_t>(byte);
  out += "\\u00";
  out += digits[value >> 4U];
  out += digits[value & 15U];
}

}  // namespace

Utf8Character first_character(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  if (lead < 0x80) return {.code = lead, .length = 1, .valid = true};
  std::size_t length = 0;
  char32_t code = 0;
  char32_t least = 0;
  if ((lead & 0xE0U) == 0xC0) {
    length = 2, code = lead & 0x1FU, least = 0x80;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3, code = lead & 0x0FU, least = 0x800;
  } else if ((lead & 0xF8U) == 0xF0) {
    length = 4, code = lead & 0x07U, least = 0x10000;
  } else {
    return bad_byte();
  }
  if (text.size() < length) return bad_byte();
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return bad_byte();
    code = (code << 6U) | (static_cast<std::uint8_t>(text[i]) & 0x3FU);
  }
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < least || surrogate || code > 0x10FFFF) return bad_byte();
  return {.code = code, .length = length, .valid = true};
}

std::string mend_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character character = first_character(text);
    if (character.valid) {
      out += text.substr(0, character.length);
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(character.length);
  }
  return out;
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && is_continuation(text[end])) --end;
  return text.substr(0, end);
}

void append_json_characters(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && needs_no_escape(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    const Utf8Character character = first_character(text);
    if (character.code < 0x80) {
      append_escaped(out, text.front());
    } else if (character.valid) {
      out += text.substr(0, character.length);
    } else {
      out += "\xEF\xBF\xBD";
    }
    text.remove_prefix(character.length);
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_characters(out, text);
  out += '"';
}

void append_json_number(std::string& out, double value, int digits) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 64> buffer{};
  char* const end = buffer.data() + buffer.size();
  if (digits > 0) {
    const auto rounded = std::to_chars(buffer.data(), end, value, std::chars_format::scientific, digits - 1);
    std::from_chars(buffer.data(), rounded.ptr, value);
  }
  const double size = std::abs(value);
  const bool plain = size == 0 || (size >= 1e-7 && size < 1e15);
  const auto form = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto written = std::to_chars(buffer.data(), end, value, form);
  out.append(buffer.data(), written.ptr);
}

std::string& JsonWriter::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_json_string(out_, name);
  out_ += ':';
  return out_;
}

void JsonWriter::texts(std::string_view name, const std::vector<std::string>& values) {
  key(name) += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out_ += ',';
    append_json_string(out_, values[i]);
  }
  out_ += ']';
}

}  // namespace nethealth
