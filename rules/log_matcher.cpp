#include "rules/log_matcher.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <tuple>
#include <utility>

#include "rules/log_pack.hpp"
#include "rules/log_patterns.hpp"
#include "rules/log_prepared.hpp"
#include "rules/log_shape.hpp"
#include "rules/log_sieve.hpp"
#include "rules/log_text.hpp"

namespace nethealth {
namespace {

/// What may stand before a message. Lengths differ so that a match is tried at several alignments: the
/// engines work in blocks of 8 to 64 bytes.
constexpr std::array<std::string_view, 6> lead_ins = {
    "",
    " ",
    "Nov 24 09:00:00 host ",
    "2026-11-24T09:00:00.123456+09:00 cs-server-1 app[12345]: ",
    "<134>1 2026-11-24T00:00:00Z h.example.lg.jp - - - - ",
    "2026/11/24 9:00:00, 情報, "};

/// All that matching takes.
struct Engine {
  std::vector<LinePattern> patterns;
  LogSieve sieve;
  std::vector<std::vector<LinePattern>> unless;  ///< of a rule
  std::vector<std::size_t> rule_of;              ///< of a pattern
  /// Of a pattern that asks for certain digits: the form that asks for any; empty where there is none.
  std::vector<std::optional<LinePattern>> blinded;
  std::vector<bool> is_blind;              ///< of a pattern: it asks for no certain digits
  std::vector<bool> has_blind_exceptions;  ///< of a rule

  explicit Engine(const PreparedLogRules& prepared) : sieve(prepared.needs, prepared.everyday) {
    for (const LogRuleDraft& draft : prepared.rules) {
      const auto is_its_own = [](const std::string& pattern) { return digit_blinded(pattern) == pattern; };
      has_blind_exceptions.push_back(std::ranges::all_of(draft.unless, is_its_own));
      for (const std::string& pattern : draft.patterns) {
        patterns.emplace_back(pattern);
        const std::optional<std::string> any_digits = digit_blinded(pattern);
        is_blind.push_back(any_digits == pattern);
        blinded.emplace_back();
        if (any_digits && *any_digits != pattern) blinded.back().emplace(*any_digits);
        rule_of.push_back(unless.size());
      }
      std::vector<LinePattern>& exceptions = unless.emplace_back();
      for (const std::string& exception : draft.unless) exceptions.emplace_back(exception);
    }
  }

  [[nodiscard]] bool matches(int pattern, std::string_view text) const {
    const auto number = static_cast<std::size_t>(pattern);
    if (!patterns[number].found_in(text)) return false;
    const auto& exceptions = unless[rule_of[number]];
    return std::none_of(exceptions.begin(), exceptions.end(),
                        [&](const LinePattern& exception) { return exception.found_in(text); });
  }

  /// Whether the pattern may match the line once other digits stand there.
  [[nodiscard]] bool may_match_other_digits(std::size_t pattern, std::string_view text) const {
    if (is_blind[pattern]) return patterns[pattern].found_in(text);
    const auto& any_digits = blinded[pattern];
    return !any_digits || !any_digits->error().empty() || any_digits->found_in(text);
  }

  /// By number.
  [[nodiscard]] std::vector<int> match(std::string_view text) const {
    std::vector<int> matching;
    sieve.pass(text, matching);
    std::erase_if(matching, [&](int pattern) { return !matches(pattern, text); });
    return matching;
  }

  [[nodiscard]] LineCapture capture(int pattern, std::string_view text) const {
    return patterns[static_cast<std::size_t>(pattern)].capture(text);
  }

  /// What holds of every line that differs from this one in its digits only.
  [[nodiscard]] ShapeVerdict verdict_of(std::string_view text) const {
    thread_local std::vector<int> passing;
    passing.clear();
    sieve.pass(text, passing);
    ShapeVerdict verdict;
    for (const int pattern : passing) {
      const auto number = static_cast<std::size_t>(pattern);
      if (!may_match_other_digits(number, text)) continue;
      if (!is_blind[number] || !has_blind_exceptions[rule_of[number]])
        verdict.questions.push_back(sieve.question(pattern, text));
      else if (matches(pattern, text))
        verdict.matches.push_back({pattern, capture(pattern, text)});
    }
    return verdict;
  }
};

/// What the checks of examples need.
struct Draft {
  const LogRuleDraft& draft;
  std::vector<int> patterns;
};

bool is_hit(const Engine& engine, const Draft& draft, std::string_view line) {
  std::string room;
  const std::vector<int> matching = engine.match(matchable(line, room));
  return std::any_of(matching.begin(), matching.end(), [&](int pattern) {
    return std::find(draft.patterns.begin(), draft.patterns.end(), pattern) != draft.patterns.end();
  });
}

void check_examples(const Engine& engine, const Draft& draft, Language language, Problems& problems) {
  constexpr Phrase no_match{"この例に規則が合いません: ", "the rule does not match its example: "};
  constexpr Phrase match{"この反例に規則が合ってしまいます: ", "the rule matches its counter-example: "};
  for (const Node& example : draft.draft.example_nodes) {
    const bool everywhere = std::all_of(lead_ins.begin(), lead_ins.end(), [&](std::string_view lead_in) {
      return is_hit(engine, draft, std::string(lead_in) + example.value);
    });
    if (!everywhere)
      problems.push_back(example.problem(std::string(no_match.in(language)) + draft.draft.rule.id));
  }
  for (const Node& example : draft.draft.counter_example_nodes)
    if (is_hit(engine, draft, example.value))
      problems.push_back(example.problem(std::string(match.in(language)) + draft.draft.rule.id));
}

/// A rule whose examples another class of rule claims would never be heard.
void check_leads(const LogMatcher& matcher, const std::vector<LogRuleDraft>& drafts, Language language,
                 Problems& problems) {
  constexpr Phrase other{"この例は別の class の規則が先に取ります: ",
                         "a rule of another class leads this example: "};
  for (const LogRuleDraft& draft : drafts)
    for (const Node& example : draft.example_nodes)
      if (const auto hits = matcher.match(example.value, {});
          !hits.empty() && hits[0].rule->log_class != draft.rule.log_class)
        problems.push_back(
            example.problem(std::string(other.in(language)) + hits[0].rule->id + " (" + draft.rule.id + ")"));
}

void check_ordinary(const Engine& engine, const std::vector<LogRuleDraft>& drafts, const Node& line,
                    Language language, Problems& problems) {
  constexpr Phrase taken{"日常の行に規則が合ってしまいます: ", "a rule takes an everyday line: "};
  std::string room;
  for (const int pattern : engine.match(matchable(line.value, room))) {
    const LogRule& rule = drafts[engine.rule_of[static_cast<std::size_t>(pattern)]].rule;
    if (rule.log_class == LogClass::context) continue;
    problems.push_back(line.problem(std::string(taken.in(language)) + rule.id));
    return;
  }
}

}  // namespace

struct LogMatcher::Compiled {
  explicit Compiled(Engine built) : engine(std::move(built)), number(next_number()) {}
  static std::uint64_t next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
  Engine engine;
  std::vector<LogRule> rules;
  std::vector<bool> general;
  std::vector<std::size_t> rank;  ///< of a rule among the hits of one line: the most specific first
  std::vector<std::string> packs;
  std::uint64_t number;  ///< of no other matcher of this process

  /// Of the first bytes of a line, as many as are looked at. Valid until the thread's next call.
  [[nodiscard]] const ShapeVerdict& verdict_of(std::string_view line) const;
};

namespace {

/// What a thread knows of the shapes of lines, and for which matcher.
struct Remembered {
  std::uint64_t of = 0;
  ShapeMemory shapes;
  ShapeVerdict of_a_long_line;
};

/// A general rule says little, of misconduct more than of a failure; a rule for one kind of message says more
/// than a broad one; a long pattern says much.
std::vector<std::size_t> ranks(const std::vector<LogRuleDraft>& drafts) {
  std::vector<std::size_t> order(drafts.size()), rank(drafts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto longest = [](const LogRuleDraft& draft) {
    std::size_t length = 0;
    for (const std::string& pattern : draft.patterns) length = std::max(length, pattern.size());
    return length;
  };
  const auto key = [&](std::size_t rule) {
    const LogRuleDraft& draft = drafts[rule];
    const bool says_least = draft.general && draft.rule.log_class != LogClass::security;
    return std::tuple(draft.general, says_least, draft.broad,
                      std::numeric_limits<std::size_t>::max() - longest(draft));
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  for (std::size_t place = 0; place < order.size(); ++place) rank[order[place]] = place;
  return rank;
}

std::string everyday_of(const LogPackDraft& whole) {
  std::string everyday;
  const auto add = [&](const Node& line) {
    append_folded(line.value, everyday);
    everyday += '\n';
  };
  for (const Node& line : whole.ordinary) add(line);
  for (const LogRuleDraft& draft : whole.rules)
    for (const Node& line : draft.counter_example_nodes) add(line);
  return everyday;
}

/// What every pattern needs. A mistake in a pattern is a problem.
std::vector<LineNeed> needs_of(const LogPackDraft& whole, std::string_view everyday, Problems& problems) {
  std::vector<LineNeed> needs;
  for (const LogRuleDraft& draft : whole.rules) {
    for (std::size_t i = 0; i < draft.patterns.size(); ++i) {
      std::string why;
      needs.push_back(need_of(draft.patterns[i], everyday, why));
      if (!why.empty()) problems.push_back(draft.pattern_nodes[i].problem(why));
    }
    for (std::size_t i = 0; i < draft.unless.size(); ++i)
      if (const std::string error = LinePattern(draft.unless[i]).error(); !error.empty())
        problems.push_back(draft.unless_nodes[i].problem(error));
  }
  return needs;
}

void prove(const PreparedLogRules& prepared, const std::vector<Node>& ordinary, Language language,
           Problems& problems) {
  const Engine engine(prepared);
  int next_pattern = 0;
  for (const LogRuleDraft& draft : prepared.rules) {
    Draft check{draft, {}};
    for (std::size_t i = 0; i < draft.patterns.size(); ++i) check.patterns.push_back(next_pattern++);
    check_examples(engine, check, language, problems);
  }
  for (const Node& line : ordinary) check_ordinary(engine, prepared.rules, line, language, problems);
}

}  // namespace

std::optional<PreparedLogRules> prepare_log_packs(const std::vector<Node>& packs, Language language,
                                                  Problems& problems, std::vector<LineNeed> needs) {
  const std::size_t problems_before = problems.size();
  LogPackDraft whole;
  for (const Node& pack : packs) read_log_pack(pack, language, whole, problems);
  std::string everyday = everyday_of(whole);
  if (needs.empty()) needs = needs_of(whole, everyday, problems);
  PreparedLogRules prepared{std::move(whole.rules), std::move(needs), std::move(everyday)};
  if (problems.size() > problems_before) return std::nullopt;
  prove(prepared, whole.ordinary, language, problems);
  if (problems.size() > problems_before) return std::nullopt;
  check_leads(LogMatcher(prepared), prepared.rules, language, problems);
  if (problems.size() > problems_before) return std::nullopt;
  return prepared;
}

std::optional<LogMatcher> LogMatcher::compile(const std::vector<Node>& packs, Language language,
                                              Problems& problems) {
  auto prepared = prepare_log_packs(packs, language, problems);
  if (!prepared) return std::nullopt;
  return LogMatcher(std::move(*prepared));
}

LogMatcher::LogMatcher(PreparedLogRules prepared) : compiled_(std::make_unique<Compiled>(Engine(prepared))) {
  compiled_->rank = ranks(prepared.rules);
  for (LogRuleDraft& draft : prepared.rules) {
    compiled_->general.push_back(draft.general);
    std::vector<std::string>& packs = compiled_->packs;
    if (std::find(packs.begin(), packs.end(), draft.rule.pack) == packs.end())
      packs.push_back(draft.rule.pack);
    compiled_->rules.push_back(std::move(draft.rule));
  }
}
LogMatcher::LogMatcher(LogMatcher&&) noexcept = default;
LogMatcher& LogMatcher::operator=(LogMatcher&&) noexcept = default;
LogMatcher::~LogMatcher() = default;

const ShapeVerdict& LogMatcher::Compiled::verdict_of(std::string_view line) const {
  thread_local Remembered remembered;
  if (remembered.of != number) {
    remembered = {};
    remembered.of = number;
  }
  if (const ShapeVerdict* known = remembered.shapes.find(line)) return *known;
  thread_local std::string room;
  ShapeVerdict verdict = engine.verdict_of(matchable(line, room));
  if (line.size() > ShapeMemory::longest_shape_bytes) return remembered.of_a_long_line = std::move(verdict);
  return *remembered.shapes.remember(std::move(verdict));
}

std::vector<LogHit> LogMatcher::match(std::string_view line, std::span<const std::string> packs) const {
  const Compiled& own = *compiled_;
  line = line.substr(0, matched_line_bytes);
  const ShapeVerdict& verdict = own.verdict_of(line);
  if (verdict.matches.empty() && verdict.questions.empty()) return {};
  thread_local std::string room;
  const std::string_view text = matchable(line, room);
  const auto rule_of = [&](int pattern) { return own.engine.rule_of[static_cast<std::size_t>(pattern)]; };
  const auto is_wanted = [&](int pattern) {
    return packs.empty() ||
           std::find(packs.begin(), packs.end(), own.rules[rule_of(pattern)].pack) != packs.end();
  };
  std::vector<ShapeMatch> matching;
  for (const ShapeMatch& match : verdict.matches)
    if (is_wanted(match.pattern)) matching.push_back(match);
  for (const DigitQuestion& question : verdict.questions)
    if (is_wanted(question.pattern) && question.fits(text) && own.engine.matches(question.pattern, text))
      matching.push_back({question.pattern, own.engine.capture(question.pattern, text)});
  std::ranges::sort(matching, {}, [&](const ShapeMatch& match) {
    return std::pair(own.rank[rule_of(match.pattern)], match.pattern);
  });
  std::vector<LogHit> hits;
  for (const auto& [pattern, captured] : matching) {
    const LogRule* rule = &own.rules[rule_of(pattern)];
    const bool is_first_of_rule = hits.empty() || hits.back().rule != rule;
    if (is_first_of_rule && !hits.empty() && own.general[rule_of(pattern)]) break;
    if (is_first_of_rule) hits.push_back({rule, rule->component, {}});
    LogHit& hit = hits.back();
    if (captured.component.bytes > 0) hit.component = captured.component.of(text);
    if (captured.source.bytes > 0) hit.source = captured.source.of(text);
  }
  for (LogHit& hit : hits) {
    const bool asks_who =
        hit.rule->log_class == LogClass::security || hit.rule->log_class == LogClass::context;
    if (asks_who && hit.source.empty()) hit.source = address_in(text);
  }
  return hits;
}

bool LogMatcher::may_match(std::string_view line) const {
  line = line.substr(0, matched_line_bytes);
  const ShapeVerdict& verdict = compiled_->verdict_of(line);
  thread_local std::string room;
  return !verdict.matches.empty() ||
         std::ranges::any_of(verdict.questions, [&](const DigitQuestion& question) {
           return question.fits(line) && compiled_->engine.matches(question.pattern, matchable(line, room));
         });
}

const LogRule* LogMatcher::find(std::string_view id) const {
  for (const LogRule& rule : compiled_->rules)
    if (rule.id == id) return &rule;
  return nullptr;
}

std::vector<std::string> LogMatcher::packs() const {
  return compiled_->packs;
}
const std::vector<LogRule>& LogMatcher::rules() const {
  return compiled_->rules;
}

}  // namespace nethealth
