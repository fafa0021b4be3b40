#include "rules/log_matcher.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

#include "rules/log_pack.hpp"
#include "rules/log_scanner.hpp"
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

/// Which of the patterns match a line, in one pass.
struct Engine {
  LogPatterns patterns;
  std::unique_ptr<LiteralScanner> literals;
  std::vector<std::vector<LinePattern>> unless;  ///< of a rule
  std::vector<std::size_t> rule_of;              ///< of a pattern

  [[nodiscard]] std::vector<int> match(std::string_view text) const {
    thread_local std::vector<int> found;
    found.clear();
    literals->scan(text, found);
    std::vector<int> matching = patterns.match(text, found);
    std::erase_if(matching, [&](int pattern) {
      const auto& exceptions = unless[rule_of[static_cast<std::size_t>(pattern)]];
      return std::any_of(exceptions.begin(), exceptions.end(),
                         [&](const LinePattern& exception) { return exception.found_in(text); });
    });
    return matching;
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
  explicit Compiled(Engine built) : engine(std::move(built)) {}
  Engine engine;
  std::vector<LogRule> rules;
  std::vector<bool> general;
  std::vector<std::size_t> rank;  ///< of a rule among the hits of one line: the most specific first
  std::vector<std::string> packs;
};

namespace {

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

/// What each rule does not mean.
std::vector<std::vector<LinePattern>> exceptions(const std::vector<LogRuleDraft>& drafts,
                                                 Problems& problems) {
  std::vector<std::vector<LinePattern>> all(drafts.size());
  for (std::size_t rule = 0; rule < drafts.size(); ++rule)
    for (std::size_t i = 0; i < drafts[rule].unless.size(); ++i) {
      all[rule].emplace_back(drafts[rule].unless[i]);
      if (const std::string error = all[rule].back().error(); !error.empty())
        problems.push_back(drafts[rule].unless_nodes[i].problem(error));
    }
  return all;
}

std::unique_ptr<LiteralScanner> make_literals(const std::vector<std::string>& literals) {
  auto fast = make_hyperscan_literals(literals);
  return fast ? std::move(fast) : make_re2_literals(literals);
}

}  // namespace

std::optional<LogMatcher> LogMatcher::compile(const std::vector<Node>& packs, Language language,
                                              Problems& problems) {
  const std::size_t problems_before = problems.size();
  LogPackDraft whole;
  for (const Node& pack : packs) read_log_pack(pack, language, whole, problems);
  const std::vector<LogRuleDraft>& drafts = whole.rules;

  std::vector<std::string> texts;
  std::vector<const Node*> places;
  std::vector<std::size_t> rule_of;
  std::vector<Draft> checks;
  for (const LogRuleDraft& draft : drafts) {
    checks.push_back({draft, {}});
    for (std::size_t i = 0; i < draft.patterns.size(); ++i) {
      checks.back().patterns.push_back(static_cast<int>(texts.size()));
      texts.push_back(draft.patterns[i]);
      places.push_back(&draft.pattern_nodes[i]);
      rule_of.push_back(checks.size() - 1);
    }
  }
  std::vector<PatternError> errors;
  LogPatterns patterns(texts, errors);
  for (const PatternError& error : errors) problems.push_back(places[error.pattern]->problem(error.what));
  std::vector<std::vector<LinePattern>> unless = exceptions(drafts, problems);
  Engine engine{std::move(patterns), nullptr, std::move(unless), std::move(rule_of)};
  if (errors.empty()) {
    engine.literals = make_literals(engine.patterns.literals());
    for (const Draft& check : checks) check_examples(engine, check, language, problems);
    for (const Node& line : whole.ordinary) check_ordinary(engine, drafts, line, language, problems);
  }
  if (problems.size() > problems_before) return std::nullopt;

  auto compiled = std::make_unique<Compiled>(std::move(engine));
  compiled->rank = ranks(drafts);
  for (const LogRuleDraft& draft : drafts) {
    compiled->general.push_back(draft.general);
    if (std::find(compiled->packs.begin(), compiled->packs.end(), draft.rule.pack) == compiled->packs.end())
      compiled->packs.push_back(draft.rule.pack);
    compiled->rules.push_back(draft.rule);
  }
  LogMatcher matcher(std::move(compiled));
  check_leads(matcher, drafts, language, problems);
  if (problems.size() > problems_before) return std::nullopt;
  return matcher;
}

LogMatcher::LogMatcher(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
LogMatcher::LogMatcher(LogMatcher&&) noexcept = default;
LogMatcher& LogMatcher::operator=(LogMatcher&&) noexcept = default;
LogMatcher::~LogMatcher() = default;

std::vector<LogHit> LogMatcher::match(std::string_view line, std::span<const std::string> packs) const {
  thread_local std::string room;
  const Compiled& own = *compiled_;
  const std::string_view text = matchable(line, room);
  std::vector<int> matching = own.engine.match(text);
  const auto rule_of = [&](int pattern) { return own.engine.rule_of[static_cast<std::size_t>(pattern)]; };
  std::erase_if(matching, [&](int pattern) {
    return !packs.empty() &&
           std::find(packs.begin(), packs.end(), own.rules[rule_of(pattern)].pack) == packs.end();
  });
  std::sort(matching.begin(), matching.end(), [&](int a, int b) {
    return std::pair(own.rank[rule_of(a)], a) < std::pair(own.rank[rule_of(b)], b);
  });
  std::vector<LogHit> hits;
  for (const int pattern : matching) {
    const LogRule* rule = &own.rules[rule_of(pattern)];
    const bool is_first_of_rule = hits.empty() || hits.back().rule != rule;
    if (is_first_of_rule && !hits.empty() && own.general[rule_of(pattern)]) break;
    if (is_first_of_rule) hits.push_back({rule, rule->component, {}});
    auto captured = own.engine.patterns.capture(pattern, text);
    LogHit& hit = hits.back();
    if (!captured.component.empty()) hit.component = std::move(captured.component);
    if (!captured.source.empty()) hit.source = std::move(captured.source);
  }
  for (LogHit& hit : hits) {
    const bool asks_who =
        hit.rule->log_class == LogClass::security || hit.rule->log_class == LogClass::context;
    if (asks_who && hit.source.empty()) hit.source = address_in(text);
  }
  return hits;
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
