#include "probes/log_splitter.hpp"

#include <algorithm>
#include <utility>

namespace nethealth {

LogSplitter::LogSplitter(Unit unit, std::uint64_t offset, std::size_t line_limit_bytes)
    : unit_(unit), line_limit_bytes_(std::max<std::size_t>(line_limit_bytes, 4)), line_offset_(offset) {}

std::size_t LogSplitter::end_of_line(std::string_view bytes) const {
  if (unit_ == Unit::byte) {
    const std::size_t at = bytes.find('\n');
    return at == std::string_view::npos ? at : at + 1;
  }
  const bool little = unit_ == Unit::utf16le;
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    const bool first_of_unit = (scanned_offset() + at) % 2 == 0;
    if (little && first_of_unit && at + 1 < bytes.size() && bytes[at + 1] == '\0') return at + 2;
    if (!little && !first_of_unit && at > 0 && bytes[at - 1] == '\0') return at + 1;
  }
  return std::string_view::npos;
}

void LogSplitter::keep(std::string_view bytes) {
  const std::size_t room = line_limit_bytes_ - std::min(line_limit_bytes_, kept_.size());
  kept_ += bytes.substr(0, room);
  left_out_ += bytes.size() - std::min(bytes.size(), room);
}

void LogSplitter::pass_nuls(std::string_view& bytes) {
  if (unit_ != Unit::byte || !kept_.empty() || left_out_ > 0 || (nuls_ == 0 && bytes.front() != '\0')) return;
  const std::size_t count = std::min(bytes.find_first_not_of('\0'), bytes.size());
  nuls_ += count;
  bytes.remove_prefix(count);
  if (!bytes.empty() && nuls_ < many_nuls) kept_.assign(std::exchange(nuls_, 0), '\0');
}

RawLine LogSplitter::take_line(std::size_t line_end_bytes) {
  const std::uint64_t next_line = scanned_offset();
  // Of a line beyond the limit the line end itself was left out, not kept.
  const std::size_t unkept_end = std::min<std::uint64_t>(line_end_bytes, left_out_);
  left_out_ -= unkept_end;
  kept_.resize(kept_.size() - std::min(kept_.size(), line_end_bytes - unkept_end));
  if (left_out_ == 0 && line_end_bytes > 0) {
    const std::string_view carriage_return = unit_ == Unit::byte      ? std::string_view("\r", 1)
                                             : unit_ == Unit::utf16le ? std::string_view("\r\0", 2)
                                                                      : std::string_view("\0\r", 2);
    if (std::string_view(kept_).ends_with(carriage_return))
      kept_.resize(kept_.size() - carriage_return.size());
  }
  taken_.swap(kept_);
  kept_.clear();
  const RawLine line{line_offset_, taken_, std::exchange(left_out_, 0), std::exchange(nuls_, 0)};
  line_offset_ = next_line;
  return line;
}

RawLine LogSplitter::whole_line(std::string_view with_end) {
  RawLine line{line_offset_, with_end.substr(0, with_end.size() - 1), 0, 0};
  if (line.bytes.ends_with('\r')) line.bytes.remove_suffix(1);
  line_offset_ += with_end.size();
  return line;
}

void LogSplitter::feed(std::string_view bytes, const OnLine& on_line) {
  if (unit_ == Unit::byte) return scan(bytes, on_line);
  std::string units = std::exchange(half_unit_, {}).append(bytes);
  if ((scanned_offset() + units.size()) % 2 != 0) {
    half_unit_ = units.back();
    units.pop_back();
  }
  scan(units, on_line);
}

void LogSplitter::scan_whole_lines(std::string_view& bytes, const OnLine& on_line) {
  while (!bytes.empty() && bytes.front() != '\0') {
    const std::size_t end = bytes.find('\n');
    if (end >= line_limit_bytes_) return;
    on_line(whole_line(bytes.substr(0, end + 1)));
    bytes.remove_prefix(end + 1);
  }
}

void LogSplitter::scan(std::string_view bytes, const OnLine& on_line) {
  const std::size_t line_end_bytes = unit_ == Unit::byte ? 1 : 2;
  while (!bytes.empty()) {
    if (unit_ == Unit::byte && kept_.empty() && nuls_ == 0 && left_out_ == 0)
      scan_whole_lines(bytes, on_line);
    if (bytes.empty()) return;
    pass_nuls(bytes);
    if (bytes.empty()) return;
    const std::size_t length = end_of_line(bytes);
    const std::uint64_t room = line_limit_bytes_ + most_left_out_bytes - kept_.size() - left_out_;
    if (std::min(length, bytes.size()) > room) {
      keep(bytes.substr(0, room));
      on_line(take_line(0));
      bytes.remove_prefix(room);
      continue;
    }
    if (length == std::string_view::npos) return keep(bytes);
    keep(bytes.substr(0, length));
    on_line(take_line(line_end_bytes));
    bytes.remove_prefix(length);
  }
}

std::optional<RawLine> LogSplitter::finish() {
  keep(std::exchange(half_unit_, {}));
  if (kept_.empty() && left_out_ == 0 && nuls_ == 0) return std::nullopt;
  return take_line(0);
}

}  // namespace nethealth
