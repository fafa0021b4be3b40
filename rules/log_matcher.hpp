#pragma once
// Which log lines mean something, and what: packs of rules as data (rules/log/*.yaml), all patterns matched
// in one pass. Text in, hits out; no memory between lines (counting belongs to the engine).

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/language.hpp"
#include "config/node.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// `context` lines explain (a shutdown on purpose, a successful log-in) and are no fault by themselves.
enum class LogClass : std::uint8_t { hardware, software, network, security, context };

/// Opens only when `times` hits of the rule come from one `source` within `within`.
struct LogCount {
  int times = 1;
  Milliseconds within{0};
};

struct LogRule {
  std::string id;  ///< pack.name, unique
  std::string pack;
  LogClass log_class = LogClass::software;
  Cause cause = Cause::unknown;  ///< of the incident that a hit opens
  Severity severity = Severity::at_risk;
  std::string component;  ///< fixed text; a capture named `component` in the pattern wins
  Text title;             ///< what the line means, for people
  std::optional<LogCount> count;
  std::string threat;  ///< security: the row of the plan's table 7.A.table ("1b", "2c", "3d" ...)
};

struct LogHit {
  const LogRule* rule = nullptr;  ///< valid for the life of the matcher
  std::string component;          ///< the part the line names, or the rule's
  std::string source;             ///< who did it: an address or a user the line names; may be empty
};

struct PreparedLogRules;

class LogMatcher {
 public:
  /// Compiles and proves the packs given as parsed documents; takes a second of processor time. Every mistake
  /// is a problem with its place: an unknown key, a pattern RE2 refuses, an example that does not match, a
  /// counter-example that does.
  static std::optional<LogMatcher> compile(const std::vector<Node>& packs, Language language,
                                           Problems& problems);
  /// The packs that ship, which were proved and prepared when the program was built. Takes milliseconds;
  /// a pattern is compiled when a line first comes near to it.
  static LogMatcher shipped();
  /// Proves them once more: every example and counter-example.
  static Problems prove_shipped(Language language);
  /// Of rules that were proved before (log_prepared.hpp).
  explicit LogMatcher(PreparedLogRules rules);

  LogMatcher(LogMatcher&&) noexcept;
  LogMatcher& operator=(LogMatcher&&) noexcept;
  ~LogMatcher();

  /// Every rule of the named packs (all packs when none is named) that the line matches, the most specific
  /// first; a rule marked `general` only where no other matches. Only the first 8 KiB of a line are looked
  /// at. Thread-safe.
  [[nodiscard]] std::vector<LogHit> match(std::string_view line, std::span<const std::string> packs) const;

  /// False when match() of any packs would surely find nothing; much quicker than it, most of all for lines
  /// that differ from earlier ones in their digits only. `line` is UTF-8. Thread-safe.
  [[nodiscard]] bool may_match(std::string_view line) const;

  [[nodiscard]] const LogRule* find(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> packs() const;
  [[nodiscard]] const std::vector<LogRule>& rules() const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace nethealth
