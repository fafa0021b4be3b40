#pragma once
// The pieces from which JSON text is written (RFC 8259), and the walk over UTF-8 that they need. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nethealth {

struct Utf8Character {
  char32_t code = 0;       ///< U+FFFD when the bytes are no character
  std::size_t length = 1;  ///< bytes taken; a bad byte is taken alone
  bool valid = true;       ///< strict: no overlong form, no surrogate, nothing above U+10FFFF
};

/// The first character of a text that is not empty.
Utf8Character first_character(std::string_view text);

/// Each byte that belongs to no character becomes U+FFFD.
std::string mend_utf8(std::string_view text);

/// The longest beginning of at most `limit` bytes that ends at a character's border.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

/// What stands between the quotes of a JSON string; mended. Bytes 0x7F and above stay as they are.
void append_json_characters(std::string& out, std::string_view text);

/// The same with quotes.
void append_json_string(std::string& out, std::string_view text);

/// The shortest text that reads back the same, without an exponent between 1e-7 and 1e15; `null` for what
/// JSON cannot say (infinite, not a number). `digits` limits the significant digits; 0: no limit.
void append_json_number(std::string& out, double value, int digits = 0);

/// The members of one object, written in order to the end of `out`.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) { out_ += '{'; }
  void end() { out_ += '}'; }

  /// Writes the name; the value is to be appended to what is returned.
  std::string& key(std::string_view name);
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void integer(std::string_view name, std::int64_t value) { key(name) += std::to_string(value); }
  void count(std::string_view name, std::uint64_t value) { key(name) += std::to_string(value); }
  void number(std::string_view name, const std::optional<double>& value, int digits) {
    if (value) append_json_number(key(name), *value, digits);
  }
  void truth(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  void texts(std::string_view name, const std::vector<std::string>& values);

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace nethealth
