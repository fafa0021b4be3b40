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
  const bool good = parts && (parts->scheme == "udp" || parts->scheme == "tcp" || parts->scheme == "tls") &&
                    parts->rest.empty() &&
                    (canonical_address(parts->host) || parts->host == "0.0.0.0" || parts->host == "::");
  if (text && !good)
    read.unexpected(node, "syslog",
                    {"自分の側の udp://、tcp://、tls:// のどれかとアドレス:ポート を書いてください",
                     "an own udp://ADDRESS:PORT, tcp://ADDRESS:PORT or tls://ADDRESS:PORT"});
  if (!good) return;
  const bool is_v6 = parts->host.find(':') != std::string::npos;
  log.syslog = parts->scheme + "://" + (is_v6 ? "[" + parts->host + "]" : parts->host) + ":" +
               std::to_string(parts->port.value_or(parts->scheme == "tls" ? syslog_tls_port : syslog_port));
}

void load_file_name(Loading& load, const Node& map, std::string_view key, std::string& name) {
  const Node* node = map.find(key);
  if (node == nullptr) return;
  if (const auto text = load.read.text(*node, key)) name = resolve(load.folder, *text);
}

/// The certificate of a tls:// place may stand at any one of the devices that send there.
void load_seal(Loading& load, const Node& node, LogSource& log) {
  Reader& read = load.read;
  const Node* clients = node.find("clients");
  load_file_name(load, node, "certificate", log.seal.certificate);
  load_file_name(load, node, "key_file", log.seal.key_file);
  if (clients != nullptr && read.map(*clients, "clients", keys::syslog_clients)) {
    if (read.require(*clients, "certificate_authority") != nullptr)
      load_file_name(load, *clients, "certificate_authority", log.seal.certificate_authority);
    if (const Node* required = clients->find("required"))
      set(log.seal.certificate_required, read.flag(*required, "required"));
  }
  const bool is_tls = log.syslog.starts_with("tls://");
  const bool any =
      node.find("certificate") != nullptr || node.find("key_file") != nullptr || clients != nullptr;
  if (!is_tls) {
    if (any)
      read.report(node, {"certificate、key_file、clients は tls:// だけで使えます",
                         "found certificate, key_file or clients, expected them only with tls://"});
    return;
  }
  if (!any) {
    load.unsealed_logs.emplace_back(log.syslog, &node);
    return;
  }
  if (log.seal.certificate.empty() || log.seal.key_file.empty()) {
    read.report(node, {"certificate と key_file の両方を書いてください",
                       "found one or none of certificate and key_file, expected both"});
    return;
  }
  const auto [known, is_new] = load.seals.emplace(log.syslog, log.seal);
  if (!is_new && known->second != log.seal)
    read.report(node,
                {"{0} は別の機器で違う証明書で書かれています",
                 "{0} has other certificates at another device, expected the same"},
                {log.syslog});
}

void load_journal(Loading& load, const Node& node, LogSource& log) {
  Reader& read = load.read;
  JournalSource& journal = log.journal.emplace();
  const Node& where = *node.find("journal");
  if (where.value != "true" || where.quoted) {
    const auto text = read.text(where, "journal");
    if (text && (*text == "false" || text->empty()))
      read.unexpected(
          where, "journal",
          {"true か、ジャーナルのフォルダーを書いてください", "true, or a folder of journal files"});
    else if (text)
      journal.folder = resolve(load.folder, *text);
  }
  if (const Node* units = node.find("units"))
    for (const Node* item : read.one_or_more(*units, "units"))
      if (const auto text = read.text(*item, "units")) journal.units.push_back(*text);
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

void finish_seals(Loading& load) {
  for (Device& device : load.site.devices)
    for (LogSource& log : device.logs)
      if (const auto seal = load.seals.find(log.syslog); seal != load.seals.end()) log.seal = seal->second;
  for (const auto& [place, node] : load.unsealed_logs)
    if (!load.seals.contains(place))
      load.read.report(*node,
                       {"{0} には certificate と key_file が要ります", "{0} needs certificate and key_file"},
                       {place});
}

/// A time, `auto` (learned; the default) or `never`.
void load_expected(Reader& read, const Node& node, LogSource& log) {
  const bool is_word = node.kind == Node::Kind::scalar && (node.value == "auto" || node.value == "never");
  if (is_word)
    log.learns_silence = node.value == "auto";
  else
    log.expect_within = read.duration(node, "expect_within", shortest_expected, longest_expected);
}

LogSource load_log(Loading& load, const Node& node) {
  Reader& read = load.read;
  LogSource log;
  log.encoding = "auto";
  const bool is_map = node.kind == Node::Kind::map;
  const Node* syslog = is_map ? node.find("syslog") : nullptr;
  const Node* journal = is_map ? node.find("journal") : nullptr;
  const KeySet& known = journal != nullptr  ? keys::journal_log
                        : syslog != nullptr ? keys::syslog_log
                                            : keys::log;
  if (!read.map(node, "logs", known)) return log;
  if (journal != nullptr) {
    load_journal(load, node, log);
  } else if (syslog != nullptr) {
    load_listener(read, *syslog, log);
    load_seal(load, node, log);
  } else if (const Node* path = read.require(node, "path")) {
    if (const auto text = read.text(*path, "path")) log.path = resolve(load.folder, *text);
  }
  if (const Node* encoding = node.find("encoding")) load_encoding(read, *encoding, log);
  if (const Node* rules = node.find("rules")) load_packs(load, *rules, log);
  if (const Node* join = node.find("join")) load_join(read, *join, log);
  if (const Node* expect = node.find("expect_within")) load_expected(read, *expect, log);
  if (const Node* clock = node.find("clock_within"))
    set(log.clock_within, read.duration(*clock, "clock_within", least_clock_limit, most_clock_limit));
  return log;
}

}  // namespace nethealth
