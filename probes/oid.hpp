#pragma once
// Object identifiers (RFC 3416, 4.1: at most 128 numbers of 32 bits), free of any library's types.

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nethealth {

/// Numbers in the order of the tree. As many as the instances of real tables have lie in the value itself:
/// tables are read by the hundred thousand, and memory of their own for each name was most of the cost.
class Oid {
 public:
  using value_type = std::uint32_t;
  using const_iterator = const std::uint32_t*;

  Oid() = default;
  Oid(std::initializer_list<std::uint32_t> numbers) { append(numbers.begin(), numbers.end()); }
  template <std::forward_iterator Iterator>
  Oid(Iterator first, Iterator last) {
    append(first, last);
  }

  [[nodiscard]] std::size_t size() const { return beyond_.empty() ? size_ : beyond_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] const_iterator begin() const { return beyond_.empty() ? here_.data() : beyond_.data(); }
  [[nodiscard]] const_iterator end() const { return begin() + size(); }
  [[nodiscard]] std::uint32_t operator[](std::size_t at) const { return begin()[at]; }
  [[nodiscard]] std::uint32_t front() const { return *begin(); }
  [[nodiscard]] std::uint32_t back() const { return end()[-1]; }

  void push_back(std::uint32_t number) { append(&number, &number + 1); }
  template <std::forward_iterator Iterator>
  void append(Iterator first, Iterator last) {
    const auto more = static_cast<std::size_t>(std::distance(first, last));
    if (size() + more <= here_.size() && beyond_.empty()) {
      std::copy(first, last, here_.begin() + size_);
      size_ = static_cast<std::uint8_t>(size_ + more);
      return;
    }
    if (beyond_.empty()) beyond_.assign(here_.begin(), here_.begin() + size_);
    beyond_.insert(beyond_.end(), first, last);
    here_.fill(0);
    size_ = 0;
  }

  friend bool operator==(const Oid& a, const Oid& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
  friend std::strong_ordering operator<=>(const Oid& a, const Oid& b) {
    if (a.beyond_.empty() && b.beyond_.empty()) return compare_here(a, b);
    const std::size_t same = common(a, b);
    const bool one_ends = same == a.size() || same == b.size();
    return one_ends ? a.size() <=> b.size() : a[same] <=> b[same];
  }
  /// How many numbers at the front are the same.
  friend std::size_t common(const Oid& a, const Oid& b) {
    return numbers_alike(a.begin(), b.begin(), std::min(a.size(), b.size()));
  }

 private:
  static std::size_t numbers_alike(const_iterator left, const_iterator right, std::size_t most) {
    std::size_t same = 0;
    // Four at a time: siblings in a table differ at their end.
    while (same + 4 <= most && std::memcmp(left + same, right + same, 4 * sizeof *left) == 0) same += 4;
    while (same < most && left[same] == right[same]) ++same;
    return same;
  }
  /// Behind the last number there are noughts, so where one is the beginning of the other it is not greater.
  static std::strong_ordering compare_here(const Oid& a, const Oid& b) {
    const std::size_t same = numbers_alike(a.here_.data(), b.here_.data(), a.here_.size());
    return same == a.here_.size() ? a.size_ <=> b.size_ : a.here_[same] <=> b.here_[same];
  }

  std::array<std::uint32_t, 19> here_{};  ///< nought beyond `size_`
  std::uint8_t size_ = 0;                 ///< of `here_`, while `beyond_` is empty
  std::vector<std::uint32_t> beyond_;     ///< all numbers, once they do not fit in `here_`
};

/// Dotted numbers, without a leading dot; 1 to 128 of them. Empty if it is not that.
[[nodiscard]] std::optional<Oid> parse_oid(std::string_view text);
[[nodiscard]] std::string oid_text(const Oid& oid);
[[nodiscard]] bool starts_with(const Oid& oid, const Oid& prefix);
[[nodiscard]] Oid joined(const Oid& front, const Oid& back);
/// What follows the prefix; the caller has seen that it is one.
[[nodiscard]] Oid index_of(const Oid& oid, const Oid& prefix);

}  // namespace nethealth
