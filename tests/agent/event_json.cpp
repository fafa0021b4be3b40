#include "agent/event_json.hpp"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <random>

#include "probes/json_text.hpp"
#include "rules/explain.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/agent/sample_times.hpp"

using namespace nethealth;

namespace {

std::string contract_text(const Decision& what, int incident = 3) {
  const auto object =
      contract_event(Event{samples::moment(), incident, what}, Language::en, samples::tokyo());
  REQUIRE(object.has_value());
  return json_text(*object);
}

}  // namespace

TEST_CASE("every event comes back from the journal's form exactly as it went in") {
  for (const Event& event : samples::one_of_each()) {
    const std::string text = journal_text(event);
    const auto read = parse_journal(text);
    REQUIRE_MESSAGE(read.has_value(), text << " -> " << read.error().text());
    CHECK(read->time == event.time);
    CHECK(read->incident == event.incident);
    CHECK(read->what.index() == event.what.index());
    CHECK(type_word(*read) == type_word(event));
    CHECK(journal_text(*read) == text);
  }
  const auto opened = parse_journal(journal_text(samples::one_of_each()[0]));
  const auto& what = std::get<IncidentOpened>(opened->what);
  CHECK(what.diagnosis == samples::diagnosis());
  CHECK(what.earlier == std::vector<int>{1, 2});
  CHECK(what.split_from == 4);
  CHECK(what.threat_level == 2);
  CHECK_FALSE(what.paged);
  const auto queued = parse_journal(journal_text(samples::one_of_each()[6]));
  const auto& notification = std::get<NotificationQueued>(queued->what).notification;
  CHECK(notification.body == samples::notification().body);
  CHECK(notification.answer_by == samples::notification().answer_by);
  CHECK(notification.role == RoleId::chief);
}

TEST_CASE("any confidence survives the journal to its last bit") {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> values(0, 1);
  for (int round = 0; round < 5'000; ++round) {
    IncidentUpdated updated;
    updated.diagnosis.emplace();
    updated.diagnosis->confidence = values(random);
    const auto read = parse_journal(journal_text({samples::moment(), 1, updated}));
    REQUIRE(read.has_value());
    CHECK(std::get<IncidentUpdated>(read->what).diagnosis->confidence == updated.diagnosis->confidence);
  }
}

TEST_CASE("a damaged journal record is refused with the key that is wrong") {
  const auto error = [](std::string_view text) { return parse_journal(text).error().text(); };
  CHECK(error(R"({"time":1,"type":"incident.flew"})") == "type: expected an event that this version knows");
  CHECK(error(R"({"time":1,"type":"incident.merged","incident":1})") == "into: expected a whole number");
  CHECK(error(R"({"type":"incident.restored"})") == "time: expected a whole number");
  CHECK(error("[]") == "expected an object");
  CHECK(error("{").starts_with("no JSON"));
  for (const Event& event : samples::one_of_each()) {
    const std::string whole = journal_text(event);
    for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
      CHECK_FALSE(parse_journal(whole.substr(0, cut)).has_value());
    }
  }
}

TEST_CASE("the contract's form of an opened incident has its keys in order") {
  IncidentOpened opened;
  opened.diagnosis.category = Category::hardware;
  opened.diagnosis.cause = Cause::device_hardware;
  opened.diagnosis.location = {"cs-1", "Fan 1", "", "", "machine-room", {}};
  opened.diagnosis.confidence = 0.97000000001;
  opened.diagnosis.affected = {"term-01"};
  opened.diagnosis.alternatives = {{Category::software, Cause::agent, {"cs-1", "", "", "", "", {}}, 0.02}};
  CHECK(
      contract_text(opened) ==
      R"({"time":"2026-11-24T09:00:00.123+09:00","type":"incident.opened","incident":3,"procedure":"failure",)"
      R"("severity":"stopped","diagnosis":{"category":"hardware","cause":"device_hardware","location":)"
      R"({"device":"cs-1","component":"Fan 1","port":null,"peer":null,"room":"machine-room"},"confidence":0.97,)"
      R"("evidence":[],"affected":["term-01"],"alternatives":[{"category":"software","cause":"agent","location":)"
      R"({"device":"cs-1","component":null,"port":null,"peer":null,"room":null},"confidence":0.02}]}})");
}

TEST_CASE("the contract's form says reasons as sentences in the language asked for") {
  const Reason reason{"silent", samples::moment(), {{"device", "cs-1"}}};
  IncidentUpdated updated;
  updated.diagnosis.emplace();
  updated.diagnosis->evidence = {reason};
  for (const Language language : {Language::ja, Language::en}) {
    const auto object = contract_event({samples::moment(), 1, updated}, language, samples::tokyo());
    const auto& evidence = object->at("diagnosis").at("evidence").as_array();
    REQUIRE(evidence.size() == 1);
    CHECK(std::string(evidence[0].as_string()) == sentence(reason, language, samples::tokyo()));
  }
}

TEST_CASE("the contract's form leaves addresses and bodies out") {
  const std::string text = contract_text(NotificationQueued{samples::notification()});
  CHECK(
      text ==
      R"({"time":"2026-11-24T09:00:00.123+09:00","type":"notification.queued","incident":3,"id":"1.page.0",)"
      R"("role":"chief","person":"kato","channel":"mail","kind":"escalation","subject":"【停止】2階市民課ハブ","about":"5.1.3"})");
}

TEST_CASE("outcomes carry their id and the reason of a failure") {
  CHECK(
      contract_text(NotificationOutcome{"n1", Delivery::failed, "550 no", ""}, 0) ==
      R"({"time":"2026-11-24T09:00:00.123+09:00","type":"notification.failed","id":"n1","reason":"550 no"})");
  SyslogOutcome sent{"s1", "t", true, ""};
  sent.message = "m";
  CHECK(
      contract_text(sent, 0) ==
      R"({"time":"2026-11-24T09:00:00.123+09:00","type":"syslog.sent","id":"s1","target":"t","message":"m"})");
}

TEST_CASE("what only the journal keeps has no contract form and all else is valid JSON") {
  for (const Event& event : samples::one_of_each()) {
    const auto object = contract_event(event, Language::ja, samples::tokyo());
    CHECK(object.has_value() == !journal_only(event));
    if (object) CHECK(boost::json::parse(json_text(*object)) == *object);
  }
}

TEST_CASE("an incident as a list element has every field and null where there is none") {
  IncidentPicture incident;
  incident.number = 2;
  incident.opened = samples::moment();
  incident.notifications.push_back({samples::notification(), samples::moment(), {}, {}, "", "no"});
  incident.summons = {{"5.3.1", 2, {"kato"}, {"ito"}, false}};
  const auto object = incident_json(incident, Language::en, samples::tokyo());
  std::string keys;
  for (const auto& [key, value] : object) keys += std::string(key) + " ";
  CHECK(keys ==
        "incident state step opened restored closed procedure severity diagnosis threat_level earlier "
        "split_from "
        "acknowledged_by notifications summons reported_by records procedure_steps ");
  CHECK(object.at("incident").as_int64() == 2);
  CHECK(object.at("state").as_string() == "open");
  CHECK(object.at("restored").is_null());
  CHECK(object.at("notifications").at(0).at("failure").as_string() == "no");
  CHECK(json_text(object.at("summons")) ==
        R"([{"step":"5.3.1","wanted":2,"answered":["kato"],"waiting":["ito"],"over":false}])");
  CHECK_FALSE(object.at("notifications").at(0).as_object().contains("address"));
}

TEST_CASE("JSON numbers are written without a needless exponent") {
  const auto text = [](double value) {
    std::string out;
    append_json_number(out, value);
    return out;
  };
  CHECK(text(0.97) == "0.97");
  CHECK(text(0) == "0");
  CHECK(text(86400) == "86400");
  CHECK(text(0.0001) == "0.0001");
  CHECK(text(1e300) == "1e+300");
  CHECK(text(1.0 / 0.0) == "null");
}
