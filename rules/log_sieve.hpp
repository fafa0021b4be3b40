#pragma once
// Which of many patterns a line may match, in one pass over its bytes and without memory of its own. Never
// misses: a pattern passes exactly when the line holds a piece of each group of its need.
//
// Of every piece three bytes in a row, rare ones, stand in a bitmap of 16 KiB; each place of the line is
// looked up there (eight at once where the processor has AVX2), and only where it hits the pieces are
// compared.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/log_patterns.hpp"

namespace nethealth {

class LogSieve {
 public:
  /// The patterns' needs, by number. A need without a group never passes.
  explicit LogSieve(const std::vector<LineNeed>& needs);

  /// Appends the patterns that the line may match, each once, in any order. Thread-safe.
  void pass(std::string_view line, std::vector<int>& patterns) const;
  /// The same by the instructions that every processor has; for tests.
  void pass_plainly(std::string_view line, std::vector<int>& patterns) const;

 private:
  static constexpr int hash_bits = 17;
  static constexpr std::size_t hashes = 1U << hash_bits;
  struct Use {
    std::uint32_t pattern;
    std::uint8_t group;  ///< as a bit
  };
  struct Piece {
    std::uint32_t hash = 0;       ///< of the three bytes
    std::uint32_t word = 0;       ///< they and the one after them, with the bit of case set
    std::uint32_t word_mask = 0;  ///< without the fourth where the text ends before it
    std::uint32_t text_from = 0;  ///< in texts_
    std::uint16_t length = 0;
    std::uint16_t rarest = 0;  ///< where in the text the three bytes stand
    std::uint32_t uses_from = 0, uses_to = 0;
  };
  struct Pass;

  void compare_at(std::string_view line, std::size_t at, Pass& pass) const;
  void scan(std::string_view line, std::size_t from, Pass& pass) const;
  std::size_t scan_by_eight(std::string_view line, Pass& pass) const;

  static std::uint32_t hash_of(std::uint32_t gram);

  std::vector<Piece> pieces_;  ///< by hash
  std::string texts_;          ///< ASCII letters small
  std::vector<Use> uses_;
  std::vector<std::uint8_t> all_groups_;  ///< of a pattern
  alignas(64) std::array<std::uint32_t, hashes / 32> bitmap_{};
  std::vector<std::uint32_t> first_;  ///< of a hash, into pieces_
};

}  // namespace nethealth
