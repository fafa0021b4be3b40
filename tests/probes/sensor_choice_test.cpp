// Which packs an agent gets, the site's own packs, and status words.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "probes/snmp_sensors.hpp"
#include "probes/snmp_walk.hpp"

using namespace nethealth;

namespace {

const char* const own_pack =
    "pack: own\nmatch: [1.3.6.1.4.1.99999.1]\nshows: [1.3.6.1.4.1.99999]\n"
    "tables:\n  - {label: a, source: s, status: 1.3.6.1.4.1.99999.2, states: words}\n";

struct PackFolder {
  PackFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "packs-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~PackFolder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
  std::filesystem::path path;
};

SensorPackChoice::Placed placed(std::string text) {
  return {std::move(text), "site.yaml", 3, 7};
}

SnmpResponse found(Oid oid) {
  SnmpResponse response;
  response.varbinds = {{std::move(oid), SnmpValue::of(std::int64_t{1})}};
  return response;
}

}  // namespace

TEST_CASE("a site's pack stands beside the shipped ones and may replace one") {
  const PackFolder folder;
  Problems problems;
  SensorPackChoice choice;
  choice.files = {placed(folder.file("own.yaml", own_pack))};
  choice.without = {placed("cisco")};
  const auto packs = chosen_sensor_packs(choice, Language::en, problems);
  CHECK(problems.empty());
  CHECK(packs.size() == sensor_packs().size());
  CHECK(packs.back().name == "own");
  CHECK(
      std::none_of(packs.begin(), packs.end(), [](const SensorPack& pack) { return pack.name == "cisco"; }));
}

TEST_CASE("a pack that is not there twice or unknown is named where the site wrote it") {
  const PackFolder folder;
  Problems problems;
  SensorPackChoice choice;
  choice.without = {placed("ciscoo")};
  choice.files = {placed((folder.path / "nothing*.yaml").string())};
  chosen_sensor_packs(choice, Language::en, problems);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].text().starts_with("site.yaml:3:7: no sensor pack of this name ships: ciscoo"));
  CHECK(problems[1].text().starts_with("site.yaml:3:7: no sensor pack file is there"));

  problems.clear();
  choice.without.clear();
  choice.files = {placed(folder.file("a.yaml", own_pack)), placed(folder.file("b.yaml", own_pack))};
  chosen_sensor_packs(choice, Language::en, problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].file == (folder.path / "b.yaml").string());
}

TEST_CASE("a shipped pack is read when it is needed and then has the rules it would have had") {
  Problems problems;
  auto heads = chosen_sensor_packs({}, Language::en, problems);
  const auto whole = compile_sensor_packs(sensor_packs(), Language::en, problems);
  REQUIRE(problems.empty());
  REQUIRE(heads.size() == whole.size());
  for (std::size_t i = 0; i < heads.size(); ++i) {
    CHECK(heads[i].name == whole[i].name);
    CHECK(heads[i].match == whole[i].match);
    CHECK(heads[i].shows == whole[i].shows);
    CHECK(heads[i].rules.empty());
  }
  read_rules(heads.front());
  REQUIRE(heads.front().rules.size() == whole.front().rules.size());
  CHECK(heads.front().rules.back().label == whole.front().rules.back().label);
  read_rules(heads.front());
  CHECK(heads.front().rules.size() == whole.front().rules.size());
}

TEST_CASE("a pack is also chosen for an agent that shows its enterprise") {
  Problems problems;
  const auto packs = compile_sensor_packs({{"own.yaml", own_pack}}, Language::en, problems);
  REQUIRE(packs.size() == 1);
  const Oid a_linux_host{1, 3, 6, 1, 4, 1, 8072, 3, 2, 10};
  CHECK(packs[0].applies_to(a_linux_host, {2021, 99999}));
  CHECK_FALSE(packs[0].applies_to(a_linux_host, {2021}));
  CHECK(packs[0].applies_to({1, 3, 6, 1, 4, 1, 99999, 1, 7}, {}));
}

TEST_CASE("what a pack shows is an identifier below the enterprises") {
  Problems problems;
  compile_sensor_packs({{"own.yaml",
                         "pack: own\nmatch: []\nshows: [1.3.6.1.2.1.33]\n"
                         "scalars:\n  - {label: a, source: s, value: 1.3.6.1.0}\n"}},
                       Language::en, problems);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].text().starts_with("own.yaml:3:9: expected an identifier under 1.3.6.1.4.1"));
}

TEST_CASE("common status words are understood in any case and others are unknown") {
  Problems problems;
  const auto packs = compile_sensor_packs({{"own.yaml", own_pack}}, Language::en, problems);
  REQUIRE(packs.size() == 1);
  SnmpReadings readings;
  const Oid column{1, 3, 6, 1, 4, 1, 99999, 2};
  const char* const words[] = {"Normal", "CRITICAL", "Non-Critical", "not present", "purple"};
  for (std::uint32_t i = 0; i < 5; ++i) readings[joined(column, {i})] = SnmpValue::of(std::string(words[i]));
  const auto seen = sensors_of({&packs[0].rules[0]}, readings);
  REQUIRE(seen.size() == 5);
  CHECK(seen[0].status == SensorStatus::ok);
  CHECK(seen[0].oid == "1.3.6.1.4.1.99999.2.0");
  CHECK(seen[1].status == SensorStatus::failed);
  CHECK(seen[2].status == SensorStatus::warning);
  CHECK(seen[3].status == SensorStatus::absent);
  CHECK(seen[4].status == SensorStatus::unknown);
}

TEST_CASE("a survey steps from enterprise to enterprise and ends with them") {
  SnmpSurvey survey;
  SnmpReadings readings;
  auto request = survey.next();
  REQUIRE(request);
  CHECK(request->verb == SnmpVerb::get_next);
  CHECK(request->oids == std::vector<Oid>{{1, 3, 6, 1, 4, 1, 0}});
  survey.accept(found({1, 3, 6, 1, 4, 1, 318, 1, 1}), 50, readings);
  request = survey.next();
  REQUIRE(request);
  CHECK(request->oids == std::vector<Oid>{{1, 3, 6, 1, 4, 1, 319}});
  survey.accept(found({1, 3, 6, 1, 4, 1, 2021, 4, 3, 0}), 50, readings);
  REQUIRE(survey.next());
  survey.accept(found({1, 3, 6, 1, 6, 3, 10}), 50, readings);
  CHECK_FALSE(survey.next());
  CHECK(survey.enterprises() == std::set<std::uint32_t>{318, 2021});
  CHECK(readings.empty());
}

TEST_CASE("a survey ends when an agent goes backwards or never ends") {
  SnmpReadings readings;
  SnmpSurvey backwards;
  static_cast<void>(backwards.next());
  backwards.accept(found({1, 3, 6, 1, 4, 1, 9, 1}), 50, readings);
  static_cast<void>(backwards.next());
  backwards.accept(found({1, 3, 6, 1, 4, 1, 9, 1}), 50, readings);
  CHECK_FALSE(backwards.next());

  SnmpSurvey endless;
  std::size_t requests = 0;
  while (const auto request = endless.next()) {
    Oid next = request->oids.front();
    next.push_back(1);
    endless.accept(found(next), 50, readings);
    REQUIRE(++requests <= max_surveyed_enterprises);
  }
  CHECK(requests == max_surveyed_enterprises);
}
