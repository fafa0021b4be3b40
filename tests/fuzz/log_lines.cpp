// A log file's bytes to lines: the first byte chooses the encoding, the rest is the file.

#include <cstdint>
#include <string>
#include <vector>

#include "probes/log_decode.hpp"
#include "probes/log_splitter.hpp"
#include "tests/fuzz/must.hpp"

namespace {

using namespace nethealth;

constexpr LogEncoding encodings[] = {LogEncoding::automatic,   LogEncoding::utf8,    LogEncoding::cp932,
                                     LogEncoding::euc_jp,      LogEncoding::utf16le, LogEncoding::utf16be,
                                     LogEncoding::iso_2022_jp, LogEncoding::utf16};
constexpr std::size_t line_limit_bytes = 64;

struct Line {
  std::uint64_t offset;
  std::string text;
  std::uint64_t left_out;
  friend bool operator==(const Line&, const Line&) = default;
};

std::vector<Line> split(std::string_view bytes, LogEncoding encoding, std::size_t piece_bytes) {
  const auto unit = encoding == LogEncoding::utf16le   ? LogSplitter::Unit::utf16le
                    : encoding == LogEncoding::utf16be ? LogSplitter::Unit::utf16be
                                                       : LogSplitter::Unit::byte;
  LogSplitter splitter(unit, 0, line_limit_bytes);
  std::vector<Line> lines;
  std::uint64_t last_end = 0;
  const auto keep = [&](const RawLine& raw) {
    must(raw.offset >= last_end, "lines do not overlap");
    last_end = raw.offset + raw.bytes.size();
    const std::string text = decode_log_line(raw.bytes, encoding, raw.left_out > 0);
    must(is_valid_utf8(text), "a line is UTF-8");
    must(text.find('\n') == std::string::npos, "a line has no line end");
    must(!is_same_in(raw.bytes, encoding) || text == raw.bytes, "plain bytes stay as they are");
    lines.push_back({raw.offset, text, raw.left_out});
  };
  const std::uint64_t all = bytes.size();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    splitter.feed(piece, keep);
  }
  must(splitter.next_offset() == all, "every byte was looked at");
  if (const auto rest = splitter.finish()) keep(*rest);
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const LogEncoding encoding = settle_encoding(encodings[data[0] % std::size(encodings)], bytes);
  must(split(bytes, encoding, bytes.size()) == split(bytes, encoding, 5),
       "what comes does not depend on how the bytes are cut");
  return 0;
}
