#pragma once
// Which of many patterns a line may match, in one pass over its bytes and without memory of its own. Never
// misses: a pattern passes exactly when the line holds a piece of each group of its need, whatever the case
// of ASCII letters and whichever digits stand there (a piece "port 22" is held by "Port 80" too).
//
// The net holds each pattern's rarest group and is cast over every line: of every piece four bytes in a row,
// rare ones, stand in a bitmap of 32 KiB; each place of the line is looked up there (eight at once where the
// processor has AVX2), and only where it hits the pieces are compared. For the patterns that it catches, the
// line is searched for a piece of each other group.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/log_patterns.hpp"
#include "rules/log_shape.hpp"

namespace nethealth {

class LogSieve {
 public:
  /// The patterns' needs, by number. A need without a group never passes. `everyday_lines`
  /// (folded, log_shape.hpp) show which bytes are rare; any text gives the same answers, a fitting one gives
  /// them quicker.
  explicit LogSieve(const std::vector<LineNeed>& needs, std::string_view everyday_lines = {});

  /// Appends the patterns that the line may match, each once, in any order. Thread-safe.
  void pass(std::string_view line, std::vector<int>& patterns) const;
  /// Where in a line that passes for this pattern the pieces stand whose digits the pattern asks for.
  /// Thread-safe.
  [[nodiscard]] DigitQuestion question(int pattern, std::string_view line) const;
  /// The same as pass() by the instructions that every processor has; for tests.
  void pass_plainly(std::string_view line, std::vector<int>& patterns) const;

 private:
  static constexpr int index_bits = 13;
  static constexpr int bucket_bits = 12;
  struct Piece {
    std::uint32_t word = 0;       ///< the four bytes; the fourth is nought of three
    std::uint32_t text_from = 0;  ///< in texts
    std::uint16_t length = 0;
    std::uint16_t rarest = 0;  ///< where in the text the four bytes stand
    std::uint32_t uses_from = 0, uses_to = 0;
  };
  struct Room;

  void set(std::uint32_t word, bool of_three);
  void add(const std::string& text, const std::vector<std::uint32_t>& patterns, std::size_t rarest);
  void sort_pieces();
  void compare_at(std::size_t at, Room& room) const;
  void compare_in(std::uint32_t word, std::size_t at, Room& room) const;
  void scan(Room& room) const;
  void scan_by_eight(Room& room) const;
  void pass_by(bool plainly, std::string_view line, Room& room, std::vector<int>& patterns) const;
  [[nodiscard]] bool holds_others(std::uint32_t pattern, std::string_view folded, bool plainly) const;

  std::vector<Piece> pieces_;        ///< by bucket
  std::string texts_;                ///< folded (log_shape.hpp)
  std::vector<std::uint32_t> uses_;  ///< patterns
  /// By a hash of the first three bytes, a bit for each five bits of the fourth; all where it may be any.
  alignas(64) std::array<std::uint32_t, 1U << index_bits> bitmap_{};
  std::array<std::uint32_t, (1U << bucket_bits) + 1> first_{};  ///< of a bucket, into pieces_
  std::vector<std::vector<std::vector<std::string>>> others_;   ///< of a pattern: groups beside the rarest
  std::vector<std::vector<std::vector<std::string>>>
      digits_;  ///< of a pattern: groups with digits, as they are
};

}  // namespace nethealth
