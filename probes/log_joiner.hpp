#pragma once
// Lines that belong together as one entry: a stack trace, an event of many lines. Pure: knows offsets, not
// files. The entry that may still go on is held back; its place is where reading goes on after a restart, so
// nothing is lost or doubled.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nethealth {

/// Of one entry. What goes beyond begins an entry of its own.
inline constexpr std::size_t most_joined_lines = 500;
inline constexpr std::size_t most_joined_bytes = 64 * 1024;
/// Between the lines of an entry.
inline constexpr std::string_view joined_by = " \xE2\x8F\x8E ";

/// Whether a line goes on with the entry before it.
using LineContinues = std::function<bool(std::string_view line)>;

struct JoinedLine {
  std::uint64_t offset = 0;  ///< of the first line's first byte
  std::string text;
  friend bool operator==(const JoinedLine&, const JoinedLine&) = default;
};

class LogJoiner {
 public:
  explicit LogJoiner(LineContinues continues) : continues_(std::move(continues)) {}

  /// The next line; returns the entry that it ended.
  std::optional<JoinedLine> add(std::uint64_t offset, std::string_view line);
  /// Nothing more comes, or not for long enough: the entry that is held.
  std::optional<JoinedLine> finish();

  [[nodiscard]] bool holds() const { return held_.has_value(); }
  /// Where the held entry begins.
  [[nodiscard]] std::uint64_t offset() const { return held_ ? held_->offset : 0; }

 private:
  LineContinues continues_;
  std::optional<JoinedLine> held_;
  std::size_t lines_ = 0;
};

}  // namespace nethealth
