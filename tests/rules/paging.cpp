// From a decision to a person who answered: whose turn it is, who is away, answers that expire, handing over,
// quiet hours, silences and drills.

#include <doctest/doctest.h>

#include <unistd.h>

#include <random>

#include "rules/chain.hpp"
#include "rules/message.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  if (at == std::string::npos) throw std::runtime_error("not found: " + what);
  return text.replace(at, what.size(), by);
}

std::string site_with(const std::string& what, const std::string& by) {
  return replaced(std::string(city_hall) + people, what, by);
}

Story dead_server(const std::string& configuration = std::string(city_hall) + people,
                  const std::string& when = "2026-11-24T09:00:00+09:00") {
  Story story(configuration, {}, when);
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(20s);
  return story;
}

/// The procedure's own: reports to those whom it concerns, and reminders of its steps.
bool is_of_the_procedure(const Notification& told) {
  return told.kind == NotificationKind::report ||
         (told.kind == NotificationKind::reminder && told.about != about::answer_expires);
}

std::vector<std::string> all_told(const Story& story) {
  std::vector<std::string> told;
  for (const Event& event : story.journal)
    if (const auto* queued = std::get_if<NotificationQueued>(&event.what);
        queued && !is_of_the_procedure(queued->notification))
      told.push_back(std::string(word(queued->notification.kind)) + " " + queued->notification.person + " " +
                     queued->notification.channel);
  return told;
}

void act(Story& story, const Act& what) {
  auto decisions = story.engine->act(story.now, what, Language::en);
  if (!decisions) throw std::runtime_error(decisions.error().text());
  story.take_decisions(std::move(*decisions));
}

std::string refused(Story& story, const Act& what) {
  const auto decisions = story.engine->act(story.now, what, Language::en);
  return decisions ? "" : decisions.error().text();
}

const char* const sub_managers =
    "{role: operations_sub_manager, title: 運用副管理者, people: [sato, suzuki]}";

}  // namespace

TEST_CASE("whoever has the turn of the rota stands first and the others follow") {
  const Site site = load(site_with(sub_managers,
                                   "{role: operations_sub_manager, people: [sato, suzuki], rota: {from: "
                                   "\"2026-11-02T09:00\", every: 7d, people: [suzuki, tanaka]}}"));
  const auto first = [&](const char* time) {
    return site.people[chain_at(site, ProcedureKind::failure, *parse_time(time)).front().person].name;
  };
  CHECK(first("2026-11-01T09:00:00+09:00") == "suzuki");
  CHECK(first("2026-11-02T09:00:00+09:00") == "suzuki");
  CHECK(first("2026-11-09T08:59:59+09:00") == "suzuki");
  CHECK(first("2026-11-09T09:00:00+09:00") == "tanaka");
  CHECK(first("2026-11-16T09:00:00+09:00") == "suzuki");
  const auto people =
      people_at(site, RoleId::operations_sub_manager, *parse_time("2026-11-09T10:00:00+09:00"));
  REQUIRE(people.size() == 3);
  CHECK(site.people[people[1]].name == "sato");
}

TEST_CASE("who is away or outside the hours is passed over") {
  Story story = dead_server(site_with("    label: 佐藤\n",
                                      "    label: 佐藤\n    absences: [{from: \"2026-11-24T00:00\", until: "
                                      "\"2026-11-25T00:00\", reason: 休暇}]\n"));
  CHECK(all_told(story) == std::vector<std::string>{"page suzuki mail"});
  Story evening =
      dead_server(site_with("{name: suzuki, label: 鈴木,", "{name: suzuki, label: 鈴木, calendar: office,"),
                  "2026-11-24T20:00:00+09:00");
  evening.run(9min);
  CHECK(all_told(evening) ==
        std::vector<std::string>{"page sato mail", "escalation sato gateway", "escalation tanaka mail"});
}

TEST_CASE("a channel outside its hours is not used") {
  const std::string text = site_with("{mail: sato@example.lg.jp, answer_within: 5m}",
                                     "{mail: sato@example.lg.jp, answer_within: 5m, calendar: office}");
  CHECK(all_told(dead_server(text)).front() == "page sato mail");
  CHECK(all_told(dead_server(text, "2026-11-23T10:00:00+09:00")).front() == "page sato gateway");
}

TEST_CASE("when nobody of the chain is available somebody on leave is woken all the same") {
  std::string text = std::string(city_hall) + people;
  for (const char* name : {"{name: suzuki,", "{name: tanaka,", "{name: ito,", "{name: kato,"})
    text = replaced(text, name, std::string(name) + " calendar: office,");
  text = replaced(text, "    label: 佐藤\n", "    label: 佐藤\n    calendar: office\n");
  CHECK(all_told(dead_server(text, "2026-11-24T03:00:00+09:00")).front() == "page sato mail");
}

TEST_CASE("the first minute at which the chain reaches nobody is found") {
  std::string text = std::string(city_hall) + people;
  for (const char* name : {"{name: suzuki,", "{name: tanaka,", "{name: ito,"})
    text = replaced(text, name, std::string(name) + " calendar: office,");
  text = replaced(text, "    label: 佐藤\n", "    label: 佐藤\n    calendar: office\n");
  const Time from = *parse_time("2026-11-24T09:00:00+09:00");
  CHECK_FALSE(first_gap(load(text), ProcedureKind::failure, from, from + std::chrono::days(60)));
  const std::string away = replaced(text, "{name: kato,",
                                    "{name: kato, absences: [{from: \"2026-12-05T03:00\", until: "
                                    "\"2026-12-05T04:00\"}],");
  CHECK(first_gap(load(away), ProcedureKind::failure, from, from + std::chrono::days(60)) ==
        parse_time("2026-12-05T03:00:00+09:00"));
  // In opening hours the others stand in; the new year's closure counts as closed.
  const std::string weekday = replaced(text, "{name: kato,",
                                       "{name: kato, absences: [{from: \"2026-12-29T09:00\", until: "
                                       "\"2026-12-29T10:00\"}, {from: \"2026-12-25T09:00\", until: "
                                       "\"2026-12-25T10:00\"}],");
  CHECK(first_gap(load(weekday), ProcedureKind::misconduct, from, from + std::chrono::days(60)) ==
        parse_time("2026-12-29T09:00:00+09:00"));
}

TEST_CASE("not me calls the next person at once and not the same one again") {
  Story story = dead_server();
  act(story, Pass{1, "sato", "運転中"});
  CHECK(all_told(story) == std::vector<std::string>{"page sato mail", "escalation suzuki mail"});
  CHECK(story.incidents()[0].acknowledged_by == std::nullopt);
  CHECK(refused(story, Pass{1, "kato", ""}) != "");
  story.run(30min);
  // The whole chain was called; the next round begins with the one who had passed it on.
  CHECK(all_told(story)[5] == "escalation sato mail");
}

TEST_CASE("whoever has it can pass it on and the chain goes on") {
  Story story = dead_server();
  story.acknowledge(1, "sato");
  CHECK(story.incidents()[0].acknowledged_by == "sato");
  act(story, Pass{1, "sato", ""});
  CHECK(story.incidents()[0].acknowledged_by == std::nullopt);
  CHECK(all_told(story).back() == "escalation suzuki mail");
  story.restart();
  story.run(1s);
  CHECK(all_told(story).size() == 2);
}

TEST_CASE("taking it over tells the one who had it") {
  Story story = dead_server();
  story.acknowledge(1, "sato");
  story.acknowledge(1, "tanaka");
  CHECK(story.incidents()[0].acknowledged_by == "tanaka");
  REQUIRE(story.notifications(NotificationKind::handover).size() == 1);
  CHECK(story.notifications(NotificationKind::handover)[0].person == "sato");
  CHECK(story.notifications(NotificationKind::handover)[0].body.find("田中") != std::string::npos);
}

TEST_CASE("an answer without a step expires and the chain goes on where it was") {
  Story story = dead_server(std::string(city_hall) + people + "paging: {answer_expires: 1h}\n");
  story.acknowledge(1, "sato");
  story.run(44min);
  CHECK(all_told(story) == std::vector<std::string>{"page sato mail"});
  story.run(2min);
  CHECK(all_told(story).back() == "reminder sato mail");
  story.restart();
  story.run(15min);
  CHECK(all_told(story) ==
        std::vector<std::string>{"page sato mail", "reminder sato mail", "escalation sato gateway"});
  CHECK(story.incidents()[0].acknowledged_by == std::nullopt);
  // A second answer counts anew.
  story.acknowledge(1, "sato");
  story.run(30min);
  CHECK(all_told(story).size() == 3);
}

TEST_CASE("an answer noted for somebody says who noted it") {
  Story story = dead_server();
  act(story, Acknowledge{1, "sato", "suzuki"});
  CHECK(story.incidents()[0].acknowledged_by == "sato");
  bool noted = false;
  for (const Event& event : story.journal)
    if (const auto* step = std::get_if<IncidentStep>(&event.what))
      noted = noted || (step->person == "sato" && step->text.find("suzuki") != std::string::npos);
  CHECK(noted);
}

TEST_CASE("an answer of somebody who was never called survives a restart") {
  Story story = dead_server();
  story.acknowledge(1, "kato");
  story.restart();
  story.run(30min);
  CHECK(story.incidents()[0].acknowledged_by == "kato");
  CHECK(all_told(story).size() == 1);
}

TEST_CASE("the second round is louder and says since when nobody has answered") {
  Story story = dead_server();
  story.run(30min);
  const auto calls = story.notifications(NotificationKind::escalation);
  REQUIRE(calls.size() == 6);
  CHECK(calls[4].subject.find("【応答なし") == std::string::npos);
  CHECK(calls[5].subject.find("【応答なし") == 0);
  CHECK(calls[5].body.find("誰からも返答がない") != std::string::npos);
}

TEST_CASE("a message to a private telephone names no device no address and no person") {
  Story story = dead_server(site_with("{mail: sato@example.lg.jp, answer_within: 5m}",
                                      "{mail: sato@example.lg.jp, answer_within: 5m, detail: minimal}"));
  const auto pages = story.notifications(NotificationKind::page);
  REQUIRE(pages.size() == 1);
  for (const char* secret : {"cs-1", "CSサーバ", "127.9", "電子計算機室", "sato", "試験市役所", "term"}) {
    CAPTURE(secret);
    CHECK((pages[0].subject + pages[0].body).find(secret) == std::string::npos);
  }
  CHECK(pages[0].subject.find("#1") != std::string::npos);
  CHECK(pages[0].subject.find("【停止】") == 0);
}

TEST_CASE("an incident that stops nothing waits for the morning and a stopped service does not") {
  const std::string text = std::string(city_hall) + people + "paging: {quiet_outside: office}\n";
  Story story(text, {}, "2026-11-24T22:00:00+09:00");
  story.run(2min);
  story.sensors["cs-1"] = {{"Fan 1", SensorClass::fan, SensorStatus::failed, std::nullopt, "", ""}};
  story.run(2min);
  REQUIRE(story.incidents().size() == 1);
  CHECK(all_told(story).empty());
  story.silent.insert("cs-2");
  story.run(1min);
  CHECK(all_told(story) == std::vector<std::string>{"page sato mail"});
  story.restart();
  story.run(Milliseconds(std::chrono::hours(10)) + 40min);
  const auto pages = story.notifications(NotificationKind::page);
  REQUIRE(pages.size() == 2);
  CHECK(pages[1].id.starts_with("1-"));
}

TEST_CASE("what is still being tried is not sent again in the next round") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.delivery = Delivery::failed;
  story.failing = Failing::retrying;
  story.run(Milliseconds(std::chrono::hours(3)));
  CHECK(all_told(story).size() == 6);
  CHECK(story.engine->unsent().size() >= 6);
  // Also for an engine that knows only the journal.
  story.restart();
  story.run(1min);
  CHECK(all_told(story).size() == 6);
  std::size_t unsent = 0;
  for (const Event& event : story.engine->unsent())
    if (const auto* queued = std::get_if<NotificationQueued>(&event.what);
        queued && !is_of_the_procedure(queued->notification)) {
      ++unsent;
      CHECK(story.engine->is_late(queued->notification.id));
    }
  CHECK(unsent == 6);
}

TEST_CASE("a report that fails goes by the next channel and then somebody else hears of it") {
  std::string text = site_with("{role: citizens_section, title: 市民課, people: [suzuki]}",
                               "{role: citizens_section, title: 市民課, people: [sato]}");
  text = replaced(text, "via: gateway, answer_within: 3m", "via: gateway, detail: minimal");
  Story story(text);
  story.run(2min);
  story.silent.insert("cs-1");
  story.delivery = Delivery::failed;
  story.run(1min);
  const auto reports = story.notifications(NotificationKind::report);
  REQUIRE(reports.size() == 3);
  CHECK((reports[0].person + " " + reports[0].channel) == "sato mail");
  CHECK(reports[0].subject.find("【窓口】") == 0);
  CHECK((reports[1].person + " " + reports[1].channel) == "sato gateway");
  CHECK(reports[1].about == reports[0].about);
  CHECK((reports[1].subject + reports[1].body).find("CSサーバ") == std::string::npos);
  CHECK((reports[2].person + " " + reports[2].channel) == "suzuki mail");
  CHECK(reports[2].subject.find("【未達】#1") == 0);
  CHECK(reports[2].body.find(reports[1].subject) != std::string::npos);
  // What is known to have failed is not said again, also by an engine that knows only the journal.
  story.restart();
  story.run(1min);
  CHECK(story.notifications(NotificationKind::report).size() == 3);
}

TEST_CASE("a report that is late goes by the next channel once") {
  std::string text = site_with("{role: citizens_section, title: 市民課, people: [suzuki]}",
                               "{role: citizens_section, title: 市民課, people: [sato]}");
  Story story(text);
  story.run(2min);
  story.silent.insert("cs-1");
  story.delivery = Delivery::failed;
  story.failing = Failing::retrying;
  story.run(1min);
  story.delivery = Delivery::sent;
  const auto reports = story.notifications(NotificationKind::report);
  REQUIRE(reports.size() == 3);
  CHECK(reports[1].body == reports[0].body);
  story.take_decisions(
      story.engine->report(story.now, {reports[0].id, Delivery::failed, "550", "", Failing::refused}));
  CHECK(story.notifications(NotificationKind::report).size() == 3);
}

TEST_CASE("a channel that the fault itself cuts off is passed over at once") {
  std::string text = site_with("{name: mail, type: smtp,", "{name: mail, type: smtp, through: cs-1,");
  Story story = dead_server(text);
  const auto told = all_told(story);
  REQUIRE(told.size() >= 2);
  CHECK(told[0] == "page sato mail");
  CHECK(told[1] == "escalation sato gateway");
  CHECK(told.size() == 2);  // the gateway can be reached, and has its time
}

TEST_CASE("a silence holds pages back until its end and never those of misconduct") {
  Story story;
  story.run(2min);
  act(story, AddSilence{"sato", "工事", "cs-1", "", "", story.now + 10min});
  story.silent.insert("cs-1");
  story.run(5min);
  CHECK(all_told(story).empty());
  CHECK(story.engine->picture().silences.size() == 1);
  story.restart();
  story.run(4min);
  CHECK(all_told(story).empty());
  for (int i = 0; i < 6; ++i)
    story.log("cs-1", "Nov 24 09:05:0" + std::to_string(i) +
                          " cs-1 sshd[1]: Failed password for root from 192.0.2.66 port 22 ssh2");
  CHECK(all_told(story) == std::vector<std::string>{"page tanaka mail"});
  story.run(3min);
  CHECK(story.notifications(NotificationKind::page).size() == 2);
  CHECK(story.engine->picture().silences.empty());
}

TEST_CASE("a silence needs a reason an end and a thing that exists") {
  Story story;
  story.run(1min);
  CHECK(refused(story, AddSilence{"sato", "", "cs-1", "", "", story.now + 10min}).find("reason") !=
        std::string::npos);
  CHECK(refused(story, AddSilence{"sato", "x", "cs-9", "", "", story.now + 10min}).find("cs-9") !=
        std::string::npos);
  CHECK(refused(story, AddSilence{"sato", "x", "", "", "", story.now + 10min}) != "");
  CHECK(refused(story, AddSilence{"sato", "x", "", "", "flood", story.now + 10min}).find("flood") !=
        std::string::npos);
  CHECK(refused(story, AddSilence{"sato", "x", "cs-1", "", "", story.now}) != "");
  CHECK(refused(story, EndSilence{1, "sato"}) != "");
}

TEST_CASE("where policy says so a silence counts only when somebody else has confirmed it") {
  Story story(std::string(city_hall) + people + "paging: {silence_people: 2}\n");
  story.run(2min);
  act(story, AddSilence{"sato", "工事", "", "machine-room", "", story.now + 1h});
  CHECK(refused(story, ConfirmSilence{1, "sato"}) != "");
  story.silent.insert("cs-1");
  story.run(1min);
  CHECK(all_told(story).size() == 1);
  act(story, ConfirmSilence{1, "tanaka"});
  story.run(30min);
  CHECK(all_told(story).size() == 1);
  act(story, EndSilence{1, "sato"});
  story.run(1s);
  CHECK(all_told(story).size() == 2);
}

TEST_CASE("a drill calls everybody once and the next channel of those who do not answer") {
  Story story;
  story.run(1min);
  act(story, StartDrill{"tanaka", ""});
  CHECK(all_told(story) == std::vector<std::string>{"drill sato mail", "drill suzuki mail",
                                                    "drill tanaka mail", "drill ito mail",
                                                    "drill kato mail"});
  act(story, AnswerDrill{"ito"});
  story.run(4min);
  story.restart();
  story.run(2min);
  CHECK(all_told(story).size() == 6);
  CHECK(all_told(story).back() == "drill sato gateway");
  act(story, AnswerDrill{"sato"});
  const auto drills = story.engine->picture().drills;
  REQUIRE(drills.size() == 1);
  int answered = 0;
  for (const Drill::Answer& answer : drills[0].answers()) answered += answer.answered ? 1 : 0;
  CHECK(answered == 2);
  CHECK_FALSE(drills[0].all_answered());
  CHECK(refused(story, AnswerDrill{"ito"}) != "");
  for (const Notification& call : story.notifications(NotificationKind::drill))
    CHECK(call.subject.find("訓練") != std::string::npos);
  CHECK(story.incidents().empty());
}

TEST_CASE("a test of one person tries every channel at once") {
  Story story;
  story.run(1min);
  act(story, StartDrill{"tanaka", "sato"});
  CHECK(all_told(story) == std::vector<std::string>{"drill sato mail", "drill sato gateway"});
  CHECK(refused(story, StartDrill{"tanaka", "nobody"}) != "");
  story.run(30min);
  CHECK(all_told(story).size() == 2);
  const auto drills = story.engine->picture().drills;
  REQUIRE(drills.size() == 1);
  CHECK(drills[0].test);
  CHECK(drills[0].answers().at(0).reached);
}

TEST_CASE("that the daemon was down is told once with the time") {
  Story story;
  story.run(1min);
  story.take_decisions(story.engine->was_down(story.now, *parse_time("2026-11-24T08:00:00+09:00"),
                                              *parse_time("2026-11-24T08:55:00+09:00")));
  const auto reports = story.notifications(NotificationKind::report);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].person == "sato");
  CHECK(reports[0].subject.find("08:00-08:55") != std::string::npos);
  CHECK(reports[0].body.find("55 分") != std::string::npos);
}

TEST_CASE(
    "however often the engine is rebuilt from the journal the same people are called at the same times") {
  struct Told {
    std::string what;
    Time when;
  };
  const auto play = [](unsigned seed, bool restarts) {
    std::mt19937 plan(seed);
    std::mt19937 breaks(seed + 1'000);
    Story story = dead_server(std::string(city_hall) + people + "paging: {answer_expires: 10m}\n");
    const std::vector<std::string> names{"sato", "suzuki", "tanaka", "ito", "kato"};
    for (int i = 0; i < 12; ++i) {
      Milliseconds left{static_cast<int>(plan() % 400) * 1'000};
      while (restarts && left > 0s) {
        const Milliseconds part =
            std::min(left, Milliseconds{static_cast<int>(breaks() % 90) * 1'000 + 1'000});
        story.run(part);
        left -= part;
        story.restart();
      }
      story.run(left);
      const std::string& who = names[plan() % names.size()];
      const Act what = plan() % 3 == 0 ? Act(Acknowledge{1, who, ""}) : Act(Pass{1, who, ""});
      auto decisions = story.engine->act(story.now, what, Language::en);
      if (decisions) story.take_decisions(std::move(*decisions));
    }
    std::vector<Told> told;
    for (const Event& event : story.journal)
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
        told.push_back({std::string(word(queued->notification.kind)) + " " + queued->notification.person +
                            " " + queued->notification.channel + " " + queued->notification.id,
                        event.time});
    return told;
  };
  for (unsigned seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const auto without = play(seed, false);
    const auto with = play(seed, true);
    REQUIRE(without.size() == with.size());
    REQUIRE(without.size() >= 3);
    for (std::size_t i = 0; i < with.size(); ++i) {
      REQUIRE(with[i].what == without[i].what);
      REQUIRE(std::chrono::abs(with[i].when - without[i].when) <= 1s);
    }
  }
}
