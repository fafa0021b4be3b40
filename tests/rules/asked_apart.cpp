// ARP and path traces: asked for when they tell the explanations apart, and what their answers change.
#include <doctest/doctest.h>

#include "rules/explain.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

/// The switch says nothing of its ports, so that a silent server leaves three explanations.
std::string mute_switch() {
  std::string text = std::string(city_hall) + people;
  const std::string with = "power: ups-1, snmp: lan}\n  - {name: sw-2f";
  text.replace(text.find(with), with.size(), "power: ups-1}\n  - {name: sw-2f");
  return text;
}

/// A branch office behind a router.
std::string with_branch() {
  const std::string branch = R"(
  - {name: rt-wan, kind: router, label: 支所ルーター, address: [127.9.0.50, 192.0.2.1], connected_to: "sw-core:20"}
  - {name: sw-branch, kind: switch, address: 127.9.0.51, connected_to: rt-wan}
  - {name: br-1, kind: server, label: 支所サーバ, address: 127.9.0.52, connected_to: sw-branch}
  - {name: br-2, kind: server, address: 127.9.0.53, connected_to: sw-branch}
)";
  return std::string(city_hall) + branch + people;
}

TraceSeen trace_up_to(const std::string& hop) {
  TraceSeen trace;
  trace.target = "127.9.0.52";
  trace.hops.push_back({hop, 1.0});
  return trace;
}

std::size_t wanted(const Story& story, const std::string& probe, const std::string& device = "") {
  std::size_t count = 0;
  for (const Event& event : story.journal)
    if (const auto* one = std::get_if<ProbeWanted>(&event.what))
      count += one->probe == probe && (device.empty() || one->device == device) ? 1U : 0U;
  return count;
}

const Reason* reason(const IncidentPicture& incident, const std::string& code) {
  for (const Reason& one : incident.now.diagnosis.evidence)
    if (one.code == code) return &one;
  return nullptr;
}

}  // namespace

TEST_CASE("a silent server that answers ARP hangs or filters") {
  Story story(mute_switch());
  story.arp["cs-2"] = {Outcome::ok, "02:00:5e:00:53:01"};
  story.run(2min);
  CHECK(wanted(story, "arp") == 0);
  story.silent.insert("cs-2");
  story.run(40s);
  REQUIRE(story.incidents().size() == 1);
  const IncidentPicture incident = story.incidents().front();
  CHECK(wanted(story, "arp", "cs-2") >= 1);
  CHECK(incident.now.diagnosis.cause == Cause::device_hang);
  CHECK(incident.now.diagnosis.category == Category::software);
  CHECK(incident.now.diagnosis.confidence > 0.9);
  const Reason* told = reason(incident, "arp_answers");
  REQUIRE(told);
  CHECK(told->time.has_value());
  CHECK(sentence(*told, Language::en, story.site->zone).find("02:00:5e:00:53:01") != std::string::npos);
  CHECK(sentence(*told, Language::ja, story.site->zone).find("ARP には答える") != std::string::npos);
  story.silent.clear();
  story.run(1min);
  CHECK(story.incidents().front().state == IncidentState::restored);
}

TEST_CASE("a silent server that nobody answers ARP for is without power or cable") {
  Story story(mute_switch());
  story.arp["cs-2"] = {Outcome::timeout, ""};
  story.run(2min);
  story.silent.insert("cs-2");
  story.run(40s);
  REQUIRE(story.incidents().size() == 1);
  const Diagnosis diagnosis = story.incidents().front().now.diagnosis;
  CHECK((diagnosis.cause == Cause::device_power || diagnosis.cause == Cause::link));
  CHECK(reason(story.incidents().front(), "arp_silent"));
  story.silent.clear();
  story.run(1min);
  CHECK(story.incidents().front().state == IncidentState::restored);
  CHECK(story.incidents().size() == 1);
}

TEST_CASE("an ARP look that cannot be made changes nothing and a trace is tried instead") {
  Story story(mute_switch());
  story.run(2min);
  story.silent.insert("cs-2");
  story.run(40s);
  REQUIRE(story.incidents().size() == 1);
  CHECK(wanted(story, "arp", "cs-2") == 1);
  CHECK(wanted(story, "trace", "cs-2") == 1);
  CHECK_FALSE(reason(story.incidents().front(), "arp_silent"));
  CHECK_FALSE(reason(story.incidents().front(), "trace_ends"));
}

TEST_CASE("what is lost behind a router is traced once and the trace is told in both languages") {
  Story story(with_branch());
  for (const char* name : {"sw-branch", "br-1", "br-2"}) story.traces[name] = trace_up_to("192.0.2.1");
  story.run(2min);
  for (const char* name : {"sw-branch", "br-1", "br-2"}) story.silent.insert(name);
  story.run(3min);
  REQUIRE(story.incidents().size() == 1);
  const IncidentPicture incident = story.incidents().front();
  CHECK(incident.now.diagnosis.location.device != "br-1");
  CHECK(wanted(story, "trace") == 1);
  const Reason* told = reason(incident, "trace_ends");
  REQUIRE(told);
  const std::string english = sentence(*told, Language::en, story.site->zone);
  CHECK(english.find("answers up to 192.0.2.1 支所ルーター") != std::string::npos);
  CHECK(english.find("nothing beyond") != std::string::npos);
  CHECK(sentence(*told, Language::ja, story.site->zone).find("その先は応答しない") != std::string::npos);
}

TEST_CASE("a router that answered a trace is no suspect any more") {
  EngineOptions replayed;
  replayed.can_probe = false;
  Story story(with_branch(), replayed);
  story.run(2min);
  for (int look = 0; look < 3; ++look) {
    story.now += 10s;
    for (const char* name : {"sw-branch", "br-1", "br-2"}) {
      IcmpSeen silent;
      silent.sent = 3;
      story.see(name, silent);
    }
  }
  const auto suspects_router = [&] {
    REQUIRE(story.incidents().size() == 1);
    const Diagnosis diagnosis = story.incidents().front().now.diagnosis;
    bool found = diagnosis.cause == Cause::router;
    for (const Alternative& other : diagnosis.alternatives) found = found || other.cause == Cause::router;
    return found;
  };
  CHECK(suspects_router());
  story.now += 1s;
  story.see("br-1", trace_up_to("192.0.2.1"));
  CHECK_FALSE(suspects_router());
}

TEST_CASE("the same ARP and trace observations give the same events again") {
  const auto told = [] {
    EngineOptions replayed;
    replayed.can_probe = false;
    Story story(with_branch(), replayed);
    story.run(2min);
    story.silent = {"br-1", "cs-2"};
    story.run(15s);
    story.see("br-1", trace_up_to("192.0.2.1"));
    story.see("cs-2", ArpSeen{Outcome::ok, "02:00:5e:00:53:01"});
    story.run(40s);
    std::string text;
    for (const Event& event : story.journal) {
      text += std::string(type_word(event)) + " ";
      if (const auto* opened = std::get_if<IncidentOpened>(&event.what))
        for (const Reason& one : opened->diagnosis.evidence) text += one.code + " ";
      if (const auto* updated = std::get_if<IncidentUpdated>(&event.what); updated && updated->diagnosis)
        for (const Reason& one : updated->diagnosis->evidence) text += one.code + " ";
    }
    return text;
  };
  CHECK(told() == told());
  CHECK(told().find("trace_ends") != std::string::npos);
  CHECK(told().find("arp_answers") != std::string::npos);
  CHECK(told().find("probe.wanted") == std::string::npos);
}
