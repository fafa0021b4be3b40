#include <doctest/doctest.h>

#include <unistd.h>

#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

const EngineOptions recorded{false, {}};

const Diagnosis& only_incident(const Story& story, std::vector<IncidentPicture>& incidents) {
  incidents = story.incidents();
  REQUIRE(incidents.size() == 1);
  CHECK(story.notifications(NotificationKind::page).size() == 1);
  return incidents.front().now.diagnosis;
}

void fail_hub(Story& story) {
  for (const char* name : {"term-1", "term-2", "term-3", "term-4"}) story.silent.insert(name);
}

std::vector<std::string> alternatives(const Diagnosis& diagnosis) {
  std::vector<std::string> found;
  for (const Alternative& other : diagnosis.alternatives)
    found.push_back(std::string(word(other.cause)) + " " + other.location.device + " " + other.location.peer);
  return found;
}

}  // namespace

TEST_CASE("a hung hub is one network incident at the hub and names the four terminals") {
  for (const bool live : {false, true}) {
    Story story(std::string(city_hall) + people, {live, {}});
    story.run(2min);
    const Time broke = story.now;
    fail_hub(story);
    story.run(1min);
    std::vector<IncidentPicture> incidents;
    const Diagnosis& diagnosis = only_incident(story, incidents);
    CHECK(diagnosis.category == Category::network);
    CHECK(diagnosis.cause == Cause::hub);
    CHECK(diagnosis.location.device == "hub-2f");
    CHECK(diagnosis.location.room == "2f-citizens");
    CHECK(diagnosis.affected == std::vector<std::string>{"term-1", "term-2", "term-3", "term-4"});
    CHECK(incidents[0].now.severity == Severity::stopped);
    CHECK(*story.first(NotificationKind::page) - broke <= (live ? 4s : 12s));
    story.silent.clear();
    story.run(30s);
    CHECK(story.incidents()[0].state == IncidentState::restored);
    CHECK(story.notifications(NotificationKind::recovery).size() == 1);
  }
}

TEST_CASE("a dead hub whose port went down leaves hub and cable as each other's alternative") {
  Story story(std::string(city_hall) + people, recorded);
  story.run(2min);
  fail_hub(story);
  story.down.insert({"sw-2f", "8"});
  story.run(1min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::hub);
  // Everything in the room is dark, so that its power is a third explanation.
  CHECK(alternatives(diagnosis) == std::vector<std::string>{"link sw-2f hub-2f", "power_feed  "});
  CHECK(diagnosis.confidence > 0.7);
  CHECK(diagnosis.confidence < 0.95);
}

TEST_CASE("a dead switch and its cut uplink are told as one incident with both places") {
  for (const bool live : {false, true}) {
    Story story(std::string(city_hall) + people, {live, {}});
    story.run(2min);
    fail_hub(story);
    for (const char* name : {"sw-2f", "term-5", "printer-1"}) story.silent.insert(name);
    story.down.insert({"sw-core", "5"});
    story.run(1min);
    std::vector<IncidentPicture> incidents;
    const Diagnosis& diagnosis = only_incident(story, incidents);
    CHECK(diagnosis.category == Category::network);
    CHECK(diagnosis.cause == Cause::switch_);
    CHECK(diagnosis.location.device == "sw-2f");
    CHECK(alternatives(diagnosis) == std::vector<std::string>{"link sw-core sw-2f"});
    CHECK(diagnosis.affected.size() == 7);
  }
}

TEST_CASE("a silent server with its port down is power or cable and says that it cannot tell") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.down.insert({"sw-core", "1"});
  story.run(1min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::device_power);
  CHECK(diagnosis.category == Category::hardware);
  CHECK(diagnosis.location.device == "cs-1");
  CHECK(diagnosis.confidence < 0.7);
  CHECK(alternatives(diagnosis) == std::vector<std::string>{"link sw-core cs-1"});
}

TEST_CASE("a silent server whose port stays up is hung") {
  Story story;
  story.run(2min);
  const Time broke = story.now;
  story.silent.insert("cs-1");
  story.run(1min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::device_hang);
  CHECK(diagnosis.category == Category::software);
  CHECK(diagnosis.confidence > 0.9);
  CHECK(*story.first(NotificationKind::page) - broke <= 12s);
}

TEST_CASE("a server that answers ping while agent and services time out is hung") {
  for (const bool live : {false, true}) {
    Story story(std::string(city_hall) + people, {live, {}});
    story.run(2min);
    story.no_agent.insert("cs-1");
    story.broken[{"cs-1", "app"}] = Outcome::timeout;
    story.broken[{"cs-1", "web"}] = Outcome::timeout;
    story.run(70s);
    std::vector<IncidentPicture> incidents;
    const Diagnosis& diagnosis = only_incident(story, incidents);
    CHECK(diagnosis.cause == Cause::device_hang);
    CHECK(diagnosis.category == Category::software);
    CHECK(diagnosis.location.device == "cs-1");
    CHECK(incidents[0].now.severity == Severity::stopped);
  }
}

TEST_CASE("an incident closed by a person while it lasts is not opened again until it was over once") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(20s);
  REQUIRE(story.incidents().size() == 1);
  REQUIRE(story.engine->act(story.now, Close{1, "sato", "plug pulled on purpose"}, Language::en).has_value());
  story.run(10min);
  CHECK(story.incidents().size() == 1);
  story.silent.clear();
  story.run(1min);
  story.silent.insert("cs-1");
  story.run(20s);
  CHECK(story.incidents().size() == 2);
}

TEST_CASE("a crashed service is the cause and the service that depends on it is not") {
  Story story;
  story.run(2min);
  story.broken[{"cs-1", "app"}] = Outcome::refused;
  story.broken[{"cs-1", "web"}] = Outcome::timeout;
  story.run(1min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::service);
  CHECK(diagnosis.location.component == "app");
  CHECK(diagnosis.category == Category::software);
}

TEST_CASE("a silent SNMP agent is an agent at risk and never a dead device") {
  Story story;
  story.run(2min);
  story.no_agent.insert("cs-2");
  story.run(2min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::agent);
  CHECK(incidents[0].now.severity == Severity::at_risk);
}

TEST_CASE("a UPS on battery puts its place at risk") {
  Story story;
  story.sensors["ups-1"] = {{"Output source", SensorClass::power, SensorStatus::ok, {}, "", "normal"}};
  story.run(2min);
  story.sensors["ups-1"] = {{"Output source", SensorClass::power, SensorStatus::warning, {}, "", "battery"}};
  story.run(2min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::power_feed);
  CHECK(diagnosis.category == Category::hardware);
  CHECK(diagnosis.location.device == "ups-1");
  CHECK(incidents[0].now.severity == Severity::at_risk);
}

TEST_CASE("a failed fan is the component of its device and a switch's fan is a network matter") {
  for (const auto& [device, expected] :
       {std::pair("cs-1", Category::hardware), std::pair("sw-core", Category::network)}) {
    Story story;
    story.sensors[device] = {{"Fan 1", SensorClass::fan, SensorStatus::ok, {}, "", ""}};
    story.run(2min);
    story.sensors[device] = {{"Fan 1", SensorClass::fan, SensorStatus::failed, 0, "rpm", ""}};
    story.run(2min);
    std::vector<IncidentPicture> incidents;
    const Diagnosis& diagnosis = only_incident(story, incidents);
    CHECK(diagnosis.cause == Cause::device_hardware);
    CHECK(diagnosis.location.device == device);
    CHECK(diagnosis.location.component == "Fan 1");
    CHECK(diagnosis.category == expected);
  }
}

TEST_CASE("errors that rise on a port are a degraded cable") {
  Story story(std::string(city_hall) + people, recorded);
  story.run(2min);
  story.errors[{"sw-2f", "8"}] = 200;
  story.run(90s);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::link);
  CHECK(diagnosis.location.device == "sw-2f");
  CHECK(diagnosis.location.peer == "hub-2f");
  CHECK(incidents[0].now.severity == Severity::at_risk);
}

TEST_CASE("a disk error and an out-of-memory kill in a log are told at their first line") {
  Story story;
  story.run(1min);
  story.log("cs-1", "kernel: blk_update_request: I/O error, dev sdb, sector 81920 op 0x0:(READ)");
  story.log("cs-2", "kernel: Out of memory: Killed process 4711 (java) total-vm:8123456kB");
  story.run(10s);
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 2);
  CHECK(incidents[0].now.diagnosis.category == Category::hardware);
  CHECK(incidents[0].now.diagnosis.location.device == "cs-1");
  CHECK(incidents[1].now.diagnosis.category == Category::software);
  CHECK(incidents[1].now.diagnosis.location.device == "cs-2");
}

TEST_CASE("a closed disk fault that two lines told opens again at the next line and not before") {
  Story story;
  story.run(1min);
  const auto lines = [&] {
    story.log("cs-2",
              "Nov 24 09:00:00 cs-2 kernel: blk_update_request: critical medium error, dev sdb, sector 9");
    story.log("cs-2",
              "Nov 24 09:00:00 cs-2 kernel: Buffer I/O error on dev sdb2, logical block 9, async page read");
  };
  lines();
  story.run(1min);
  REQUIRE(story.incidents().size() == 1);
  auto closed = story.engine->act(story.now, Close{1, "tanaka", "replaced"}, Language::en);
  REQUIRE(closed.has_value());
  story.run(5min);
  CHECK(story.incidents().size() == 1);
  lines();
  story.run(1min);
  REQUIRE(story.incidents().size() == 2);
  CHECK(story.notifications(NotificationKind::page).size() == 2);
}

TEST_CASE("the monitor's own uplink is one incident of its own and no device is accused") {
  Story story;
  story.run(2min);
  for (const Device& device : story.site->devices) story.silent.insert(device.name);
  story.monitor = {false, false, std::nullopt, ""};
  story.run(2min);
  std::vector<IncidentPicture> incidents;
  const Diagnosis& diagnosis = only_incident(story, incidents);
  CHECK(diagnosis.cause == Cause::monitor_uplink);
  CHECK(diagnosis.category == Category::network);
  CHECK(diagnosis.location.device == "mon-1");
  story.silent.clear();
  story.monitor = {true, true, std::nullopt, ""};
  story.run(1min);
  CHECK(story.incidents().size() == 1);
  CHECK(story.incidents()[0].state == IncidentState::restored);
}

TEST_CASE("terminals switched off after closing open nothing and a night without them is quiet") {
  Story story(std::string(city_hall) + people, recorded, "2026-11-24T17:10:00+09:00");
  story.run(2min);
  story.silent.insert("term-1");
  story.run(2min);
  story.silent.insert("term-3");
  story.run(90s);
  for (const char* name : {"term-2", "term-4", "term-5"}) story.silent.insert(name);
  story.run(20min);
  CHECK(story.incidents().empty());
}

TEST_CASE("a terminal silent since before opening is no symptom until it has answered that day") {
  Story story(std::string(city_hall) + people, recorded, "2026-11-24T08:20:00+09:00");
  story.silent = {"term-1", "term-2"};
  story.run(20min);
  CHECK(story.incidents().empty());
  story.silent.erase("term-1");
  story.run(1min);
  story.silent.insert("term-1");
  story.run(1min);
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.incidents()[0].now.diagnosis.location.device == "term-1");
}

TEST_CASE("inside maintenance nothing is paged and what is still broken at its end is") {
  Story story(std::string(city_hall) + people + R"(
maintenance:
  - {device: cs-1, from: "2026-11-24T09:01", until: "2026-11-24T09:10", reason: 点検}
)");
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(6min);
  CHECK(story.incidents().empty());
  story.run(3min);
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.first(NotificationKind::page) >= parse_time("2026-11-24T09:10:00+09:00"));
}

TEST_CASE("a device with page false is listed and never paged") {
  Story story;
  story.run(2min);
  story.silent.insert("printer-1");
  story.run(2min);
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.incidents()[0].notifications.empty());
}

TEST_CASE("a server that died before its switch keeps its own incident through the switch's") {
  Story story(std::string(city_hall) + people, recorded);
  story.run(2min);
  story.silent.insert("term-5");
  story.down.insert({"sw-2f", "3"});
  story.run(1min);
  fail_hub(story);
  for (const char* name : {"sw-2f", "printer-1"}) story.silent.insert(name);
  story.down.insert({"sw-core", "5"});
  story.run(1min);
  REQUIRE(story.incidents().size() == 2);
  story.silent = {"term-5"};
  story.down.erase({"sw-core", "5"});
  story.run(2min);
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 2);
  CHECK(incidents[0].state == IncidentState::open);
  CHECK(incidents[1].state == IncidentState::restored);
  CHECK(story.notifications(NotificationKind::page).size() == 2);
}

TEST_CASE("a terminal that stays off when the hub comes back is an incident of its own") {
  Story story(std::string(city_hall) + people, recorded);
  story.run(2min);
  fail_hub(story);
  story.run(1min);
  story.silent = {"term-2"};
  story.run(90s);
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 2);
  CHECK(incidents[0].state == IncidentState::restored);
  CHECK(incidents[1].state == IncidentState::open);
  CHECK(incidents[1].now.diagnosis.location.device == "term-2");
}

TEST_CASE("the same fault back within half an hour is the same incident without a new page") {
  Story story(std::string(city_hall) + people, recorded);
  story.run(2min);
  fail_hub(story);
  story.run(1min);
  story.silent.clear();
  story.run(1min);
  fail_hub(story);
  story.run(1min);
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.incidents()[0].state == IncidentState::open);
  CHECK(story.notifications(NotificationKind::page).size() == 1);
  story.silent.clear();
  story.run(40min);
  fail_hub(story);
  story.run(1min);
  REQUIRE(story.incidents().size() == 2);
  CHECK(story.incidents()[1].now.earlier == std::vector<int>{1});
}

TEST_CASE("a loop is one incident at its switch though everything in its domain suffers") {
  Story story;
  story.run(2min);
  story.log("sw-2f", "Loop detected on port 3");
  story.errors = {{{"sw-2f", "3"}, 2000}, {{"sw-2f", "4"}, 2000}};
  for (const char* suffering : {"term-1", "term-5", "cs-1"}) {
    story.silent.insert(suffering);
    story.run(25s);
    story.silent.clear();
    story.run(25s);
  }
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 1);
  CHECK(incidents[0].now.diagnosis.cause == Cause::loop);
  CHECK(incidents[0].now.diagnosis.category == Category::network);
  CHECK(incidents[0].now.diagnosis.location.device == "sw-2f");
  CHECK(incidents[0].now.diagnosis.location.ports == std::vector<std::string>{"3", "4"});
}

TEST_CASE(
    "a silent terminal is hung while its port stays as it was and switched off when the port slows down") {
  for (const std::uint64_t speed : {1000U, 100U}) {
    Story story;
    const auto ports_of_sw_2f = [&](std::uint64_t mbps) {
      SnmpSeen seen;
      seen.status = Outcome::ok;
      InterfaceSeen row;
      row.name = "3";
      row.speed_mbps = mbps;
      seen.interfaces.push_back(row);
      story.see("sw-2f", seen);
    };
    ports_of_sw_2f(1000);
    story.run(2min);
    story.silent.insert("term-5");
    story.run(12s);
    ports_of_sw_2f(speed);
    story.run(28s);
    const auto incidents = story.incidents();
    REQUIRE(incidents.size() == 1);
    CHECK(incidents[0].now.diagnosis.cause == (speed == 1000 ? Cause::device_hang : Cause::device_power));
    if (speed == 1000) CHECK(incidents[0].now.diagnosis.alternatives.size() == 1);
  }
}

TEST_CASE("management controllers that the core cuts off with their servers are no causes of their own") {
  std::string configuration = city_hall;
  const std::string server = "    address: 127.9.0.10\n";
  configuration.insert(configuration.find(server), "    management: {address: 127.9.1.10}\n");
  Story story(configuration + people);
  const auto look = [&](int received) {
    IcmpSeen seen;
    seen.management = true;
    seen.sent = 3;
    seen.received = received;
    story.see("cs-1", seen);
  };
  story.run(2min);
  look(3);
  for (const Device& device : story.site->devices)
    if (!device.addresses.empty()) story.silent.insert(device.name);
  for (int round = 0; round < 6; ++round) {
    look(0);
    story.run(10s);
  }
  CHECK(story.incidents().size() == 1);
}

TEST_CASE("a server that answers again has time to start its services and then none") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(30s);
  REQUIRE(story.incidents().size() == 1);
  story.broken[{"cs-1", "app"}] = Outcome::refused;
  story.silent.clear();
  story.run(150s);
  CHECK(story.incidents().size() == 1);
  story.run(3min);
  REQUIRE(story.incidents().size() == 2);
  CHECK(story.incidents()[1].now.diagnosis.cause == Cause::service);
}

TEST_CASE("single lost rounds open nothing") {
  Story story(std::string(city_hall) + people, recorded);
  for (int i = 0; i < 40; ++i) {
    story.silent = {i % 2 == 0 ? "cs-1" : "term-3"};
    story.run(10s);
    story.silent.clear();
    story.run(20s);
  }
  CHECK(story.incidents().empty());
}
