#include "rules/log_shape.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace nethealth {
namespace {

constexpr std::uint64_t every_byte = 0x0101010101010101U;
constexpr std::uint64_t tops = 0x80 * every_byte;
constexpr std::size_t word_bytes = sizeof(std::uint64_t);

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The top bit of each byte that lies from `least` to `most`; both below 0x80.
constexpr std::uint64_t tops_between(std::uint64_t word, unsigned char least, unsigned char most) {
  const std::uint64_t low = word & ~tops;
  const std::uint64_t reaches = low + (0x80U - least) * every_byte;
  const std::uint64_t beyond = low + (0x7FU - most) * every_byte;
  return reaches & ~beyond & ~word & tops;
}

/// Digits as 0.
constexpr std::uint64_t without_digits(std::uint64_t word) {
  const std::uint64_t digits = (tops_between(word, '0', '9') >> 7) * 0x0F;  // all bits of a digit but 0x30
  return word & ~digits;
}

constexpr std::uint64_t with_small_letters(std::uint64_t word) {
  return word | tops_between(word, 'A', 'Z') >> 2;
}

std::uint64_t load(const char* from, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

template <class Change>
void append_by_words(std::string_view line, std::string& out, Change change) {
  const std::size_t before = out.size();
  out.resize(before + line.size());
  char* to = out.data() + before;
  std::size_t at = 0;
  for (; at + word_bytes <= line.size(); at += word_bytes) {
    const std::uint64_t word = change(load(line.data() + at, word_bytes));
    std::memcpy(to + at, &word, word_bytes);
  }
  const std::uint64_t rest = change(load(line.data() + at, line.size() - at));
  std::memcpy(to + at, &rest, line.size() - at);
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
  return hash ^ hash >> 29;
}

/// Behind a quantifier's or a class's beginning, to its end; npos where there is none.
std::size_t end_of_count(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  while (i < pattern.size() && (is_digit(pattern[i]) || pattern[i] == ',')) ++i;
  const bool is_count = i > at + 1 && i < pattern.size() && pattern[i] == '}' && is_digit(pattern[at + 1]);
  return is_count ? i : std::string_view::npos;
}

}  // namespace

std::optional<std::string> digit_blinded(std::string_view pattern) {
  // \d \w \s \b and their opposites know no single digit; an escaped sign is itself.
  static constexpr std::string_view blind_escapes = "dDwWsSbBAztnrfv";
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  std::string blinded;
  bool in_class = false, negated = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size()) return std::nullopt;
      const char escaped = pattern[i];
      const bool is_sign = escaped > ' ' && !is_digit(escaped) && !is_letter(escaped);
      if (!is_sign && blind_escapes.find(escaped) == std::string_view::npos) return std::nullopt;
      blinded.append(1, c).append(1, escaped);
      continue;
    }
    if (in_class && c == '[') return std::nullopt;  // [:digit:] and its kind
    if (c == '[') {
      in_class = true;
      blinded += c;
      negated = pattern.substr(i + 1).starts_with('^');
      if (negated) blinded += pattern[++i];
      // The first sign of a class is no end of it.
      if (pattern.substr(i + 1).starts_with(']')) blinded += pattern[++i];
      continue;
    } else if (c == ']') {
      in_class = false;
    } else if (const std::size_t end =
                   in_class || c != '{' ? std::string_view::npos : end_of_count(pattern, i);
               end != std::string_view::npos) {
      blinded.append(pattern.substr(i, end - i + 1));
      i = end;
      continue;
    } else if (is_digit(c)) {
      // What a class leaves out would grow, and so what it takes would shrink.
      if (in_class && negated && pattern.substr(i, 3) != "0-9") return std::nullopt;
      const bool is_range = in_class && i + 2 < pattern.size() && pattern[i + 1] == '-';
      if (is_range && !is_digit(pattern[i + 2])) return std::nullopt;
      if (in_class && blinded.ends_with('-')) return std::nullopt;  // a range that ends with a digit
      if (is_range) i += 2;
      blinded += in_class ? "0-9" : "[0-9]";
      continue;
    }
    blinded += c;
  }
  if (in_class) return std::nullopt;
  return blinded;
}

void append_folded(std::string_view line, std::string& out) {
  append_by_words(line, out, [](std::uint64_t word) { return with_small_letters(without_digits(word)); });
}

void append_small(std::string_view line, std::string& out) {
  append_by_words(line, out, with_small_letters);
}

const ShapeVerdict* ShapeMemory::find(std::string_view line) {
  shape_bytes_ = 0;
  if (line.size() > longest_shape_bytes) return nullptr;
  // Two sums side by side: the one need not wait for the other.
  std::uint64_t hash = line.size(), other = 0;
  std::size_t at = 0;
  const auto take = [&](std::size_t bytes) {
    const std::uint64_t word = without_digits(load(line.data() + at, bytes));
    std::memcpy(shape_.data() + at, &word, bytes);
    at += bytes;
    return word;
  };
  while (at + 2 * word_bytes <= line.size()) {
    hash = mixed(hash, take(word_bytes));
    other = mixed(other, take(word_bytes));
  }
  if (at + word_bytes <= line.size()) hash = mixed(hash, take(word_bytes));
  hash_ = mixed(hash, other);
  hash_ = mixed(hash_, take(line.size() - at));
  shape_bytes_ = line.size();
  if (entries_.empty()) entries_.resize(most_shapes);
  const Entry& entry = entries_[(hash_ >> 32) % most_shapes];
  return entry.hash == hash_ && entry.shape == std::string_view(shape_.data(), shape_bytes_) ? &entry.verdict
                                                                                             : nullptr;
}

void ShapeMemory::remember(ShapeVerdict verdict) {
  if (shape_bytes_ == 0) return;
  Entry& entry = entries_[(hash_ >> 32) % most_shapes];
  entry.hash = hash_;
  entry.shape.assign(shape_.data(), shape_bytes_);
  entry.verdict = std::move(verdict);
}

}  // namespace nethealth
