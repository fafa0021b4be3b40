#include "probes/log_splitter.hpp"

#include <doctest/doctest.h>

#include <vector>

using nethealth::LogSplitter;
using nethealth::RawLine;

namespace {

struct KeptLine {
  std::uint64_t offset;
  std::string bytes;
  std::uint64_t left_out;
  std::uint64_t nuls;
};

/// The text fed in pieces of the given size.
std::vector<KeptLine> split(LogSplitter& splitter, std::string_view text, std::size_t piece) {
  std::vector<KeptLine> lines;
  for (std::size_t at = 0; at < text.size(); at += piece)
    splitter.feed(text.substr(at, piece), [&](const RawLine& line) {
      lines.push_back({line.offset, std::string(line.bytes), line.left_out, line.nuls});
    });
  return lines;
}

}  // namespace

TEST_CASE("log splitter: lines and offsets are the same however the bytes arrive") {
  for (std::size_t piece = 1; piece < 20; ++piece) {
    LogSplitter splitter(LogSplitter::Unit::byte, 100, 1000);
    const auto lines = split(splitter, "one\r\ntwo\n\nth\rree\nrest", piece);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].bytes == "one");
    CHECK(lines[0].offset == 100);
    CHECK(lines[1].bytes == "two");
    CHECK(lines[1].offset == 105);
    CHECK(lines[2].bytes.empty());
    CHECK(lines[3].bytes == "th\rree");
    CHECK(splitter.line_offset() == 117);
    CHECK(splitter.next_offset() == 121);
    CHECK(splitter.finish()->bytes == "rest");
    CHECK(splitter.line_offset() == 121);
    CHECK_FALSE(splitter.finish());
  }
}

TEST_CASE("log splitter: UTF-16 lines end only at a whole unit") {
  // U+0A0D and U+0D0A hold the bytes of line ends, across units too.
  const std::string little("A\0\x0D\x0A\x0A\x0D\r\0\n\0B\0\n\0", 14);
  const std::string big("\0A\x0A\x0D\x0D\x0A\0\r\0\n\0B\0\n", 14);
  for (std::size_t piece = 1; piece < 8; ++piece) {
    LogSplitter l(LogSplitter::Unit::utf16le, 0, 1000), b(LogSplitter::Unit::utf16be, 0, 1000);
    const auto from_little = split(l, little, piece), from_big = split(b, big, piece);
    REQUIRE(from_little.size() == 2);
    REQUIRE(from_big.size() == 2);
    CHECK(from_little[0].bytes == little.substr(0, 6));
    CHECK(from_big[0].bytes == big.substr(0, 6));
    CHECK(from_little[1].offset == 10);
    CHECK(from_big[1].bytes == std::string("\0B", 2));
    CHECK(l.next_offset() == 14);
  }
}

TEST_CASE("log splitter: many NUL bytes before a line are counted and few are kept") {
  const std::string hole(1'000, '\0'), few(3, '\0');
  const std::string text = hole + "after\n" + few + "few\nb" + hole + "\n" + hole + "\n" + hole;
  for (const std::size_t piece : {1, 7, 500, 5'000}) {
    LogSplitter splitter(LogSplitter::Unit::byte, 10, 2'000);
    const auto lines = split(splitter, text, piece);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].bytes == "after");
    CHECK(lines[0].nuls == 1'000);
    CHECK(lines[0].offset == 10);
    CHECK(lines[1].bytes == few + "few");
    CHECK(lines[1].nuls == 0);
    CHECK(lines[1].offset == 1'016);
    CHECK(lines[2].bytes == "b" + hole);
    CHECK(lines[3].bytes.empty());
    CHECK(lines[3].nuls == 1'000);
    CHECK(splitter.next_offset() == 10 + text.size());
    CHECK(splitter.finish()->nuls == 1'000);
    CHECK(splitter.line_offset() == 10 + text.size());
  }
}

TEST_CASE("log splitter: a line without an end is handed over in parts that lose no place") {
  const std::string text(2 * nethealth::most_left_out_bytes + 5'000, 'x');
  for (const auto unit : {LogSplitter::Unit::byte, LogSplitter::Unit::utf16le}) {
    for (const std::size_t piece : {999, 65'536}) {
      LogSplitter splitter(unit, 0, 1'000);
      const auto lines = split(splitter, text, piece);
      REQUIRE(lines.size() == 2);
      for (std::size_t i = 0; i < 2; ++i) {
        CHECK(lines[i].bytes.size() == 1'000);
        CHECK(lines[i].left_out == nethealth::most_left_out_bytes);
        CHECK(lines[i].offset == i * (1'000 + nethealth::most_left_out_bytes));
      }
      CHECK(splitter.line_offset() == 2 * (1'000 + nethealth::most_left_out_bytes));
      CHECK(splitter.next_offset() == text.size());
      CHECK(splitter.finish()->left_out == 2'000);
    }
  }
}

TEST_CASE("log splitter: a line beyond the limit is cut and the rest counted") {
  for (const std::size_t piece : {1U, 7U, 4096U}) {
    LogSplitter splitter(LogSplitter::Unit::byte, 0, 10);
    const auto lines =
        split(splitter, std::string(25, 'x') + "\nnext\n" + std::string(10, 'y') + "\n", piece);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].bytes == std::string(10, 'x'));
    CHECK(lines[0].left_out == 15);
    CHECK(lines[1].bytes == "next");
    CHECK(lines[1].offset == 26);
    CHECK(lines[2].bytes == std::string(10, 'y'));
    CHECK(lines[2].left_out == 0);
  }
}
