#pragma once
// Silences: what people said not to page for a while. Built from the journal's records alone.

#include <map>
#include <optional>
#include <vector>

#include "rules/event.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// Silences that have not ended.
inline constexpr std::size_t most_silences = 1'000;

class SilenceBook {
 public:
  void apply(const Event& event);

  [[nodiscard]] int next_number() const { return last_ + 1; }
  [[nodiscard]] const SilencePicture* find(int silence) const;
  [[nodiscard]] const std::map<int, SilencePicture>& all() const { return silences_; }
  /// When the next one is over.
  [[nodiscard]] std::optional<Time> next_end() const;

 private:
  std::map<int, SilencePicture> silences_;
  int last_ = 0;
};

}  // namespace nethealth
