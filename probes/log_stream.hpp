#pragma once
// One open log file read from an offset on, as decoded lines.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probes/line_gate.hpp"
#include "probes/log_decode.hpp"
#include "probes/log_file.hpp"
#include "probes/log_joiner.hpp"
#include "probes/log_splitter.hpp"
#include "probes/observation.hpp"

namespace nethealth {

class LogStream {
 public:
  /// `name` and `rules` go into every line. `offset` is the start of a line. With `continues`, lines that go
  /// on with the one before them are handed over with it, as one. Of what the sieve keeps back, so many
  /// lines before and after one that it lets through are handed over with that.
  LogStream(LogFile file, FileFacts facts, std::uint64_t offset, LogEncoding encoding, std::size_t line_bytes,
            std::string name, std::vector<std::string> rules, LineSieve sieve = {},
            LineContinues continues = {}, std::size_t context_lines = 0);

  /// The next complete lines, at most `limit_bytes` of the file (one line more to end it).
  /// `at_end`: nothing more is there now.
  struct Piece {
    std::vector<LogSeen> lines;
    std::size_t sieved = 0;  ///< lines that the sieve kept back
    std::string newest;      ///< how the last line begins, where the end of the file was reached
    bool at_end = false;
    bool progressed = false;  ///< bytes were read, lines or not
  };
  Result<Piece> read(std::size_t limit_bytes);
  /// The last line where it has no line end; nothing may be read after it.
  std::vector<LogSeen> finish();
  /// An entry of joined lines is held back, because it may still go on.
  [[nodiscard]] bool holds_entry() const { return joiner_ && joiner_->holds(); }
  /// It did not for long enough.
  Piece finish_entry();

  /// Whether the file no longer is what was read: shorter, or with another start.
  [[nodiscard]] Result<bool> was_truncated() const;
  /// Whether the file is packed (gzip and the like): not read.
  [[nodiscard]] bool is_compressed() const { return compressed_; }

  /// Under which name the lines go from now on.
  void rename(std::string name) { name_ = std::move(name); }

  [[nodiscard]] const FileIdentity& identity() const { return identity_; }
  [[nodiscard]] Result<FileFacts> facts() const { return file_.facts(); }
  /// Where to go on after a restart.
  [[nodiscard]] LostPlace place() const;

 private:
  /// Settles the encoding by the first bytes; false while there are too few.
  bool settle(bool ended);
  void remember_head(std::uint64_t offset, std::string_view bytes);
  /// Decodes a line and hands it on.
  void take(RawLine raw, Piece& piece);
  void hand_over(std::uint64_t offset, std::string_view text, Piece& piece);

  LogFile file_;
  FileIdentity identity_;
  std::uint64_t start_;
  LogEncoding encoding_;
  std::size_t line_bytes_;
  std::string name_;
  std::vector<std::string> rules_;
  LineGate gate_;
  std::optional<LogJoiner> joiner_;
  std::optional<LogSplitter> splitter_;  ///< from when the encoding is settled
  std::string head_;                     ///< the first bytes of the file as far as read, for the fingerprint
  bool compressed_ = false;
};

}  // namespace nethealth
