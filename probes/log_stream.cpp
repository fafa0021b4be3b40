#include "probes/log_stream.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

namespace nethealth {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t magic_bytes = 6;
/// Enough for the time that a line begins with.
constexpr std::size_t newest_line_bytes = 160;

bool is_compressed_start(std::string_view start) {
  static constexpr std::array<std::string_view, 4> magics = {"\x1F\x8B\x08", "BZh",
                                                             "\xFD"
                                                             "7zXZ",
                                                             "\x28\xB5\x2F\xFD"};
  return std::any_of(magics.begin(), magics.end(), [&](auto magic) { return start.starts_with(magic); });
}

std::string nuls_mark(std::uint64_t count) {
  return count == 0 ? "" : "[" + std::to_string(count) + " NUL bytes left out] ";
}

void remove_byte_order_mark(RawLine& line) {
  if (line.offset != 0) return;
  for (const std::string_view mark : {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"})
    if (line.bytes.starts_with(mark)) {
      line.bytes.remove_prefix(mark.size());
      return;
    }
}

}  // namespace

LogStream::LogStream(LogFile file, FileFacts facts, std::uint64_t offset, LogEncoding encoding,
                     std::size_t line_bytes, std::string name, std::vector<std::string> rules,
                     LineSieve sieve, LineContinues continues, std::size_t context_lines)
    : file_(std::move(file)),
      identity_(facts.identity),
      start_(offset),
      encoding_(encoding),
      line_bytes_(line_bytes),
      name_(std::move(name)),
      rules_(std::move(rules)),
      gate_(std::move(sieve), context_lines) {
  if (continues) joiner_.emplace(std::move(continues));
  if (offset > 0)
    head_ = file_.read(0, std::min<std::uint64_t>(offset, fingerprint_bytes)).value_or(std::string());
}

bool LogStream::settle(bool ended) {
  if (splitter_) return true;
  const std::string start = file_.read(0, magic_bytes).value_or(std::string());
  if (start.empty() || (start.size() < 2 && !ended)) return false;
  compressed_ = start_ == 0 && is_compressed_start(start);
  encoding_ = settle_encoding(encoding_, start);
  const auto unit = encoding_ == LogEncoding::utf16le   ? LogSplitter::Unit::utf16le
                    : encoding_ == LogEncoding::utf16be ? LogSplitter::Unit::utf16be
                                                        : LogSplitter::Unit::byte;
  splitter_.emplace(unit, start_, line_bytes_);
  return true;
}

void LogStream::remember_head(std::uint64_t offset, std::string_view bytes) {
  if (offset == head_.size())
    head_ += bytes.substr(0, fingerprint_bytes - std::min(fingerprint_bytes, head_.size()));
}

void LogStream::hand_over(std::uint64_t offset, std::string_view text, Piece& piece) {
  const bool meant = gate_.pass(offset, text, [&](std::uint64_t at, std::string_view line) {
    LogSeen& seen = piece.lines.emplace_back();
    seen.file = name_;
    seen.offset = at;
    seen.rules = rules_;
    seen.line = line;
  });
  if (!meant) ++piece.sieved;
}

void LogStream::take(RawLine raw, Piece& piece) {
  remove_byte_order_mark(raw);
  std::string room;
  std::string_view text = raw.bytes;
  if (!is_same_in(raw.bytes, encoding_) || raw.left_out > 0 || raw.nuls > 0) {
    room = nuls_mark(raw.nuls) + decode_log_line(raw.bytes, encoding_, raw.left_out > 0) +
           left_out_mark(raw.left_out);
    text = room;
  }
  if (!joiner_) return hand_over(raw.offset, text, piece);
  if (const auto ended = joiner_->add(raw.offset, text)) hand_over(ended->offset, ended->text, piece);
}

LogStream::Piece LogStream::finish_entry() {
  Piece piece;
  if (!joiner_) return piece;
  if (const auto ended = joiner_->finish()) hand_over(ended->offset, ended->text, piece);
  return piece;
}

Result<LogStream::Piece> LogStream::read(std::size_t limit_bytes) {
  Piece piece;
  if (!settle(false) || compressed_) {
    piece.at_end = true;
    return piece;
  }
  thread_local std::vector<char> room(read_bytes);
  std::string newest;
  for (std::size_t total = 0; total < limit_bytes && !piece.at_end;) {
    const std::uint64_t offset = splitter_->next_offset();
    const auto got =
        file_.read_into(offset, std::span(room).first(std::min(room.size(), limit_bytes - total)));
    if (!got) return tl::unexpected(got.error());
    const std::string_view bytes(room.data(), *got);
    piece.at_end = bytes.empty();
    piece.progressed |= !bytes.empty();
    total += bytes.size();
    remember_head(offset, bytes);
    std::string_view last;
    splitter_->feed(bytes, [&](const RawLine& line) {
      last = line.bytes;
      take(line, piece);
    });
    if (!last.empty()) newest = decode_log_line(last.substr(0, newest_line_bytes), encoding_, true);
  }
  if (piece.at_end) piece.newest = std::move(newest);
  return piece;
}

std::vector<LogSeen> LogStream::finish() {
  Piece piece;
  if (!settle(true) || compressed_) return {};
  if (const auto rest = splitter_->finish()) take(*rest, piece);
  Piece last = finish_entry();
  std::move(last.lines.begin(), last.lines.end(), std::back_inserter(piece.lines));
  return std::move(piece.lines);
}

Result<bool> LogStream::was_truncated() const {
  const auto now = file_.facts();
  if (!now) return tl::unexpected(now.error());
  const std::uint64_t read_up_to = splitter_ ? splitter_->next_offset() : start_;
  return now->size < read_up_to || !file_.starts_as(fingerprint(head_));
}

LostPlace LogStream::place() const {
  const std::uint64_t offset = holds_entry() ? joiner_->offset()
                               : splitter_   ? splitter_->line_offset()
                                             : start_;
  const std::string_view head = head_;
  return {identity_, offset, fingerprint(head.substr(0, std::min<std::uint64_t>(head.size(), offset)))};
}

}  // namespace nethealth
