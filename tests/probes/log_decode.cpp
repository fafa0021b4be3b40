#include "probes/log_decode.hpp"

#include <doctest/doctest.h>
#include <iconv.h>

#include <array>

using nethealth::decode_log_line;
using nethealth::LogEncoding;

namespace {

constexpr const char* disk_ja = "ディスク障害";
const std::string disk_cp932 = "\x83\x66\x83\x42\x83\x58\x83\x4E\x8F\xE1\x8A\x51";
const std::string disk_euc = "\xA5\xC7\xA5\xA3\xA5\xB9\xA5\xAF\xBE\xE3\xB3\xB2";
const std::string disk_jis = "\x1B$B\x25\x47\x25\x23\x25\x39\x25\x2F\x3E\x63\x33\x32\x1B(B";

}  // namespace

TEST_CASE("log decoding: each Japanese encoding gives the same text") {
  CHECK(decode_log_line(disk_ja, LogEncoding::utf8) == disk_ja);
  CHECK(decode_log_line(disk_cp932, LogEncoding::cp932) == disk_ja);
  CHECK(decode_log_line(disk_euc, LogEncoding::euc_jp) == disk_ja);
  CHECK(decode_log_line(disk_jis, LogEncoding::iso_2022_jp) == disk_ja);
  CHECK(decode_log_line(std::string("\xC7\x30\xA3\x30", 4), LogEncoding::utf16le) == "ディ");
  CHECK(decode_log_line(std::string("\x30\xC7\x30\xA3", 4), LogEncoding::utf16be) == "ディ");
}

TEST_CASE("log decoding: automatic finds the encoding of each line by itself") {
  for (const std::string& bytes : {std::string(disk_ja), disk_cp932, disk_euc, disk_jis})
    CHECK(decode_log_line("disk: " + bytes + " sda", LogEncoding::automatic) ==
          "disk: " + std::string(disk_ja) + " sda");
}

TEST_CASE("log decoding: half width katakana stay CP932 in automatic") {
  CHECK(decode_log_line("\xB4\xD7\xB0 \xC3\xDE\xA8\xBD\xB8", LogEncoding::automatic) == "ｴﾗｰ ﾃﾞｨｽｸ");
}

TEST_CASE("log decoding: vendor characters survive in every encoding that has them") {
  CHECK(decode_log_line("\x87\x40\xFB\xFC", LogEncoding::cp932) == "①髙");
  CHECK(decode_log_line("\xAD\xA1", LogEncoding::euc_jp) == "①");
  CHECK(decode_log_line("\x1B$B\x2D\x21\x1B(B", LogEncoding::iso_2022_jp) == "①");
}

TEST_CASE("log decoding: bytes of no encoding stay visible as hex") {
  CHECK(decode_log_line("bad \xFF\xC0 end", LogEncoding::automatic) == "bad \\xFF\\xC0 end");
  CHECK(decode_log_line("bad \xC3", LogEncoding::utf8) == "bad \\xC3");
  CHECK(decode_log_line(disk_cp932 + "\xFD!", LogEncoding::cp932) == std::string(disk_ja) + "\\xFD!");
}

TEST_CASE("log decoding: a line of UTF-16 among others is read as such in automatic") {
  const auto decode = [](std::string_view bytes) {
    return decode_log_line(bytes, LogEncoding::automatic, false);
  };
  using namespace std::string_view_literals;
  CHECK(decode("E\0r\0r\0o\0r\0\r\0"sv) == "Error");  // split before the NUL of its line end
  CHECK(decode("\xFF\xFE"
               "E\0r\0r\0\r\0"sv) == "Err");            // with a byte order mark
  CHECK(decode("\0E\0r\0r\0o\0r\0\r\0"sv) == "Error");  // with the NUL of the line end before it
  CHECK(decode("\0C\0:\0 \0\xC7\x30\r\0"sv) == "C: デ");
  CHECK(decode("\0C\0:\0 \x30\xC7\0\r\0"sv) == "C: デ");  // big endian, with its own NUL behind
  CHECK(decode("\0\xFF\x01"sv) == "\\x00\\xFF\\x01");
  CHECK(decode("a\0b"sv) == "a\\x00b");
}

TEST_CASE("log decoding: control characters and direction marks cannot reach a screen") {
  CHECK(decode_log_line(std::string("a\0b\x1B[2J\tc\x7F", 10), LogEncoding::utf8) ==
        "a\\x00b\\x1B[2J\tc\\x7F");
  CHECK(decode_log_line("x\xE2\x80\xAEy\xC2\x9Bz", LogEncoding::automatic) == "x\\xE2\\x80\\xAEy\\xC2\\x9Bz");
  CHECK(decode_log_line(std::string("\x1B\0A\0", 4), LogEncoding::utf16le) == "\\x1BA");
}

TEST_CASE("log decoding: a character torn by the length limit is no sign of another encoding") {
  const std::string torn = std::string(disk_ja).substr(0, 16);
  CHECK(decode_log_line(torn, LogEncoding::automatic, true) == "ディスク障\\xE5");
  CHECK(decode_log_line(disk_cp932.substr(0, 11), LogEncoding::automatic, true) == "ディスク障\\x8A");
}

TEST_CASE("log decoding: UTF-8 is checked strictly") {
  CHECK(nethealth::is_valid_utf8("é あ 𠮷"));
  CHECK_FALSE(nethealth::is_valid_utf8("\xC0\xAF"));
  CHECK_FALSE(nethealth::is_valid_utf8("\xE0\x80\xAF"));
  CHECK_FALSE(nethealth::is_valid_utf8("\xED\xA0\x80"));
  CHECK_FALSE(nethealth::is_valid_utf8("\xF4\x90\x80\x80"));
}

TEST_CASE("log decoding: encodings are known by their usual names") {
  using nethealth::log_encoding;
  CHECK(log_encoding("Shift_JIS") == LogEncoding::cp932);
  CHECK(log_encoding("EUC-JP") == LogEncoding::euc_jp);
  CHECK(log_encoding("UTF-16LE") == LogEncoding::utf16le);
  CHECK(log_encoding("") == LogEncoding::automatic);
  CHECK(nethealth::decode_log_line("caf\xE9 \x80", LogEncoding::latin1) == "café \\x80");
  CHECK_FALSE(log_encoding("klingon"));
}

TEST_CASE("log decoding: the byte order mark settles UTF-16") {
  using nethealth::settle_encoding;
  CHECK(settle_encoding(LogEncoding::automatic, "\xFF\xFE") == LogEncoding::utf16le);
  CHECK(settle_encoding(LogEncoding::utf16, "\xFE\xFF") == LogEncoding::utf16be);
  CHECK(settle_encoding(LogEncoding::automatic, "ab") == LogEncoding::automatic);
  CHECK(settle_encoding(LogEncoding::cp932, "\xFF\xFE") == LogEncoding::cp932);
}

TEST_CASE("log decoding: every pair of bytes of CP932 is what iconv says it is") {
  const iconv_t reference = iconv_open("UTF-8", "CP932");
  REQUIRE(reference != reinterpret_cast<iconv_t>(-1));
  std::size_t known = 0;
  for (int lead = 0x80; lead <= 0xFF; ++lead)
    for (int trail = 0x20; trail <= 0xFF; ++trail) {
      std::string pair = {static_cast<char>(lead), static_cast<char>(trail)};
      std::array<char, 16> room{};
      char* in = pair.data();
      char* out = room.data();
      std::size_t in_left = pair.size(), out_left = room.size();
      const bool good = iconv(reference, &in, &in_left, &out, &out_left) == 0 && in_left == 0;
      iconv(reference, nullptr, nullptr, nullptr, nullptr);
      const std::string expected(room.data(), room.size() - out_left);
      if (!good || trail == 0x7F) continue;
      ++known;
      REQUIRE(nethealth::decode_log_line("x" + pair + "y", LogEncoding::cp932) == "x" + expected + "y");
    }
  iconv_close(reference);
  CHECK(known > 9'000);
}
