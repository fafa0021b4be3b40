#pragma once
// Which lines of a log go on with the one before them, by the pattern that its source gives.

#include <functional>
#include <string>
#include <string_view>

#include "config/site.hpp"

namespace nethealth {

/// Why RE2 refuses the pattern of a join; empty when it does not.
std::string join_error(const LogJoin& join);

/// Whether a line (UTF-8) goes on with the entry before it; empty for a source that joins nothing.
std::function<bool(std::string_view line)> continuation_test(const LogJoin& join);

}  // namespace nethealth
