#include <doctest/doctest.h>

#include <unistd.h>

#include "rules/explain.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

bool says(const Story& story, const std::vector<Reason>& reasons, const std::string& words) {
  for (const Reason& reason : reasons)
    if (sentence(reason, Language::en, story.site->zone).find(words) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("the reasoning of an incident names what speaks against each rival") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(40s);
  const auto reasoning = story.engine->why(1);
  REQUIRE(reasoning.has_value());
  CHECK(reasoning->live);
  CHECK(reasoning->diagnosis.cause == Cause::device_hang);
  CHECK(reasoning->evidence_nats >= 15);
  bool power_is_denied_by_the_port = false;
  for (const RivalReasoning& rival : reasoning->rivals)
    if (rival.what.cause == Cause::device_power)
      power_is_denied_by_the_port = says(story, rival.denied_by, "port 1 of sw-core");
  CHECK(power_is_denied_by_the_port);
  CHECK_FALSE(story.engine->why(2).has_value());
}

TEST_CASE("a restored incident tells what the journal kept") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(40s);
  story.silent.clear();
  story.run(1min);
  const auto reasoning = story.engine->why(1);
  REQUIRE(reasoning.has_value());
  CHECK_FALSE(reasoning->live);
  CHECK_FALSE(reasoning->diagnosis.evidence.empty());
}

TEST_CASE("silence about a device is explained in each case") {
  Story story;
  CHECK(says(story, story.engine->why_not("cs-1"), "has not been looked at yet"));
  story.run(2min);
  CHECK(says(story, story.engine->why_not("cs-1"), "all are well"));
  CHECK(says(story, story.engine->why_not("hub-2f"), "no address"));
  CHECK(story.engine->why_not("no-such-device").empty());
  for (const char* name : {"term-1", "term-2", "term-3", "term-4"}) story.silent.insert(name);
  story.run(40s);
  CHECK(says(story, story.engine->why_not("term-1"), "incident 1"));
  story.no_agent.insert("cs-2");
  SnmpSeen timeout;
  timeout.status = Outcome::timeout;
  story.see("cs-2", timeout);
  CHECK(says(story, story.engine->why_not("cs-2"), "too little evidence"));
}

TEST_CASE("a terminal that is silent at night is told to be out of its hours") {
  Story story(std::string(city_hall) + people, {}, "2026-11-24T20:00:00+09:00");
  story.silent.insert("term-5");
  story.run(2min);
  CHECK(story.incidents().empty());
  CHECK(says(story, story.engine->why_not("term-5"), "out of its hours"));
}

TEST_CASE("what a person closed while it lasts is told as such") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(40s);
  REQUIRE(story.engine->act(story.now, Close{1, "sato", "known"}, Language::en).has_value());
  story.run(1min);
  CHECK(says(story, story.engine->why_not("cs-1"), "a person closed its incident"));
}
