#pragma once
// The patterns of log rules (RE2 syntax) and what a line must hold for one of them to match. Text is valid
// UTF-8.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nethealth {

/// What every line that a pattern matches holds: of each group at least one piece, ASCII letters of either
/// case. There is always one group, the rarest; further ones make what passes rarer still.
struct LineNeed {
  std::vector<std::vector<std::string>> groups;
};
inline constexpr std::size_t most_need_groups = 4;

/// Finds the pieces that occur most seldom in everyday lines (folded, see log_shape.hpp; one string). Costs
/// up to some milliseconds. Empty when the pattern is not good or a branch of it has no piece of 3 bytes;
/// `why` says which.
LineNeed need_of(const std::string& pattern, std::string_view everyday_lines, std::string& why);

/// A piece of a line by its place; no bytes: none.
struct TextSpan {
  std::uint16_t from = 0, bytes = 0;

  [[nodiscard]] std::string_view of(std::string_view line) const { return line.substr(from, bytes); }
};

/// What the groups of these names captured; none where there is no such group or it took no part.
struct LineCapture {
  TextSpan component, source;
};

/// Compiled at first use: of hundreds of patterns a site's lines come near to few. Thread-safe.
class LinePattern {
 public:
  explicit LinePattern(std::string pattern);
  LinePattern(LinePattern&&) noexcept;
  LinePattern& operator=(LinePattern&&) noexcept;
  ~LinePattern();

  /// Why the pattern is refused; empty when it is not.
  [[nodiscard]] std::string error() const;
  [[nodiscard]] bool found_in(std::string_view line) const;

  /// `line` is no longer than what is looked at of a line (log_text.hpp).
  [[nodiscard]] LineCapture capture(std::string_view line) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// The IPv4 or IPv6 address that a line names as its doer: after a word such as `from` or `client`, else the
/// first one. Empty when it names none. Thread-safe.
std::string address_in(std::string_view line);

}  // namespace nethealth
