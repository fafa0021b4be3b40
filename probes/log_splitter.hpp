#pragma once
// Bytes of a growing file to lines. Pure: knows offsets, not files.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace nethealth {

/// One line as bytes, without its line end (LF or CR LF).
struct RawLine {
  std::uint64_t offset = 0;    ///< of its first byte in the file
  std::string_view bytes;      ///< valid until the splitter is used again
  std::uint64_t left_out = 0;  ///< bytes beyond the limit, not kept
  std::uint64_t nuls = 0;      ///< NUL bytes before it, not kept
};

/// Left out of one line at most. A line that goes on beyond that is ended there and another one begun, so
/// that one without an end is still handed over.
inline constexpr std::uint64_t most_left_out_bytes = std::uint64_t{1} << 20;
/// So many NUL bytes or more at the start of a line are counted and not kept: a file truncated under a writer
/// that goes on at its old place, or one after a loss of power, has millions of them before the next line.
inline constexpr std::uint64_t many_nuls = 16;

class LogSplitter {
 public:
  enum class Unit : std::uint8_t { byte, utf16le, utf16be };
  using OnLine = std::function<void(RawLine)>;

  /// `offset`: where in the file the next byte to be fed lies, at the start of a line.
  LogSplitter(Unit unit, std::uint64_t offset, std::size_t line_limit_bytes);

  /// The next bytes of the file. Calls back once a complete line.
  void feed(std::string_view bytes, const OnLine& on_line);

  /// What stands after the last line end, as a line; empty when nothing does.
  std::optional<RawLine> finish();

  /// Of the first byte that belongs to no line handed over yet: where to go on after a restart.
  [[nodiscard]] std::uint64_t line_offset() const { return line_offset_; }
  /// Of the next byte to be fed.
  [[nodiscard]] std::uint64_t next_offset() const { return scanned_offset() + half_unit_.size(); }

 private:
  [[nodiscard]] std::uint64_t scanned_offset() const {
    return line_offset_ + nuls_ + kept_.size() + left_out_;
  }
  void scan(std::string_view bytes, const OnLine& on_line);
  /// The lines that stand whole in `bytes`, up to one that needs more care; takes them from it.
  void scan_whole_lines(std::string_view& bytes, const OnLine& on_line);
  /// How many bytes of `bytes` belong to the line, its end included; npos when it does not end there.
  [[nodiscard]] std::size_t end_of_line(std::string_view bytes) const;
  void keep(std::string_view bytes);
  /// Counts the NUL bytes that a line begins with and takes them from `bytes`.
  void pass_nuls(std::string_view& bytes);
  RawLine take_line(std::size_t line_end_bytes);
  /// A line that stands whole in what was fed, without a copy.
  RawLine whole_line(std::string_view with_end);

  Unit unit_;
  std::size_t line_limit_bytes_;
  std::uint64_t line_offset_;
  std::string kept_;
  std::string taken_;      ///< what the last line handed over points to
  std::string half_unit_;  ///< the first byte of a 16-bit unit whose second was not fed yet
  std::uint64_t left_out_ = 0;
  std::uint64_t nuls_ = 0;  ///< at the start of the line, not in `kept_`
};

}  // namespace nethealth
