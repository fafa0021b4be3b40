#include <algorithm>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_expected = std::chrono::seconds(10);
constexpr Milliseconds longest_expected = std::chrono::days(60);
constexpr Milliseconds least_clock_limit = std::chrono::seconds(1);
constexpr Milliseconds most_clock_limit = std::chrono::days(1);

void load_listener(Reader& read, const Node& node, LogSource& log) {
  const auto text = read.text(node, "syslog");
  const auto parts = text ? split_url(*text) : std::nullopt;
  const bool good = parts && (parts->scheme == "udp" || parts->scheme == "tcp") && parts->rest.empty() &&
                    (canonical_address(parts->host) || parts->host == "0.0.0.0" || parts->host == "::");
  if (text && !good)
    read.unexpected(node, "syslog",
                    {"自分の側の udp://アドレス:ポート か tcp://アドレス:ポート を書いてください",
                     "an own udp://ADDRESS:PORT or tcp://ADDRESS:PORT"});
  if (!good) return;
  const bool is_v6 = parts->host.find(':') != std::string::npos;
  log.syslog = parts->scheme + "://" + (is_v6 ? "[" + parts->host + "]" : parts->host) + ":" +
               std::to_string(parts->port.value_or(514));
}

void load_encoding(Reader& read, const Node& node, LogSource& log) {
  const std::vector<std::string_view> known = log_encodings();
  const bool is_known =
      node.kind == Node::Kind::scalar && std::find(known.begin(), known.end(), node.value) != known.end();
  if (is_known) log.encoding = node.value;
  if (!is_known) read.unknown_word(node, "encoding", known);
}

/// Shapes of entries that are often met, by name.
struct JoinShape {
  std::string_view name;
  const char* starts;
  const char* continues;
};
constexpr JoinShape join_shapes[] = {
    {"indented", "", R"(^\s)"},
    {"java", "", R"(^(?:\s|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames)))"},
    // An entry begins with its date, as of databases and of Windows events of many lines.
    {"dated",
     R"(^\W{0,2}(?:<\d{1,3}>)?(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[-/](?:[A-Z][a-z]{2}|\d{2})[-/]\d{4}|)"
     R"((?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} [ \d]?\d\b))",
     ""}};

/// The name of a shape, or {starts: PATTERN} or {continues: PATTERN}.
void load_join(Reader& read, const Node& node, LogSource& log) {
  log.join.written = {node.file, node.line, node.column};
  if (node.kind == Node::Kind::scalar) {
    std::vector<std::string_view> known;
    for (const JoinShape& shape : join_shapes) {
      known.push_back(shape.name);
      if (shape.name != node.value) continue;
      log.join.starts = shape.starts;
      log.join.continues = shape.continues;
    }
    if (!log.join.any()) read.unknown_word(node, "join", known);
    return;
  }
  if (!read.map(node, "join", keys::log_join)) return;
  const Node* starts = node.find("starts");
  const Node* continues = node.find("continues");
  if ((starts != nullptr) == (continues != nullptr)) {
    read.report(node, {"starts か continues のどちらか一方を書いてください",
                       "found both or none of starts and continues, expected one"});
    return;
  }
  const Node& pattern = starts != nullptr ? *starts : *continues;
  log.join.written = {pattern.file, pattern.line, pattern.column};
  set(starts != nullptr ? log.join.starts : log.join.continues,
      read.text(pattern, starts != nullptr ? "starts" : "continues"));
}

void load_packs(Loading& load, const Node& node, LogSource& log) {
  Reader& read = load.read;
  const std::vector<std::string_view> known(load.log_packs.begin(), load.log_packs.end());
  for (const Node* item : read.one_or_more(node, "rules")) {
    const auto text = read.text(*item, "rules");
    if (!text) continue;
    const bool is_known = known.empty() || std::find(known.begin(), known.end(), *text) != known.end();
    if (!is_known) read.unknown_word(*item, "rules", known);
    log.rules.push_back(*text);
  }
}

}  // namespace

LogSource load_log(Loading& load, const Node& node) {
  Reader& read = load.read;
  LogSource log;
  log.encoding = "auto";
  const Node* syslog = node.kind == Node::Kind::map ? node.find("syslog") : nullptr;
  if (!read.map(node, "logs", syslog != nullptr ? keys::syslog_log : keys::log)) return log;
  if (syslog != nullptr) {
    load_listener(read, *syslog, log);
  } else if (const Node* path = read.require(node, "path")) {
    if (const auto text = read.text(*path, "path")) log.path = resolve(load.folder, *text);
  }
  if (const Node* encoding = node.find("encoding")) load_encoding(read, *encoding, log);
  if (const Node* rules = node.find("rules")) load_packs(load, *rules, log);
  if (const Node* join = node.find("join")) load_join(read, *join, log);
  if (const Node* expect = node.find("expect_within"))
    log.expect_within = read.duration(*expect, "expect_within", shortest_expected, longest_expected);
  if (const Node* clock = node.find("clock_within"))
    set(log.clock_within, read.duration(*clock, "clock_within", least_clock_limit, most_clock_limit));
  return log;
}

}  // namespace nethealth
