#include "rules/log_sieve.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <unordered_map>

#include "rules/log_shape.hpp"
#include "rules/log_text.hpp"
#include "rules/processor.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nethealth {
namespace {

constexpr std::size_t gram_bytes = 4;
constexpr std::uint32_t three_bytes = 0x00FFFFFF;
constexpr std::size_t shortest_piece_bytes = 3;
/// Read at once, of which so many places have their four bytes.
constexpr std::size_t block_bytes = 16, places_of_a_block = 8;
/// More pieces than this in a group cost more to look for than the pattern itself.
constexpr std::size_t most_pieces_looked_for = 1'000;
constexpr std::size_t most_digits_looked_for = 32;
/// With more places than this a group of pieces with digits tells too little to be worth its memory.
constexpr std::size_t most_places_remembered = 32;
constexpr std::size_t longest_text_by_blocks = 128;
/// Behind a line that is searched by blocks: a block, and a text that begins in the last one.
constexpr std::size_t padding_bytes = 32 + longest_text_by_blocks;

/// Four bytes, the lowest first; nought beyond the end.
std::uint32_t word_at(std::string_view text, std::size_t at) {
  std::uint32_t word = 0;
  std::memcpy(&word, text.data() + at, std::min(gram_bytes, text.size() - at));
  return word;
}

template <int bits>
std::uint32_t hash_of(std::uint32_t word) {
  return (word * 0x9E3779B1U) >> (32 - bits);
}

/// The bit of the fourth byte.
std::uint32_t bit_of(std::uint32_t word) {
  return word >> 24 & 31;
}

/// How common a byte is in log lines, as a figure to compare.
int commonness(char c) {
  static constexpr std::string_view letters = "etaoinsrldcupmfhgbywvkxjqz";
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x80) return byte == 0xE3 || (byte & 0xC0) == 0x80 ? 16 : 8;  // E3 begins every kana
  if (const std::size_t place = letters.find(c); place != std::string_view::npos)
    return static_cast<int>(letters.size() - place);
  return c == ' ' || (c >= '0' && c <= '9') ? 24 : 12;
}

using GramCounts = std::unordered_map<std::uint32_t, int>;

GramCounts counts_of(std::string_view text) {
  GramCounts counts;
  for (std::size_t at = 0; at + gram_bytes <= text.size(); ++at) ++counts[word_at(text, at)];
  return counts;
}

int count_of(const GramCounts& counts, std::uint32_t word) {
  const auto found = counts.find(word);
  return found == counts.end() ? 0 : found->second;
}

/// Rare in everyday lines, in few of the other pieces, and of rare letters.
std::size_t rarest_gram(std::string_view text, const GramCounts& everyday, const GramCounts& pieces) {
  constexpr int weight_of_everyday = 1'000;
  constexpr int weight_of_a_piece = 6;
  std::size_t best = 0;
  int best_sum = std::numeric_limits<int>::max();
  for (std::size_t at = 0; at + gram_bytes <= text.size(); ++at) {
    const std::uint32_t word = word_at(text, at);
    int sum = weight_of_everyday * count_of(everyday, word) + weight_of_a_piece * count_of(pieces, word);
    for (std::size_t i = at; i < at + gram_bytes; ++i) sum += commonness(text[i]);
    if (sum >= best_sum) continue;
    best = at;
    best_sum = sum;
  }
  return best;
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string folded(std::string_view text) {
  std::string out;
  append_folded(text, out);
  return out;
}

}  // namespace

/// What one line has shown so far.
struct LogSieve::Room {
  std::vector<bool> caught;  ///< by pattern; none between lines
  std::vector<std::uint32_t> patterns;
  std::string folded;  ///< the line, with a block of noughts behind it
  std::size_t line_bytes = 0;

  [[nodiscard]] std::string_view line() const { return std::string_view(folded).substr(0, line_bytes); }
};

void LogSieve::set(std::uint32_t word, bool of_three) {
  std::uint32_t& bits = bitmap_[hash_of<index_bits>(word & three_bytes)];
  bits |= of_three ? ~0U : 1U << bit_of(word);
}

void LogSieve::add(const std::string& text, const std::vector<std::uint32_t>& patterns, std::size_t rarest) {
  Piece piece;
  piece.rarest = static_cast<std::uint16_t>(rarest);
  const bool of_three = text.size() < gram_bytes;
  piece.word = word_at(text, rarest) & (of_three ? three_bytes : ~0U);
  piece.text_from = static_cast<std::uint32_t>(texts_.size());
  piece.length = static_cast<std::uint16_t>(text.size());
  piece.uses_from = static_cast<std::uint32_t>(uses_.size());
  uses_.insert(uses_.end(), patterns.begin(), patterns.end());
  piece.uses_to = static_cast<std::uint32_t>(uses_.size());
  texts_ += text;
  set(piece.word, of_three);
  pieces_.push_back(piece);
}

void LogSieve::sort_pieces() {
  const auto bucket = [](const Piece& piece) { return hash_of<bucket_bits>(piece.word); };
  std::stable_sort(pieces_.begin(), pieces_.end(),
                   [&](const Piece& a, const Piece& b) { return bucket(a) < bucket(b); });
  for (const Piece& piece : pieces_) ++first_[bucket(piece) + 1];
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
}

LogSieve::LogSieve(const std::vector<LineNeed>& needs, std::string_view everyday_lines)
    : others_(needs.size()), digits_(needs.size()) {
  std::map<std::string, std::vector<std::uint32_t>> rarest;
  for (std::size_t pattern = 0; pattern < needs.size(); ++pattern) {
    const auto& groups = needs[pattern].groups;
    for (std::size_t group = 0; group < groups.size(); ++group) {
      if (groups[group].size() <= most_digits_looked_for && std::ranges::any_of(groups[group], has_digit))
        digits_[pattern].push_back(groups[group]);
      if (group > 0 && groups[group].size() <= most_pieces_looked_for) others_[pattern].emplace_back();
      for (const std::string& literal : groups[group]) {
        if (group == 0)
          rarest[folded(literal)].push_back(static_cast<std::uint32_t>(pattern));
        else if (groups[group].size() <= most_pieces_looked_for)
          others_[pattern].back().push_back(folded(literal));
      }
    }
  }
  const GramCounts everyday = counts_of(everyday_lines);
  GramCounts of_pieces;
  for (const auto& [text, patterns] : rarest)
    for (const auto& [word, count] : counts_of(text)) of_pieces[word] += count;
  for (const auto& [text, patterns] : rarest)
    if (text.size() >= shortest_piece_bytes && text.size() <= matched_line_bytes)
      add(text, patterns, rarest_gram(text, everyday, of_pieces));
  sort_pieces();
}

void LogSieve::compare_in(std::uint32_t word, std::size_t at, Room& room) const {
  const std::uint32_t bucket = hash_of<bucket_bits>(word);
  const std::string_view line = room.line();
  for (std::uint32_t i = first_[bucket]; i < first_[bucket + 1]; ++i) {
    const Piece& piece = pieces_[i];
    if (piece.word != word || at < piece.rarest || at - piece.rarest + piece.length > line.size()) continue;
    if (std::memcmp(line.data() + at - piece.rarest, texts_.data() + piece.text_from, piece.length) != 0)
      continue;
    for (std::uint32_t number = piece.uses_from; number < piece.uses_to; ++number) {
      const std::uint32_t pattern = uses_[number];
      if (room.caught[pattern]) continue;
      room.caught[pattern] = true;
      room.patterns.push_back(pattern);
    }
  }
}

void LogSieve::compare_at(std::size_t at, Room& room) const {
  const std::uint32_t word = word_at(room.folded, at);
  compare_in(word, at, room);
  if (bitmap_[hash_of<index_bits>(word & three_bytes)] == ~0U) compare_in(word & three_bytes, at, room);
}

void LogSieve::scan(Room& room) const {
  for (std::size_t at = 0; at < room.line_bytes; ++at) {
    const std::uint32_t word = word_at(room.folded, at);
    if ((bitmap_[hash_of<index_bits>(word & three_bytes)] >> bit_of(word) & 1U) != 0) compare_at(at, room);
  }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void LogSieve::scan_by_eight(Room& room) const {
  // The four bytes from each of eight places, each in a word of its own.
  const __m256i spread = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,  //
                                          4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10);
  const __m256i three = _mm256_set1_epi32(three_bytes);
  const __m256i factor = _mm256_set1_epi32(static_cast<int>(0x9E3779B1U));
  const __m256i low_five = _mm256_set1_epi32(31);
  for (std::size_t at = 0; at < room.line_bytes; at += places_of_a_block) {
    __m128i bytes;
    std::memcpy(&bytes, room.folded.data() + at, sizeof bytes);
    const __m256i grams = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), spread);
    const __m256i index =
        _mm256_srli_epi32(_mm256_mullo_epi32(_mm256_and_si256(grams, three), factor), 32 - index_bits);
    const __m256i words = _mm256_i32gather_epi32(reinterpret_cast<const int*>(bitmap_.data()), index, 4);
    const __m256i bit = _mm256_andnot_si256(_mm256_srli_epi32(grams, 24), low_five);
    auto hits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_sllv_epi32(words, bit))));
    for (; hits != 0; hits &= hits - 1) compare_at(at + static_cast<std::size_t>(__builtin_ctz(hits)), room);
  }
}

/// Whether a text stands in the line: its first and last byte are looked for first, 32 places at once. Behind
/// the line there are `padding_bytes` of noughts, which no text holds.
__attribute__((target("avx2"))) bool is_in_by_blocks(std::string_view text, std::string_view line) {
  constexpr std::size_t block = 32;
  if (text.size() > longest_text_by_blocks) return line.find(text) != std::string_view::npos;
  const __m256i first = _mm256_set1_epi8(text.front()), last = _mm256_set1_epi8(text.back());
  for (std::size_t at = 0; at < line.size(); at += block) {
    __m256i begin, end;
    std::memcpy(&begin, line.data() + at, sizeof begin);
    std::memcpy(&end, line.data() + at + text.size() - 1, sizeof end);
    auto hits = static_cast<unsigned>(_mm256_movemask_epi8(
        _mm256_and_si256(_mm256_cmpeq_epi8(begin, first), _mm256_cmpeq_epi8(end, last))));
    for (; hits != 0; hits &= hits - 1)
      if (std::memcmp(line.data() + at + __builtin_ctz(hits), text.data(), text.size()) == 0) return true;
  }
  return false;
}

#else

void LogSieve::scan_by_eight(Room&) const {}
bool is_in_by_blocks(std::string_view, std::string_view) {
  return true;
}

#endif

/// A piece of each other group stands in the line.
bool LogSieve::holds_others(std::uint32_t pattern, std::string_view line, bool plainly) const {
  const auto stands = [&](const std::string& text) {
    return plainly ? line.find(text) != std::string_view::npos : is_in_by_blocks(text, line);
  };
  return std::ranges::all_of(others_[pattern],
                             [&](const auto& group) { return std::ranges::any_of(group, stands); });
}

DigitQuestion LogSieve::question(int pattern, std::string_view line) const {
  const std::string text = folded(line);
  DigitQuestion question{pattern, {}};
  for (const auto& group : digits_[static_cast<std::size_t>(pattern)]) {
    std::vector<DigitQuestion::Piece> pieces;
    for (const std::string& piece : group) {
      const std::string any_digits = folded(piece);
      for (std::size_t at = text.find(any_digits);
           at != std::string::npos && pieces.size() <= most_places_remembered;
           at = text.find(any_digits, at + 1))
        pieces.push_back({static_cast<std::uint16_t>(at), piece});
    }
    if (pieces.size() <= most_places_remembered) question.groups.push_back(std::move(pieces));
  }
  return question;
}

void LogSieve::pass_by(bool plainly, std::string_view line, Room& room, std::vector<int>& patterns) const {
  room.folded.clear();
  append_folded(line, room.folded);
  room.folded.append(padding_bytes, '\0');
  room.line_bytes = line.size();
  plainly ? scan(room) : scan_by_eight(room);
  for (const std::uint32_t pattern : room.patterns) {
    if (holds_others(pattern, room.line(), plainly)) patterns.push_back(static_cast<int>(pattern));
    room.caught[pattern] = false;
  }
  room.patterns.clear();
}

void LogSieve::pass(std::string_view line, std::vector<int>& patterns) const {
  thread_local Room room;
  if (room.caught.size() < others_.size()) room.caught.resize(others_.size());
  pass_by(!has_avx2, line, room, patterns);
}

void LogSieve::pass_plainly(std::string_view line, std::vector<int>& patterns) const {
  Room room{std::vector<bool>(others_.size()), {}, {}, 0};
  pass_by(true, line, room, patterns);
}

}  // namespace nethealth
