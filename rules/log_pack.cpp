#include "rules/log_pack.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace nethealth {
namespace {

constexpr int most_counted = 10'000;
constexpr Milliseconds longest_window = std::chrono::hours(24);

constexpr std::array<std::pair<std::string_view, LogClass>, 5> class_words = {
    {{"hardware", LogClass::hardware},
     {"software", LogClass::software},
     {"network", LogClass::network},
     {"security", LogClass::security},
     {"context", LogClass::context}}};
constexpr std::array<std::string_view, 13> threat_rows = {"1a", "1b", "2a", "2b", "2c", "3a", "3b",
                                                          "3c", "3d", "3e", "3f", "3g", "3h"};

bool is_misconduct(Cause cause) {
  return cause == Cause::misuse || cause == Cause::unauthorised_access || cause == Cause::malware ||
         cause == Cause::unknown_device || cause == Cause::other;
}

class PackReader {
 public:
  PackReader(Language language, Problems& problems) : language_(language), problems_(problems) {}

  void read(const Node& document, LogPackDraft& draft) {
    check_keys(document, {"pack", "rules", "ordinary"});
    std::vector<LogRuleDraft>& rules = draft.rules;
    for (Node& line : texts(document, "ordinary", false)) draft.ordinary.push_back(std::move(line));
    const std::string pack = text(document, "pack");
    const Node* list = document.find("rules");
    if (!list || list->kind != Node::Kind::list)
      return tell(document, {"rules: の一覧がありません。", "the list rules: is missing"});
    for (const Node& item : list->items) {
      const std::size_t problems_before = problems_.size();
      LogRuleDraft rule = read_rule(item, pack);
      const bool taken = std::any_of(rules.begin(), rules.end(), [&](const LogRuleDraft& other) {
        return other.rule.id == rule.rule.id;
      });
      if (taken)
        tell(item, {"同じ id の規則がすでにあります: ", "another rule has this id already: "}, rule.rule.id);
      if (problems_.size() == problems_before) rules.push_back(std::move(rule));
    }
  }

 private:
  void tell(const Node& node, Phrase phrase, const std::string& detail = {}) {
    problems_.push_back(node.problem(std::string(phrase.in(language_)) + detail));
  }

  void check_keys(const Node& node, const std::vector<std::string_view>& known) {
    for (const auto& [key, value] : node.entries) {
      if (std::find(known.begin(), known.end(), key.value) != known.end()) continue;
      const std::string nearest = nearest_word(key.value, known);
      tell(key, {"知らないキーです: ", "unknown key: "},
           key.value + (nearest.empty() ? "" : " (" + nearest + "?)"));
    }
  }

  std::string text(const Node& node, std::string_view key, bool required = true) {
    const Node* value = node.find(key);
    if (value && value->kind == Node::Kind::scalar && !value->value.empty()) return value->value;
    if (value || required)
      tell(value ? *value : node, {"文字列が要ります: ", "a text is needed: "}, std::string(key));
    return {};
  }

  /// One text or a list of texts.
  std::vector<Node> texts(const Node& node, std::string_view key, bool required) {
    const Node* value = node.find(key);
    std::vector<Node> all;
    if (value && value->kind == Node::Kind::scalar) all.push_back(*value);
    if (value && value->kind == Node::Kind::list) all = value->items;
    const bool good = std::all_of(all.begin(), all.end(), [](const Node& item) {
      return item.kind == Node::Kind::scalar && !item.value.empty();
    });
    if (good && (!all.empty() || (!value && !required))) return all;
    tell(value ? *value : node, {"文字列か、その一覧が要ります: ", "a text or a list of texts is needed: "},
         std::string(key));
    return {};
  }

  template <class Value, class Find>
  Value chosen(const Node& node, std::string_view key, Value otherwise, bool required, Find find) {
    const Node* value = node.find(key);
    if (!value && !required) return otherwise;
    const std::string word = text(node, key);
    if (word.empty()) return otherwise;
    if (const auto found = find(word)) return *found;
    tell(*value, {"この語は使えません: ", "not a word that is known here: "}, word);
    return otherwise;
  }

  LogRuleDraft read_rule(const Node& node, const std::string& pack) {
    check_keys(node, {"id", "class", "cause", "severity", "component", "title", "pattern", "example",
                      "counter_example", "count", "threat", "unless", "broad", "general"});
    LogRuleDraft draft;
    LogRule& rule = draft.rule;
    rule.pack = pack;
    rule.id = pack + "." + text(node, "id");
    rule.log_class = chosen(node, "class", LogClass::software, true, [](std::string_view word) {
      const auto at =
          std::find_if(class_words.begin(), class_words.end(), [&](auto& row) { return row.first == word; });
      return at == class_words.end() ? std::nullopt : std::optional(at->second);
    });
    rule.cause = chosen(node, "cause", Cause::unknown, rule.log_class != LogClass::context,
                        [](std::string_view word) { return nethealth::cause(word); });
    rule.severity = chosen(node, "severity", Severity::at_risk, false,
                           [](std::string_view word) { return nethealth::severity(word); });
    rule.component = text(node, "component", false);
    rule.threat = chosen(
        node, "threat", std::string(), rule.log_class == LogClass::security, [](const std::string& word) {
          const bool known = std::find(threat_rows.begin(), threat_rows.end(), word) != threat_rows.end();
          return known ? std::optional(word) : std::nullopt;
        });
    const auto truth = [](std::string_view word) {
      return word == "true" ? std::optional(true) : word == "false" ? std::optional(false) : std::nullopt;
    };
    draft.broad = chosen(node, "broad", false, false, truth);
    draft.general = chosen(node, "general", false, false, truth);
    if ((rule.log_class == LogClass::security) != is_misconduct(rule.cause) &&
        rule.log_class != LogClass::context)
      tell(node, {"class と cause が合いません（security は不正行為の原因だけ）。",
                  "class and cause do not go together (security has the causes of misconduct, and only it)"});
    read_title(node, rule);
    read_count(node, rule);
    read_texts(node, draft);
    return draft;
  }

  void read_title(const Node& node, LogRule& rule) {
    const Node* title = node.find("title");
    if (!title || title->kind != Node::Kind::map)
      return tell(title ? *title : node,
                  {"title: {ja: ..., en: ...} が要ります。", "title: {ja: ..., en: ...} is needed"});
    check_keys(*title, {"ja", "en"});
    rule.title = {text(*title, "ja"), text(*title, "en")};
  }

  void read_count(const Node& node, LogRule& rule) {
    const Node* count = node.find("count");
    if (!count) return;
    check_keys(*count, {"times", "within"});
    LogCount value;
    const std::string times = text(*count, "times");
    const auto within = parse_duration(text(*count, "within"));
    std::from_chars(times.data(), times.data() + times.size(), value.times);
    if (value.times < 2 || value.times > most_counted || !within || *within <= Milliseconds(0) ||
        *within > longest_window)
      return tell(*count, {"count は {times: 2 以上, within: 24h まで} です。",
                           "count is {times: 2 or more, within: up to 24h}"});
    value.within = *within;
    rule.count = value;
  }

  void read_texts(const Node& node, LogRuleDraft& draft) {
    draft.pattern_nodes = texts(node, "pattern", true);
    draft.unless_nodes = texts(node, "unless", false);
    draft.example_nodes = texts(node, "example", true);
    draft.counter_example_nodes = texts(node, "counter_example", false);
    for (const Node& pattern : draft.pattern_nodes) draft.patterns.push_back(pattern.value);
    for (const Node& unless : draft.unless_nodes) draft.unless.push_back(unless.value);
  }

  Language language_;
  Problems& problems_;
};

}  // namespace

void read_log_pack(const Node& document, Language language, LogPackDraft& draft, Problems& problems) {
  PackReader(language, problems).read(document, draft);
}

}  // namespace nethealth
