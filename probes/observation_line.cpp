#include <cstdint>
#include <optional>
#include <vector>

#include "probes/json_text.hpp"
#include "probes/observation_json.hpp"
#include "probes/observation_words.hpp"

namespace nethealth {
namespace {

/// What the reader of JSON gets back exactly.
constexpr int digits = 15;

/// An observation's line on its way: its members go to the writer, what nests is appended to `out`.
struct Line {
  JsonWriter& writer;
  std::string& out;
  const Zone& zone;
};

std::uint64_t not_negative(int value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

void write(const Line& line, const IcmpSeen& seen) {
  line.writer.text("probe", "icmp");
  if (seen.blind) line.writer.text("status", "blind");
  line.writer.count("sent", not_negative(seen.sent));
  line.writer.count("received", not_negative(seen.received));
  line.writer.number("rtt_ms", seen.rtt_ms, digits);
  line.writer.number("jitter_ms", seen.jitter_ms, digits);
  if (seen.error) {
    line.writer.key("error");
    JsonWriter inner(line.out);
    inner.text("type", seen.error->type);
    inner.text_if_any("from", seen.error->from);
    inner.end();
  }
  if (seen.management) line.writer.truth("management", true);
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
void write_list(const Line& line, std::string_view name, const std::vector<Seen>& list) {
  if (list.empty()) return;
  line.writer.key(name) += '[';
  bool first = true;
  for (const Seen& seen : list) {
    if (!first) line.out += ',';
    first = false;
    write(line.out, seen);
  }
  line.out += ']';
}

void write(const Line& line, const SnmpSeen& seen) {
  line.writer.text("probe", "snmp");
  const std::string_view status = word_of<Outcome>(snmp_words, seen.status);
  line.writer.text("status", status.empty() ? "error" : status);
  line.writer.number("uptime_s", seen.uptime_s, digits);
  write_list(line, "interfaces", seen.interfaces);
  write_list(line, "sensors", seen.sensors);
  if (seen.management) line.writer.truth("management", true);
}

void write(const Line& line, const ServiceSeen& seen) {
  line.writer.text("probe", seen.probe);
  line.writer.text("service", seen.service);
  const std::string_view status = word_of<Outcome>(service_words, seen.status);
  line.writer.text("status", status.empty() ? "error" : status);
  if (seen.code) line.writer.count("code", not_negative(*seen.code));
  line.writer.number("duration_ms", seen.duration_ms, digits);
  line.writer.text_if_any("text", seen.text);
  if (seen.performance.empty()) return;
  line.writer.key("performance");
  JsonWriter inner(line.out);
  for (const auto& [label, value] : seen.performance) inner.text(label, value);
  inner.end();
}

void write(const Line& line, const LogSeen& seen) {
  line.writer.text("probe", "log");
  line.writer.text("file", seen.file);
  line.writer.count("offset", seen.offset);
  if (!seen.rules.empty()) line.writer.texts("rules", seen.rules);
  line.writer.text("line", seen.line);
}

void write(const Line& line, const TrapSeen& seen) {
  line.writer.text("probe", "trap");
  line.writer.text("oid", seen.oid);
  line.writer.key("varbinds");
  JsonWriter inner(line.out);
  for (const auto& [oid, value] : seen.varbinds) inner.text(oid, value);
  inner.end();
}

void write(const Line& line, const MonitorSeen& seen) {
  line.writer.text("probe", "monitor");
  if (seen.carrier) line.writer.text("carrier", *seen.carrier ? "up" : "down");
  if (seen.gateway_ok) line.writer.text("gateway", *seen.gateway_ok ? "ok" : "unreachable");
  if (seen.storage_ok) line.writer.text("storage", *seen.storage_ok ? "ok" : "error");
  line.writer.text_if_any("storage_error", seen.storage_error);
}

void write(const Line& line, const LogSourceSeen& seen) {
  const auto seconds = [](Milliseconds time) { return static_cast<double>(time.count()) / 1e3; };
  line.writer.text("probe", "log_source");
  line.writer.text("source", seen.source);
  line.writer.text("status", seen.silent ? "silent" : "ok");
  if (seen.last) line.writer.text("last", format_time(*seen.last, line.zone));
  if (seen.expected) line.writer.number("expect_within_s", seconds(*seen.expected), digits);
  if (seen.learned) line.writer.text("expected", "learned");
  if (seen.ahead) {
    line.writer.text("clock", seen.clock_off ? "off" : "ok");
    line.writer.number("ahead_s", seconds(*seen.ahead), digits);
  }
}

void write(const Line& line, const TraceSeen& seen) {
  line.writer.text("probe", "trace");
  line.writer.text("status", word_of<Outcome>(path_words, seen.status));
  line.writer.text_if_any("target", seen.target);
  write_list(line, "hops", seen.hops);
}

void write(const Line& line, const ArpSeen& seen) {
  line.writer.text("probe", "arp");
  line.writer.text("status", word_of<Outcome>(path_words, seen.status));
  line.writer.text_if_any("mac", seen.mac);
}

void write(const Line& line, const OtherSeen& seen) {
  line.writer.text("probe", seen.probe);
  // Only a blind look at one of these is kept without its details.
  if (seen.probe == "log" || seen.probe == "trap") line.writer.text("status", "blind");
}

}  // namespace

std::string observation_line(const Observation& observation, const Zone& zone) {
  std::string out;
  JsonWriter writer(out);
  writer.text("time", format_time(observation.time, zone));
  writer.text("device", observation.device);
  const Line line{writer, out, zone};
  std::visit([&](const auto& seen) { write(line, seen); }, observation.seen);
  writer.end();
  return out;
}

}  // namespace nethealth
