#pragma once
// Of the lines that a source of log lines yields, those that are handed over to be matched: what a sieve lets
// through, and so many lines before and after each of them. Remembers the last ones it kept back for that;
// each is cut at `held_line_bytes`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probes/log_decode.hpp"

namespace nethealth {

/// Whether a line may mean something; one that surely does not is only counted. Quick, and never wrong about
/// a line that does.
using LineSieve = std::function<bool(std::string_view line)>;

/// Kept of a line that means nothing by itself.
inline constexpr std::size_t held_line_bytes = std::size_t{4} * 1024;

class LineGate {
 public:
  /// Without a sieve everything goes through.
  explicit LineGate(LineSieve sieve = {}, std::size_t around_lines = 0)
      : sieve_(std::move(sieve)), held_(around_lines) {}

  /// The next line. `through(offset, text)` gets what goes through now, in order; it must not keep `text`.
  /// Returns whether the sieve let this very line through.
  template <class Through>
  bool pass(std::uint64_t offset, std::string_view text, Through&& through) {
    if (sieve_ && !sieve_(text)) {
      if (still_wanted_ == 0) {
        hold(offset, text);
      } else {
        --still_wanted_;
        through(offset, text);
      }
      return false;
    }
    for (; held_count_ > 0; --held_count_) {
      const Held& before = held_[(held_next_ + held_.size() - held_count_) % held_.size()];
      through(before.offset, std::string_view(before.text));
    }
    still_wanted_ = held_.size();
    through(offset, text);
    return true;
  }

 private:
  struct Held {
    std::uint64_t offset = 0;
    std::string text;
  };

  /// Assigned, not made anew: this is done with nearly every line there is.
  void hold(std::uint64_t offset, std::string_view text) {
    if (held_.empty()) return;
    Held& here = held_[held_next_];
    here.offset = offset;
    here.text = text.substr(0, held_line_bytes);
    if (text.size() > held_line_bytes) here.text += left_out_mark(text.size() - held_line_bytes);
    held_next_ = (held_next_ + 1) % held_.size();
    held_count_ = std::min(held_count_ + 1, held_.size());
  }

  LineSieve sieve_;
  std::vector<Held> held_;        ///< a ring: the last lines that the sieve kept back
  std::size_t held_next_ = 0;     ///< where the next one goes
  std::size_t held_count_ = 0;    ///< how many of them count
  std::size_t still_wanted_ = 0;  ///< lines after one that was let through
};

}  // namespace nethealth
