// Drills of the contact network that are held by plan.

#include <doctest/doctest.h>

#include "rules/drill.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

/// Every 28 days from Tuesday 24 November at ten, while the office is open.
const std::string every_four_weeks =
    "paging: {drills: {from: \"2026-11-24T10:00\", every: 28d, calendar: office}}\n";

Story planned(const std::string& when, const std::string& plan = every_four_weeks) {
  return Story(std::string(city_hall) + people + plan, {}, when);
}

std::size_t drills(const Story& story) {
  return story.engine->picture().drills.size();
}

std::vector<Notification> results(const Story& story, std::string_view about = about::drill_result) {
  std::vector<Notification> found;
  for (const Notification& told : story.notifications(NotificationKind::report))
    if (told.about.starts_with(about)) found.push_back(told);
  return found;
}

void answer(Story& story, const std::string& person) {
  auto decisions = story.engine->act(story.now, AnswerDrill{person, ""}, Language::en);
  REQUIRE(decisions);
  story.take_decisions(std::move(*decisions));
}

}  // namespace

TEST_CASE("a planned drill begins at its moment and its result goes to the operations manager") {
  Story story = planned("2026-11-24T09:59:00+09:00");
  story.run(59s);
  CHECK(drills(story) == 0);
  story.run(2s);
  REQUIRE(drills(story) == 1);
  CHECK(story.engine->picture().drills[0].planned);
  for (const char* person : {"sato", "suzuki", "tanaka", "ito"}) answer(story, person);
  CHECK(results(story).empty());
  story.run(5min);
  REQUIRE(results(story).size() == 1);
  const Notification result = results(story)[0];
  CHECK(result.person == "tanaka");
  CHECK(result.subject.find("4/5") != std::string::npos);
  CHECK(result.body.find("加藤: 返答なし") != std::string::npos);
  CHECK(result.body.find("佐藤: 返答あり") != std::string::npos);
  story.run(3h);
  CHECK(drills(story) == 1);
  CHECK(results(story).size() == 1);
}

TEST_CASE("the result of a planned drill is told as soon as everybody answered") {
  Story story = planned("2026-11-24T09:59:59+09:00");
  story.run(2s);
  for (const char* person : {"sato", "suzuki", "tanaka", "ito", "kato"}) answer(story, person);
  REQUIRE(results(story).size() == 1);
  CHECK(results(story)[0].subject.find("5/5") != std::string::npos);
}

TEST_CASE("a planned drill waits for the office to open and for the end of an emergency") {
  const Site site = load(std::string(city_hall) + people +
                         "paging: {drills: {from: \"2026-11-21T10:00\", every: 1d, calendar: office}}\n");
  const auto due = [&](const char* now) { return planned_drill(site, *parse_time(now)); };
  // Saturday to Monday, which is a holiday, wait for Tuesday morning together.
  CHECK_FALSE(due("2026-11-23T23:00:00+09:00"));
  CHECK(due("2026-11-24T09:00:00+09:00") == *parse_time("2026-11-24T08:30:00+09:00"));
  CHECK(due("2026-11-24T11:00:00+09:00") == *parse_time("2026-11-24T10:00:00+09:00"));
  CHECK(planned_drill_after(site, *parse_time("2026-11-21T10:00:00+09:00")) ==
        *parse_time("2026-11-24T08:30:00+09:00"));

  Story story = planned("2026-11-24T09:50:00+09:00");
  story.run(5min);
  story.silent.insert("cs-1");
  story.run(10min);
  CHECK(drills(story) == 0);
  story.silent.clear();
  story.run(3min);
  CHECK(drills(story) == 1);
}

TEST_CASE("a planned drill that an emergency outlasts is told as left out") {
  Story story = planned("2026-11-24T09:50:00+09:00");
  story.run(5min);
  story.silent.insert("cs-1");
  story.run(3h);
  CHECK(drills(story) == 0);
  REQUIRE(results(story, about::drill_left_out).size() == 1);
  CHECK(results(story, about::drill_left_out)[0].person == "tanaka");
  story.restart();
  story.run(1h);
  CHECK(results(story, about::drill_left_out).size() == 1);
}

TEST_CASE("a planned drill is held once whatever restarts and by a drill of that morning") {
  Story story = planned("2026-11-24T09:59:50+09:00");
  story.run(15s);
  story.restart();
  story.run(10min);
  CHECK(drills(story) == 1);
  CHECK(results(story).size() == 1);
  story.restart();
  story.run(10min);
  CHECK(results(story).size() == 1);
  CHECK(results(story, about::drill_left_out).empty());
}
