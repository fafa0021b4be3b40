#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "probes/json_text.hpp"
#include "probes/observation_json.hpp"
#include "probes/observation_words.hpp"

namespace nethealth {
namespace {

/// What the reader of JSON gets back exactly.
constexpr int digits = 15;

std::uint64_t not_negative(int value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

void write(JsonWriter& writer, const IcmpSeen& seen, std::string& out) {
  writer.text("probe", "icmp");
  if (seen.blind) writer.text("status", "blind");
  writer.count("sent", not_negative(seen.sent));
  writer.count("received", not_negative(seen.received));
  writer.number("rtt_ms", seen.rtt_ms, digits);
  writer.number("jitter_ms", seen.jitter_ms, digits);
  if (seen.error) {
    writer.key("error");
    JsonWriter inner(out);
    inner.text("type", seen.error->type);
    inner.text_if_any("from", seen.error->from);
    inner.end();
  }
  if (seen.management) writer.truth("management", true);
}

void write(std::string& out, const InterfaceSeen& seen) {
  JsonWriter writer(out);
  writer.text_if_any("name", seen.name);
  writer.text_if_any("description", seen.description);
  if (seen.index) writer.count("index", not_negative(*seen.index));
  writer.text("admin", seen.admin_up ? "up" : "down");
  writer.text("oper", seen.oper_up ? "up" : "down");
  writer.count("in_errors", seen.in_errors);
  writer.count("out_errors", seen.out_errors);
  if (seen.speed_mbps) writer.count("speed_mbps", *seen.speed_mbps);
  if (seen.full_duplex) writer.truth("full_duplex", *seen.full_duplex);
  writer.end();
}

void write(std::string& out, const SensorSeen& seen) {
  JsonWriter writer(out);
  writer.text("name", seen.name);
  writer.text("class", word_of<SensorClass>(class_words, seen.sensor_class));
  writer.text("status", word_of<SensorStatus>(sensor_words, seen.status));
  if (seen.value) {
    writer.number("value", seen.value, digits);
    writer.text_if_any("text", seen.text);
  } else {
    writer.text_if_any("value", seen.text);
  }
  writer.text_if_any("unit", seen.unit);
  writer.text_if_any("oid", seen.oid);
  writer.end();
}

void write(std::string& out, const TraceHop& seen) {
  JsonWriter writer(out);
  writer.text_if_any("from", seen.from);
  writer.number("rtt_ms", seen.rtt_ms, digits);
  writer.end();
}

template <class Seen>
void write_list(JsonWriter& writer, std::string& out, std::string_view name, const std::vector<Seen>& list) {
  if (list.empty()) return;
  writer.key(name) += '[';
  bool first = true;
  for (const Seen& seen : list) {
    if (!first) out += ',';
    first = false;
    write(out, seen);
  }
  out += ']';
}

void write(JsonWriter& writer, const SnmpSeen& seen, std::string& out) {
  writer.text("probe", "snmp");
  const std::string_view status = word_of<Outcome>(snmp_words, seen.status);
  writer.text("status", status.empty() ? "error" : status);
  writer.number("uptime_s", seen.uptime_s, digits);
  write_list(writer, out, "interfaces", seen.interfaces);
  write_list(writer, out, "sensors", seen.sensors);
  if (seen.management) writer.truth("management", true);
}

void write(JsonWriter& writer, const ServiceSeen& seen, std::string& out) {
  writer.text("probe", seen.probe);
  writer.text("service", seen.service);
  const std::string_view status = word_of<Outcome>(service_words, seen.status);
  writer.text("status", status.empty() ? "error" : status);
  if (seen.code) writer.count("code", not_negative(*seen.code));
  writer.number("duration_ms", seen.duration_ms, digits);
  writer.text_if_any("text", seen.text);
  if (seen.performance.empty()) return;
  writer.key("performance");
  JsonWriter inner(out);
  for (const auto& [label, value] : seen.performance) inner.text(label, value);
  inner.end();
}

void write(JsonWriter& writer, const LogSeen& seen, std::string&) {
  writer.text("probe", "log");
  writer.text("file", seen.file);
  writer.count("offset", seen.offset);
  if (!seen.rules.empty()) writer.texts("rules", seen.rules);
  writer.text("line", seen.line);
}

void write(JsonWriter& writer, const TrapSeen& seen, std::string& out) {
  writer.text("probe", "trap");
  writer.text("oid", seen.oid);
  writer.key("varbinds");
  JsonWriter inner(out);
  for (const auto& [oid, value] : seen.varbinds) inner.text(oid, value);
  inner.end();
}

void write(JsonWriter& writer, const MonitorSeen& seen, std::string&) {
  writer.text("probe", "monitor");
  if (seen.carrier) writer.text("carrier", *seen.carrier ? "up" : "down");
  if (seen.gateway_ok) writer.text("gateway", *seen.gateway_ok ? "ok" : "unreachable");
  if (seen.storage_ok) writer.text("storage", *seen.storage_ok ? "ok" : "error");
  writer.text_if_any("storage_error", seen.storage_error);
}

void write(JsonWriter& writer, const LogSourceSeen& seen, const Zone& zone) {
  const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1e3; };
  writer.text("probe", "log_source");
  writer.text("source", seen.source);
  writer.text("status", seen.silent ? "silent" : "ok");
  if (seen.last) writer.text("last", format_time(*seen.last, zone));
  if (seen.expected) writer.number("expect_within_s", seconds(*seen.expected), digits);
  if (seen.ahead) {
    writer.text("clock", seen.clock_off ? "off" : "ok");
    writer.number("ahead_s", seconds(*seen.ahead), digits);
  }
}

void write(JsonWriter& writer, const TraceSeen& seen, std::string& out) {
  writer.text("probe", "trace");
  writer.text("status", word_of<Outcome>(path_words, seen.status));
  writer.text_if_any("target", seen.target);
  write_list(writer, out, "hops", seen.hops);
}

void write(JsonWriter& writer, const ArpSeen& seen, std::string&) {
  writer.text("probe", "arp");
  writer.text("status", word_of<Outcome>(path_words, seen.status));
  writer.text_if_any("mac", seen.mac);
}

void write(JsonWriter& writer, const OtherSeen& seen, std::string&) {
  writer.text("probe", seen.probe);
  // Only a blind look at one of these is kept without its details.
  if (seen.probe == "log" || seen.probe == "trap") writer.text("status", "blind");
}

}  // namespace

std::string observation_line(const Observation& observation, const Zone& zone) {
  std::string out;
  JsonWriter writer(out);
  writer.text("time", format_time(observation.time, zone));
  writer.text("device", observation.device);
  if (const auto* source = std::get_if<LogSourceSeen>(&observation.seen))
    write(writer, *source, zone);
  else
    std::visit(
        [&](const auto& seen) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(seen)>, LogSourceSeen>)
            write(writer, seen, out);
        },
        observation.seen);
  writer.end();
  return out;
}

}  // namespace nethealth
