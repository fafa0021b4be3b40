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
};

/// The text fed in pieces of the given size.
std::vector<KeptLine> split(LogSplitter& splitter, std::string_view text, std::size_t piece) {
  std::vector<KeptLine> lines;
  for (std::size_t at = 0; at < text.size(); at += piece)
    splitter.feed(text.substr(at, piece), [&](const RawLine& line) {
      lines.push_back({line.offset, std::string(line.bytes), line.left_out});
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
