#pragma once
// The encodings of log lines and their names: one list for who checks a configuration and who reads lines.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace nethealth {

enum class LogEncoding : std::uint8_t {
  /// UTF-8 if the line is valid UTF-8 (ISO-2022-JP if it has its escapes), else CP932, else EUC-JP, line by
  /// line;
  /// UTF-16 if the file starts with its byte order mark.
  automatic,
  utf8,
  cp932,
  euc_jp,
  iso_2022_jp,
  utf16,  ///< by the byte order mark at the start of the file, little endian without one
  utf16le,
  utf16be,
  latin1
};

/// By the names people use ("cp932", "Shift_JIS", "EUC-JP" ...), whatever their case; empty when unknown.
std::optional<LogEncoding> log_encoding(std::string_view name);

/// The names that a configuration may use.
std::vector<std::string_view> log_encodings();

}  // namespace nethealth
