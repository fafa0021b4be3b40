#include "probes/log_decode.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace nethealth {
namespace {

constexpr std::size_t longest_character = 4;

/// The length of the valid UTF-8 character at `at`; 0 when there is none. `torn`: a character starts there
/// rightly but the text ends inside it.
std::size_t utf8_length(std::string_view bytes, std::size_t at, bool& torn) {
  torn = false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  // RFC 3629, section 4: the second byte decides about overlong forms, surrogates and the upper end.
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i == bytes.size()) {
      torn = true;
      return 0;
    }
    const unsigned char next = byte(at + i);
    if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xBF)) return 0;
  }
  return length;
}

bool is_utf8(std::string_view bytes, bool cut) {
  bool torn = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at, torn);
    if (length == 0) return torn && cut;
    at += length;
  }
  return true;
}

void append_hex(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
}

/// C0 but TAB, DEL, C1, and the marks that turn the direction of writing: what could deceive a reader's
/// screen.
bool is_deceptive(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return (first < 0x20 && first != '\t') || first == 0x7F;
  const auto second = static_cast<unsigned char>(character[1]);
  if (character.size() == 2) return first == 0xC2 && second < 0xA0;
  const auto third = static_cast<unsigned char>(character[2]);
  if (character.size() != 3 || first != 0xE2) return false;
  return (second == 0x80 && third >= 0xAA && third <= 0xAE) ||
         (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

bool is_plain(char c) {
  return (c >= 0x20 && c < 0x7F) || c == '\t';
}

#if defined(__SSE2__)
/// A bit for each of 16 bytes that is no printable ASCII.
unsigned not_plain(const char* bytes) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i low = _mm_cmplt_epi8(block, _mm_set1_epi8(0x20));  // signed: bytes above 0x7F too
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\t')), low),
                                     _mm_cmpeq_epi8(block, _mm_set1_epi8(0x7F)))));
}
#endif

/// How far the bytes are printable ASCII.
std::size_t plain_prefix(std::string_view bytes, std::size_t at) {
#if defined(__SSE2__)
  constexpr std::size_t block = sizeof(__m128i);
  for (; at + block <= bytes.size(); at += block)
    if (const unsigned places = not_plain(bytes.data() + at); places != 0)
      return at + static_cast<std::size_t>(std::countr_zero(places));
  if (bytes.size() >= block) {
    const std::size_t last = bytes.size() - block;
    const unsigned places = not_plain(bytes.data() + last) >> (at - last);
    return places == 0 ? bytes.size() : at + static_cast<std::size_t>(std::countr_zero(places));
  }
#endif
  while (at < bytes.size() && is_plain(bytes[at])) ++at;
  return at;
}

bool is_plain_ascii(std::string_view bytes) {
  return plain_prefix(bytes, 0) == bytes.size();
}

/// How far there are characters of U+3000 to U+CFFF: kana, kanji, full width punctuation. All of them are
/// printable.
std::size_t east_asian_prefix(std::string_view bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (at + 3 <= bytes.size() && byte(at) >= 0xE3 && byte(at) <= 0xEC && (byte(at + 1) & 0xC0) == 0x80 &&
         (byte(at + 2) & 0xC0) == 0x80)
    at += 3;
  return at;
}

/// Printable as it stands: valid UTF-8 without anything deceptive.
bool is_printable_utf8(std::string_view bytes) {
  bool torn = false;
  for (std::size_t at = plain_prefix(bytes, 0); at < bytes.size();) {
    const std::size_t known = at;
    at = east_asian_prefix(bytes, at);
    if (at == known) {
      const std::size_t length = utf8_length(bytes, at, torn);
      if (length == 0 || is_deceptive(bytes.substr(at, length))) return false;
      at += length;
    }
    if (at < bytes.size() && static_cast<unsigned char>(bytes[at]) < 0x80) at = plain_prefix(bytes, at);
  }
  return true;
}

/// One iconv descriptor to UTF-8, opened once a thread: opening costs more than a line.
class Converter {
 public:
  explicit Converter(const char* from) : handle_(iconv_open("UTF-8", from)) {}
  ~Converter() {
    if (usable()) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  struct Outcome {
    std::string text;
    std::size_t bad_bytes = 0;  ///< shown as hex; a torn character at the end of a cut line is not counted
  };

  Outcome run(std::string_view bytes, bool cut) {
    Outcome outcome;
    outcome.text.reserve(bytes.size() * 3 / 2);
    while (!bytes.empty()) {
      if (usable()) convert(bytes, outcome.text);
      if (bytes.empty()) break;
      // EILSEQ and EINVAL both leave `bytes` at the offender.
      const bool torn_by_cut = cut && bytes.size() < longest_character && errno == EINVAL;
      if (!torn_by_cut) ++outcome.bad_bytes;
      append_hex(outcome.text, bytes.substr(0, 1));
      bytes.remove_prefix(1);
    }
    return outcome;
  }

 private:
  [[nodiscard]] bool usable() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

  /// Converts as far as possible and moves `bytes` on.
  void convert(std::string_view& bytes, std::string& out) {
    std::array<char, 4096> room;
    while (!bytes.empty()) {
      char* in = const_cast<char*>(bytes.data());  // iconv's signature; it does not write there
      std::size_t in_left = bytes.size();
      char* to = room.data();
      std::size_t out_left = room.size();
      const std::size_t result = iconv(handle_, &in, &in_left, &to, &out_left);
      const int error = errno;
      const std::string_view made(room.data(), room.size() - out_left);
      out += printable_utf8(made);
      bytes = bytes.substr(bytes.size() - in_left);
      if (result == static_cast<std::size_t>(-1) && error != E2BIG) {
        iconv(handle_, nullptr, nullptr, nullptr, nullptr);
        errno = error;
        return;
      }
    }
  }

  iconv_t handle_;
};

Converter::Outcome convert(const char* from, std::string_view bytes, bool cut) {
  thread_local Converter cp932("CP932");
  thread_local Converter euc("EUC-JP-MS");
  thread_local Converter little("UTF-16LE");
  thread_local Converter big("UTF-16BE");
  const std::string_view name = from;
  Converter& converter = name == "CP932"       ? cp932
                         : name == "EUC-JP-MS" ? euc
                         : name == "UTF-16LE"  ? little
                                               : big;
  return converter.run(bytes, cut);
}

/// What every pair of bytes of CP932 is in UTF-8, found out from iconv once: a call of it for each line costs
/// more than the line.
class Cp932Pairs {
 public:
  Cp932Pairs() {
    Converter converter("CP932");
    for (unsigned lead = first_lead; lead <= 0xFF; ++lead)
      for (unsigned trail = first_trail; trail <= 0xFF; ++trail) {
        const std::array<char, 2> pair = {static_cast<char>(lead), static_cast<char>(trail)};
        const Converter::Outcome outcome = converter.run({pair.data(), pair.size()}, false);
        const bool is_one = outcome.bad_bytes == 0 && outcome.text.size() <= 3 &&
                            !is_half_width(static_cast<unsigned char>(lead));
        Utf8& utf8 = pairs_[at(lead, trail)];
        if (!is_one) continue;
        utf8.bytes = static_cast<std::uint8_t>(outcome.text.size());
        std::copy(outcome.text.begin(), outcome.text.end(), utf8.text.begin());
      }
  }

  /// False, and `out` is of no use, where a line holds anything but printable characters.
  bool convert(std::string_view bytes, std::string& out) const {
    for (std::size_t i = 0; i < bytes.size();) {
      const std::size_t plain = plain_prefix(bytes, i);
      out.append(bytes, i, plain - i);
      i = plain;
      if (i == bytes.size()) break;
      const auto lead = static_cast<unsigned char>(bytes[i]);
      if (is_half_width(lead)) {
        const unsigned code = 0xFF61U + lead - 0xA1U;  // U+FF61 to U+FF9F
        out += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
                static_cast<char>(0x80 | (code & 0x3F))};
        ++i;
        continue;
      }
      if (lead < first_lead || i + 1 == bytes.size()) return false;
      const auto trail = static_cast<unsigned char>(bytes[i + 1]);
      if (trail < first_trail) return false;
      const Utf8& utf8 = pairs_[at(lead, trail)];
      if (utf8.bytes == 0) return false;
      out.append(utf8.text.data(), utf8.bytes);
      i += 2;
    }
    return true;
  }

 private:
  static constexpr unsigned first_lead = 0x81, first_trail = 0x40;
  static constexpr unsigned trails = 0x100 - first_trail;
  struct Utf8 {
    std::array<char, 3> text{};
    std::uint8_t bytes = 0;
  };
  static bool is_half_width(unsigned char byte) { return byte >= 0xA1 && byte <= 0xDF; }
  static std::size_t at(unsigned lead, unsigned trail) {
    return (lead - first_lead) * trails + trail - first_trail;
  }
  std::vector<Utf8> pairs_ = std::vector<Utf8>((0x100 - first_lead) * trails);
};

Converter::Outcome convert_cp932(std::string_view bytes, bool cut) {
  static const Cp932Pairs pairs;
  Converter::Outcome outcome;
  outcome.text.reserve(bytes.size() * 3 / 2);
  if (pairs.convert(bytes, outcome.text)) return outcome;
  return convert("CP932", bytes, cut);
}

/// ISO-2022-JP (RFC 1468) with the half-width katakana and vendor characters that real mails have and glibc's
/// converter refuses: the same codes in their EUC form.
std::string iso_2022_jp_as_euc(std::string_view bytes) {
  enum class Set { ascii, kanji, katakana } set = Set::ascii;
  std::string euc;
  euc.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::string_view escape = bytes.substr(i, 3);
    if (escape == "\x1B$B" || escape == "\x1B$@") {
      set = Set::kanji;
    } else if (escape == "\x1B(B" || escape == "\x1B(J") {
      set = Set::ascii;
    } else if (escape == "\x1B(I") {
      set = Set::katakana;
    } else {
      const char c = bytes[i];
      const bool graphic = c >= 0x21 && c <= 0x7E;
      if (set == Set::katakana && graphic) euc += '\x8E';
      euc += set != Set::ascii && graphic ? static_cast<char>(c | 0x80) : c;
      continue;
    }
    i += 2;
  }
  return euc;
}

/// EUC-JP lines are mostly valid CP932 too: its kana are pairs whose first byte is A4 or A5, which CP932
/// reads as half-width punctuation that nobody writes in rows.
bool looks_like_euc_kana(std::string_view bytes) {
  std::size_t kana = 0, other = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte < 0x80) continue;
    if (i + 1 == bytes.size() || static_cast<unsigned char>(bytes[i + 1]) < 0xA1) return false;
    ++(byte == 0xA4 || byte == 0xA5 ? kana : other);
    ++i;
  }
  return kana > 0 && kana * 4 >= other;
}

/// ISO-8859-1: every byte is the character of its number; those of 80 to 9F are control characters.
std::string latin1(std::string_view bytes) {
  std::string utf8;
  utf8.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else if (byte < 0xA0) {
      append_hex(utf8, {&c, 1});
    } else {
      utf8 += static_cast<char>(0xC0 | byte >> 6);
      utf8 += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return printable_utf8(utf8);
}

/// How many of the 16-bit units are printable ASCII.
std::size_t ascii_units(std::string_view bytes, bool little) {
  std::size_t count = 0;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2)
    count += bytes[at + (little ? 1U : 0U)] == '\0' && is_plain(bytes[at + (little ? 0U : 1U)]) ? 1 : 0;
  return count;
}

/// A line of UTF-16 among others, as programs of Windows append them: it was split at the byte 0A, so that of
/// its line ends a NUL byte stands before it (little endian) or behind it (big endian). Only where half of it
/// is ASCII; nothing where it is no such line.
std::optional<std::string> utf16_among_others(std::string_view bytes, bool cut) {
  if (bytes.find('\0') == std::string_view::npos) return std::nullopt;
  std::string_view little = bytes, big = bytes;
  if (bytes.size() % 2 != 0) {
    if (bytes.front() == '\0') little.remove_prefix(1);
    if (bytes.back() == '\0') big.remove_suffix(1);
  }
  const std::size_t as_little = ascii_units(little, true), as_big = ascii_units(big, false);
  const bool is_little = as_little >= as_big;
  std::string_view units = is_little ? little : big;
  if (units.size() % 2 != 0 && cut) units.remove_suffix(1);
  if (units.empty() || units.size() % 2 != 0 || std::max(as_little, as_big) * 4 < units.size())
    return std::nullopt;
  for (const std::string_view mark : {"\xFF\xFE", "\xFE\xFF"})
    if (units.starts_with(mark)) units.remove_prefix(mark.size());
  if (units.ends_with(is_little ? std::string_view("\r\0", 2) : std::string_view("\0\r", 2)))
    units.remove_suffix(2);
  auto outcome = convert(is_little ? "UTF-16LE" : "UTF-16BE", units, cut);
  if (outcome.bad_bytes > 0) return std::nullopt;
  return std::move(outcome.text);
}

std::string decode_automatic(std::string_view bytes, bool cut) {
  if (auto text = utf16_among_others(bytes, cut)) return std::move(*text);
  if (bytes.find("\x1B$") != std::string_view::npos &&
      std::all_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return decode_log_line(bytes, LogEncoding::iso_2022_jp, cut);
  if (is_utf8(bytes, cut)) return printable_utf8(bytes);
  const auto as_cp932 = convert_cp932(bytes, cut);
  if (as_cp932.bad_bytes == 0 && !looks_like_euc_kana(bytes)) return as_cp932.text;
  const auto as_euc = convert("EUC-JP-MS", bytes, cut);
  if (as_euc.bad_bytes == 0) return as_euc.text;
  return as_cp932.bad_bytes == 0 ? as_cp932.text : printable_utf8(bytes);
}

}  // namespace

LogEncoding settle_encoding(LogEncoding encoding, std::string_view first_bytes) {
  if (encoding != LogEncoding::automatic && encoding != LogEncoding::utf16) return encoding;
  if (first_bytes.starts_with("\xFF\xFE")) return LogEncoding::utf16le;
  if (first_bytes.starts_with("\xFE\xFF")) return LogEncoding::utf16be;
  return encoding == LogEncoding::utf16 ? LogEncoding::utf16le : encoding;
}

std::string decode_log_line(std::string_view bytes, LogEncoding encoding, bool cut) {
  switch (encoding) {
    case LogEncoding::utf16:
    case LogEncoding::utf16le:
      return convert("UTF-16LE", bytes, cut).text;
    case LogEncoding::utf16be:
      return convert("UTF-16BE", bytes, cut).text;
    case LogEncoding::iso_2022_jp:
      return convert("EUC-JP-MS", iso_2022_jp_as_euc(bytes), cut).text;
    default:
      break;
  }
  if (is_plain_ascii(bytes)) return std::string(bytes);
  switch (encoding) {
    case LogEncoding::cp932:
      return convert_cp932(bytes, cut).text;
    case LogEncoding::euc_jp:
      return convert("EUC-JP-MS", bytes, cut).text;
    case LogEncoding::utf8:
      return printable_utf8(bytes);
    case LogEncoding::latin1:
      return latin1(bytes);
    default:
      return decode_automatic(bytes, cut);
  }
}

bool is_same_in(std::string_view bytes, LogEncoding encoding) {
  if (encoding == LogEncoding::automatic || encoding == LogEncoding::utf8) return is_printable_utf8(bytes);
  const bool contains_ascii =
      encoding == LogEncoding::cp932 || encoding == LogEncoding::euc_jp || encoding == LogEncoding::latin1;
  return contains_ascii && is_plain_ascii(bytes);
}

std::string left_out_mark(std::size_t bytes) {
  return bytes == 0 ? "" : " [" + std::to_string(bytes) + " more bytes left out]";
}

std::string printable_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  bool torn = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes, at, torn);
    const std::string_view character = bytes.substr(at, std::max<std::size_t>(length, 1));
    if (length == 0 || is_deceptive(character))
      append_hex(out, character);
    else
      out += character;
    at += character.size();
  }
  return out;
}

bool is_valid_utf8(std::string_view bytes) {
  return is_utf8(bytes, false);
}

}  // namespace nethealth
