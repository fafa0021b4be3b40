#pragma once
// The shape of a line is the line with every digit as `0`. Logs say the same few things again and again with
// other numbers, so what was found out about a shape saves most of the work for the next line of it.
//
// Sound because a pattern that treats all digits alike matches a line exactly when it matches its shape. Of
// one that asks for certain digits a blinded form is tried on the shape, which asks for any; only where that
// matches, the pattern itself is tried on every line.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/log_patterns.hpp"

namespace nethealth {

/// The pattern (RE2 syntax) with any digit where it asks for certain ones: it matches whatever the pattern
/// matches, and treats all digits alike. The same text where it did already; empty where that cannot be told.
std::optional<std::string> digit_blinded(std::string_view pattern);

/// Appends to `out` the line with its digits as `0` and its ASCII letters small.
void append_folded(std::string_view line, std::string& out);

/// What a pattern matches in every line of a shape, and the places of what it captures there.
struct ShapeMatch {
  int pattern = 0;
  LineCapture captured;
};

/// A pattern that asks for certain digits is to be asked of each line of a shape, unless other digits stand
/// where it must have its own.
struct DigitQuestion {
  struct Piece {
    std::uint16_t from = 0;  ///< in the line
    std::string text;        ///< of it only the digits count
  };
  int pattern = 0;
  std::vector<std::vector<Piece>> groups;  ///< of each group the line must hold at least one piece

  /// False where the pattern surely does not match. `line` is of the shape.
  [[nodiscard]] bool fits(std::string_view line) const;
};

/// What is known of a shape.
struct ShapeVerdict {
  std::vector<ShapeMatch> matches;
  std::vector<DigitQuestion> questions;
};

/// The shapes seen of late; bounded. Not thread-safe.
class ShapeMemory {
 public:
  static constexpr std::size_t longest_shape_bytes = 1024;
  static constexpr std::size_t most_shapes = 4096;

  /// What `remember` was given for this shape, where it is still known; null for lines too long to be
  /// remembered. Valid until the next call of `remember`.
  const ShapeVerdict* find(std::string_view line);
  /// The same by the instructions that every processor has; for tests.
  const ShapeVerdict* find_plainly(std::string_view line);
  /// Of the line that was looked for last and not found; returns what is kept. Null for one that is too long.
  const ShapeVerdict* remember(ShapeVerdict verdict);

 private:
  static constexpr std::size_t block_bytes = 32;
  static constexpr std::size_t shapes_a_row = 4;
  static constexpr std::size_t rows = most_shapes / shapes_a_row;
  struct Entry {
    std::string shape;
    ShapeVerdict verdict;
  };
  /// Shapes whose hashes are alike. A new one takes the place of the oldest.
  struct Row {
    std::array<std::uint64_t, shapes_a_row> hashes{};
    std::array<Entry, shapes_a_row> entries;
    std::size_t oldest = 0;
  };

  const ShapeVerdict* look_up(std::string_view line, bool by_blocks);
  void shape_plainly(std::string_view line);
  void shape_by_blocks(std::string_view line);
  [[nodiscard]] std::size_t row() const { return hash_ >> 32 & (rows - 1); }

  std::vector<Row> rows_;
  alignas(block_bytes) std::array<char, longest_shape_bytes> shape_{};  ///< of the line looked for last
  std::size_t shape_bytes_ = 0;
  bool is_too_long_ = true;
  std::uint64_t hash_ = 0;
};

}  // namespace nethealth
