#pragma once
// The bytes under a YAML document: positions as editors count them, and what must not be in it. Inner to
// config/.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace nethealth {

/// Line and column in characters, both from 1.
struct Place {
  int line = 1;
  int column = 1;
};

/// Turns the YAML library's positions (from 0, in bytes) into those of editors.
class Places {
 public:
  explicit Places(std::string_view text);

  Place at(int line, int byte_column);
  Place at_offset(std::size_t offset);

  /// Where the indentation of a line has a tab.
  [[nodiscard]] std::optional<Place> tab_in_indentation(int line) const;
  /// The byte at a position, 0 beyond the end.
  [[nodiscard]] char byte(int line, int byte_column) const;
  /// False for a quotation mark that nothing closes; true for all other text.
  [[nodiscard]] bool is_closed(int line, int byte_column) const;

 private:
  [[nodiscard]] std::size_t offset_of(int line, int byte_column) const;

  std::string_view text_;
  std::vector<std::size_t> line_starts_;
  std::size_t last_row_ = 0;
  std::size_t last_offset_ = 0;
  int last_column_ = 1;
};

/// Bytes of the character at the front, or 0 where it is not UTF-8 (RFC 3629: shortest form, no surrogates).
std::size_t character_length(std::string_view text);

/// Control characters that YAML does not allow (1.2, section 5.1).
bool is_forbidden_control(char byte);

}  // namespace nethealth
