// The plan's clauses on failures, each shown on the running engine: what it allows, and what it forbids.

#include <doctest/doctest.h>

#include "rules/procedure_text.hpp"
#include "tests/rules/plan.hpp"

using namespace nethealth;
using namespace nethealth::plan;

namespace {

std::vector<int> earlier_of(const Plan& plan) {
  return plan.incident().now.earlier;
}

}  // namespace

TEST_CASE("clause 1.scope: an incident says stopped or at risk and goes from one to the other") {
  Plan plan;
  plan.story.run(1min);
  plan.story.sensors["ups-1"] = {
      {"Input", SensorClass::power, SensorStatus::ok, std::nullopt, "", "battery"}};
  plan.story.run(90s);
  REQUIRE_FALSE(plan.story.incidents().empty());
  CHECK(plan.incident().now.severity == Severity::at_risk);
  Plan stopped;
  stopped.fail();
  CHECK(stopped.incident().now.severity == Severity::stopped);
  Plan suspected, breached;
  suspected.attack(false);
  CHECK(suspected.incident().now.severity == Severity::at_risk);
  breached.attack();
  CHECK(breached.incident().now.severity == Severity::stopped);
}

TEST_CASE(
    "clause 2.responsible: the operations manager owns it under the chief and only holders of a role act") {
  Plan plan;
  plan.fail();
  CHECK(shipped_procedures().failure.owner == RoleId::operations_manager);
  CHECK(shipped_procedures().failure.under == RoleId::chief);
  CHECK(contains(plan.take({"5.1.1.confirm", "sato"}), "holds no such role"));
  plan.up_to(failure_walk, "5.1.3");
  CHECK(contains(plan.take({"5.1.3", "sato"}), "運用管理者"));
  CHECK(contains(plan.take({"5.1.3", "kato"}), "運用管理者"));
  CHECK(plan.take({"5.1.3", "tanaka"}).empty());
}

TEST_CASE("clause 3.classes: an incident is in one class and is reclassified with a reason on the record") {
  Plan plan;
  plan.fail();
  CHECK(contains(plan.act(Reclassify{plan.number, "tanaka", ProcedureKind::misconduct, ""}), "reason"));
  CHECK(
      contains(plan.act(Reclassify{plan.number, "citizens", ProcedureKind::misconduct, "疑い"}), "only the"));
  CHECK(contains(plan.act(Reclassify{plan.number, "tanaka", ProcedureKind::failure, "疑い"}), "already"));
  CHECK(plan.act(Reclassify{plan.number, "tanaka", ProcedureKind::misconduct, "破壊の跡があった", "3c"})
            .empty());
  CHECK(plan.incident().now.procedure == ProcedureKind::misconduct);
  CHECK(plan.incident().now.threat_level == 3);
  CHECK(plan.state("7.B.1.2") == "due");
  CHECK(plan.incident().records.back().what.text == "破壊の跡があった");
  plan.story.run(10min);
  CHECK(plan.story.incidents().size() == 1);  // the same signs open nothing anew
}

TEST_CASE(
    "clause 3.failure.kinds: broken server and terminal and bug and line and switch and hub have their "
    "kind") {
  const auto kind = [](auto&& break_it) {
    Plan plan;
    plan.story.run(2min);
    break_it(plan.story);
    plan.story.run(2min);
    REQUIRE_FALSE(plan.story.incidents().empty());
    return plan.story.incidents().back().now.diagnosis;
  };
  CHECK(kind([](Story& story) {
          story.silent.insert("cs-1");
          story.down.insert({"sw-core", "1"});
        }).category == Category::hardware);
  const Diagnosis bug = kind([](Story& story) { story.broken[{"cs-1", "app"}] = Outcome::refused; });
  CHECK(bug.category == Category::software);
  CHECK(bug.location.device == "cs-1");
  const Diagnosis hub = kind([](Story& story) {
    for (const char* terminal : {"term-1", "term-2", "term-3", "term-4"}) story.silent.insert(terminal);
  });
  CHECK(hub.category == Category::network);
  const Diagnosis line = kind([](Story& story) {
    story.silent.insert("term-5");
    story.down.insert({"sw-2f", "3"});
  });
  CHECK((line.location.device == "term-5" || line.location.device == "sw-2f"));
  CHECK_FALSE(line.evidence.empty());
}

TEST_CASE("clause 3.failure.room: the room's environment is a failure at the room") {
  Plan plan;
  plan.story.run(1min);
  plan.story.sensors["ups-1"] = {
      {"Room temperature", SensorClass::temperature, SensorStatus::failed, 45.0, "C", ""}};
  plan.story.run(2min);
  REQUIRE_FALSE(plan.story.incidents().empty());
  CHECK(plan.incident().now.diagnosis.location.room == "machine-room");
  CHECK(plan.incident().now.diagnosis.category == Category::hardware);
}

TEST_CASE("clause 4.contacts: one network holds the roles inside and outside and each is reached") {
  const Plan plan;
  for (std::size_t role = 0; role < role_count; ++role)
    CHECK_FALSE(plan.story.site->roles[role].people.empty());
  CHECK_THROWS(load(std::string(city_hall) + people + "\nroles: []"));
}

TEST_CASE("clause 5.1.1.report: the sub-manager is paged at once and a person's report goes the same way") {
  Plan plan;
  plan.fail();
  const auto pages = plan.story.notifications(NotificationKind::page);
  REQUIRE(pages.size() == 1);
  CHECK(pages[0].role == RoleId::operations_sub_manager);
  for (const char* part : {"何が", "どこ", "いつから", "影響", "根拠"}) CHECK(contains(pages[0].body, part));
  OpenByHand report;
  report.person = "citizens";
  report.device = "term-5";
  CHECK(contains(plan.act(report), "--text"));
  report.text = "画面が固まった";
  report.device = "term-99";
  CHECK(contains(plan.act(report), "term-99"));
  report.device = "term-5";
  CHECK(plan.act(report).empty());
  plan.number = 2;
  CHECK(plan.story.notifications(NotificationKind::page).size() == 2);
  CHECK(plan.story.notifications(NotificationKind::page)[1].person == "sato");
  CHECK(plan.incident().now.reported_by == "citizens");
  CHECK(plan.incident().records.front().what.person == "citizens");
  CHECK(plan.incident().now.diagnosis.category == Category::undetermined);
  plan.story.run(60min);
  CHECK(plan.incident().state == IncidentState::open);  // no probe takes back what a person saw
}

TEST_CASE(
    "clause 5.1.1.confirm: the finding staff confirm with the row of the kind and undetermined shows all") {
  Plan plan;
  plan.fail();
  CHECK(contains(plan.take({"5.1.1.confirm", "tanaka"}), "市民課"));
  Step confirm{"5.1.1.confirm", "joho"};
  confirm.answers = Answers{{"lamps", "done"}, {"network.commands", "done"}, {"colour", "red"}};
  CHECK(contains(plan.take(confirm), "colour"));
  confirm.answers = Answers{{"lamps", "done"}, {"shape", "異常なし"}};
  CHECK(plan.take(confirm).empty());
  const auto answers = plan.step("5.1.1.confirm").record->what.answers;
  CHECK(answers.at("hardware.lamps") == "done");
  CHECK(contains(answers.at("finding"), "CSサーバ1号機"));
  OpenByHand unclear;
  unclear.person = "citizens";
  unclear.text = "遅い";
  CHECK(plan.act(unclear).empty());
  plan.number = 2;
  CHECK(contains(plan.take({"5.1.1.confirm", "citizens"}), "finding"));
  Step all{"5.1.1.confirm", "citizens", "", "原因はまだ分からない"};
  all.answers = Answers{{"lamps", "done"}, {"event_log", "done"}, {"visual", "done"}};
  CHECK(plan.take(all).empty());
}

TEST_CASE("clause 5.1.1.escalate-cause: the staff ask outside while it is undetermined and are reminded") {
  Plan known;
  known.fail();
  CHECK(contains(known.take({"5.1.1.escalate-cause", "citizens", "", "", {{"to", "contractor"}}}),
                 "not called for"));
  Plan plan;
  OpenByHand unclear;
  unclear.person = "citizens";
  unclear.text = "遅い";
  REQUIRE(plan.act(unclear).empty());
  plan.story.run(35min);
  CHECK(plan.reminders("5.1.1.escalate-cause") == 1);
  CHECK(
      contains(plan.take({"5.1.1.escalate-cause", "sato", "", "", {{"to", "contractor"}}}), "holds no such"));
  CHECK(contains(plan.take({"5.1.1.escalate-cause", "citizens"}), "who is asked"));
  CHECK(contains(plan.take({"5.1.1.escalate-cause", "citizens", "", "", {{"to", "king"}}}), "king"));
  CHECK(
      plan.take({"5.1.1.escalate-cause", "citizens", "", "", {{"to", "contractor, organisation"}}}).empty());
  const auto told = plan.told("5.1.1.escalate-cause");
  CHECK(std::ranges::count(told, "maker") == 1);
  CHECK(std::ranges::count(told, "jlis") == 1);
  CHECK(plan.take({"5.1.1.answer", "citizens", "", "機構では異常なし"}).empty());
}

TEST_CASE(
    "clause 5.1.2: the sub-manager reports status and cause and extent and asks for maintenance or not") {
  Plan plan;
  plan.fail();
  CHECK(contains(plan.take({"5.1.2", "sato"}), "5.1.1.confirm"));
  plan.up_to(failure_walk, "5.1.2");
  CHECK(contains(plan.take({"5.1.2", "tanaka"}), "運用副管理者"));
  Step blank{"5.1.2", "sato"};
  blank.answers = Answers{{"cause", " "}};
  CHECK(contains(plan.take(blank), "cause"));
  Step report{"5.1.2", "sato", "request_maintenance"};
  report.answers = Answers{{"cause", "電源装置の故障とみられる"}};
  CHECK(plan.take(report).empty());
  CHECK(plan.told("5.1.2") == People{"tanaka", "maker"});
  CHECK(contains(plan.message("5.1.2"), "電源装置の故障とみられる"));
  CHECK(contains(plan.message("5.1.2"), "広域交付"));
}

TEST_CASE("clause 5.1.3: the manager's report goes to the deputy chief and from there to the chief") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.1.3");
  CHECK(contains(plan.take({"5.1.3.pass", "ito"}), "5.1.3"));
  CHECK(plan.take({"5.1.3", "tanaka"}).empty());
  CHECK(plan.told("5.1.3") == People{"ito"});
  CHECK(contains(plan.take({"5.2.1", "kato", "", "保護"}), "5.1.3.pass"));
  CHECK(contains(plan.take({"5.1.3.pass", "tanaka"}), "統括副責任者"));
  CHECK(plan.take({"5.1.3.pass", "ito"}).empty());
  CHECK(plan.told("5.1.3.pass") == People{"kato"});
}

TEST_CASE(
    "clause 5.2.1: the chief's instruction goes through the deputy chief and is acknowledged and carried "
    "out") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.2.1");
  const StepPicture due = plan.step("5.2.1");
  REQUIRE(due.deadline.has_value());
  CHECK(*due.deadline - *due.since == 15min);
  plan.story.run(16min);
  CHECK(plan.reminders("5.2.1") == 1);
  CHECK(contains(plan.take({"5.2.1", "kato"}), "instruction"));
  CHECK(contains(plan.take({"5.2.1", "tanaka", "", "保護"}), "統括責任者"));
  CHECK(plan.take({"5.2.1", "kato", "", "データを保護すること"}).empty());
  CHECK(contains(plan.take({"5.2.1.acknowledge", "tanaka"}), "5.2.1.pass"));
  CHECK(plan.take({"5.2.1.pass", "ito"}).empty());
  CHECK(contains(plan.take({"5.2.1.carry-out", "tanaka", "", "済"}), "5.2.1.acknowledge"));
  CHECK(plan.take({"5.2.1.acknowledge", "tanaka"}).empty());
  CHECK(plan.take({"5.2.1.carry-out", "tanaka", "", "バックアップを取得した"}).empty());
}

TEST_CASE(
    "clause 5.2.2: the chief decides on the council and at yes nothing passes before mayor and council") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.2.2");
  CHECK(contains(plan.take({"5.2.2", "kato"}), "--decision"));
  CHECK(contains(plan.take({"5.2.2", "tanaka", "yes"}), "統括責任者"));
  CHECK(contains(plan.take({"5.4", "tanaka", "", "修理"}), "5.2.2"));
  CHECK(plan.take({"5.2.2", "kato", "yes"}).empty());
  CHECK(contains(plan.take({"5.4", "tanaka", "", "修理"}), "5.2.2.mayor"));
  CHECK(contains(plan.take({"5.3.2", "tanaka"}), "5.3.1"));
  CHECK(plan.take({"5.2.2.mayor", "kato"}).empty());
  CHECK(plan.told("5.2.2.mayor") == People{"mayor"});
  CHECK(contains(plan.take({"5.4", "tanaka", "", "修理"}), "5.3.4"));
  Plan without;
  without.fail();
  without.up_to(failure_walk, "5.2.2");
  CHECK(without.take({"5.2.2", "kato", "no"}).empty());
  CHECK(contains(without.take({"5.3.1", "kato"}), "not called for"));
  CHECK(without.take({"5.4", "tanaka", "", "修理した"}).empty());
}

TEST_CASE("clause 5.2.2: a long stoppage reminds the chief before its turn has come") {
  Plan plan;
  plan.fail();
  plan.story.acknowledge(plan.number, "sato");
  plan.story.run(119min);
  CHECK(plan.reminders("5.2.2") == 0);
  plan.story.run(3min);
  CHECK(plan.reminders("5.2.2") == 1);
  CHECK(plan.told("5.2.2") == People{"kato"});
}

TEST_CASE("clause 5.3.1: convening invites every member with the incident's report") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.3.1");
  CHECK(contains(plan.take({"5.3.1", "tanaka"}), "統括責任者"));
  CHECK(plan.take({"5.3.1", "kato", "", "", {{"invitation", "本日15時 第一会議室"}}}).empty());
  CHECK(plan.told("5.3.1") == People{"kato", "ito", "tanaka"});
  CHECK(contains(plan.message("5.3.1"), "本日15時"));
  CHECK(contains(plan.message("5.3.1"), "CSサーバ1号機"));
}

TEST_CASE("clause 5.3.2: the council hears the manager and its refusal sends the measure back to 5.2.1") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.3.2");
  CHECK(contains(plan.take({"5.3.2.approve", "kato", "approved"}), "5.3.2"));
  CHECK(contains(plan.take({"5.3.2", "kato"}), "運用管理者"));
  CHECK(plan.take({"5.3.2", "tanaka"}).empty());
  CHECK(plan.take({"5.3.2.approve", "kato", "refused"}).empty());
  CHECK(plan.state("5.2.1") == "due");
  CHECK(plan.state("5.3.2.approve") == "later");
  CHECK(contains(plan.take({"5.3.3", "kato", "", "", council_decisions}), "5.3.2.approve"));
  for (const Step& step :
       {Step{"5.2.1", "kato", "", "停止すること"}, Step{"5.2.1.pass", "ito"},
        Step{"5.2.1.acknowledge", "tanaka"}, Step{"5.2.1.carry-out", "tanaka", "", "停止した"},
        Step{"5.3.2.approve", "kato", "approved"}})
    CHECK(plan.take(step).empty());
}

TEST_CASE("clause 5.3.3: seven items are decided with several choices each and resuming stays open") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.3.3");
  Step decisions{"5.3.3", "kato", "", "", council_decisions};
  for (const auto& [item, value] : council_decisions) {
    Step without = decisions;
    without.answers.erase(item);
    CAPTURE(item);
    CHECK(contains(plan.take(without), item));
  }
  Step wrong = decisions;
  wrong.answers["equipment"] = "explode";
  CHECK(contains(plan.take(wrong), "full_stop"));
  CHECK(contains(plan.take({"5.3.3", "tanaka", "", "", council_decisions}), "統括責任者"));
  decisions.answers["other"] = "案内板を出す";
  CHECK(plan.take(decisions).empty());
  CHECK(contains(plan.step("5.3.3").record->what.answers.at("substitutes"), "近隣市の窓口を案内する"));
  CHECK(plan.state("5.5.2") == "later");
}

TEST_CASE("clause 5.3.4: only the chief records and the mayor hears the result before the step closes") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.3.4");
  CHECK(contains(plan.take({"5.3.4", "ito"}), "統括責任者"));
  CHECK(contains(plan.take({"5.4", "tanaka", "", "修理"}), "5.3.4"));
  CHECK(plan.take({"5.3.4", "kato"}).empty());
  CHECK(plan.told("5.3.4") == People{"mayor"});
  CHECK(contains(plan.message("5.3.4"), "partial_stop"));
}

TEST_CASE("clause 5.4: repair is due at once and restored service never closes the incident") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.4");
  const StepPicture due = plan.step("5.4");
  CHECK(*due.deadline - *due.since == 30min);
  plan.mend();
  plan.story.run(3min);
  CHECK(plan.incident().state == IncidentState::restored);
  plan.story.run(48h);
  CHECK(plan.incident().state == IncidentState::restored);
  CHECK(plan.incident().step == "5.4");
  CHECK(contains(plan.take({"5.4", "tanaka"}), "work"));
  CHECK(plan.take({"5.4", "tanaka", "", "電源装置を交換した"}).empty());
  CHECK(contains(plan.step("5.4").record->what.answers.at("part"), "cs-1"));
  CHECK(contains(plan.close("tanaka", "復旧した"), "5.5.1"));
}

TEST_CASE(
    "clause 5.5.1: integrity and restoration and notices and approval come before resumption in this order") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.5.1.integrity");
  CHECK(contains(plan.take({"5.5.1", "tanaka"}), "5.5.1.approve"));
  CHECK(contains(plan.take({"5.5.1.notice", "tanaka"}), "5.5.1.restore"));
  CHECK(plan.take({"5.5.1.integrity", "tanaka", "faults"}).empty());
  CHECK(contains(plan.take({"5.5.1.notice", "tanaka"}), "5.5.1.restore"));
  CHECK(plan.take({"5.5.1.restore", "tanaka", "", "修復した"}).empty());
  CHECK(contains(plan.take({"5.5.1.approve", "kato"}), "5.5.1.notice"));
  CHECK(plan.take({"5.5.1.notice", "tanaka"}).empty());
  CHECK(plan.told("5.5.1.notice") == People{"tokyo", "jlis", "neighbours"});
  CHECK(contains(plan.take({"5.5.1.approve", "kato"}), "5.5.2"));
  CHECK(plan.take({"5.5.2.report", "tanaka"}).empty());
  CHECK(plan.take({"5.5.2", "kato", "resume"}).empty());
  CHECK(contains(plan.take({"5.5.1", "tanaka"}), "5.5.1.approve"));
  CHECK(contains(plan.take({"5.5.1.approve", "tanaka"}), "統括責任者"));
  CHECK(contains(plan.take({"5.5.1.approve", "kato", "refused"}), "reason"));
  CHECK(plan.take({"5.5.1.approve", "kato", "refused"}, "確認が足りない").empty());
  CHECK(contains(plan.take({"5.5.1", "tanaka"}), "5.5.1.approve"));
  CHECK(plan.take({"5.5.1.approve", "kato"}).empty());
  CHECK(plan.take({"5.5.1", "tanaka"}).empty());
}

TEST_CASE("clause 5.5.2: after any council stop resuming needs the report to the council and its decision") {
  for (const char* stop : {"full_stop", "partial_stop", "isolate_part", "cut_network", "none"}) {
    CAPTURE(stop);
    Plan plan;
    plan.fail();
    std::vector<Step> walk = failure_walk;
    for (Step& step : walk)
      if (step.step == "5.3.3") step.answers["equipment"] = stop;
    plan.up_to(walk, "5.5.2.report");
    if (std::string_view(stop) == "none") {
      CHECK(contains(plan.take({"5.5.2.report", "tanaka"}), "not called for"));
      CHECK(plan.take({"5.5.1.approve", "kato"}).empty());
      continue;
    }
    CHECK(contains(plan.take({"5.5.1.approve", "kato"}), "5.5.2"));
    CHECK(contains(plan.take({"5.5.2", "kato", "resume"}), "5.5.2.report"));
    CHECK(plan.take({"5.5.2.report", "tanaka"}).empty());
    CHECK(contains(plan.message("5.5.2.report"), "不整合あり"));
    CHECK(plan.take({"5.5.2", "kato", "not_yet"}).empty());
    CHECK(contains(plan.take({"5.5.1.approve", "kato"}), "5.5.2"));
    CHECK(plan.take({"5.5.2.report", "tanaka"}).empty());
    CHECK(plan.take({"5.5.2", "kato", "resume"}).empty());
    CHECK(plan.take({"5.5.1.approve", "kato"}).empty());
  }
}

TEST_CASE(
    "clause 6.measures: each of the six is considered with owner and date or a reason and reminded of") {
  Plan plan;
  plan.fail();
  CHECK(contains(plan.take({"6.measures", "tanaka"}), "5.5.1"));
  plan.up_to(failure_walk, "");
  CHECK(contains(plan.take({"6.measures", "tanaka"}), "spares"));
  const auto decide = [&](const std::string& measure, const std::string& decision,
                          const std::string& reason = "", const std::string& owner = "",
                          std::optional<Time> due = {}, const std::string& person = "tanaka") {
    return plan.act(DecideMeasure{plan.number, person, measure, decision, "", reason, owner, due});
  };
  const Time due = plan.story.now + 24h;
  CHECK(contains(decide("spares", "taken"), "owner"));
  CHECK(contains(decide("spares", "taken", "", "ono"), "due date"));
  CHECK(contains(decide("spares", "not_taken"), "reason"));
  CHECK(contains(decide("spares", "taken", "", "ono", due, "citizens"), "decided by"));
  plan.consider_all_measures();
  CHECK(decide("spares", "taken", "", "ono", due).empty());
  CHECK(plan.take({"6.measures", "tanaka"}).empty());
  plan.story.run(25h);
  CHECK(plan.reminders("measure:spares") == 1);
  CHECK(plan.told("measure:spares") == People{"ono"});
  CHECK(decide("spares", "done", "", "", {}, "ono").empty());
  plan.story.run(24h * 2);
  CHECK(plan.reminders("measure:spares") == 1);
  const auto proposed = proposed_measures(plan.incident());
  CHECK(std::ranges::count(proposed, "spares") == 1);
}

TEST_CASE("clause 6.recurrence: the same cause and place again is linked to the earlier ones") {
  Plan plan;
  plan.fail();
  REQUIRE(plan.close("sato", "誤報", "false_alarm").empty());
  plan.mend();
  plan.story.run(40min);
  plan.fail();
  CHECK(plan.number == 2);
  CHECK(earlier_of(plan) == std::vector<int>{1});
  const auto proposed = proposed_measures(plan.incident());
  CHECK(std::ranges::count(proposed, "overhaul") == 1);
}

TEST_CASE("clause 8.permanent: after a failure too the council is convened and deliberates before the end") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "");
  plan.consider_all_measures();
  CHECK(plan.take({"6.measures", "tanaka"}).empty());
  CHECK(contains(plan.close("tanaka", "終了"), "8.convene"));
  CHECK(contains(plan.take({"8.permanent", "kato", "", "二重化"}), "8.convene"));
  CHECK(plan.take({"8.convene", "kato"}).empty());
  CHECK(plan.told("8.convene") == People{"kato", "ito", "tanaka"});
  CHECK(contains(plan.take({"8.permanent", "tanaka", "", "二重化"}), "統括責任者"));
  CHECK(plan.take({"8.permanent", "kato", "", "電源の二重化"}).empty());
  CHECK(plan.act(DecideMeasure{plan.number, "tanaka", "電源の二重化", "taken", "", "", "mori",
                               plan.story.now + 24h})
            .empty());
  CHECK(plan.incident().step == "closed");
  CHECK(plan.close("tanaka", "手順を終えた").empty());
  CHECK(plan.incident().state == IncidentState::closed);
  plan.story.run(25h);
  CHECK(plan.reminders("measure:電源の二重化") == 1);  // reminded of after the end as well
}

TEST_CASE(
    "clause 9.table: the row that fits is the site's own or the shipped default which says that it is one") {
  Plan plan;
  plan.fail();
  const auto shipped = annex_measures(*plan.story.site, shipped_procedures().failure,
                                      plan.incident().now.diagnosis, Language::ja);
  CHECK(shipped.shipped);
  CHECK_FALSE(shipped.measures.empty());
  Plan own("emergency_measures:\n  - {events: [device_power, hardware], measures: [予備機に切り替える]}\n");
  own.fail();
  const auto measures = annex_measures(*own.story.site, shipped_procedures().failure,
                                       own.incident().now.diagnosis, Language::ja);
  CHECK_FALSE(measures.shipped);
  CHECK(measures.measures == People{"予備機に切り替える"});
}
