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

namespace nethealth {

/// The pattern (RE2 syntax) with any digit where it asks for certain ones: it matches whatever the pattern
/// matches, and treats all digits alike. The same text where it did already; empty where that cannot be told.
std::optional<std::string> digit_blinded(std::string_view pattern);

/// Appends to `out` the line with its digits as `0` and its ASCII letters small.
void append_folded(std::string_view line, std::string& out);
/// With its ASCII letters small.
void append_small(std::string_view line, std::string& out);

/// What is known of a shape.
struct ShapeVerdict {
  bool tells = false;         ///< a pattern that is blind to digits matches it
  std::vector<int> patterns;  ///< that are to be asked of each line, where it does not
};

/// The shapes seen of late; bounded. Not thread-safe.
class ShapeMemory {
 public:
  static constexpr std::size_t longest_shape_bytes = 1024;
  static constexpr std::size_t most_shapes = 4096;

  /// What `remember` was given for this shape, where it is still known; null for lines too long to be
  /// remembered.
  const ShapeVerdict* find(std::string_view line);
  /// Of the line that was looked for last and not found.
  void remember(ShapeVerdict verdict);

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::string shape;
    ShapeVerdict verdict;
  };
  std::vector<Entry> entries_;                     ///< by hash; a newer shape takes the place of an older one
  std::array<char, longest_shape_bytes> shape_{};  ///< of the line that was looked for last
  std::size_t shape_bytes_ = 0;                    ///< 0 when it is too long
  std::uint64_t hash_ = 0;
};

}  // namespace nethealth
