// Packs: the shipped ones compile, mistakes are named at their place, and readings become the right sensors.

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "probes/snmp_sensors.hpp"

using namespace nethealth;

namespace {

std::vector<SensorPack> compiled(const std::string& text) {
  Problems problems;
  auto packs = compile_sensor_packs({{"test.yaml", text}}, Language::en, problems);
  for (const Problem& problem : problems) MESSAGE(problem.text());
  REQUIRE(problems.empty());
  return packs;
}

std::vector<SensorSeen> sensors(const std::vector<SensorPack>& packs, const Oid& id,
                                const SnmpReadings& readings) {
  std::vector<SensorPack> chosen;
  for (const SensorPack& pack : packs) {
    if (!pack.applies_to(id, {})) continue;
    chosen.push_back(pack);
    read_rules(chosen.back());
  }
  std::vector<const SensorRule*> rules;
  for (const SensorPack& pack : chosen) {
    for (const SensorRule& rule : pack.rules) rules.push_back(&rule);
  }
  return sensors_of(rules, readings);
}

/// The packs that ship, as the program holds them: without rules until they apply.
const std::vector<SensorPack>& shipped() {
  static const std::vector<SensorPack> packs = [] {
    Problems problems;
    return chosen_sensor_packs({}, Language::en, problems);
  }();
  return packs;
}

void put(SnmpReadings& readings, const char* oid, std::int64_t value) {
  readings[*parse_oid(oid)] = SnmpValue::of(value);
}
void put(SnmpReadings& readings, const char* oid, const std::string& value) {
  readings[*parse_oid(oid)] = SnmpValue::of(value);
}

const SensorSeen* named(const std::vector<SensorSeen>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const SensorSeen& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Oid anyone{1, 3, 6, 1, 4, 1, 99999};

}  // namespace

TEST_CASE("every shipped sensor pack compiles without a problem and cites a source for each rule") {
  Problems problems;
  const auto packs = compile_sensor_packs(sensor_packs(), Language::ja, problems);
  for (const Problem& problem : problems) MESSAGE(problem.text());
  CHECK(problems.empty());
  CHECK(packs.size() == sensor_packs().size());
  CHECK(std::any_of(packs.begin(), packs.end(), [](const SensorPack& pack) { return pack.always; }));
  for (const SensorPack& pack : packs) {
    for (const SensorRule& rule : pack.rules) CHECK_FALSE(rule.source.empty());
  }
}

TEST_CASE("no state of a shipped pack that means unknown or not present is a fault") {
  Problems problems;
  for (const SensorPack& pack : compile_sensor_packs(sensor_packs(), Language::en, problems)) {
    for (const SensorRule& rule : pack.rules) {
      for (const auto& [value, state] : rule.states) {
        const bool says_nothing = state.text.find("unknown") != std::string::npos ||
                                  state.text.find("not present") != std::string::npos;
        if (says_nothing) CHECK(state.status != SensorStatus::failed);
      }
      const bool silent_otherwise = !rule.otherwise || rule.otherwise->status != SensorStatus::failed;
      CHECK(silent_otherwise);
    }
  }
}

TEST_CASE("no shipped pack shows one lamp twice") {
  Problems problems;
  for (const SensorPack& pack : compile_sensor_packs(sensor_packs(), Language::en, problems)) {
    std::set<Oid> lamps;
    for (const SensorRule& rule : pack.rules) {
      if (!rule.status || !rule.conditions.empty()) continue;
      CAPTURE(rule.source);
      CHECK(lamps.insert(*rule.status).second);
    }
  }
}

TEST_CASE("mistakes in a pack are named at their place and the pack is left out") {
  struct Mistake {
    const char* yaml;
    const char* start;
  };
  const Mistake mistakes[] = {
      {"pack: x\nmatch: always\ntabels: []\n", "bad.yaml:3:1: unknown key: tabels (tables?)"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, source: s, status: 1.3.x, states: {1: ok}}\n",
       "bad.yaml:4:35: not an object identifier"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, source: s, status: .3, states: {1: ok}}\n",
       "bad.yaml:4:35: not an object identifier"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, source: s, status: 1.3, states: {1: okay}}\n",
       "bad.yaml:4:52: not a status"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, source: s, status: 1.3}\n",
       "bad.yaml:4:5: status needs states or bits"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, source: s}\n",
       "bad.yaml:4:5: status or value is needed"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, status: 1.3, states: {1: ok}}\n",
       "bad.yaml:4:5: missing key: source"},
      {"pack: x\nmatch: always\ntables:\n  - {label: a, source: s, value: 1.3, class: fam}\n",
       "bad.yaml:4:46: not a sensor class"},
      {"pack: x\ntables:\n  - {label: a, source: s, value: 1.3}\n", "bad.yaml:1:1: missing key: match"},
      {"pack: x\nmatch: always\n", "bad.yaml:1:1: tables or scalars"},
      {"- a list\n", "bad.yaml:1:1: expected a map"},
  };
  for (const Mistake& mistake : mistakes) {
    Problems problems;
    const auto packs = compile_sensor_packs({{"bad.yaml", mistake.yaml}}, Language::en, problems);
    CHECK(packs.empty());
    REQUIRE(problems.size() >= 1);
    CHECK(problems.front().text().starts_with(mistake.start));
  }
}

TEST_CASE("a pack applies by the prefix of sysObjectID and the standard pack to everyone") {
  const auto packs =
      compiled("pack: x\nmatch: [1.3.6.1.4.1.9]\nscalars:\n  - {label: a, source: s, value: 1.3.1.0}\n");
  CHECK(packs[0].applies_to({1, 3, 6, 1, 4, 1, 9, 1, 1}, {}));
  CHECK_FALSE(packs[0].applies_to({1, 3, 6, 1, 4, 1, 99}, {9}));
  CHECK_FALSE(packs[0].applies_to({}, {}));
}

TEST_CASE("a UPS on battery is a power sensor with the value battery and on mains it is ok") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.2.1.33.1.4.1.0", 3);
  put(readings, "1.3.6.1.2.1.33.1.2.1.0", 2);
  put(readings, "1.3.6.1.2.1.33.1.2.2.0", 0);
  put(readings, "1.3.6.1.2.1.33.1.2.4.0", 97);
  auto seen = sensors(shipped(), anyone, readings);
  REQUIRE(named(seen, "UPS output source") != nullptr);
  for (const SensorSeen& one : seen) CHECK(one.status == SensorStatus::ok);
  CHECK(named(seen, "UPS battery")->value == 97);
  CHECK(named(seen, "UPS battery")->unit == "%");

  put(readings, "1.3.6.1.2.1.33.1.4.1.0", 5);
  put(readings, "1.3.6.1.2.1.33.1.2.1.0", 3);
  put(readings, "1.3.6.1.2.1.33.1.2.2.0", 61);
  seen = sensors(shipped(), anyone, readings);
  CHECK(named(seen, "UPS output source")->sensor_class == SensorClass::power);
  CHECK(named(seen, "UPS output source")->status == SensorStatus::failed);
  CHECK(named(seen, "UPS output source")->text == "battery");
  CHECK(named(seen, "UPS time on battery")->text == "battery");
  CHECK(named(seen, "UPS battery")->status == SensorStatus::failed);

  // On bypass it is not on battery, so no sensor of class power may say otherwise.
  put(readings, "1.3.6.1.2.1.33.1.4.1.0", 4);
  put(readings, "1.3.6.1.2.1.33.1.2.2.0", 0);
  seen = sensors(shipped(), anyone, readings);
  CHECK(named(seen, "UPS output source")->status == SensorStatus::warning);
  for (const SensorSeen& one : seen) {
    if (one.sensor_class == SensorClass::power) CHECK(one.status == SensorStatus::ok);
  }
}

TEST_CASE("an entity sensor takes its class unit and size from its own columns") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.2.1.99.1.1.1.1.7", 8);
  put(readings, "1.3.6.1.2.1.99.1.1.1.2.7", 9);
  put(readings, "1.3.6.1.2.1.99.1.1.1.3.7", 1);
  put(readings, "1.3.6.1.2.1.99.1.1.1.4.7", 415);
  put(readings, "1.3.6.1.2.1.99.1.1.1.5.7", 1);
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.7.7", std::string(""));
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.2.7", std::string("Inlet"));
  put(readings, "1.3.6.1.2.1.99.1.1.1.1.8", 4);
  put(readings, "1.3.6.1.2.1.99.1.1.1.2.8", 8);
  put(readings, "1.3.6.1.2.1.99.1.1.1.4.8", 12'080);
  put(readings, "1.3.6.1.2.1.99.1.1.1.5.8", 2);
  const auto seen = sensors(shipped(), anyone, readings);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].name == "Inlet");
  CHECK(seen[0].sensor_class == SensorClass::temperature);
  CHECK(seen[0].status == SensorStatus::ok);
  CHECK(*seen[0].value == doctest::Approx(41.5));
  CHECK(seen[0].unit == "celsius");
  CHECK(seen[1].name == "sensor 8");
  CHECK(seen[1].status == SensorStatus::unknown);
  CHECK(*seen[1].value == doctest::Approx(12.08));
}

TEST_CASE("the alarm bits of an entity name its worst state and ports are left out") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.2.1.131.1.1.1.5.1", std::string("\x14", 1));  // major and warning
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.5.1", 7);
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.7.1", std::string("Fan tray"));
  put(readings, "1.3.6.1.2.1.131.1.1.1.5.2", std::string("\0", 1));
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.7.2", std::string("Board"));
  put(readings, "1.3.6.1.2.1.131.1.1.1.5.3", std::string("\x20", 1));
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.5.3", 10);
  put(readings, "1.3.6.1.2.1.47.1.1.1.1.7.3", std::string("Port 1"));
  const auto seen = sensors(shipped(), anyone, readings);
  REQUIRE(seen.size() == 2);
  CHECK(named(seen, "Fan tray")->status == SensorStatus::failed);
  CHECK(named(seen, "Fan tray")->sensor_class == SensorClass::fan);
  CHECK(named(seen, "Fan tray")->text == "major");
  CHECK(named(seen, "Board")->status == SensorStatus::ok);
}

TEST_CASE("an alarm of a UPS is named by the alarm that is present") {
  SnmpReadings readings;
  readings[*parse_oid("1.3.6.1.2.1.33.1.6.2.1.2.4")] = SnmpValue::of(*parse_oid("1.3.6.1.2.1.33.1.6.3.2"));
  readings[*parse_oid("1.3.6.1.2.1.33.1.6.2.1.2.5")] = SnmpValue::of(*parse_oid("1.3.6.1.4.1.99999.1"));
  const auto seen = sensors(shipped(), anyone, readings);
  REQUIRE(seen.size() == 2);
  CHECK(named(seen, "UPS alarm on battery")->sensor_class == SensorClass::power);
  CHECK(named(seen, "UPS alarm on battery")->text == "battery");
  CHECK(seen[1].status == SensorStatus::unknown);
}

TEST_CASE("a host without swap space and a network card that is down are no faults") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.2021.4.100.0", 1);
  put(readings, "1.3.6.1.4.1.2021.4.3.0", 0);
  put(readings, "1.3.6.1.2.1.25.3.2.1.5.1", 5);
  readings[*parse_oid("1.3.6.1.2.1.25.3.2.1.2.1")] = SnmpValue::of(*parse_oid("1.3.6.1.2.1.25.3.1.4"));
  CHECK(sensors(shipped(), anyone, readings).empty());
  put(readings, "1.3.6.1.4.1.2021.4.3.0", 4'000'000);
  const auto seen = sensors(shipped(), anyone, readings);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].status == SensorStatus::warning);
}

TEST_CASE("a failed fan of a Cisco switch is failed and an empty slot is absent") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.9.9.13.1.4.1.2.1", std::string("Fan 1"));
  put(readings, "1.3.6.1.4.1.9.9.13.1.4.1.3.1", 3);
  put(readings, "1.3.6.1.4.1.9.9.13.1.5.1.2.2", std::string("Power Supply 2"));
  put(readings, "1.3.6.1.4.1.9.9.13.1.5.1.3.2", 5);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 9, 1, 875}, readings);
  REQUIRE(seen.size() == 2);
  CHECK(named(seen, "Fan 1")->status == SensorStatus::failed);
  CHECK(named(seen, "Fan 1")->sensor_class == SensorClass::fan);
  CHECK(named(seen, "Power Supply 2")->status == SensorStatus::absent);
  CHECK(sensors(shipped(), anyone, readings).empty());
}

TEST_CASE("a TeraStation tells a degraded disk and a broken supply and a removed disk is absent") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.5227.27.1.2.1.2.1", 2);
  put(readings, "1.3.6.1.4.1.5227.27.1.2.1.2.2", 5);
  put(readings, "1.3.6.1.4.1.5227.27.1.2.1.2.3", 6);
  put(readings, "1.3.6.1.4.1.5227.27.1.2.1.5.1", 2);
  put(readings, "1.3.6.1.4.1.5227.27.1.8.1.2.1", 2);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 5227, 27}, readings);
  REQUIRE(seen.size() == 5);
  CHECK(named(seen, "Disk 1")->status == SensorStatus::ok);
  CHECK(named(seen, "Disk 2")->status == SensorStatus::failed);
  CHECK(named(seen, "Disk 3")->status == SensorStatus::absent);
  CHECK(named(seen, "Disk 1 SMART")->status == SensorStatus::warning);
  CHECK(named(seen, "Redundant power supply 1")->status == SensorStatus::failed);
}

TEST_CASE("the hardware table of ESXi is a state only while the agent reads sensors") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.6876.4.20.3.1.2.1", 4);
  put(readings, "1.3.6.1.4.1.6876.4.20.3.1.3.1", 4);
  put(readings, "1.3.6.1.4.1.6876.4.20.100.0", 4);
  const Oid esxi{1, 3, 6, 1, 4, 1, 6876, 4, 1};
  CHECK(sensors(shipped(), esxi, readings).empty());
  put(readings, "1.3.6.1.4.1.6876.4.20.100.0", 2);
  const auto seen = sensors(shipped(), esxi, readings);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].status == SensorStatus::failed);
  CHECK(seen[0].sensor_class == SensorClass::fan);
}

TEST_CASE("a UPS that speaks the module of the Japanese makers tells its battery and that it runs on it") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.4550.1.1.2.1.0", 3);
  put(readings, "1.3.6.1.4.1.4550.1.1.2.2.0", 61);
  put(readings, "1.3.6.1.4.1.4550.2.1.2.1.0", 2);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 4550, 1}, readings);
  REQUIRE(seen.size() == 3);
  CHECK(named(seen, "JEMA battery")->status == SensorStatus::failed);
  CHECK(named(seen, "JEMA time on battery")->status == SensorStatus::warning);
  CHECK(named(seen, "JEMA time on battery")->sensor_class == SensorClass::power);
  CHECK(named(seen, "JEMA 2 battery")->status == SensorStatus::ok);
}

TEST_CASE("a UPS with the card of Delta tells that it runs on its battery and that the battery is worn") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.2254.2.4.5.1.0", 1);
  put(readings, "1.3.6.1.4.1.2254.2.4.7.1.0", 2);
  put(readings, "1.3.6.1.4.1.2254.2.4.7.2.0", 0);
  put(readings, "1.3.6.1.4.1.2254.2.4.9.23.0", 0);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 2254, 2, 4}, readings);
  REQUIRE(seen.size() == 4);
  CHECK(named(seen, "UPS output")->status == SensorStatus::failed);
  CHECK(named(seen, "UPS output")->sensor_class == SensorClass::power);
  CHECK(named(seen, "UPS battery condition")->status == SensorStatus::failed);
  CHECK(named(seen, "UPS battery charge")->status == SensorStatus::ok);
  CHECK(named(seen, "UPS fan")->status == SensorStatus::ok);
}

TEST_CASE("an Eaton UPS without the standard module tells its source and a battery that is not there") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.534.1.4.5.0", 5);
  put(readings, "1.3.6.1.4.1.534.1.2.7.0", 2);
  put(readings, "1.3.6.1.4.1.534.1.2.8.0", 1);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 534, 1}, readings);
  REQUIRE(seen.size() == 3);
  CHECK(named(seen, "UPS source")->text == "battery");
  CHECK(named(seen, "UPS source")->sensor_class == SensorClass::power);
  CHECK(named(seen, "UPS battery failure")->status == SensorStatus::ok);
  CHECK(named(seen, "UPS battery present")->status == SensorStatus::absent);
}

TEST_CASE("an ALAXALA switch tells a failed supply once and an empty place is absent") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.21839.2.2.24.2.1.4.1.3.1.1", 2);
  put(readings, "1.3.6.1.4.1.21839.2.2.24.2.1.4.1.3.1.2", -1);
  put(readings, "1.3.6.1.4.1.21839.2.2.24.2.1.5.1.2.1.1", 4);
  put(readings, "1.3.6.1.4.1.21839.2.4.1.1002.1.4.1.7.1.1", 2);
  put(readings, "1.3.6.1.4.1.21839.2.4.1.1002.6.1.1.4.1.1", 7);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 21839, 1}, readings);
  REQUIRE(seen.size() == 5);
  CHECK(named(seen, "Power supply 1.2")->status == SensorStatus::absent);
  CHECK(named(seen, "Fan 1.1")->status == SensorStatus::failed);
  CHECK(named(seen, "Network interface 1.1")->status == SensorStatus::unknown);
  CHECK(std::count_if(seen.begin(), seen.end(),
                      [](const SensorSeen& one) { return one.status == SensorStatus::failed; }) == 2);
}

TEST_CASE("a PRIMEQUEST names its parts and one that was switched off or is not there is no fault") {
  SnmpReadings readings;
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.5.2.1.3.1.1", "FANU#0");
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.5.2.1.5.1.1", 4);
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.5.2.1.5.1.2", 2);
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.6.2.1.5.1.1", 3);
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.6.2.1.5.1.2", 2);
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.8.2.1.2.1.4", 4);
  put(readings, "1.3.6.1.4.1.211.1.31.1.1.1.8.2.1.3.1.4", 2);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 211, 1, 31}, readings);
  REQUIRE(seen.size() == 5);
  CHECK(named(seen, "FANU#0")->status == SensorStatus::failed);
  CHECK(named(seen, "Fan 1.2")->status == SensorStatus::unknown);
  CHECK(named(seen, "Power supply 1.1")->status == SensorStatus::ok);
  CHECK(named(seen, "Power supply 1.2")->status == SensorStatus::absent);
  CHECK(named(seen, "Unit 1.4")->status == SensorStatus::warning);
  CHECK(named(seen, "Unit 1.4")->sensor_class == SensorClass::fan);
}

TEST_CASE("limits that the device states are kept and unset ones are not") {
  const auto packs = compiled(R"(pack: x
match: always
tables:
  - label: temperature
    source: test
    under: 1.3.9
    status: .1
    value: {of: .2, scale: 0.1, unit: celsius}
    class: temperature
    states: {1: ok, 2: absent}
    limits: [{above: .3, scale: 0.1, status: warning}, {above: .4, scale: 0.1, status: failed}]
)");
  SnmpReadings readings;
  const auto device = [&](std::uint32_t index, std::int64_t status, std::int64_t value, std::int64_t warn,
                          std::int64_t fail) {
    readings[{1, 3, 9, 1, index}] = SnmpValue::of(status);
    readings[{1, 3, 9, 2, index}] = SnmpValue::of(value);
    readings[{1, 3, 9, 3, index}] = SnmpValue::of(warn);
    readings[{1, 3, 9, 4, index}] = SnmpValue::of(fail);
  };
  device(1, 1, 400, 500, 600);
  device(2, 1, 500, 500, 600);
  device(3, 1, 700, 500, 600);
  device(4, 1, 700, 0, -1);
  device(5, 2, 700, 500, 600);
  const auto seen = sensors(packs, anyone, readings);
  REQUIRE(seen.size() == 5);
  CHECK(seen[0].status == SensorStatus::ok);
  CHECK(seen[1].status == SensorStatus::warning);
  CHECK(seen[2].status == SensorStatus::failed);
  CHECK(seen[3].status == SensorStatus::ok);
  CHECK(seen[4].status == SensorStatus::absent);
}

TEST_CASE("a full disk of a host is a warning and a snap is none") {
  SnmpReadings readings;
  const auto storage = [&](const char* index, const char* name, std::int64_t used) {
    const std::string at(index);
    readings[*parse_oid("1.3.6.1.2.1.25.2.3.1.2." + at)] = SnmpValue::of(*parse_oid("1.3.6.1.2.1.25.2.1.4"));
    put(readings, ("1.3.6.1.2.1.25.2.3.1.3." + at).c_str(), std::string(name));
    put(readings, ("1.3.6.1.2.1.25.2.3.1.5." + at).c_str(), 1'000);
    put(readings, ("1.3.6.1.2.1.25.2.3.1.6." + at).c_str(), used);
  };
  storage("31", "/", 960);
  storage("32", "/home", 940);
  storage("33", "/snap/core/1", 1'000);
  const auto seen = sensors(shipped(), {1, 3, 6, 1, 4, 1, 8072, 3, 2, 10}, readings);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].name == "storage /");
  CHECK(seen[0].status == SensorStatus::warning);
  CHECK(*seen[0].value == doctest::Approx(96.0));
  CHECK(seen[0].unit == "%");
  CHECK(seen[1].status == SensorStatus::ok);
}

TEST_CASE("sensors of one name all carry their index and hostile names stay on one line") {
  const auto packs = compiled(R"(pack: x
match: always
tables:
  - {label: fan, source: test, status: 1.3.9.1, name: 1.3.9.2, class: fan, states: {1: ok}}
)");
  SnmpReadings readings;
  for (std::uint32_t index = 1; index <= 3; ++index) {
    readings[{1, 3, 9, 1, index}] = SnmpValue::of(std::int64_t{1});
    readings[{1, 3, 9, 2, index}] = SnmpValue::of(std::string(index == 3 ? "a\r\nb{index}" : "Fan"));
  }
  const auto seen = sensors(packs, anyone, readings);
  REQUIRE(seen.size() == 3);
  CHECK(seen[0].name == "Fan (1)");
  CHECK(seen[1].name == "Fan (2)");
  CHECK(seen[2].name == "a b{index}");
}
