#include "rules/log_shape.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rules/processor.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

/// Eight bytes of the line at a time; behind its end there are noughts.
template <class Change>
void change_words(std::string_view line, char* to, Change change) {
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
  const std::size_t before = out.size();
  out.resize(before + line.size());
  change_words(line, out.data() + before,
               [](std::uint64_t word) { return with_small_letters(without_digits(word)); });
}

bool DigitQuestion::fits(std::string_view line) const {
  const auto stands = [&](const Piece& piece) {
    for (std::size_t i = 0; i < piece.text.size(); ++i)
      if (is_digit(piece.text[i]) && line[piece.from + i] != piece.text[i]) return false;
    return true;
  };
  return std::ranges::all_of(groups, [&](const auto& group) { return std::ranges::any_of(group, stands); });
}

void ShapeMemory::shape_plainly(std::string_view line) {
  hash_ = line.size() + 1;
  change_words(line, shape_.data(), [&](std::uint64_t word) {
    word = without_digits(word);
    hash_ = mixed(hash_, word);
    return word;
  });
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void ShapeMemory::shape_by_blocks(std::string_view line) {
  const __m256i below_digits = _mm256_set1_epi8('0' - 1), above_digits = _mm256_set1_epi8('9' + 1);
  const __m256i value_of_digit = _mm256_set1_epi8(0x0F);
  const __m256i factor = _mm256_set1_epi64x(static_cast<long long>(0x9E3779B97F4A7C15U));
  __m256i sums = _mm256_set1_epi64x(static_cast<long long>(line.size()));
  const auto take = [&](const char* from, char* to) __attribute__((target("avx2"))) {
    __m256i bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    // Signed comparison is right: bytes above 0x7F are below every digit.
    const __m256i digits =
        _mm256_and_si256(_mm256_cmpgt_epi8(bytes, below_digits), _mm256_cmpgt_epi8(above_digits, bytes));
    bytes = _mm256_andnot_si256(_mm256_and_si256(digits, value_of_digit), bytes);
    std::memcpy(to, &bytes, sizeof bytes);
    // Each lane: its low half times a factor, its high half and the sum so far beside it.
    const __m256i mix = _mm256_xor_si256(bytes, sums);
    sums = _mm256_xor_si256(_mm256_mul_epu32(mix, factor), _mm256_shuffle_epi32(mix, 0xB1));
  };
  std::size_t at = 0;
  for (; at + block_bytes <= line.size(); at += block_bytes) take(line.data() + at, shape_.data() + at);
  if (at < line.size() && line.size() >= block_bytes) {
    const std::size_t last = line.size() - block_bytes;  // some bytes twice
    take(line.data() + last, shape_.data() + last);
  } else if (at < line.size()) {
    std::array<char, block_bytes> padded{};
    std::memcpy(padded.data(), line.data(), line.size());
    take(padded.data(), shape_.data());
  }
  std::array<std::uint64_t, 4> lanes{};
  std::memcpy(lanes.data(), &sums, sizeof sums);
  hash_ = mixed(mixed(lanes[0], lanes[1]) + mixed(lanes[2], lanes[3]), line.size() + 1);
}

#else

void ShapeMemory::shape_by_blocks(std::string_view line) {
  shape_plainly(line);
}

#endif

const ShapeVerdict* ShapeMemory::look_up(std::string_view line, bool by_blocks) {
  is_too_long_ = line.size() > longest_shape_bytes;
  if (is_too_long_) return nullptr;
  shape_bytes_ = line.size();
  by_blocks ? shape_by_blocks(line) : shape_plainly(line);
  if (rows_.empty()) return nullptr;
  const Row& of_hash = rows_[row()];
  const std::string_view shape(shape_.data(), shape_bytes_);
  for (std::size_t i = 0; i < shapes_a_row; ++i)
    if (of_hash.hashes[i] == hash_ && of_hash.entries[i].shape == shape) return &of_hash.entries[i].verdict;
  return nullptr;
}

const ShapeVerdict* ShapeMemory::find(std::string_view line) {
  return look_up(line, has_avx2);
}

const ShapeVerdict* ShapeMemory::find_plainly(std::string_view line) {
  return look_up(line, false);
}

const ShapeVerdict* ShapeMemory::remember(ShapeVerdict verdict) {
  if (is_too_long_) return nullptr;
  if (rows_.empty()) rows_.resize(rows);
  Row& of_hash = rows_[row()];
  const std::size_t place = std::exchange(of_hash.oldest, (of_hash.oldest + 1) % shapes_a_row);
  of_hash.hashes[place] = hash_;
  of_hash.entries[place].shape.assign(shape_.data(), shape_bytes_);
  of_hash.entries[place].verdict = std::move(verdict);
  return &of_hash.entries[place].verdict;
}

}  // namespace nethealth
