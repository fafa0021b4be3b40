#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <utility>

#include "probes/snmp_objects.hpp"

#include "probes/sensor_pack.hpp"

namespace nethealth {
namespace {

constexpr std::string_view ignore_word = "ignore";
constexpr std::string_view common_words = "words";

struct CommonWord {
  std::string_view text;
  SensorStatus status;
};

/// What agents write where they answer in words, in lower case. Anything else stays unknown.
constexpr std::array<CommonWord, 44> common_status_words{{
    {"ok", SensorStatus::ok},
    {"okay", SensorStatus::ok},
    {"normal", SensorStatus::ok},
    {"good", SensorStatus::ok},
    {"healthy", SensorStatus::ok},
    {"on", SensorStatus::ok},
    {"up", SensorStatus::ok},
    {"online", SensorStatus::ok},
    {"active", SensorStatus::ok},
    {"running", SensorStatus::ok},
    {"operational", SensorStatus::ok},
    {"optimal", SensorStatus::ok},
    {"no fault", SensorStatus::ok},
    {"no error", SensorStatus::ok},
    {"warning", SensorStatus::warning},
    {"minor", SensorStatus::warning},
    {"non-critical", SensorStatus::warning},
    {"noncritical", SensorStatus::warning},
    {"degraded", SensorStatus::warning},
    {"predictive failure", SensorStatus::warning},
    {"attention", SensorStatus::warning},
    {"caution", SensorStatus::warning},
    {"rebuilding", SensorStatus::warning},
    {"critical", SensorStatus::failed},
    {"major", SensorStatus::failed},
    {"error", SensorStatus::failed},
    {"alarm", SensorStatus::failed},
    {"bad", SensorStatus::failed},
    {"fail", SensorStatus::failed},
    {"failed", SensorStatus::failed},
    {"failure", SensorStatus::failed},
    {"fault", SensorStatus::failed},
    {"faulty", SensorStatus::failed},
    {"down", SensorStatus::failed},
    {"offline", SensorStatus::failed},
    {"abnormal", SensorStatus::failed},
    {"non-recoverable", SensorStatus::failed},
    {"nonrecoverable", SensorStatus::failed},
    {"absent", SensorStatus::absent},
    {"not present", SensorStatus::absent},
    {"notpresent", SensorStatus::absent},
    {"not installed", SensorStatus::absent},
    {"empty", SensorStatus::absent},
    {"n/a", SensorStatus::absent},
}};

using Keys = std::vector<std::string_view>;

const Keys pack_keys{"pack", "match", "shows", "under", "tables", "scalars"};
const Keys rule_keys{"label", "source", "under", "gate",   "status",    "value", "text",      "name",
                     "class", "states", "bits",  "limits", "otherwise", "when",  "skip_names"};
const Keys value_keys{"of", "scale", "unit", "units", "scale_of", "precision_of", "percent_of", "absent"};
const Keys name_keys{"of", "text"};
const Keys class_keys{"of", "map", "default"};
const Keys state_keys{"status", "text", "class", "name"};
const Keys condition_keys{"of", "scalar", "is", "not"};
const Keys limit_keys{"above", "below", "scale", "status"};

/// Reads one pack; every mistake is noted with its place, and reading goes on.
class Compiler {
 public:
  Compiler(Language language, Problems& problems) : language_(language), problems_(problems) {}

  /// Everything but the rules.
  SensorPack head(const Node& root, const std::string& file) {
    SensorPack pack;
    pack.file = file;
    if (!known_keys(root, pack_keys)) return pack;
    pack.name = text_at(root, "pack", true);
    if (const Node* under = root.find("under")) pack_under_ = oid(*under, {});
    read_match(root, pack);
    return pack;
  }

  SensorPack pack(const Node& root, const std::string& file) {
    SensorPack pack = head(root, file);
    if (root.kind != Node::Kind::map) return pack;
    for (const auto& [key, scalar] : {std::pair{"tables", false}, std::pair{"scalars", true}}) {
      const Node* list = root.find(key);
      if (list == nullptr || !is(*list, Node::Kind::list)) continue;
      for (const Node& item : list->items) pack.rules.push_back(rule(item, scalar));
    }
    if (pack.rules.empty()) {
      complain(root, {"tables か scalars に1つ以上の項目が必要です。",
                      "tables or scalars need at least one entry"});
    }
    unique_labels(root, pack);
    return pack;
  }

 private:
  void complain(const Node& at, Phrase phrase, const std::string& detail = {}) {
    std::string message(phrase.in(language_));
    if (!detail.empty()) message += ": " + detail;
    problems_.push_back(at.problem(std::move(message)));
  }

  bool is(const Node& node, Node::Kind kind) {
    if (node.kind == kind) return true;
    switch (kind) {
      case Node::Kind::map:
        complain(node, {"「キー: 値」の組が必要です。", "expected a map of keys"});
        break;
      case Node::Kind::list:
        complain(node, {"一覧（リスト）が必要です。", "expected a list"});
        break;
      default:
        complain(node, {"1つの値が必要です。", "expected a single value"});
        break;
    }
    return false;
  }

  bool known_keys(const Node& node, const Keys& keys) {
    if (!is(node, Node::Kind::map)) return false;
    for (const auto& [key, value] : node.entries) {
      if (std::find(keys.begin(), keys.end(), key.value) != keys.end()) continue;
      const std::string near = nearest_word(key.value, keys);
      complain(key, {"知らないキーです", "unknown key"},
               near.empty() ? key.value : key.value + " (" + near + "?)");
    }
    return true;
  }

  std::string text_at(const Node& node, std::string_view key, bool required) {
    const Node* found = node.find(key);
    if (found == nullptr) {
      if (required) complain(node, {"キーが足りません", "missing key"}, std::string(key));
      return {};
    }
    return is(*found, Node::Kind::scalar) ? found->value : std::string();
  }

  /// A leading dot continues the rule's or the pack's `under`.
  Oid oid(const Node& node, const Oid& under) {
    if (!is(node, Node::Kind::scalar)) return {};
    std::string_view text = node.value;
    const bool relative = !text.empty() && text.front() == '.';
    if (relative) text.remove_prefix(1);
    const auto parsed = parse_oid(text);
    if (!parsed || (relative && under.empty())) {
      complain(node,
               {"OIDではありません（先頭の「.」は under の続きを表します）",
                "not an object identifier (a leading dot continues `under`)"},
               node.value);
      return {};
    }
    return relative ? joined(under, *parsed) : *parsed;
  }

  std::optional<Oid> oid_at(const Node& node, std::string_view key, const Oid& under) {
    const Node* found = node.find(key);
    if (found == nullptr) return std::nullopt;
    return oid(*found, under);
  }

  std::vector<Oid> oids(const Node& node, const Oid& under) {
    std::vector<Oid> list;
    if (node.kind != Node::Kind::list) return {oid(node, under)};
    for (const Node& item : node.items) list.push_back(oid(item, under));
    return list;
  }

  std::vector<std::string> texts(const Node& node) {
    std::vector<std::string> list;
    if (node.kind == Node::Kind::scalar) return {node.value};
    if (!is(node, Node::Kind::list)) return {};
    for (const Node& item : node.items) {
      if (is(item, Node::Kind::scalar)) list.push_back(item.value);
    }
    return list;
  }

  std::optional<double> number(const Node& node) {
    if (!is(node, Node::Kind::scalar)) return std::nullopt;
    double value = 0;
    const char* end = node.value.data() + node.value.size();
    const auto [stop, error] = std::from_chars(node.value.data(), end, value);
    if (error == std::errc{} && stop == end && !node.value.empty()) return value;
    complain(node, {"数ではありません", "not a number"}, node.value);
    return std::nullopt;
  }

  double number_at(const Node& node, std::string_view key, double without) {
    const Node* found = node.find(key);
    return found == nullptr ? without : number(*found).value_or(without);
  }

  SensorClass class_word(const Node& node) {
    if (!is(node, Node::Kind::scalar)) return SensorClass::other;
    if (const auto found = sensor_class(node.value)) return *found;
    complain(node, {"センサーの種類ではありません", "not a sensor class"}, node.value);
    return SensorClass::other;
  }

  SensorStatus status_word(const Node& node) {
    if (!is(node, Node::Kind::scalar)) return SensorStatus::unknown;
    if (const auto found = sensor_status(node.value)) return *found;
    complain(node,
             {"状態ではありません（ok、warning、failed、absent、unknown、ignore）",
              "not a status (ok, warning, failed, absent, unknown, ignore)"},
             node.value);
    return SensorStatus::unknown;
  }

  SensorState state(const Node& node) {
    SensorState state;
    if (node.kind == Node::Kind::scalar && node.value == ignore_word) {
      state.ignore = true;
      return state;
    }
    if (node.kind != Node::Kind::map) {
      state.status = status_word(node);
      return state;
    }
    known_keys(node, state_keys);
    if (const Node* status = node.find("status")) {
      state.status = status_word(*status);
    } else {
      complain(node, {"キーが足りません", "missing key"}, "status");
    }
    if (const Node* changed = node.find("class")) state.sensor_class = class_word(*changed);
    state.text = text_at(node, "text", false);
    state.name = text_at(node, "name", false);
    return state;
  }

  void read_match(const Node& root, SensorPack& pack) {
    const Node* match = root.find("match");
    if (match == nullptr) {
      complain(root, {"キーが足りません", "missing key"}, "match");
    } else if (match->kind == Node::Kind::scalar && match->value == "always") {
      pack.always = true;
    } else if (is(*match, Node::Kind::list)) {
      pack.match = oids(*match, pack_under_);
    }
    const Node* shows = root.find("shows");
    if (shows == nullptr || !is(*shows, Node::Kind::list)) return;
    for (const Node& item : shows->items) {
      const Oid shown = oid(item, pack_under_);
      if (starts_with(shown, snmp_object::enterprises) && shown.size() > snmp_object::enterprises.size()) {
        pack.shows.push_back(shown);
      } else {
        complain(item, {"1.3.6.1.4.1.番号 で始まるOIDが必要です", "expected an identifier under 1.3.6.1.4.1"},
                 item.value);
      }
    }
  }

  void unique_labels(const Node& root, const SensorPack& pack) {
    std::set<std::string> labels;
    for (const SensorRule& rule : pack.rules) {
      if (!labels.insert(rule.label).second)
        complain(root, {"同じ label が2つあります", "label used twice"}, rule.label);
    }
  }

  SensorRule rule(const Node& node, bool scalar) {
    SensorRule rule;
    rule.scalar = scalar;
    if (!known_keys(node, rule_keys)) return rule;
    const Oid under = node.find("under") != nullptr ? oid(*node.find("under"), pack_under_) : pack_under_;
    rule.label = text_at(node, "label", true);
    rule.source = text_at(node, "source", true);
    rule.gate = oid_at(node, "gate", under);
    rule.status = oid_at(node, "status", under);
    rule.text = oid_at(node, "text", under);
    if (const Node* value = node.find("value")) read_value(*value, under, rule);
    if (const Node* name = node.find("name")) read_name(*name, under, rule);
    if (const Node* word = node.find("class")) read_class(*word, under, rule);
    read_states(node, rule);
    if (const Node* when = node.find("when")) read_conditions(*when, under, rule);
    if (const Node* limits = node.find("limits")) read_limits(*limits, under, rule);
    if (const Node* skip = node.find("skip_names")) rule.skip_names = texts(*skip);
    if (!rule.status && !rule.value) {
      complain(node, {"status か value のどちらかが必要です。", "status or value is needed"});
    }
    if (rule.status && rule.states.empty() && rule.bits.empty()) {
      complain(node, {"status には states か bits が必要です。", "status needs states or bits"});
    }
    return rule;
  }

  void read_value(const Node& node, const Oid& under, SensorRule& rule) {
    if (node.kind == Node::Kind::scalar) {
      rule.value = oid(node, under);
      return;
    }
    if (!known_keys(node, value_keys)) return;
    rule.value = oid_at(node, "of", under);
    if (!rule.value) complain(node, {"キーが足りません", "missing key"}, "of");
    rule.scale = number_at(node, "scale", 1);
    rule.unit = text_at(node, "unit", false);
    rule.scale_oid = oid_at(node, "scale_of", under);
    rule.precision_oid = oid_at(node, "precision_of", under);
    rule.percent_of = oid_at(node, "percent_of", under);
    if (const Node* absent = node.find("absent")) rule.absent_values = texts(*absent);
    if (const Node* units = node.find("units"); units != nullptr && is(*units, Node::Kind::map)) {
      for (const auto& [key, unit] : units->entries) {
        if (is(unit, Node::Kind::scalar)) rule.units[key.value] = unit.value;
      }
    }
  }

  void read_name(const Node& node, const Oid& under, SensorRule& rule) {
    if (node.kind != Node::Kind::map) {
      rule.names = oids(node, under);
      return;
    }
    known_keys(node, name_keys);
    if (const Node* columns = node.find("of")) rule.names = oids(*columns, under);
    rule.name_text = text_at(node, "text", true);
  }

  void read_class(const Node& node, const Oid& under, SensorRule& rule) {
    if (node.kind != Node::Kind::map) {
      rule.sensor_class = class_word(node);
      return;
    }
    known_keys(node, class_keys);
    rule.class_oid = oid_at(node, "of", under);
    if (!rule.class_oid) complain(node, {"キーが足りません", "missing key"}, "of");
    if (const Node* without = node.find("default")) rule.sensor_class = class_word(*without);
    const Node* map = node.find("map");
    if (map == nullptr || !is(*map, Node::Kind::map)) return;
    for (const auto& [key, value] : map->entries) rule.classes[key.value] = class_word(value);
  }

  void read_states(const Node& node, SensorRule& rule) {
    if (const Node* words = node.find("states");
        words != nullptr && words->kind == Node::Kind::scalar && words->value == common_words) {
      for (const CommonWord& word : common_status_words) {
        rule.states[std::string(word.text)].status = word.status;
        if (word.status != SensorStatus::ok) rule.states[std::string(word.text)].text = word.text;
      }
    } else if (const Node* states = node.find("states"); states != nullptr && is(*states, Node::Kind::map)) {
      if (states->entries.size() > max_sensor_states)
        complain(*states, {"states が多すぎます。", "too many states"});
      for (const auto& [key, value] : states->entries) rule.states[lower_status(key.value)] = state(value);
    }
    if (const Node* bits = node.find("bits"); bits != nullptr && is(*bits, Node::Kind::map)) {
      for (const auto& [key, value] : bits->entries) {
        constexpr double most = 1'024;
        const auto bit = number(key);
        if (!bit) continue;
        if (*bit < 0 || *bit > most || *bit != static_cast<int>(*bit)) {
          complain(key, {"ビット番号は0から1024の整数です。", "a bit is a whole number from 0 to 1024"});
          continue;
        }
        rule.bits[static_cast<int>(*bit)] = state(value);
      }
    }
    if (const Node* otherwise = node.find("otherwise")) rule.otherwise = state(*otherwise);
  }

  void read_conditions(const Node& node, const Oid& under, SensorRule& rule) {
    if (!is(node, Node::Kind::list)) return;
    for (const Node& item : node.items) {
      if (!known_keys(item, condition_keys)) continue;
      SensorCondition condition;
      const auto column = oid_at(item, "of", under);
      const auto scalar = oid_at(item, "scalar", under);
      const Node* among = item.find("is");
      const Node* not_among = item.find("not");
      if (column.has_value() == scalar.has_value() || (among == nullptr) == (not_among == nullptr)) {
        complain(item, {"of か scalar の一方と、is か not の一方が必要です。",
                        "needs one of `of` and `scalar`, and one of `is` and `not`"});
        continue;
      }
      condition.scalar = scalar.has_value();
      condition.oid = scalar ? *scalar : *column;
      condition.among = among != nullptr;
      condition.values = texts(among != nullptr ? *among : *not_among);
      rule.conditions.push_back(std::move(condition));
    }
  }

  void read_limits(const Node& node, const Oid& under, SensorRule& rule) {
    if (!is(node, Node::Kind::list)) return;
    for (const Node& item : node.items) {
      if (!known_keys(item, limit_keys)) continue;
      const Node* above = item.find("above");
      const Node* below = item.find("below");
      if ((above == nullptr) == (below == nullptr)) {
        complain(item, {"above か below の一方が必要です。", "needs one of `above` and `below`"});
        continue;
      }
      const Node& bound = above != nullptr ? *above : *below;
      SensorLimit limit;
      limit.above = above != nullptr;
      limit.scale = number_at(item, "scale", 1);
      const bool is_oid =
          std::count(bound.value.begin(), bound.value.end(), '.') > 1 || bound.value.starts_with('.');
      if (is_oid) {
        limit.oid = oid(bound, under);
      } else {
        limit.fixed = number(bound).value_or(0);
      }
      if (const Node* status = item.find("status")) limit.status = status_word(*status);
      rule.limits.push_back(limit);
    }
  }

  Language language_;
  Problems& problems_;
  Oid pack_under_;
};

bool has_error(const Problems& problems, std::size_t from) {
  return std::any_of(problems.begin() + static_cast<std::ptrdiff_t>(from), problems.end(),
                     [](const Problem& problem) { return !problem.warning; });
}

}  // namespace

std::vector<SensorPack> compile_sensor_packs(const std::vector<Node>& documents, Language language,
                                             Problems& problems) {
  std::vector<SensorPack> packs;
  std::size_t rules = 0;
  for (const Node& root : documents) {
    const std::size_t before = problems.size();
    SensorPack pack = Compiler(language, problems).pack(root, root.file);
    rules += pack.rules.size();
    if (rules > max_sensor_rules) {
      problems.push_back(root.problem(std::string(
          Phrase{"センサーの項目が多すぎます。", "too many sensor rules in all packs together"}.in(
              language))));
    }
    if (!has_error(problems, before)) packs.push_back(std::move(pack));
  }
  return packs;
}

std::vector<SensorPack> compile_sensor_packs(const std::vector<EmbeddedFile>& files, Language language,
                                             Problems& problems) {
  std::vector<Node> documents;
  for (const EmbeddedFile& file : files) {
    const std::size_t before = problems.size();
    Node root = parse_yaml(file.text, file.name, language, problems);
    if (!has_error(problems, before)) documents.push_back(std::move(root));
  }
  return compile_sensor_packs(documents, language, problems);
}

std::vector<SensorPack> sensor_pack_heads(const std::vector<EmbeddedFile>& files, Language language,
                                          Problems& problems) {
  std::vector<SensorPack> packs;
  for (const EmbeddedFile& file : files) {
    const std::size_t rules = std::min(file.text.find("\ntables:"), file.text.find("\nscalars:"));
    const Node head = parse_yaml(std::string_view(file.text).substr(0, rules), file.name, language, problems);
    SensorPack pack = Compiler(language, problems).head(head, file.name);
    pack.unread = file.text;
    packs.push_back(std::move(pack));
  }
  return packs;
}

void read_rules(SensorPack& pack) {
  if (pack.unread.empty()) return;
  Problems none;  // a test holds that what ships has none
  const Node root = parse_yaml(pack.unread, pack.file, Language::en, none);
  pack.rules = Compiler(Language::en, none).pack(root, pack.file).rules;
  pack.unread.clear();
}

}  // namespace nethealth
