#include "rules/log_join.hpp"

#include <memory>

#include "rules/log_patterns.hpp"

namespace nethealth {

std::string join_error(const LogJoin& join) {
  return join.any() ? LinePattern(join.starts.empty() ? join.continues : join.starts).error() : "";
}

std::function<bool(std::string_view)> continuation_test(const LogJoin& join) {
  if (!join.any()) return {};
  const bool by_start = !join.starts.empty();
  // A function that is copied shares its pattern.
  const auto pattern = std::make_shared<const LinePattern>(by_start ? join.starts : join.continues);
  return [pattern, by_start](std::string_view line) { return pattern->found_in(line) != by_start; };
}

}  // namespace nethealth
