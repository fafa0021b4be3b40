// The procedures that ship are sound, and one that is not is refused with its place.

#include <doctest/doctest.h>

#include "rules/mask.hpp"
#include "rules/procedure_run.hpp"
#include "tests/rules/plan.hpp"

using namespace nethealth;
using namespace nethealth::plan;

namespace {

std::string problems_of(const std::string& steps, const std::string& head = "") {
  Problems problems;
  const std::string text = "procedure: failure\ntitle: {ja: 手順, en: plan}\n" + head +
                           "closing: {by: [operations_manager]}\nsteps:\n" + steps;
  const auto procedure =
      read_procedure(parse_yaml(text, "plan.yaml", Language::en, problems), Language::en, problems);
  if (procedure) check_procedure(*procedure, nullptr, Language::en, problems);
  std::string all;
  for (const Problem& problem : problems) all += problem.text() + "\n";
  return all;
}

std::string step(const std::string& id, const std::string& more = "") {
  return "  - {step: " + id + ", title: {ja: 段階, en: step}, actors: [chief]" + (more.empty() ? "" : ", ") +
         more + "}\n";
}

}  // namespace

TEST_CASE("the shipped procedures are sound for a whole site") {
  const Site site = load(std::string(city_hall) + officials);
  for (const ProcedureKind kind : {ProcedureKind::failure, ProcedureKind::misconduct}) {
    Problems problems;
    check_procedure(shipped_procedures().of(kind), &site, Language::en, problems);
    for (const Problem& problem : problems) FAIL_CHECK(problem.text());
  }
}

TEST_CASE("a procedure with a beginning and an end is sound") {
  CHECK(problems_of(step("a") + step("b", "after: [a], end: true")).empty());
}

TEST_CASE("a gate that never opens is told with its place and the decisions that lead there") {
  const std::string found = problems_of(
      step("a", "decisions: {go: {ja: 可, en: go}, halt: {ja: 否, en: halt}}") +
      step("b", "after: [a], gate: {step: a, decision: go}") + step("c", "after: [b], end: true"));
  CHECK(found.find("plan.yaml:6:") != std::string::npos);
  CHECK(found.find("step b: its gate never opens") != std::string::npos);
  CHECK(found.find("a=halt") != std::string::npos);
}

TEST_CASE("steps that wait for each other are told") {
  const std::string found =
      problems_of(step("a", "after: [b]") + step("b", "after: [a]") + step("c", "after: [b], end: true"));
  CHECK(found.find("never") != std::string::npos);
}

TEST_CASE("a step that no decision leads to is told") {
  const std::string found = problems_of(step("a", "decisions: {go: {ja: 可, en: go}}") +
                                        step("b", "after: [a], when: {step: a, decision: elsewhere}") +
                                        step("c", "after: [a], end: true"));
  CHECK(found.find("step b: it can never be reached") != std::string::npos);
}

TEST_CASE("a procedure without an end is told") {
  CHECK(problems_of(step("a")).find("no end") != std::string::npos);
}

TEST_CASE("names that lead nowhere and words that are unknown are told with line and column") {
  CHECK(problems_of(step("a", "after: [bb]") + step("b", "end: true")).find("plan.yaml:5:") !=
        std::string::npos);
  CHECK(problems_of(step("a", "colour: red")).find("unknown key") != std::string::npos);
  CHECK(problems_of(step("a", "deadline: soon")).find("deadline") != std::string::npos);
  CHECK(problems_of(step("a", "asks: [{ask: x, title: {ja: 問, en: q}, compose: poem}]")).find("compose") !=
        std::string::npos);
}

TEST_CASE("a role that nobody fills is told where its step stands") {
  Site site = load(std::string(city_hall) + officials);
  site.roles[static_cast<std::size_t>(RoleId::chief)].people.clear();
  Problems problems;
  check_procedure(shipped_procedures().failure, &site, Language::en, problems);
  REQUIRE_FALSE(problems.empty());
  CHECK(problems[0].line > 1);
  CHECK(problems[0].message.find("chief") != std::string::npos);
}

TEST_CASE("a deadline in office hours stands still at night and on holidays") {
  const Site site = load(std::string(city_hall) + officials);
  const Calendar& office = site.calendars[0];
  const auto at = [](const char* text) { return *parse_time(text); };
  // A Friday afternoon before a Monday holiday (3 November 2025 is Culture Day).
  CHECK(office_deadline(office, site.zone, at("2025-10-31T16:15:00+09:00"), 2h) ==
        at("2025-11-04T09:30:00+09:00"));
  CHECK(office_deadline(office, site.zone, at("2025-11-04T09:00:00+09:00"), 2h) ==
        at("2025-11-04T11:00:00+09:00"));
}

TEST_CASE("what identifies a resident is masked and other numbers stay") {
  CHECK(mask_line("code=12345678901 ok") == "code=[番号非表示] ok");
  CHECK(mask_line("mynumber 1234-5678-9012.") == "mynumber [番号非表示].");
  CHECK(mask_line("１２３４５６７８９０１２") == "[番号非表示]");
  CHECK(mask_line("氏名=国立 太郎, id=7").find("太郎") == std::string::npos);
  CHECK(mask_line("氏名=国立 太郎, id=7").find("id=7") != std::string::npos);
  CHECK(mask_line("from 192.0.2.77 port 40022 at 20261124090000") ==
        "from 192.0.2.77 port 40022 at 20261124090000");
  CHECK(mask_text("電話 09012345678 番号 123456789012") == "電話 09012345678 番号 [番号非表示]");
}

TEST_CASE("a restart makes the same of the journal: steps and deadlines and measures") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.3.3");
  const IncidentPicture before = plan.incident();
  plan.story.restart();
  const IncidentPicture after = plan.incident();
  CHECK(after.step == before.step);
  REQUIRE(after.procedure.size() == before.procedure.size());
  for (std::size_t i = 0; i < after.procedure.size(); ++i) {
    CAPTURE(after.procedure[i].id);
    CHECK(after.procedure[i].state == before.procedure[i].state);
    CHECK(after.procedure[i].since == before.procedure[i].since);
    CHECK(after.procedure[i].deadline == before.procedure[i].deadline);
  }
  CHECK(after.records.size() == before.records.size());
}

TEST_CASE("what a deputy records needs the absence of the principal and names it") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.1.2");
  CHECK(plan.take({"5.1.2", "suzuki"}).find("absence of sato") != std::string::npos);
  CHECK(plan.take({"5.1.2", "suzuki"}, "佐藤は出張中").empty());
  CHECK(plan.step("5.1.2").record->what.deputy_for == "sato");
  CHECK(plan.message("5.1.2").find("佐藤不在") != std::string::npos);
}

TEST_CASE("a principal who did not answer is absent on the record") {
  Plan plan;
  plan.fail();
  plan.story.run(6min);
  plan.story.acknowledge(plan.number, "suzuki");
  CHECK(plan.take({"5.1.1.confirm", "citizens"}).empty());
  CHECK(plan.take({"5.1.2", "suzuki"}).empty());
  CHECK(plan.step("5.1.2").record->what.deputy_for == "sato");
}

TEST_CASE("late entries keep their real time and cannot lie in the future or before what comes first") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.1.2");
  plan.story.run(25min);
  CHECK(plan.take({"5.1.2", "sato"}, "", plan.story.now + 1min).find("future") != std::string::npos);
  CHECK(plan.take({"5.1.2", "sato"}, "", plan.story.now - 10h).find("comes first") != std::string::npos);
  const Time real = plan.story.now - 20min;
  CHECK(plan.take({"5.1.2", "sato"}, "", real, true).empty());
  CHECK(plan.step("5.1.2").record->done() == real);
  CHECK(plan.step("5.1.2").record->entered == plan.story.now);
  CHECK(plan.told("5.1.2").empty());  // it was told by telephone
}

TEST_CASE("a correction is added with its reason and the old record stays") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.1.3");
  CHECK(plan.take({"5.1.2", "sato"}).find("--reason") != std::string::npos);
  const std::size_t before = plan.incident().records.size();
  CHECK(plan.take({"5.1.2", "sato", "request_maintenance"}, "依頼を書き漏らした").empty());
  CHECK(plan.incident().records.size() == before + 1);
  CHECK(plan.told("5.1.2") == People{"tanaka", "tanaka", "maker"});
}

TEST_CASE("an incident that is no emergency is closed by the sub-manager with a reason") {
  Plan plan;
  plan.fail();
  CHECK(plan.close("kato", "誤報").find("only the") != std::string::npos);
  CHECK(plan.close("sato", "誤報", "mended").find("cannot end as") != std::string::npos);
  CHECK(plan.close("sato", "誤報", "unplugged").find("cannot end as") != std::string::npos);
  CHECK(plan.close("sato", "試験中の誤報", "false_alarm").empty());
  CHECK(plan.incident().state == IncidentState::closed);
}

TEST_CASE("an unplugged terminal is closed quickly and an at-risk warning that was mended too") {
  Plan terminal;
  terminal.story.run(2min);
  terminal.story.silent.insert("term-5");
  terminal.story.run(40s);
  terminal.number = terminal.story.incidents().back().number;
  CHECK(terminal.close("sato", "清掃中に抜けた", "unplugged").empty());
  Plan risk;
  risk.story.run(1min);
  risk.story.sensors["sw-core"] = {{"Fan 1", SensorClass::fan, SensorStatus::failed, std::nullopt, "", ""}};
  risk.story.run(90s);
  REQUIRE_FALSE(risk.story.incidents().empty());
  CHECK(risk.story.incidents().back().now.severity == Severity::at_risk);
  risk.number = risk.story.incidents().back().number;
  CHECK(risk.close("tanaka", "停止前に交換", "mended").empty());
}

TEST_CASE(
    "once the chief was told only the end or a named closing is left and after the council only the end") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.1.3.pass");
  CHECK(plan.close("sato", "直った").find("5.5.1") != std::string::npos);
  plan.up_to({}, "");
  CHECK(plan.take({"5.1.3.pass", "ito"}).empty());
  CHECK(plan.take({"5.2.1", "kato", "", "保護"}).empty());
  CHECK(plan.take({"5.2.2", "kato", "yes"}).empty());
  CHECK(plan.take({"5.3.1", "kato"}).empty());
  CHECK(plan.close("sato", "誤報", "false_alarm").find("still to be done") != std::string::npos);
}

TEST_CASE("reminders come when somebody has it in hand and its time is over and they end") {
  Plan plan;
  plan.fail();
  plan.story.acknowledge(plan.number, "sato");
  plan.story.run(29min);
  CHECK(plan.reminders("5.1.1.confirm") == 0);
  plan.story.run(2min);
  CHECK(plan.reminders("5.1.1.confirm") == 1);
  plan.story.run(24h);
  CHECK(plan.reminders("5.1.1.confirm") == 8);
}

TEST_CASE("the counter hears what cannot be done and what to do instead and again at recovery") {
  Plan plan;
  plan.fail();
  CHECK(plan.told("counter") == People{"citizens"});
  CHECK(plan.message("counter").find("広域交付") != std::string::npos);
  CHECK(plan.message("counter").find("近隣市の窓口を案内する") != std::string::npos);
  plan.mend();
  plan.story.run(2min);
  CHECK(plan.told("counter") == People{"citizens", "citizens"});
}

TEST_CASE("a note from outside joins the record of an incident even after its end") {
  Plan plan;
  plan.fail();
  CHECK(plan.act(AddNote{plan.number, "tanaka", "都から照会あり", "prefecture", plan.story.now - 1min, true})
            .empty());
  CHECK(plan.act(AddNote{plan.number, "tanaka", "  "}).find("text") != std::string::npos);
  CHECK(plan.act(AddNote{plan.number, "tanaka", "x", "king"}).find("role") != std::string::npos);
  CHECK(plan.close("sato", "誤報", "false_alarm").empty());
  CHECK(plan.act(AddNote{plan.number, "tanaka", "後日の補足"}).empty());
  const auto records = plan.incident().records;
  CHECK(records.back().what.text == "後日の補足");
}
