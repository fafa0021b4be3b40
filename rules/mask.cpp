#include "rules/mask.hpp"

#include <array>
#include <cstddef>

namespace nethealth {

namespace {

constexpr std::size_t resident_code_digits = 11;
constexpr std::size_t my_number_digits = 12;
constexpr std::string_view hidden_number = "[番号非表示]";
constexpr std::string_view hidden_field = "[非表示]";

constexpr std::array<std::string_view, 12> field_names{
    "氏名",      "姓名",     "名前",          "住所",      "生年月日",   "resident_name",
    "full_name", "fullname", "resident-name", "birthdate", "birth_date", "address_of_resident"};

/// The digit at `at` and how many bytes it takes: ASCII or full-width (U+FF10 to U+FF19). 0 bytes when none.
struct Digit {
  char value = 0;
  std::size_t bytes = 0;
};

Digit digit_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  if (text[at] >= '0' && text[at] <= '9') return {text[at], 1};
  constexpr std::string_view full_width_lead = "\xEF\xBC";
  if (text.substr(at, 2) != full_width_lead || at + 2 >= text.size()) return {};
  const auto last = static_cast<unsigned char>(text[at + 2]);
  if (last < 0x90 || last > 0x99) return {};
  return {static_cast<char>('0' + (last - 0x90)), 3};
}

struct Run {
  std::size_t end = 0;  ///< after its last digit
  std::size_t digits = 0;
  char first = 0;
};

/// A run of digits, with single hyphens or spaces between groups of four.
Run run_at(std::string_view text, std::size_t at) {
  Run run;
  while (true) {
    const Digit digit = digit_at(text, at);
    if (digit.bytes != 0) {
      if (run.digits == 0) run.first = digit.value;
      ++run.digits;
      at += digit.bytes;
      run.end = at;
      continue;
    }
    const bool separator = at < text.size() && (text[at] == '-' || text[at] == ' ');
    if (!separator || run.digits % 4 != 0 || run.digits >= my_number_digits ||
        digit_at(text, at + 1).bytes == 0)
      return run;
    ++at;
  }
}

std::size_t plain_run_end(std::string_view text, std::size_t at, std::size_t& digits) {
  digits = 0;
  for (Digit digit = digit_at(text, at); digit.bytes != 0; digit = digit_at(text, at)) {
    ++digits;
    at += digit.bytes;
  }
  return at;
}

bool ends_value(char c) {
  return c == ',' || c == ';' || c == '\t' || c == '"' || c == '\'' || c == '|' || c == '&' || c == ']' ||
         c == '}' || c == ')' || c == '\n';
}

/// The end of a field's value when a known field name stands at `at`; else `at`.
std::size_t field_at(std::string_view text, std::size_t at, std::size_t& value_at) {
  for (const std::string_view name : field_names) {
    if (text.substr(at, name.size()) != name) continue;
    std::size_t pos = at + name.size();
    while (pos < text.size() && (text[pos] == ' ' || text[pos] == '"')) ++pos;
    constexpr std::string_view full_width_colon = "：";
    if (text.substr(pos, full_width_colon.size()) == full_width_colon)
      pos += full_width_colon.size();
    else if (pos < text.size() && (text[pos] == '=' || text[pos] == ':'))
      ++pos;
    else
      continue;
    while (pos < text.size() && (text[pos] == ' ' || text[pos] == '"' || text[pos] == '\'')) ++pos;
    value_at = pos;
    bool space_seen = false;
    while (pos < text.size() && !ends_value(text[pos])) {
      // A second word belongs to a name; a KEY= after it does not.
      if (text[pos] == ' ' && space_seen) break;
      if (text[pos] == ' ') {
        const std::size_t next = text.find_first_of(" =", pos + 1);
        if (next != std::string_view::npos && text[next] == '=') break;
        space_seen = true;
      }
      ++pos;
    }
    return pos;
  }
  return at;
}

std::string mask(std::string_view text, bool keep_telephones) {
  std::string masked;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t value_at = at;
    if (const std::size_t end = field_at(text, at, value_at); end > at) {
      masked += text.substr(at, value_at - at);
      if (end > value_at) masked += hidden_field;
      at = end;
      continue;
    }
    if (digit_at(text, at).bytes == 0) {
      masked += text[at++];
      continue;
    }
    std::size_t digits = 0;
    const std::size_t plain_end = plain_run_end(text, at, digits);
    const Run run = run_at(text, at);
    const bool plain = digits == resident_code_digits || digits == my_number_digits;
    const bool grouped = digits == 4 && run.digits == my_number_digits;
    const bool telephone = keep_telephones && digits == resident_code_digits && run.first == '0';
    if ((plain && !telephone) || grouped) {
      masked += hidden_number;
      at = plain ? plain_end : run.end;
    } else {
      masked += text.substr(at, plain_end - at);
      at = plain_end;
    }
  }
  return masked;
}

}  // namespace

std::string mask_line(std::string_view line) {
  return mask(line, false);
}

std::string mask_text(std::string_view text) {
  return mask(text, true);
}

}  // namespace nethealth
