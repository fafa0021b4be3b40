#include "rules/log_sieve.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <unordered_map>

#include "rules/log_text.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace nethealth {
namespace {

constexpr std::size_t gram_bytes = 3;
constexpr std::uint32_t no_piece = 0xFFFFFFFF;
constexpr std::uint32_t bits_of_case = 0x202020;

unsigned char lower(char c) {
  return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

std::uint32_t gram_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[at + i]));
  };
  return byte(0) | byte(1) << 8 | byte(2) << 16;
}

/// Four bytes with the bit of case set; nought beyond the end.
std::uint32_t word_at(std::string_view text, std::size_t at) {
  const std::uint32_t fourth =
      at + gram_bytes < text.size() ? static_cast<unsigned char>(text[at + gram_bytes]) : 0U;
  return gram_at(text, at) | fourth << 24 | 0x20202020U;
}

/// How common a byte is in log lines, as a figure to compare.
int commonness(char c) {
  static constexpr std::string_view letters = "etaoinsrldcupmfhgbywvkxjqz";
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x80) return byte == 0xE3 || (byte & 0xC0) == 0x80 ? 16 : 8;  // E3 begins every kana
  if (const std::size_t place = letters.find(static_cast<char>(lower(c))); place != std::string_view::npos)
    return static_cast<int>(letters.size() - place);
  return c == ' ' || (c >= '0' && c <= '9') ? 24 : 12;
}

using GramCounts = std::unordered_map<std::uint32_t, int>;

/// Rare in log lines, and in few of the other pieces. Best with a byte after it.
std::size_t rarest_gram(std::string_view text, const GramCounts& counts) {
  constexpr int weight_of_a_piece = 6;
  std::size_t best = 0;
  int best_sum = std::numeric_limits<int>::max();
  const std::size_t bytes = std::min(text.size(), gram_bytes + 1);
  for (std::size_t at = 0; at + bytes <= text.size(); ++at) {
    int sum = weight_of_a_piece * counts.at(gram_at(text, at) | bits_of_case);
    for (std::size_t i = at; i < at + bytes; ++i) sum += commonness(text[i]);
    if (sum >= best_sum) continue;
    best = at;
    best_sum = sum;
  }
  return best;
}

std::string small(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return static_cast<char>(lower(c)); });
  return text;
}

bool stands_at(std::string_view line, std::size_t at, std::string_view text) {
  if (at + text.size() > line.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (lower(line[at + i]) != static_cast<unsigned char>(text[i])) return false;
  return true;
}

}  // namespace

/// What one line has shown so far.
struct LogSieve::Pass {
  std::vector<int>& patterns;
  std::vector<std::uint8_t>& groups;  ///< seen, by pattern
  std::vector<std::uint32_t>& touched;
};

/// Of three bytes, the lowest first. The bit of case is set in all, so that case does not matter.
std::uint32_t LogSieve::hash_of(std::uint32_t gram) {
  return ((gram | bits_of_case) * 0x9E3779B1U) >> (32 - hash_bits);
}

LogSieve::LogSieve(const std::vector<LineNeed>& needs) : first_(hashes, no_piece) {
  std::map<std::string, std::vector<Use>> uses;
  for (std::size_t pattern = 0; pattern < needs.size(); ++pattern) {
    std::uint8_t all = 0;
    for (const auto& group : needs[pattern].groups) {
      const auto bit = static_cast<std::uint8_t>(all + 1);  // 1, then 2
      for (const std::string& literal : group)
        uses[small(literal)].push_back({static_cast<std::uint32_t>(pattern), bit});
      all = static_cast<std::uint8_t>(all | bit);
    }
    all_groups_.push_back(all);
  }
  GramCounts counts;
  for (const auto& [text, its_uses] : uses)
    for (std::size_t at = 0; at + gram_bytes <= text.size(); ++at) ++counts[gram_at(text, at) | bits_of_case];
  for (const auto& [text, its_uses] : uses) {
    if (text.size() < gram_bytes || text.size() > matched_line_bytes) continue;
    Piece piece;
    piece.rarest = static_cast<std::uint16_t>(rarest_gram(text, counts));
    piece.hash = hash_of(gram_at(text, piece.rarest));
    piece.word_mask = text.size() > gram_bytes ? 0xFFFFFFFFU : 0xFFFFFFU;
    piece.word = word_at(text, piece.rarest) & piece.word_mask;
    piece.text_from = static_cast<std::uint32_t>(texts_.size());
    piece.length = static_cast<std::uint16_t>(text.size());
    piece.uses_from = static_cast<std::uint32_t>(uses_.size());
    uses_.insert(uses_.end(), its_uses.begin(), its_uses.end());
    piece.uses_to = static_cast<std::uint32_t>(uses_.size());
    texts_ += text;
    bitmap_[piece.hash / 32] |= 1U << piece.hash % 32;
    pieces_.push_back(piece);
  }
  std::stable_sort(pieces_.begin(), pieces_.end(),
                   [](const Piece& a, const Piece& b) { return a.hash < b.hash; });
  for (std::size_t i = pieces_.size(); i-- > 0;) first_[pieces_[i].hash] = static_cast<std::uint32_t>(i);
}

void LogSieve::compare_at(std::string_view line, std::size_t at, Pass& pass) const {
  const std::uint32_t hash = hash_of(gram_at(line, at));
  const std::uint32_t word = word_at(line, at);
  for (std::size_t i = first_[hash]; i < pieces_.size() && pieces_[i].hash == hash; ++i) {
    const Piece& piece = pieces_[i];
    if ((word & piece.word_mask) != piece.word) continue;
    const std::string_view text(texts_.data() + piece.text_from, piece.length);
    if (at < piece.rarest || !stands_at(line, at - piece.rarest, text)) continue;
    for (std::uint32_t number = piece.uses_from; number < piece.uses_to; ++number) {
      const Use& use = uses_[number];
      std::uint8_t& seen = pass.groups[use.pattern];
      if (seen == 0) pass.touched.push_back(use.pattern);
      const auto now = static_cast<std::uint8_t>(seen | use.group);
      if (now == all_groups_[use.pattern] && now != seen)
        pass.patterns.push_back(static_cast<int>(use.pattern));
      seen = now;
    }
  }
}

void LogSieve::scan(std::string_view line, std::size_t from, Pass& pass) const {
  for (std::size_t at = from; at + gram_bytes <= line.size(); ++at) {
    const std::uint32_t hash = hash_of(gram_at(line, at));
    if ((bitmap_[hash / 32] >> hash % 32 & 1U) != 0) compare_at(line, at, pass);
  }
}

#if defined(__x86_64__)

/// As far as whole blocks go; returns the place from which scan() has to go on.
__attribute__((target("avx2"))) std::size_t LogSieve::scan_by_eight(std::string_view line, Pass& pass) const {
  constexpr std::size_t block = 16, places = 8;
  // The three bytes from each of eight places, each in a word of its own.
  const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 1, 2, 3, -1, 2, 3, 4, -1, 3, 4, 5, -1,  //
                                          4, 5, 6, -1, 5, 6, 7, -1, 6, 7, 8, -1, 7, 8, 9, -1);
  const __m256i small = _mm256_set1_epi32(bits_of_case);
  const __m256i factor = _mm256_set1_epi32(static_cast<int>(0x9E3779B1U));
  const __m256i low_five = _mm256_set1_epi32(31);
  std::size_t at = 0;
  for (; at + block <= line.size(); at += places) {
    __m128i bytes;
    std::memcpy(&bytes, line.data() + at, sizeof bytes);
    const __m256i grams =
        _mm256_or_si256(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), spread), small);
    const __m256i hash = _mm256_srli_epi32(_mm256_mullo_epi32(grams, factor), 32 - hash_bits);
    const __m256i words =
        _mm256_i32gather_epi32(reinterpret_cast<const int*>(bitmap_.data()), _mm256_srli_epi32(hash, 5), 4);
    const __m256i bit_in_front = _mm256_sllv_epi32(words, _mm256_andnot_si256(hash, low_five));
    auto hits = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(bit_in_front)));
    for (; hits != 0; hits &= hits - 1)
      compare_at(line, at + static_cast<std::size_t>(__builtin_ctz(hits)), pass);
  }
  return at;
}

namespace {
const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
}

#else

std::size_t LogSieve::scan_by_eight(std::string_view, Pass&) const {
  return 0;
}

namespace {
constexpr bool has_avx2 = false;
}

#endif

namespace {

/// Groups seen, by pattern; nought between lines.
struct SieveRoom {
  std::vector<std::uint8_t> groups;
  std::vector<std::uint32_t> touched;
};

}  // namespace

void LogSieve::pass(std::string_view line, std::vector<int>& patterns) const {
  thread_local SieveRoom room;
  if (room.groups.size() < all_groups_.size()) room.groups.resize(all_groups_.size());
  Pass pass{patterns, room.groups, room.touched};
  scan(line, has_avx2 ? scan_by_eight(line, pass) : 0, pass);
  for (const std::uint32_t pattern : room.touched) room.groups[pattern] = 0;
  room.touched.clear();
}

void LogSieve::pass_plainly(std::string_view line, std::vector<int>& patterns) const {
  SieveRoom room{std::vector<std::uint8_t>(all_groups_.size()), {}};
  Pass pass{patterns, room.groups, room.touched};
  scan(line, 0, pass);
}

}  // namespace nethealth
