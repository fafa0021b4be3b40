#include "config/node.hpp"

#include <algorithm>

namespace nethealth {
namespace {

/// Longer words are never compared: the cost grows with the square.
constexpr std::size_t longest_word = 64;

/// The least number of letters added, left out, replaced or swapped with their neighbour (optimal string
/// alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string Problem::text() const {
  return file + ":" + std::to_string(std::max(line, 1)) + ":" + std::to_string(std::max(column, 1)) + ": " +
         message;
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value_node] : entries) {
    if (name.value == key) return &value_node;
  }
  return nullptr;
}

Problem Node::problem(std::string message) const {
  return {file, line, column, std::move(message)};
}

std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.empty() || word.size() > longest_word) return {};
  // A word of three letters with two wrong ones is another word.
  std::size_t best = word.size() <= 3 ? 2 : std::max<std::size_t>(2, word.size() / 3) + 1;
  std::string_view nearest;
  for (const std::string_view candidate : known) {
    const std::size_t gap =
        candidate.size() > word.size() ? candidate.size() - word.size() : word.size() - candidate.size();
    if (gap >= best) continue;
    const std::size_t steps = distance(word, candidate);
    if (steps < best) {
      best = steps;
      nearest = candidate;
    }
  }
  return std::string(nearest);
}

}  // namespace nethealth
