#include "probes/log_joiner.hpp"

#include <utility>

namespace nethealth {

std::optional<JoinedLine> LogJoiner::add(std::uint64_t offset, std::string_view line) {
  const bool fits = held_ && lines_ < most_joined_lines &&
                    held_->text.size() + joined_by.size() + line.size() <= most_joined_bytes;
  if (fits && continues_(line)) {
    held_->text += joined_by;
    held_->text += line;
    ++lines_;
    return std::nullopt;
  }
  std::optional<JoinedLine> ended = finish();
  held_.emplace(JoinedLine{offset, std::string(line)});
  lines_ = 1;
  return ended;
}

std::optional<JoinedLine> LogJoiner::finish() {
  return std::exchange(held_, std::nullopt);
}

}  // namespace nethealth
