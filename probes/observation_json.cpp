#include "probes/observation_json.hpp"

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "probes/json_text.hpp"
#include "probes/observation_words.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

constexpr std::size_t device_name_limit_bytes = 255;
constexpr std::size_t shown_value_limit_bytes = 60;
constexpr std::uint64_t packets_limit = 1'000'000;
constexpr std::size_t trace_hops_limit = 255;  // the field in the packet holds no more

std::string shown(const json::value* value) {
  if (value == nullptr) return "(none)";
  const std::string text = json::serialize(*value);
  if (text.size() <= shown_value_limit_bytes) return text;
  return std::string(cut_utf8(text, shown_value_limit_bytes)) + "...";
}

/// The first mistake of a line; later ones are not looked for.
struct Mistake {
  Language language = Language::en;
  std::optional<Failure> failure;

  void note(std::string where, const json::value* value, Phrase expected) {
    if (failure) return;
    const std::string found = shown(value);
    failure = Failure{std::move(where), language == Language::ja
                                            ? found + " となっています。正しくは" + std::string(expected.ja)
                                            : "is " + found + ", expected " + std::string(expected.en)};
  }
};

/// Typed access to one object's members. What is missing or wrong is noted and read as empty.
class Fields {
 public:
  Fields(const json::object& object, Mistake& mistake, std::string_view list = {}, std::size_t index = 0)
      : object_(object), mistake_(mistake), list_(list), index_(index) {}

  [[nodiscard]] const json::value* find(std::string_view key) const {
    const json::value* value = object_.if_contains(key);
    return value != nullptr && value->is_null() ? nullptr : value;
  }

  void wrong(std::string_view key, Phrase expected) const {
    std::string where;
    if (!list_.empty()) where = std::string(list_) + "[" + std::to_string(index_) + "].";
    mistake_.note(where + std::string(key), find(key), expected);
  }

  [[nodiscard]] std::string text(std::string_view key, bool required = false) const {
    const json::value* value = find(key);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    if (value != nullptr || required) wrong(key, {"文字列です", "text"});
    return {};
  }

  [[nodiscard]] std::optional<double> number(std::string_view key, double least) const {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number()) {
      const auto found = value->to_number<double>();
      if (std::isfinite(found) && found >= least) return found;
    }
    wrong(key, least == 0 ? Phrase{"0以上の数です", "a number, 0 or more"} : Phrase{"数です", "a number"});
    return std::nullopt;
  }

  [[nodiscard]] std::optional<std::uint64_t> count(
      std::string_view key, bool required = false,
      std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) const {
    const json::value* value = find(key);
    if (value == nullptr && !required) return std::nullopt;
    std::optional<std::uint64_t> found;
    if (value != nullptr) found = whole_number(*value);
    if (found && *found <= most) return found;
    wrong(key, {"0以上の整数で、範囲内の値です", "a whole number, 0 or more and in range"});
    return std::nullopt;
  }

  [[nodiscard]] std::optional<bool> truth(std::string_view key) const {
    const json::value* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    wrong(key, {"true か false です", "true or false"});
    return std::nullopt;
  }

  template <class T>
  [[nodiscard]] std::optional<T> word(std::string_view key, Words<T> words, bool required) const {
    const json::value* value = find(key);
    if (value == nullptr && !required) return std::nullopt;
    if (value != nullptr && value->is_string()) {
      const std::string_view found = value->get_string();
      for (const auto& [known, meaning] : words) {
        if (known == found) return meaning;
      }
    }
    std::string list;
    for (const auto& [known, meaning] : words) list += (list.empty() ? "" : ", ") + std::string(known);
    const std::string ja = "次のどれかです: " + list;
    const std::string en = "one of " + list;
    wrong(key, {ja, en});
    return std::nullopt;
  }

  /// Calls `each(object, index)` for the members of a list of objects.
  template <class Each>
  void objects(std::string_view key, Each each) const {
    const json::value* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return wrong(key, {"リストです", "a list"});
    std::size_t index = 0;
    for (const json::value& item : value->get_array()) {
      if (!item.is_object()) return wrong(key, {"オブジェクトのリストです", "a list of objects"});
      each(item.get_object(), index++);
    }
  }

 private:
  static std::optional<std::uint64_t> whole_number(const json::value& value) {
    if (value.is_uint64()) return value.get_uint64();
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
    // Some writers print every number with a fraction or an exponent.
    constexpr double exact_limit = 9'007'199'254'740'992.0;
    if (value.is_double() && value.get_double() >= 0 && value.get_double() <= exact_limit &&
        value.get_double() == std::floor(value.get_double())) {
      return static_cast<std::uint64_t>(value.get_double());
    }
    return std::nullopt;
  }

  const json::object& object_;
  Mistake& mistake_;
  std::string_view list_;
  std::size_t index_;
};

bool is_blind(const Fields& fields) {
  const json::value* status = fields.find("status");
  return status != nullptr && status->is_string() && status->get_string() == "blind";
}

IcmpSeen read_icmp(const Fields& fields, Mistake& mistake) {
  IcmpSeen seen;
  seen.blind = is_blind(fields);
  seen.sent = static_cast<int>(fields.count("sent", !seen.blind, packets_limit).value_or(0));
  seen.received = static_cast<int>(fields.count("received", !seen.blind, packets_limit).value_or(0));
  if (seen.received > seen.sent) fields.wrong("received", {"sent 以下の数です", "at most what was sent"});
  seen.rtt_ms = fields.number("rtt_ms", 0);
  seen.jitter_ms = fields.number("jitter_ms", 0);
  seen.management = fields.truth("management").value_or(false);
  if (const json::value* error = fields.find("error"); error != nullptr) {
    if (error->is_object()) {
      const Fields inner(error->get_object(), mistake, "error");
      seen.error = IcmpError{inner.text("type", true), inner.text("from")};
    } else {
      fields.wrong("error", {"type と from を持つオブジェクトです", "an object with type and from"});
    }
  }
  return seen;
}

InterfaceSeen read_interface(const Fields& fields) {
  InterfaceSeen seen;
  seen.name = fields.text("name");
  seen.description = fields.text("description");
  if (const auto index = fields.count("index", false, std::numeric_limits<int>::max()); index) {
    seen.index = static_cast<int>(*index);
  }
  seen.admin_up = fields.word<bool>("admin", up_words, false).value_or(true);
  seen.oper_up = fields.word<bool>("oper", up_words, false).value_or(true);
  seen.in_errors = fields.count("in_errors").value_or(0);
  seen.out_errors = fields.count("out_errors").value_or(0);
  seen.speed_mbps = fields.count("speed_mbps");
  seen.full_duplex = fields.truth("full_duplex");
  return seen;
}

SensorSeen read_sensor(const Fields& fields) {
  SensorSeen seen;
  seen.name = fields.text("name", true);
  seen.sensor_class = fields.word<SensorClass>("class", class_words, true).value_or(SensorClass::other);
  seen.status = fields.word<SensorStatus>("status", sensor_words, true).value_or(SensorStatus::unknown);
  seen.unit = fields.text("unit");
  seen.text = fields.text("text");
  seen.oid = fields.text("oid");
  if (const json::value* value = fields.find("value"); value != nullptr) {
    if (value->is_string()) {
      if (seen.text.empty()) seen.text = value->get_string();
    } else if (value->is_number()) {
      seen.value = fields.number("value", -std::numeric_limits<double>::max());
    } else {
      fields.wrong("value", {"数か文字列です", "a number or text"});
    }
  }
  return seen;
}

SnmpSeen read_snmp(const Fields& fields, Mistake& mistake) {
  SnmpSeen seen;
  seen.status = fields.word<Outcome>("status", snmp_words, true).value_or(Outcome::error);
  seen.uptime_s = fields.number("uptime_s", 0);
  seen.management = fields.truth("management").value_or(false);
  fields.objects("interfaces", [&](const json::object& object, std::size_t index) {
    seen.interfaces.push_back(read_interface(Fields(object, mistake, "interfaces", index)));
  });
  fields.objects("sensors", [&](const json::object& object, std::size_t index) {
    seen.sensors.push_back(read_sensor(Fields(object, mistake, "sensors", index)));
  });
  return seen;
}

ServiceSeen read_service(const Fields& fields, std::string_view probe) {
  ServiceSeen seen;
  seen.probe = probe;
  seen.service = fields.text("service", probe == "tcp" || probe == "http");
  seen.status = fields.word<Outcome>("status", service_words, true).value_or(Outcome::error);
  if (const auto code = fields.count("code", false, 999); code) seen.code = static_cast<int>(*code);
  seen.duration_ms = fields.number("duration_ms", 0);
  seen.text = fields.text("text");
  const json::value* performance = fields.find("performance");
  if (performance != nullptr && performance->is_object())
    for (const auto& [label, value] : performance->get_object())
      seen.performance[std::string(label)] =
          value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  return seen;
}

LogSeen read_log(const Fields& fields) {
  LogSeen seen;
  seen.file = fields.text("file");
  seen.offset = fields.count("offset").value_or(0);
  seen.line = fields.text("line", true);
  const json::value* rules = fields.find("rules");
  if (rules == nullptr) return seen;
  constexpr Phrase expected{"文字列のリストです", "a list of text"};
  if (!rules->is_array()) {
    fields.wrong("rules", expected);
    return seen;
  }
  for (const json::value& rule : rules->get_array()) {
    if (rule.is_string()) {
      seen.rules.emplace_back(rule.get_string());
    } else {
      fields.wrong("rules", expected);
    }
  }
  return seen;
}

TrapSeen read_trap(const Fields& fields) {
  TrapSeen seen;
  seen.oid = fields.text("oid", true);
  const json::value* varbinds = fields.find("varbinds");
  if (varbinds == nullptr) return seen;
  if (!varbinds->is_object()) {
    fields.wrong("varbinds", {"オブジェクトです", "an object"});
    return seen;
  }
  for (const auto& [oid, value] : varbinds->get_object()) {
    seen.varbinds[std::string(oid)] =
        value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  }
  return seen;
}

MonitorSeen read_monitor(const Fields& fields) {
  MonitorSeen seen;
  if (is_blind(fields)) return seen;
  seen.carrier = fields.word<bool>("carrier", up_words, false);
  if (fields.find("gateway") != nullptr) seen.gateway_ok = fields.text("gateway") == "ok";
  if (fields.find("storage") != nullptr) seen.storage_ok = fields.text("storage") == "ok";
  seen.storage_error = fields.text("storage_error");
  return seen;
}

LogSourceSeen read_log_source(const Fields& fields) {
  static constexpr std::array<std::pair<std::string_view, bool>, 2> silent_words{
      {{"ok", false}, {"silent", true}}};
  static constexpr std::array<std::pair<std::string_view, bool>, 2> expected_words{
      {{"configured", false}, {"learned", true}}};
  static constexpr std::array<std::pair<std::string_view, bool>, 2> clock_words{
      {{"ok", false}, {"off", true}}};
  constexpr double most_seconds = 1e10;
  const auto time = [&](std::string_view key, double least) -> std::optional<Milliseconds> {
    const auto seconds = fields.number(key, least);
    if (seconds && *seconds > most_seconds) fields.wrong(key, {"範囲内の秒数です", "seconds, in range"});
    if (!seconds || *seconds > most_seconds) return std::nullopt;
    return Milliseconds(std::llround(*seconds * 1e3));
  };
  LogSourceSeen seen;
  seen.source = fields.text("source", true);
  seen.silent = fields.word<bool>("status", silent_words, true).value_or(false);
  if (const std::string last = fields.text("last"); !last.empty()) {
    seen.last = parse_time(last);
    if (!seen.last) fields.wrong("last", {"時刻です", "a time"});
  }
  seen.expected = time("expect_within_s", 0);
  seen.learned = fields.word<bool>("expected", expected_words, false).value_or(false);
  seen.ahead = time("ahead_s", -most_seconds);
  seen.clock_off = fields.word<bool>("clock", clock_words, false).value_or(false);
  return seen;
}

/// A hop may also be written as its address alone; null, or what is no hop at all, says that nobody answered.
TraceHop read_hop(const json::value& hop, Mistake& mistake, std::size_t index) {
  if (hop.is_string()) return {std::string(hop.get_string()), {}};
  if (!hop.is_object()) return {};
  const Fields inner(hop.get_object(), mistake, "hops", index);
  return {inner.text("from"), inner.number("rtt_ms", 0)};
}

TraceSeen read_trace(const Fields& fields, Mistake& mistake) {
  TraceSeen seen;
  seen.target = fields.text("target");
  if (const json::value* hops = fields.find("hops")) {
    if (!hops->is_array() || hops->get_array().size() > trace_hops_limit) {
      fields.wrong("hops", {"255個以下のリストです", "a list of at most 255"});
      return seen;
    }
    for (const json::value& hop : hops->get_array())
      seen.hops.push_back(read_hop(hop, mistake, seen.hops.size()));
  }
  while (!seen.hops.empty() && seen.hops.back().from.empty()) seen.hops.pop_back();
  seen.status = fields.word<Outcome>("status", path_words, false)
                    .value_or(seen.hops.empty() ? Outcome::blind : Outcome::timeout);
  return seen;
}

ArpSeen read_arp(const Fields& fields) {
  ArpSeen seen;
  seen.status = fields.word<Outcome>("status", path_words, true).value_or(Outcome::blind);
  seen.mac = fields.text("mac");
  return seen;
}

Observation read_observation(const json::object& object, Mistake& mistake) {
  const Fields fields(object, mistake);
  Observation observation;
  const auto time = parse_time(fields.text("time", true));
  if (time) {
    observation.time = *time;
  } else {
    fields.wrong("time", {"2026-11-24T09:00:00.000+09:00 の形の時刻です",
                          "a time like 2026-11-24T09:00:00.000+09:00"});
  }
  observation.device = fields.text("device", true);
  if (observation.device.empty() || observation.device.size() > device_name_limit_bytes) {
    fields.wrong("device", {"1から255バイトの名前です", "a name of 1 to 255 bytes"});
  }
  const std::string probe = fields.text("probe", true);
  if (probe.empty()) fields.wrong("probe", {"icmp、snmp などの語です", "a word such as icmp or snmp"});
  if (probe == "icmp") {
    observation.seen = read_icmp(fields, mistake);
  } else if (probe == "snmp") {
    observation.seen = read_snmp(fields, mistake);
  } else if (probe == "tcp" || probe == "http" || probe == "dns" || probe == "ntp" || probe == "smtp" ||
             probe == "plugin") {
    observation.seen = read_service(fields, probe);
  } else if (probe == "monitor") {
    observation.seen = read_monitor(fields);
  } else if (probe == "log_source" && !is_blind(fields)) {
    observation.seen = read_log_source(fields);
  } else if (probe == "trace") {
    observation.seen = read_trace(fields, mistake);
  } else if (probe == "arp") {
    observation.seen = read_arp(fields);
  } else if (probe == "log" && !is_blind(fields)) {
    observation.seen = read_log(fields);
  } else if (probe == "trap" && !is_blind(fields)) {
    observation.seen = read_trap(fields);
  } else {
    observation.seen = OtherSeen{probe};
  }
  return observation;
}

/// Everything a parse needs, kept from line to line so that a usual line allocates nothing of its own.
class LineParser {
 public:
  Result<Observation> parse(std::string_view line, Language language) {
    parser_.reset(&memory_);
    json::error_code error;
    parser_.write(line.data(), line.size(), error);
    Result<Observation> result = error ? syntax_failure(error, language) : read(language);
    parser_.reset();
    memory_.release();
    return result;
  }

 private:
  static constexpr std::size_t first_memory_bytes = 64 * 1024;

  static Result<Observation> syntax_failure(const json::error_code& error, Language language) {
    const Phrase text{"1行に1つのJSONオブジェクトが必要です: ", "expected one JSON object on the line: "};
    return failure({}, std::string(text.in(language)) + error.message());
  }

  Result<Observation> read(Language language) {
    const json::value value = parser_.release();
    if (!value.is_object()) {
      const Phrase text{"JSONオブジェクトが必要ですが、次の値です: ", "expected a JSON object, found "};
      return failure({}, std::string(text.in(language)) + shown(&value));
    }
    Mistake mistake{language, std::nullopt};
    Observation observation = read_observation(value.get_object(), mistake);
    if (mistake.failure) return tl::unexpected<Failure>(*mistake.failure);
    return observation;
  }

  static json::parse_options options() {
    json::parse_options options;
    options.max_depth = observation_depth_limit;
    return options;
  }

  std::array<unsigned char, first_memory_bytes> first_memory_{};
  json::monotonic_resource memory_{first_memory_.data(), first_memory_.size()};
  json::parser parser_{json::storage_ptr{}, options()};
};

}  // namespace

Result<Observation> parse_observation(std::string_view line, Language language) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.size() > observation_line_limit_bytes) {
    const Phrase text{"行が長すぎます (上限4 MiB)", "the line is too long (limit 4 MiB)"};
    return failure({}, std::string(text.in(language)));
  }
  thread_local LineParser parser;
  return parser.parse(line, language);
}

}  // namespace nethealth
