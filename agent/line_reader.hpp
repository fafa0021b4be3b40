#pragma once
// Lines of a file, of standard input ("-"), plain or compressed (gzip, RFC 1952), told apart by their first
// bytes. The only file that sees zlib is line_reader.cpp.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "config/result.hpp"

namespace nethealth {

struct ReadLine {
  std::string text;       ///< without its line end; of a line that is too long, its beginning
  bool too_long = false;  ///< more than the limit; the rest was skipped
};

class LineReader {
 public:
  /// `limit` is the longest line in bytes.
  static Result<LineReader> open(const std::string& path, std::size_t limit);

  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;
  ~LineReader();

  /// The next line; empty at the end and after a failure.
  std::optional<ReadLine> next();

  /// Why reading ended before the end of the file (a damaged or cut archive, an unreadable disk); empty if it
  /// did not.
  [[nodiscard]] const std::string& failure() const;

 private:
  struct Stream;
  explicit LineReader(std::unique_ptr<Stream> stream);
  std::unique_ptr<Stream> stream_;
};

}  // namespace nethealth
