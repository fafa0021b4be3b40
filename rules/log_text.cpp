#include "rules/log_text.hpp"

#include <cstdint>
#include <cstring>

namespace nethealth {
namespace {

/// Of the valid character at the start of the text, which is not empty; 0 when there is none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (text.size() < bytes) return 0;
  // RFC 3629, section 4: the second byte decides about overlong forms, surrogates and the upper end.
  const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < bytes; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  return bytes;
}

std::size_t valid_prefix(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (std::uint64_t eight = 0; text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {  // eight ASCII bytes at once: most lines are nothing else
        at += sizeof eight;
        continue;
      }
    }
    const std::size_t bytes = character_bytes(text.substr(at));
    if (bytes == 0) break;
    at += bytes;
  }
  return at;
}

}  // namespace

std::string_view matchable(std::string_view line, std::string& room) {
  line = line.substr(0, matched_line_bytes);
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  std::size_t good = valid_prefix(line);
  if (good == line.size()) return line;
  room.clear();
  while (good < line.size()) {
    room += line.substr(0, good);
    room += '?';
    line.remove_prefix(good + 1);
    good = valid_prefix(line);
  }
  room += line;
  return room;
}

}  // namespace nethealth
