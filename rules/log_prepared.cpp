#include "rules/log_prepared.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace nethealth {
namespace {

/// What parts records, fields, items, groups and pieces, the outermost first.
constexpr std::array<char, 5> separators = {1, 2, 3, 4, 5};
enum Level : std::uint8_t { record, field, item, group, piece };
constexpr std::size_t fields_of_a_rule = 15;

using Texts = std::vector<std::string>;

std::string join(const Texts& parts, Level level) {
  std::string all;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) all += separators[level];
    all += parts[i];
  }
  return all;
}

/// Nothing at all is no part.
std::vector<std::string_view> split(std::string_view text, Level level) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separators[level]), text.size());
    parts.push_back(text.substr(0, end));
    if (end + 1 == text.size()) parts.emplace_back();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool can_be_written(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c >= separators[0] && c <= separators[4]; });
}

std::string need_text(const LineNeed& need) {
  Texts groups;
  for (const auto& pieces : need.groups) groups.push_back(join(pieces, piece));
  return join(groups, group);
}

LineNeed need_in(std::string_view text) {
  LineNeed need;
  for (const std::string_view pieces : split(text, group)) {
    need.groups.emplace_back();
    for (const std::string_view literal : split(pieces, piece)) need.groups.back().emplace_back(literal);
  }
  return need;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc{};
}

template <class Enumeration>
std::string number_of(Enumeration value) {
  return std::to_string(static_cast<int>(value));
}

template <class Enumeration>
bool read_enumeration(std::string_view text, Enumeration& value) {
  int number = 0;
  if (!read_number(text, number)) return false;
  value = static_cast<Enumeration>(number);
  return true;
}

bool read_rule(const std::vector<std::string_view>& fields, LogRuleDraft& draft) {
  LogRule& rule = draft.rule;
  LogCount count;
  Milliseconds::rep within = 0;
  int broad = 0, general = 0;
  if (!read_enumeration(fields[2], rule.log_class) || !read_enumeration(fields[3], rule.cause) ||
      !read_enumeration(fields[4], rule.severity) || !read_number(fields[9], count.times) ||
      !read_number(fields[10], within) || !read_number(fields[11], broad) ||
      !read_number(fields[12], general))
    return false;
  rule.id = fields[0];
  rule.pack = fields[1];
  rule.component = fields[5];
  rule.title = {std::string(fields[6]), std::string(fields[7])};
  rule.threat = fields[8];
  count.within = Milliseconds(within);
  if (count.times > 1) rule.count = count;
  draft.broad = broad != 0;
  draft.general = general != 0;
  for (const std::string_view pattern : split(fields[13], item)) draft.patterns.emplace_back(pattern);
  for (const std::string_view unless : split(fields[14], item)) draft.unless.emplace_back(unless);
  return true;
}

}  // namespace

std::optional<std::string> write_prepared(const PreparedLogRules& rules) {
  Texts records;
  std::size_t next_need = 0;
  for (const LogRuleDraft& draft : rules.rules) {
    const LogRule& rule = draft.rule;
    const LogCount count = rule.count.value_or(LogCount{});
    Texts fields{rule.id,
                 rule.pack,
                 number_of(rule.log_class),
                 number_of(rule.cause),
                 number_of(rule.severity),
                 rule.component,
                 rule.title.ja,
                 rule.title.en,
                 rule.threat,
                 std::to_string(count.times),
                 std::to_string(count.within.count()),
                 draft.broad ? "1" : "0",
                 draft.general ? "1" : "0"};
    Texts needs;
    Texts all = fields;
    for (std::size_t i = 0; i < draft.patterns.size(); ++i, ++next_need) {
      needs.push_back(need_text(rules.needs[next_need]));
      for (const auto& pieces : rules.needs[next_need].groups)
        all.insert(all.end(), pieces.begin(), pieces.end());
    }
    for (const Texts& texts : {draft.patterns, draft.unless}) {
      fields.push_back(join(texts, item));
      all.insert(all.end(), texts.begin(), texts.end());
    }
    if (!std::all_of(all.begin(), all.end(), can_be_written)) return std::nullopt;
    fields.push_back(join(needs, item));
    records.push_back(join(fields, field));
  }
  if (!can_be_written(rules.everyday)) return std::nullopt;
  records.push_back(rules.everyday);
  return join(records, record);
}

std::optional<PreparedLogRules> read_prepared(std::string_view text) {
  PreparedLogRules rules;
  std::vector<std::string_view> records = split(text, record);
  if (records.empty()) return std::nullopt;
  rules.everyday = records.back();
  records.pop_back();
  for (const std::string_view one : records) {
    const std::vector<std::string_view> fields = split(one, field);
    LogRuleDraft draft;
    if (fields.size() != fields_of_a_rule + 1 || !read_rule(fields, draft)) return std::nullopt;
    const std::vector<std::string_view> needs = split(fields[fields_of_a_rule], item);
    if (needs.size() != draft.patterns.size()) return std::nullopt;
    for (const std::string_view need : needs) rules.needs.push_back(need_in(need));
    rules.rules.push_back(std::move(draft));
  }
  return rules;
}

}  // namespace nethealth
