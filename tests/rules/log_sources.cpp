// What the engine makes of log sources that fall silent or whose clock is off.

#include <doctest/doctest.h>
#include <unistd.h>

#include "rules/explain.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

LogSourceSeen source_seen(const Story& story, bool silent, std::optional<Milliseconds> ahead = {}) {
  LogSourceSeen seen;
  seen.source = "/log/app.log";
  seen.silent = silent;
  seen.last = story.now - 1h;
  seen.expected = Milliseconds(30min);
  seen.ahead = ahead;
  seen.clock_off = ahead && abs(*ahead) > 5min;
  return seen;
}

}  // namespace

TEST_CASE("a silent log source is a thing at risk at its device and over when lines come again") {
  Story story;
  story.run(60s);
  story.see("cs-1", source_seen(story, false));
  CHECK(story.incidents().empty());
  story.see("cs-1", source_seen(story, true));
  story.run(5s);
  auto incidents = story.incidents();
  REQUIRE(incidents.size() == 1);
  CHECK(incidents[0].now.severity == Severity::at_risk);
  const Diagnosis& diagnosis = incidents[0].now.diagnosis;
  CHECK(diagnosis.cause == Cause::agent);
  CHECK(diagnosis.category == Category::software);
  CHECK(diagnosis.location.device == "cs-1");
  CHECK(diagnosis.location.component == "/log/app.log");
  REQUIRE_FALSE(diagnosis.evidence.empty());
  const std::string sentence_en = sentence(diagnosis.evidence[0], Language::en, story.site->zone);
  CHECK(sentence_en.find("/log/app.log") != std::string::npos);
  CHECK(sentence_en.find("more than 30m;") != std::string::npos);
  const std::string sentence_ja = sentence(diagnosis.evidence[0], Language::ja, story.site->zone);
  CHECK(sentence_ja.find("30m を超えて途絶えている") != std::string::npos);
  CHECK(sentence_ja.find('{') == std::string::npos);
  CHECK(cause_text(diagnosis, Severity::at_risk, Language::en) == "log silent");
  story.see("cs-1", source_seen(story, false));
  story.run(60s);
  incidents = story.incidents();
  CHECK(incidents[0].state == IncidentState::restored);
}

TEST_CASE("a silence that was judged by what was learned says so") {
  Story story;
  story.run(60s);
  LogSourceSeen seen = source_seen(story, true);
  seen.learned = true;
  story.see("cs-1", seen);
  story.run(5s);
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 1);
  const Diagnosis& diagnosis = incidents[0].now.diagnosis;
  const std::string sentence_en = sentence(diagnosis.evidence[0], Language::en, story.site->zone);
  CHECK(sentence_en.find("more than 30m, six times its longest pause") != std::string::npos);
  CHECK(sentence(diagnosis.evidence[0], Language::ja, story.site->zone).find("expect_within") !=
        std::string::npos);
  CHECK(cause_text(diagnosis, Severity::at_risk, Language::ja) == "ログの途絶");
}

TEST_CASE("logs that fall silent after an application's fault are no hang of their server") {
  Story story;
  story.run(60s);
  story.log("term-5", "java.lang.OutOfMemoryError: Java heap space");
  LogSourceSeen seen = source_seen(story, true);
  story.see("term-5", seen);
  story.run(5s);
  for (const IncidentPicture& incident : story.incidents())
    CHECK(incident.now.diagnosis.cause != Cause::device_hang);
  CHECK(story.incidents().size() == 2);
}

TEST_CASE("the silence of the logs of a dead server is no incident beside it") {
  Story story;
  story.run(60s);
  story.silent.insert("cs-1");
  story.run(5min);
  story.see("cs-1", source_seen(story, true));
  story.run(60s);
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.incidents()[0].now.diagnosis.cause != Cause::agent);
}

TEST_CASE("a clock that is off is told as a matter of configuration") {
  Story story;
  story.run(60s);
  story.see("cs-1", source_seen(story, false, Milliseconds(-8min)));
  story.run(5s);
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 1);
  CHECK(incidents[0].now.severity == Severity::at_risk);
  const Diagnosis& diagnosis = incidents[0].now.diagnosis;
  CHECK(diagnosis.cause == Cause::configuration);
  CHECK(diagnosis.location.component == "/log/app.log");
  CHECK(cause_text(diagnosis, Severity::at_risk, Language::ja) == "ログの時刻のずれ");
  CHECK(sentence(diagnosis.evidence[0], Language::en, story.site->zone).find("-480 s") != std::string::npos);
}
