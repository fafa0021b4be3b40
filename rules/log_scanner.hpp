#pragma once
// Many patterns over a line, in one pass and a confirmation. Every pattern has literal pieces that a line
// must hold (found by RE2 itself); one pass finds which pieces occur; only the few patterns whose pieces are
// there are then tried. So the engine of the pass decides about speed alone, never about what matches. Text
// is valid UTF-8.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nethealth {

/// The pass. Thread-safe.
class LiteralScanner {
 public:
  virtual ~LiteralScanner() = default;
  /// Appends which literals occur, by index, in any order, each once; ASCII letters of either case.
  virtual void scan(std::string_view line, std::vector<int>& found) const = 0;
};

/// Null when this processor or build has no Hyperscan, or it refuses the literals.
std::unique_ptr<LiteralScanner> make_hyperscan_literals(const std::vector<std::string>& literals);
std::unique_ptr<LiteralScanner> make_re2_literals(const std::vector<std::string>& literals);

/// Why a pattern was refused.
struct PatternError {
  std::size_t pattern = 0;
  std::string what;
};

/// The patterns themselves (RE2 syntax). Thread-safe once built.
class LogPatterns {
 public:
  /// Every pattern that RE2 refuses or that has no literal piece is an error; the object is then not to be
  /// used.
  LogPatterns(const std::vector<std::string>& patterns, std::vector<PatternError>& errors);
  LogPatterns(LogPatterns&&) noexcept;
  LogPatterns& operator=(LogPatterns&&) noexcept;
  ~LogPatterns();

  /// What the pass has to look for.
  [[nodiscard]] const std::vector<std::string>& literals() const;
  /// The patterns that match, by index, given the literals that occur in the line.
  [[nodiscard]] std::vector<int> match(std::string_view line, const std::vector<int>& found_literals) const;

  struct Captured {
    std::string component, source;  ///< empty where there is no such group or it took no part
  };
  [[nodiscard]] Captured capture(int pattern, std::string_view line) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// One pattern (RE2 syntax) that need not have a literal piece. Thread-safe.
class LinePattern {
 public:
  explicit LinePattern(const std::string& pattern);
  LinePattern(LinePattern&&) noexcept;
  LinePattern& operator=(LinePattern&&) noexcept;
  ~LinePattern();
  /// Why the pattern was refused; empty when it was not.
  [[nodiscard]] std::string error() const;
  [[nodiscard]] bool found_in(std::string_view line) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// The IPv4 or IPv6 address that a line names as its doer: after a word such as `from` or `client`, else the
/// first one. Empty when it names none. Thread-safe.
std::string address_in(std::string_view line);

}  // namespace nethealth
