#pragma once
// Resident codes (住民票コード, 11 digits), My Number (個人番号, 12 digits) and the values of name and
// address fields are hidden in everything that is shown or sent. The journal keeps the line as it was.

#include <string>
#include <string_view>

namespace nethealth {

/// For lines out of logs: runs of 11 or 12 digits (also in groups of four, also full-width) and the values of
/// fields such as 氏名= become marks.
std::string mask_line(std::string_view line);

/// For text that people wrote: as above, but a mobile telephone number (11 digits from 0) stays.
std::string mask_text(std::string_view text);

}  // namespace nethealth
