#include "config/yaml_text.hpp"

#include <algorithm>

namespace nethealth {
namespace {

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

}  // namespace

Places::Places(std::string_view text) : text_(text) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

Place Places::at(int line, int byte_column) {
  if (line < 0 || byte_column < 0) return {};
  const auto row = std::min(static_cast<std::size_t>(line), line_starts_.size() - 1);
  const std::size_t wanted =
      std::min(line_starts_[row] + static_cast<std::size_t>(byte_column), text_.size());
  // Positions come in the order of the text; going on from the last one keeps a long line from being
  // counted again for each of its nodes.
  if (row != last_row_ || wanted < last_offset_) {
    last_row_ = row;
    last_offset_ = line_starts_[row];
    last_column_ = 1;
  }
  for (; last_offset_ < wanted; ++last_offset_) {
    if (!continues_character(text_[last_offset_])) ++last_column_;
  }
  return {static_cast<int>(row) + 1, last_column_};
}

Place Places::at_offset(std::size_t offset) {
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto row = static_cast<std::size_t>(next - line_starts_.begin()) - 1;
  return at(static_cast<int>(row), static_cast<int>(offset - line_starts_[row]));
}

std::optional<Place> Places::tab_in_indentation(int line) const {
  if (line < 0 || static_cast<std::size_t>(line) >= line_starts_.size()) return {};
  const std::size_t start = line_starts_[static_cast<std::size_t>(line)];
  const std::size_t first = text_.find_first_not_of(' ', start);
  if (first == std::string_view::npos || text_[first] != '\t') return {};
  return Place{line + 1, static_cast<int>(first - start) + 1};
}

char Places::byte(int line, int byte_column) const {
  const std::size_t offset = offset_of(line, byte_column);
  return offset < text_.size() ? text_[offset] : '\0';
}

bool Places::is_closed(int line, int byte_column) const {
  const char mark = byte(line, byte_column);
  if (mark != '"' && mark != '\'') return true;
  for (std::size_t i = offset_of(line, byte_column) + 1; i < text_.size(); ++i) {
    if (mark == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == mark) {
      return true;
    }
  }
  return false;
}

std::size_t Places::offset_of(int line, int byte_column) const {
  if (line < 0 || byte_column < 0 || static_cast<std::size_t>(line) >= line_starts_.size())
    return text_.size();
  return line_starts_[static_cast<std::size_t>(line)] + static_cast<std::size_t>(byte_column);
}

std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80U) return 1;
  if (first >= 0xC2U && first <= 0xDFU) return follows(1) ? 2 : 0;
  if (first >= 0xE0U && first <= 0xEFU) {
    if (first == 0xE0U && byte(1) < 0xA0U) return 0;
    if (first == 0xEDU && byte(1) > 0x9FU) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0U && first <= 0xF4U) {
    if (first == 0xF0U && byte(1) < 0x90U) return 0;
    if (first == 0xF4U && byte(1) > 0x8FU) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_forbidden_control(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return (code < 0x20U && byte != '\t' && byte != '\n' && byte != '\r') || code == 0x7FU;
}

}  // namespace nethealth
