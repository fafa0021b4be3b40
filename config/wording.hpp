#pragma once
// Sentences with gaps: word order differs between the languages, so a gap is numbered.

#include <initializer_list>
#include <string>
#include <string_view>

#include "config/language.hpp"

namespace nethealth {

/// Puts the parts into the gaps {0} to {9} of a pattern. A gap without a part stays as it is.
std::string fill(std::string_view pattern, std::initializer_list<std::string_view> parts);

/// A value as a message shows it: in quotation marks, shortened to 60 characters, without control characters.
std::string quote(std::string_view value, Language language);

}  // namespace nethealth
