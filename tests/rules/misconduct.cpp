#include <doctest/doctest.h>

#include <unistd.h>

#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

int syslog_messages(const Story& story) {
  int count = 0;
  for (const Event& event : story.journal) count += std::holds_alternative<SyslogQueued>(event.what) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE(
    "five failed log-ins from one source in five minutes are misconduct and page the operations manager") {
  Story story;
  story.run(10s);
  for (int i = 0; i < 4; ++i) {
    story.log("cs-1", refused_login);
    story.run(20s);
  }
  CHECK(story.incidents().empty());
  story.log("cs-1", refused_login);
  const auto incidents = story.incidents();
  REQUIRE(incidents.size() == 1);
  CHECK(incidents[0].now.procedure == ProcedureKind::misconduct);
  CHECK(incidents[0].now.diagnosis.category == Category::misconduct);
  CHECK(incidents[0].now.diagnosis.cause == Cause::unauthorised_access);
  CHECK(incidents[0].now.diagnosis.location.device == "cs-1");
  CHECK(incidents[0].now.threat_level == 1);
  REQUIRE(incidents[0].notifications.size() == 1);
  CHECK(incidents[0].notifications[0].notification.role == RoleId::operations_manager);
  CHECK(incidents[0].notifications[0].notification.person == "tanaka");
  CHECK(syslog_messages(story) == 1);
}

TEST_CASE("a refused log-in counts once although two rules know its line") {
  Story story;
  story.log("cs-1",
            "date=2026-11-24 devname=fw1 type=\"traffic\" subtype=\"forward\" srcip=192.0.2.83 "
            "action=\"deny\"");
  int counted = 0;
  for (const Event& event : story.journal) counted += std::holds_alternative<SignSeen>(event.what) ? 1 : 0;
  CHECK(counted == 1);
}

TEST_CASE("failed log-ins spread over a long time are no misconduct") {
  Story story;
  for (int i = 0; i < 10; ++i) {
    story.log("cs-1", refused_login);
    story.run(2min);
  }
  CHECK(story.incidents().empty());
}

TEST_CASE("a success after the failures raises the level to three") {
  Story story;
  for (int i = 0; i < 5; ++i) story.log("cs-1", refused_login);
  story.log("cs-1", "sshd[811]: Accepted password for root from 192.0.2.77 port 40022 ssh2");
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.incidents()[0].now.threat_level == 3);
  CHECK(story.incidents()[0].now.severity == Severity::stopped);
}

TEST_CASE("a virus found is level two at its first line") {
  Story story;
  story.log("cs-2", "clamd[900]: /srv/share/report.doc: Win.Test.EICAR_HDB-1 FOUND");
  REQUIRE(story.incidents().size() == 1);
  CHECK(story.incidents()[0].now.diagnosis.cause == Cause::malware);
  CHECK(story.incidents()[0].now.threat_level == 2);
}

TEST_CASE("events of one source on two devices are one incident") {
  Story story;
  for (int i = 0; i < 5; ++i) story.log("cs-1", refused_login);
  for (int i = 0; i < 5; ++i) story.log("cs-2", refused_login);
  REQUIRE(story.incidents().size() == 1);
}

TEST_CASE("what the monitoring host does itself never counts") {
  Story story(std::string(city_hall) + people, {true, {"192.0.2.77"}});
  for (int i = 0; i < 9; ++i) story.log("cs-1", refused_login);
  CHECK(story.incidents().empty());
}

TEST_CASE("counted failures survive a restart") {
  Story story;
  for (int i = 0; i < 3; ++i) story.log("cs-1", refused_login);
  story.restart();
  for (int i = 0; i < 2; ++i) story.log("cs-1", refused_login);
  CHECK(story.incidents().size() == 1);
}

TEST_CASE("misconduct is never restored by probes") {
  Story story;
  for (int i = 0; i < 5; ++i) story.log("cs-1", refused_login);
  story.acknowledge(1, "tanaka");
  story.run(60min);
  CHECK(story.incidents()[0].state == IncidentState::open);
}
