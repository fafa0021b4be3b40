#include "agent/scenario_words.hpp"

#include <algorithm>
#include <charconv>

namespace nethealth {
namespace {

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

bool continues_a_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

std::string filled(std::string text, char digit) {
  std::ranges::replace(text, 'x', digit);
  const std::string rest = digit == '0' ? "00:00:00" : "23:59:59";
  return text + rest.substr(std::min(text.size(), rest.size()));
}

}  // namespace

std::vector<ScenarioToken> scenario_tokens(std::string_view line, int& unclosed) {
  std::vector<ScenarioToken> tokens;
  bool in_word = false;
  int column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char letter = line[i];
    if (!continues_a_character(letter)) ++column;
    if (letter == '#' && !in_word) break;
    if (letter == ' ' || letter == '\t' || letter == '\r') {
      in_word = false;
    } else if (letter == '"') {
      ScenarioToken token{"", true, column};
      for (++i; i < line.size() && line[i] != '"'; ++i) {
        if (!continues_a_character(line[i])) ++column;
        token.text += line[i];
      }
      ++column;
      if (i == line.size()) unclosed = token.column;
      tokens.push_back(std::move(token));
      in_word = false;
    } else if (std::string_view(">,;()").find(letter) != std::string_view::npos) {
      tokens.push_back({std::string(1, letter), false, column});
      in_word = false;
    } else {
      if (!in_word) tokens.push_back({"", false, column});
      tokens.back().text += letter;
      in_word = true;
    }
  }
  return tokens;
}

std::optional<Milliseconds> scenario_time(std::string_view text) {
  // Borrowed from RFC 3339: the day does not matter, the zone neither.
  std::string whole(text);
  if (std::ranges::count(whole, ':') == 1) whole += ":00";
  if (whole.size() < 8) return std::nullopt;
  const auto moment = parse_time("1970-01-01T" + whole + "Z");
  if (!moment) return std::nullopt;
  return std::chrono::duration_cast<Milliseconds>(moment->time_since_epoch());
}

bool is_time_pattern(std::string_view text) {
  if (text.size() != 5 && text.size() != 8) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i % 3 == 2 ? text[i] != ':' : !is_digit(text[i]) && text[i] != 'x') return false;
  return true;
}

bool time_matches(std::string_view clock, const std::string& from, const std::string& until) {
  if (from.empty()) return true;
  const std::string& last = until.empty() ? from : until;
  if (!until.empty()) return clock >= filled(from, '0') && clock <= filled(last, '9');
  for (std::size_t i = 0; i < from.size(); ++i)
    if (from[i] != 'x' && from[i] != clock[i]) return false;
  return true;
}

}  // namespace nethealth
