#include "probes/observation_json.hpp"

#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "config/time.hpp"

using namespace nethealth;

namespace {

Zone tokyo() {
  return Zone::find("Asia/Tokyo").value_or(Zone());
}

template <class Seen>
Seen read(const std::string& line) {
  const auto observation = parse_observation(line);
  REQUIRE_MESSAGE(observation.has_value(), line << " -> " << observation.error().text());
  REQUIRE(std::holds_alternative<Seen>(observation->seen));
  return std::get<Seen>(observation->seen);
}

std::string line_of(const std::string& rest) {
  return R"({"time":"2026-11-24T09:00:00.000+09:00","device":"cs-1",)" + rest + "}";
}

std::string error_of(const std::string& line, Language language = Language::en) {
  const auto observation = parse_observation(line, language);
  REQUIRE_MESSAGE(!observation.has_value(), line);
  return observation.error().text();
}

/// Written, read and written again it stays the same.
void check_round_trip(const std::string& line) {
  const auto first = parse_observation(line);
  REQUIRE_MESSAGE(first.has_value(), line << " -> " << first.error().text());
  const std::string written = observation_line(*first, tokyo());
  const auto second = parse_observation(written);
  REQUIRE_MESSAGE(second.has_value(), written << " -> " << second.error().text());
  CHECK(observation_line(*second, tokyo()) == written);
  CHECK(second->time == first->time);
  CHECK(second->device == first->device);
  CHECK(second->seen.index() == first->seen.index());
}

const std::vector<std::string>& contract_lines() {
  static const std::vector<std::string> lines{
      line_of(R"("probe":"icmp","sent":3,"received":0)"),
      line_of(R"("probe":"icmp","sent":3,"received":3,"rtt_ms":0.41,"jitter_ms":0.02)"),
      line_of(
          R"("probe":"icmp","sent":3,"received":0,"error":{"type":"host_unreachable","from":"192.0.2.1"})"),
      line_of(
          R"("probe":"snmp","status":"ok","uptime_s":86400,"interfaces":[{"name":"1","index":1,"admin":"up","oper":"down","in_errors":0,"out_errors":18446744073709551615,"speed_mbps":1000}],"sensors":[{"name":"Fan 1","class":"fan","status":"failed","value":0,"unit":"rpm"}])"),
      line_of(R"("probe":"snmp","status":"timeout")"),
      line_of(R"("probe":"tcp","service":"cs-app","status":"refused")"),
      line_of(R"("probe":"http","service":"cs-web","status":"ok","code":500,"duration_ms":31)"),
      line_of(
          R"("probe":"log","file":"app.log","offset":4711,"rules":["windows","security"],"line":"障害 \"x\"\tC:\\")"),
      line_of(R"("probe":"trap","oid":"1.3.6.1.2.1.33.2.1","varbinds":{"1.3.6":"on battery"})"),
      line_of(R"("probe":"monitor","carrier":"up","gateway":"ok","storage":"error","storage_error":"full")"),
      line_of(R"("probe":"plugin","status":"ok")"),
      line_of(R"("probe":"trace","hops":[1,2,3])"),
      line_of(R"("probe":"icmp","status":"blind","management":true)"),
      line_of(R"("probe":"log","status":"blind")"),
      line_of(
          R"("probe":"log_source","source":"/log/a","status":"silent","last":"2026-11-24T08:00:00.000+09:00","expect_within_s":1800,"clock":"off","ahead_s":-480.5)"),
      line_of(
          R"("probe":"log_source","source":"/log/a","status":"silent","expect_within_s":3600,"expected":"learned")"),
  };
  return lines;
}

}  // namespace

TEST_CASE("what is known of a log source is read and its mistakes are told") {
  const auto seen = read<LogSourceSeen>(line_of(
      R"("probe":"log_source","source":"/log/a","status":"silent","last":"2026-11-24T08:00:00.000+09:00","expect_within_s":1800,"clock":"off","ahead_s":-480.5)"));
  CHECK(seen.source == "/log/a");
  CHECK(seen.silent);
  CHECK(seen.last == parse_time("2026-11-24T08:00:00+09:00"));
  CHECK(seen.expected == Milliseconds(1'800'000));
  CHECK(seen.ahead == Milliseconds(-480'500));
  CHECK(seen.clock_off);
  CHECK(error_of(line_of(R"("probe":"log_source","source":"/log/a","status":"mute")")).find("status") !=
        std::string::npos);
  CHECK(error_of(line_of(R"("probe":"log_source","source":"a","status":"ok","ahead_s":1e300)"))
            .find("ahead_s") != std::string::npos);
}

TEST_CASE("every observation of the contract is read") {
  const auto icmp = read<IcmpSeen>(contract_lines()[1]);
  CHECK(icmp.sent == 3);
  CHECK(icmp.received == 3);
  CHECK(icmp.rtt_ms == 0.41);
  CHECK_FALSE(icmp.blind);
  CHECK(read<IcmpSeen>(contract_lines()[2]).error->from == "192.0.2.1");
  const auto snmp = read<SnmpSeen>(contract_lines()[3]);
  CHECK(snmp.uptime_s == 86400);
  REQUIRE(snmp.interfaces.size() == 1);
  CHECK(snmp.interfaces[0].index == 1);
  CHECK(snmp.interfaces[0].admin_up);
  CHECK_FALSE(snmp.interfaces[0].oper_up);
  CHECK(snmp.interfaces[0].out_errors == 18446744073709551615ULL);
  CHECK(snmp.interfaces[0].speed_mbps == 1000);
  REQUIRE(snmp.sensors.size() == 1);
  CHECK(snmp.sensors[0].sensor_class == SensorClass::fan);
  CHECK(snmp.sensors[0].status == SensorStatus::failed);
  CHECK(snmp.sensors[0].value == 0);
  CHECK(read<SnmpSeen>(contract_lines()[4]).status == Outcome::timeout);
  CHECK(read<ServiceSeen>(contract_lines()[5]).status == Outcome::refused);
  CHECK(read<ServiceSeen>(contract_lines()[6]).code == 500);
  const auto log = read<LogSeen>(contract_lines()[7]);
  CHECK(log.offset == 4711);
  CHECK(log.rules == std::vector<std::string>{"windows", "security"});
  CHECK(log.line == "障害 \"x\"\tC:\\");
  CHECK(read<TrapSeen>(contract_lines()[8]).varbinds.at("1.3.6") == "on battery");
  const auto monitor = read<MonitorSeen>(contract_lines()[9]);
  CHECK(monitor.carrier == true);
  CHECK(monitor.gateway_ok == true);
  CHECK(monitor.storage_ok == false);
  CHECK(read<TraceSeen>(contract_lines()[11]).status == Outcome::blind);
  CHECK(read<IcmpSeen>(contract_lines()[12]).blind);
  CHECK(read<IcmpSeen>(contract_lines()[12]).management);
}

TEST_CASE("path traces and ARP looks are read and written and their mistakes are told") {
  const auto trace = read<TraceSeen>(line_of(
      R"("probe":"trace","status":"timeout","target":"192.0.2.9","hops":["192.0.2.1",null,{"from":"198.51.100.1","rtt_ms":2.5}])"));
  REQUIRE(trace.hops.size() == 3);
  CHECK(trace.target == "192.0.2.9");
  CHECK(trace.hops[0].from == "192.0.2.1");
  CHECK(trace.hops[1].from.empty());
  CHECK(trace.hops[2].rtt_ms == 2.5);
  CHECK(read<TraceSeen>(line_of(R"("probe":"trace","status":"blind")")).status == Outcome::blind);
  const auto arp = read<ArpSeen>(line_of(R"("probe":"arp","status":"ok","mac":"02:00:5e:00:53:01")"));
  CHECK(arp.status == Outcome::ok);
  CHECK(arp.mac == "02:00:5e:00:53:01");
  check_round_trip(line_of(
      R"("probe":"trace","status":"unreachable","target":"192.0.2.9","hops":[{},{"from":"192.0.2.1","rtt_ms":0.5}])"));
  check_round_trip(line_of(R"("probe":"arp","status":"timeout")"));
  CHECK(error_of(line_of(R"("probe":"arp","status":"refused")")).find("status") != std::string::npos);
  CHECK(error_of(line_of(R"("probe":"trace","status":"ok","hops":7)")).find("hops") != std::string::npos);
}

TEST_CASE("an observation keeps its meaning when it is written and read again") {
  for (const std::string& line : contract_lines()) check_round_trip(line);
}

TEST_CASE("an observation is written with the time of the zone and readable numbers") {
  Observation observation;
  observation.time = Time(Milliseconds(1'795'478'400'123));
  observation.device = "cs-1";
  IcmpSeen icmp;
  icmp.sent = icmp.received = 3;
  icmp.rtt_ms = 0.1 + 0.2;
  observation.seen = icmp;
  CHECK(
      observation_line(observation, tokyo()) ==
      R"({"time":"2026-11-24T09:00:00.123+09:00","device":"cs-1","probe":"icmp","sent":3,"received":3,"rtt_ms":0.3})");
}

TEST_CASE("a sensor value may be a number or a word") {
  const auto seen = read<SnmpSeen>(line_of(
      R"("probe":"snmp","status":"ok","sensors":[{"name":"a","class":"power","status":"ok","value":"battery"},)"
      R"({"name":"b","class":"temperature","status":"ok","value":21.5,"text":"warm"}])"));
  CHECK_FALSE(seen.sensors[0].value);
  CHECK(seen.sensors[0].text == "battery");
  CHECK(seen.sensors[1].value == 21.5);
  CHECK(seen.sensors[1].text == "warm");
}

TEST_CASE("a wrong observation names the key and its value and what was expected") {
  CHECK(error_of(line_of(R"("probe":"icmp","sent":3)")) ==
        "received: is (none), expected a whole number, 0 or more and in range");
  CHECK(error_of(line_of(R"("probe":"icmp","sent":3,"received":4)")) ==
        "received: is 4, expected at most what was sent");
  CHECK(error_of(line_of(R"("probe":"icmp","sent":-1,"received":0)")).starts_with("sent: is -1"));
  CHECK(error_of(line_of(R"("probe":"tcp","service":"a","status":"sleepy")")) ==
        "status: is \"sleepy\", expected one of ok, refused, timeout, unreachable, tls_error, error, blind");
  CHECK(error_of(line_of(
            R"("probe":"snmp","status":"ok","interfaces":[{"name":"1"},{"name":"2","oper":"sideways"}])")) ==
        "interfaces[1].oper: is \"sideways\", expected one of up, down");
  CHECK(error_of(R"({"time":"yesterday","device":"a","probe":"icmp","sent":1,"received":1})")
            .starts_with("time: is \"yesterday\""));
  CHECK(error_of(R"({"time":"2026-11-24T09:00:00.000+09:00","probe":"icmp","sent":1,"received":1})")
            .starts_with("device: "));
  CHECK(error_of("[1]") == "expected a JSON object, found [1]");
  CHECK(error_of("{").starts_with("expected one JSON object on the line"));
  CHECK(error_of("").starts_with("expected one JSON object on the line"));
  CHECK(error_of(line_of(R"("probe":"icmp","sent":3)"), Language::ja)
            .starts_with("received: (none) となっています"));
}

TEST_CASE("hostile lines are refused and the next good line is read") {
  const std::string good = contract_lines()[1];
  const std::vector<std::string> hostile{
      std::string(100'000, '['),
      line_of(R"("probe":"icmp","sent":3,"received":3,"raw":)" + std::string(100, '[') +
              std::string(100, ']')),
      line_of("\"probe\":\"log\",\"line\":\"\xff\xfe\""),
      line_of("\"probe\":\"log\",\"line\":\"a\nb\""),
      std::string(observation_line_limit_bytes + 1, 'x'),
      std::string("\0\0\0", 3),
      good + good,
      line_of(R"("probe":"icmp","sent":1e400,"received":0)"),
      line_of(R"("probe":"icmp","sent":99999999999999999999999,"received":0)"),
      line_of(R"("probe":"icmp","sent":{},"received":[])"),
      line_of(R"("probe":7)"),
  };
  for (const std::string& line : hostile) {
    CHECK_FALSE(parse_observation(line).has_value());
    CHECK(parse_observation(good + "\r\n").has_value());
  }
}

TEST_CASE("damaged lines never crash the reader") {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string line = contract_lines()[random() % contract_lines().size()];
    for (unsigned edits = random() % 4 + 1; edits > 0; --edits) {
      const std::size_t at = random() % line.size();
      switch (random() % 3) {
        case 0:
          line[at] = static_cast<char>(random());
          break;
        case 1:
          line.erase(at, random() % 8);
          break;
        default:
          line.insert(at, line.substr(random() % line.size(), 5));
          break;
      }
      if (line.empty()) line = "x";
    }
    if (const auto observation = parse_observation(line); observation) {
      CHECK(parse_observation(observation_line(*observation, Zone())).has_value());
    }
  }
}

TEST_CASE("text that is no UTF-8 is mended when an observation is written") {
  Observation observation;
  observation.device = "cs-1";
  observation.seen = LogSeen{"a\xff", 0, {}, std::string("x\0\x1b\xe3\x81y", 6)};
  const std::string line = observation_line(observation, Zone());
  CHECK(line.find(R"("file":"a�")") != std::string::npos);
  CHECK(line.find(R"("line":"x\u0000\u001b��y")") != std::string::npos);
  CHECK(parse_observation(line).has_value());
}
