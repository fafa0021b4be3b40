#pragma once
// Bytes of a log line, in whatever encoding the writer used, to printable UTF-8. Nothing is dropped: a byte
// that is no character of the encoding, and every control character but TAB, is shown as \xHH.

#include <cstddef>
#include <string>
#include <string_view>

#include "config/log_encoding.hpp"

namespace nethealth {

/// `automatic` and `utf16` made definite by the first bytes of the file: utf16le, utf16be, or unchanged.
LogEncoding settle_encoding(LogEncoding encoding, std::string_view first_bytes);

/// One line without its line end. `cut`: bytes are missing at the end, so that a torn last character is no
/// sign of another encoding.
std::string decode_log_line(std::string_view bytes, LogEncoding encoding, bool cut = false);

/// Whether the bytes are the line's text as they stand: printable ASCII in an encoding that contains it, or
/// printable UTF-8 where that is the encoding.
bool is_same_in(std::string_view bytes, LogEncoding encoding);

/// What follows a line that was cut: " [12 more bytes left out]"; nothing where none was.
std::string left_out_mark(std::size_t bytes);

/// The bytes as they are where they are valid, printable UTF-8, and \xHH where not.
std::string printable_utf8(std::string_view bytes);

/// Strict (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view bytes);

}  // namespace nethealth
