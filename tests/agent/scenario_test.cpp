#include <doctest/doctest.h>

#include "agent/scenario.hpp"
#include "agent/scenario_words.hpp"

using namespace nethealth;

namespace {

const LogMatcher& rules() {
  static const LogMatcher matcher = LogMatcher::shipped();
  return matcher;
}

std::vector<std::string> mistakes(const std::string& text) {
  Problems problems;
  CHECK_FALSE(read_scenario(text, "a.scenario", nullptr, Language::en, problems).scenario);
  std::vector<std::string> found;
  for (const Problem& problem : problems) found.push_back(problem.text());
  return found;
}

ScenarioResult played(const std::string& text) {
  Problems problems;
  const ScenarioReading read = read_scenario(text, "a.scenario", nullptr, Language::en, problems);
  REQUIRE_MESSAGE(read.scenario, (problems.empty() ? "" : problems.front().text()));
  return play_scenario(*read.scenario, rules(), Language::en);
}

const std::string hub = "topology monitor > sw-core:5 > hub-2f > term-01, term-02, term-03\n";

}  // namespace

TEST_CASE("a scenario line splits into words that know their columns in characters") {
  int unclosed = 0;
  const auto words = scenario_tokens("at 09:00  \"市 役所\",x:5 > y # z", unclosed);
  REQUIRE(words.size() == 7);
  CHECK(words[2].text == "市 役所");
  CHECK(words[2].quoted);
  CHECK(words[3].text == ",");
  CHECK(words[3].column == 17);
  CHECK(words[6].text == "y");
  CHECK(words[6].column == 24);
  CHECK(unclosed == 0);
  scenario_tokens("writes \"half", unclosed);
  CHECK(unclosed == 8);
}

TEST_CASE("a time pattern takes any digit for an x and a span from pattern to pattern") {
  CHECK(time_matches("09:00:27", "09:00:2x", ""));
  CHECK_FALSE(time_matches("09:00:31", "09:00:2x", ""));
  CHECK(time_matches("09:00:31", "09:00", ""));
  CHECK(time_matches("09:00:15", "09:00:00", "09:00:1x"));
  CHECK_FALSE(time_matches("09:00:20", "09:00:00", "09:00:1x"));
  CHECK(is_time_pattern("xx:xx"));
  CHECK_FALSE(is_time_pattern("9:00"));
}

TEST_CASE("every mistake of a scenario is told at its line and column") {
  const auto found = mistakes(hub +
                              "at 09:00:00 term-1 falls silent\n"
                              "at 9 term-01 falls silent\n"
                              "at 09:00:00 term-01 explodes\n"
                              "at 09:00:00 sw-core:6 goes down\n"
                              "at 09:00:00 hub-2f goes down\n"
                              "expect 09:00:00 page hub-3f\n"
                              "hope for the best\n"
                              "at 09:01:00 term-01 writes \"half\n");
  REQUIRE(found.size() == 8);
  CHECK(found[0] == "a.scenario:2:13: an unknown name: term-1 (perhaps: term-01)");
  CHECK(found[1].starts_with("a.scenario:3:4: not a time"));
  CHECK(found[2].starts_with("a.scenario:4:21: an unknown verb"));
  CHECK(found[3].starts_with("a.scenario:5:13: a port without a cable"));
  CHECK(found[4].starts_with("a.scenario:6:20: this verb does not go with"));
  CHECK(found[5].starts_with("a.scenario:7:22: not a word that can be expected"));
  CHECK(found[6].starts_with("a.scenario:8:1: "));
  CHECK(found[7].starts_with("a.scenario:9:28: "));
}

TEST_CASE("a scenario without a network needs a configuration") {
  const auto found = mistakes("expect nothing else\n");
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("--config") != std::string::npos);
  CHECK(mistakes("topology sw-core > hub-1\nexpect nothing else\n").size() == 1);
}

TEST_CASE("a scenario that expects what happens passes") {
  const ScenarioResult result =
      played(hub +
             "at 09:00:00 hub-2f hangs\n"
             "expect 09:00:00-09:00:15 page operations_sub_manager sato hub-2f network\n"
             "expect 09:05 escalation operations_sub_manager(deputy)\n"
             "at 09:06:00 all answer\n"
             "expect 09:06 recovery affects term-02\n"
             "expect nothing else\n");
  CHECK(result.expectations == 4);
  CHECK(result.failures.empty());
}

TEST_CASE("what did not happen and what happened as well fail at their own lines") {
  const ScenarioResult result = played(hub +
                                       "at 09:00:00 hub-2f hangs\n"
                                       "expect page term-01\n"
                                       "expect no page hub-2f\n"
                                       "expect nothing else\n"
                                       "end 09:01:00\n");
  REQUIRE(result.failures.size() == 3);
  CHECK(result.failures[0].line == 3);
  CHECK(result.failures[0].column == 8);
  CHECK(result.failures[0].message.starts_with("did not happen: expect page term-01"));
  CHECK(result.failures[1].line == 4);
  CHECK(result.failures[1].message.starts_with("happened: "));
  CHECK(result.failures[2].line == 5);
  CHECK(result.failures[2].message.starts_with("happened as well: "));
}

TEST_CASE("one message serves one expectation only") {
  const ScenarioResult result = played(hub +
                                       "at 09:00:00 hub-2f hangs\n"
                                       "expect page\n"
                                       "expect page\n"
                                       "end 09:01:00\n");
  REQUIRE(result.failures.size() == 1);
  CHECK(result.failures[0].line == 4);
}
