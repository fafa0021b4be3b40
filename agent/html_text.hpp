#pragma once
// Text inside HTML, XML and SVG.

#include <string>
#include <string_view>

namespace nethealth {

/// With &, <, >, " and ' replaced, and control characters that XML does not allow left out.
std::string html_escaped(std::string_view text);

}  // namespace nethealth
