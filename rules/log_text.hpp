#pragma once
// A line as the regex engines need it.

#include <cstddef>
#include <string>
#include <string_view>

namespace nethealth {

/// How much of a line is looked at.
inline constexpr std::size_t matched_line_bytes = 8 * 1024;

/// The first 8 KiB without line ends, as valid UTF-8 (RFC 3629); a byte that is none becomes `?`. Points into
/// `line` where nothing was to be changed, else into `room`.
std::string_view matchable(std::string_view line, std::string& room);

}  // namespace nethealth
