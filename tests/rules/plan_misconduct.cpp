// The plan's clauses on misconduct, each shown on the running engine: what it allows, and what it forbids.

#include <doctest/doctest.h>

#include "rules/procedure_text.hpp"
#include "tests/rules/plan.hpp"

using namespace nethealth;
using namespace nethealth::plan;

namespace {

/// The walk with the level judged otherwise.
std::vector<Step> judged(const std::string& level) {
  std::vector<Step> walk = misconduct_walk;
  for (Step& step : walk)
    if (step.step == "7.B.3.judge") step.decision = level;
  return walk;
}

}  // namespace

TEST_CASE("clause 3.misconduct.kinds: log-ins and viruses on servers and other computers are recognised") {
  Plan access;
  access.attack(false);
  CHECK(access.incident().now.diagnosis.cause == Cause::unauthorised_access);
  Plan virus;
  virus.story.log("term-1", "clamd[900]: /srv/share/report.doc: Win.Test.EICAR_HDB-1 FOUND");
  REQUIRE(virus.story.incidents().size() == 1);
  CHECK(virus.incident().now.diagnosis.cause == Cause::malware);
  CHECK(virus.incident().now.diagnosis.location.device == "term-1");
}

TEST_CASE(
    "clause 7.A.levels: every misconduct incident has a provisional level and its row and the highest "
    "counts") {
  Plan plan;
  plan.attack(false);
  CHECK(plan.incident().now.threat_level == 1);
  CHECK(threat_rows_of(plan.incident()) == People{"1b"});
  plan.story.log("cs-1", "sshd[811]: Accepted password for root from 192.0.2.77 port 40022 ssh2");
  CHECK(plan.incident().now.threat_level == 3);
  CHECK(threat_rows_of(plan.incident()) == People{"1b", "3d"});
  OpenByHand report;
  report.procedure = ProcedureKind::misconduct;
  report.person = "citizens";
  report.text = "媒体が持ち出された";
  report.threat_rows = "2a,3b";
  CHECK(plan.act(report).empty());
  plan.number = 2;
  CHECK(plan.incident().now.threat_level == 3);
  CHECK(threat_rows_of(plan.incident()) == People{"2a", "3b"});
}

TEST_CASE("clause 7.A.table: thirteen rows ship and each can be chosen by hand and no other") {
  const auto& rows = shipped_procedures().misconduct.threats;
  CHECK(rows.size() == 13);
  Plan plan;
  OpenByHand report;
  report.procedure = ProcedureKind::misconduct;
  report.person = "citizens";
  report.text = "見た";
  for (const ThreatRow& row : rows) {
    CAPTURE(row.id);
    report.threat_rows = row.id;
    CHECK(plan.act(report).empty());
    plan.number = plan.story.incidents().back().number;
    CHECK(plan.incident().now.threat_level == row.id[0] - '0');
  }
  report.threat_rows = "4a";
  CHECK(contains(plan.act(report), "4a"));
}

TEST_CASE("clause 7.B.1.1: misconduct pages the operations manager and a report by hand goes the same way") {
  Plan plan;
  plan.attack();
  const auto pages = plan.story.notifications(NotificationKind::page);
  REQUIRE(pages.size() == 1);
  CHECK(pages[0].role == RoleId::operations_manager);
  CHECK(pages[0].person == "tanaka");
  OpenByHand report;
  report.procedure = ProcedureKind::misconduct;
  report.person = "citizens";
  report.text = "端末が操作された跡がある";
  CHECK(plan.act(report).empty());
  CHECK(plan.story.notifications(NotificationKind::page)[1].person == "tanaka");
  CHECK(plan.told("counter").empty());
}

TEST_CASE("clause 7.B.1.2: four items are filled in as far as known and an empty one is asked for") {
  Plan plan;
  plan.attack();
  CHECK(contains(plan.take({"7.B.1.2", "citizens"}), "first_measures"));
  Step blank{"7.B.1.2", "citizens", "", "", {{"first_measures", " "}}};
  CHECK(contains(plan.take(blank), "first_measures"));
  CHECK(contains(plan.take({"7.B.1.2", "tanaka", "", "なし"}), "市民課"));
  CHECK(plan.take({"7.B.1.2", "citizens", "", "", {{"first_measures", "none"}}}).empty());
  const auto answers = plan.step("7.B.1.2").record->what.answers;
  CHECK(contains(answers.at("when"), "2026-11-24"));
  CHECK(contains(answers.at("where"), "cs-1"));
  CHECK(contains(answers.at("what"), "192.0.2.77"));
}

TEST_CASE("clause 7.B.1.3.collect: the manager collects after the report and notices from outside join") {
  Plan plan;
  plan.attack();
  CHECK(contains(plan.take({"7.B.1.3.collect", "tanaka"}), "7.B.1.2"));
  plan.up_to(misconduct_walk, "7.B.1.3.collect");
  CHECK(contains(plan.take({"7.B.1.3.collect", "ono"}), "運用管理者"));
  CHECK(plan.take({"7.B.1.3.collect", "tanaka"}).empty());
  CHECK(plan.take({"7.B.1.3.collect", "tanaka", "", "追加の情報"}).empty());
  CHECK(plan.act(AddNote{plan.number, "tanaka", "機構から通報", "organisation"}).empty());
  CHECK(plan.incident().records.back().what.answers.at("from") == "organisation");
  for (int i = 0; i < 5; ++i)
    plan.story.log("cs-2", "sshd[812]: Failed password for root from 192.0.2.77 port 40022 ssh2");
  CHECK(plan.story.incidents().size() == 1);
}

TEST_CASE("clause 7.B.1.3.analyse: the manager orders and the system staff record their findings") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.1.3.analyse");
  CHECK(contains(plan.take({"7.B.1.3.findings", "ono", "", "結果"}), "7.B.1.3.analyse"));
  CHECK(plan.take({"7.B.1.3.analyse", "tanaka"}).empty());
  CHECK(plan.told("7.B.1.3.analyse") == People{"ono"});
  CHECK(contains(plan.take({"7.B.1.3.findings", "tanaka", "", "結果"}), "システム担当者"));
  CHECK(contains(plan.take({"7.B.1.3.findings", "ono"}), "findings"));
  CHECK(plan.take({"7.B.1.3.findings", "ono", "", "総当たりであった"}).empty());
}

TEST_CASE("clause 7.B.1.3.coordinate: at level two or three both are asked and each answer is recorded") {
  Plan low;
  low.attack(false);
  low.up_to(misconduct_walk, "7.B.1.3.coordinate");
  CHECK(contains(low.take({"7.B.1.3.coordinate", "tanaka"}), "not called for"));
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.1.3.coordinate");
  CHECK(contains(plan.take({"7.B.1.4", "tanaka", "yes"}), "7.B.1.3.coordinate"));
  CHECK(plan.take({"7.B.1.3.coordinate", "tanaka"}).empty());
  CHECK(plan.told("7.B.1.3.coordinate") == People{"tokyo", "jlis"});
  CHECK(contains(plan.message("7.B.1.3.coordinate"), "被害の状況を把握する措置"));
  CHECK(plan.state("7.B.1.3.coordinate.prefecture") == "due");
  CHECK(contains(plan.take({"7.B.1.3.coordinate.prefecture", "tanaka"}), "answer"));
  CHECK(plan.take({"7.B.1.3.coordinate.prefecture", "tanaka", "", "了解"}).empty());
  CHECK(plan.state("7.B.1.3.coordinate.organisation") == "due");
}

TEST_CASE(
    "clause 7.B.1.4: the manager decides on data protection and the report climbs through the deputy chief") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.1.4");
  CHECK(contains(plan.take({"7.B.1.4.report", "tanaka"}), "not called for"));
  CHECK(contains(plan.take({"7.B.1.4", "tanaka"}), "may_be"));
  CHECK(plan.take({"7.B.1.4", "tanaka", "may_be"}).empty());
  CHECK(contains(plan.take({"7.B.1.4.pass", "ito"}), "7.B.1.4.report"));
  CHECK(plan.take({"7.B.1.4.report", "tanaka"}).empty());
  CHECK(plan.told("7.B.1.4.report") == People{"ito"});
  CHECK(contains(plan.take({"7.B.2", "kato", "", "指示"}), "7.B.1.4.pass"));
  CHECK(plan.take({"7.B.1.4.pass", "ito"}).empty());
  CHECK(plan.told("7.B.1.4.pass") == People{"kato"});
}

TEST_CASE("clause 7.B.2: the chief tells the mayor and instructs through the deputy chief") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.2.mayor");
  CHECK(*plan.step("7.B.2.mayor").deadline - *plan.step("7.B.2.mayor").since == 15min);
  CHECK(*plan.step("7.B.2").deadline - *plan.step("7.B.2").since == 15min);
  CHECK(plan.take({"7.B.2.mayor", "kato"}).empty());
  CHECK(plan.told("7.B.2.mayor") == People{"mayor"});
  CHECK(contains(plan.take({"7.B.2", "ito", "", "指示"}), "統括責任者"));
  CHECK(plan.take({"7.B.2", "kato", "", "該当のIDを止めること"}).empty());
  CHECK(contains(plan.take({"7.B.2.acknowledge", "tanaka"}), "7.B.2.pass"));
  CHECK(plan.take({"7.B.2.pass", "ito"}).empty());
  CHECK(contains(plan.take({"7.B.2.carry-out", "tanaka", "", "停止"}), "7.B.2.acknowledge"));
  CHECK(plan.take({"7.B.2.acknowledge", "tanaka"}).empty());
  CHECK(plan.take({"7.B.2.carry-out", "tanaka", "", "IDを停止した"}).empty());
  CHECK(plan.take({"7.B.2.carry-out", "tanaka", "", "通信を止めた"}).empty());
}

TEST_CASE("clause 7.B.2.1: cooperation is requested from each of the four and each answer stays open") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.2.1");
  CHECK(plan.take({"7.B.2.1", "tanaka"}).empty());
  CHECK(plan.told("7.B.2.1") == People{"jlis", "tokyo", "joho", "maker"});
  for (const char* from : {"organisation", "prefecture", "information_section", "contractor"}) {
    CHECK(plan.state(std::string("7.B.2.1.") + from) == "due");
    CHECK(plan.take({std::string("7.B.2.1.") + from, "tanaka", "", "協力する"}).empty());
  }
}

TEST_CASE(
    "clause 7.B.2.2: at level three the stop measures are offered with their target and never carried out") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.2.2");
  CHECK(contains(plan.take({"7.B.2.2", "tanaka"}), "--decision"));
  Step stop{
      "7.B.2.2", "tanaka", "done", "", {{"measure", "cut_network"}, {"ordered", "kato"}, {"by", "ono"}}};
  CHECK(plan.take(stop).empty());
  const auto answers = plan.step("7.B.2.2").record->what.answers;
  CHECK(contains(answers.at("target"), "cs-1"));
  CHECK(contains(answers.at("target"), "sw-core のポート 1"));
  CHECK(answers.at("by") == "ono");
  Plan low;
  low.attack(false);
  low.up_to({{"7.B.1.2", "citizens", "", "なし"},
             {"7.B.1.3.collect", "tanaka"},
             {"7.B.1.3.analyse", "tanaka"},
             {"7.B.1.3.findings", "ono", "", "結果"},
             {"7.B.1.4", "tanaka", "yes"}},
            "");
  CHECK(contains(low.take({"7.B.2.2", "tanaka", "done"}), "not called for"));
}

TEST_CASE("clause 7.B.2.3: statements and inquiries are offered at level three and recorded either way") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.2.3");
  CHECK(contains(plan.take({"7.B.2.3", "tanaka"}), "not_needed"));
  StepAttempt attempt;
  attempt.step = "7.B.2.3";
  attempt.decision = "done";
  attempt.answers = Answers{{"measure", "statements,inquiries"}};
  attempt.attachments = {{"statement.pdf", std::string(64, 'a'), 10}};
  CHECK(plan.act(TakeStep{plan.number, "tanaka", attempt}).empty());
  CHECK(plan.step("7.B.2.3").record->what.attachments.size() == 1);
}

TEST_CASE(
    "clause 7.B.2.4: misconduct at a receiving institution makes the request and both answers required") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.2.4");
  CHECK(contains(plan.take({"7.B.2.4.request", "tanaka"}), "not called for"));
  CHECK(plan.take({"7.B.2.4", "tanaka", "found"}).empty());
  CHECK(contains(plan.take({"7.B.2.4.answer", "tanaka", "", "回答"}), "7.B.2.4.request"));
  CHECK(plan.take({"7.B.2.4.request", "tanaka"}).empty());
  CHECK(plan.told("7.B.2.4.request") == People{"receivers"});
  CHECK(plan.state("7.B.2.4.answer") == "due");
  CHECK(plan.state("7.B.2.4.done") == "due");
  CHECK(plan.take({"7.B.2.4.answer", "tanaka", "", "調査する"}).empty());
  CHECK(plan.take({"7.B.2.4.done", "tanaka", "", "廃棄した"}).empty());
}

TEST_CASE("clause 7.B.3.judge: the manager judges after the consultations and a change opens what it needs") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.3.consult");
  CHECK(contains(plan.take({"7.B.3.judge", "tanaka", "2"}), "7.B.3.consult"));
  CHECK(contains(plan.take({"7.B.3.consult", "tanaka", "", "", {{"organisation", "済"}}}), "prefecture"));
  plan.up_to({misconduct_walk[19]}, "");
  CHECK(contains(plan.take({"7.B.3.judge", "kato", "2"}), "運用管理者"));
  CHECK(contains(plan.take({"7.B.3.judge", "tanaka", "4"}), "level 1"));
  CHECK(plan.take({"7.B.3.judge", "tanaka", "2"}).empty());
  CHECK(plan.take({"7.B.3.2", "tanaka", "", "原因", {{"measures", "対策"}}}).empty());
  CHECK(plan.take({"7.B.3.2.pass", "ito"}).empty());
  CHECK(plan.state("7.B.3.3") == "due");
  CHECK(contains(plan.take({"7.B.3.judge", "tanaka", "3"}), "--reason"));
  CHECK(plan.take({"7.B.3.judge", "tanaka", "3"}, "漏えいが判明").empty());
  CHECK(plan.state("7.B.3.3") == "not_needed");
  CHECK(plan.state("7.B.3.2") == "due");
  CHECK(plan.take({"7.B.3.2", "tanaka", "", "原因", {{"measures", "対策"}}}).empty());
  CHECK(plan.take({"7.B.3.2.pass", "ito"}).empty());
  CHECK(plan.state("7.B.3.4") == "due");
}

TEST_CASE("clause 7.B.3.1: judged level one is reported inside and stood down") {
  Plan plan;
  plan.attack();
  plan.up_to(judged("1"), "7.B.3.2");
  CHECK(contains(plan.take({"7.B.3.2", "tanaka", "", "原因"}), "not called for"));
  CHECK(contains(plan.close("tanaka", "解除"), "7.B.3.1"));
  CHECK(plan.take({"7.B.3.1", "tanaka"}).empty());
  CHECK(plan.told("7.B.3.1") == People{"ito", "kato"});
  for (const char* from : {"organisation", "prefecture", "information_section", "contractor"})
    CHECK(plan.take({std::string("7.B.2.1.") + from, "tanaka", "", "了解"}).empty());
  CHECK(plan.close("tanaka", "緊急時対応を解除").empty());
}

TEST_CASE("clause 7.B.3.2: the cause is due at once and goes through the deputy chief") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.3.2");
  CHECK(*plan.step("7.B.3.2").deadline - *plan.step("7.B.3.2").since == 1h);
  CHECK(contains(plan.take({"7.B.3.2", "tanaka"}), "cause"));
  CHECK(contains(plan.take({"7.B.3.2.pass", "ito"}), "7.B.3.2"));
  CHECK(plan.take({"7.B.3.2", "tanaka", "", "弱いパスワード"}).empty());
  CHECK(contains(plan.step("7.B.3.2").record->what.answers.at("measures"), "IDを停止した"));
  CHECK(contains(plan.take({"7.B.3.4", "kato"}), "7.B.3.2.pass"));
  CHECK(plan.take({"7.B.3.2.pass", "ito"}).empty());
}

TEST_CASE(
    "clause 7.B.3.3: at level two the council is the chief's choice and if convened hears the manager") {
  Plan plan;
  plan.attack();
  plan.up_to(judged("2"), "7.B.3.4");
  CHECK(contains(plan.take({"7.B.3.3", "kato"}), "--decision"));
  CHECK(contains(plan.take({"7.B.4.1", "kato"}), "not called for"));
  CHECK(plan.take({"7.B.3.3", "kato", "yes"}).empty());
  CHECK(plan.take({"7.B.4.1", "kato"}).empty());
  CHECK(contains(plan.take({"7.B.4.3", "kato", "", "", misconduct_walk[28].answers}), "7.B.4.2"));
  CHECK(plan.take({"7.B.4.2", "tanaka"}).empty());
  Plan without;
  without.attack();
  without.up_to(judged("2"), "7.B.3.4");
  CHECK(without.take({"7.B.3.3", "kato", "no"}).empty());
  CHECK(without.state("7.B.4.1") == "not_needed");
  CHECK(without.state("7.B.5") == "due");
}

TEST_CASE("clause 7.B.3.4: at level three yes is usual and no needs a reason and at yes nothing passes") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.3.4");
  CHECK(plan.step("7.B.3.4").deadline.has_value());
  CHECK(contains(plan.take({"7.B.3.4", "kato", "no"}), "reason"));
  CHECK(plan.take({"7.B.3.4", "kato"}).empty());
  CHECK(plan.step("7.B.3.4").record->what.decision == "yes");
  CHECK(plan.take({"7.B.4.1", "kato"}).empty());
  CHECK(contains(plan.take({"7.B.4.2", "tanaka"}), "7.B.3.4.mayor"));
  CHECK(contains(
      plan.take({"7.B.5", "kato", "", "", {{"cause", "c"}, {"restored", "r"}, {"cooperation", "o"}}}),
      "7.B.4.5"));
  CHECK(plan.take({"7.B.3.4.mayor", "kato"}).empty());
  CHECK(plan.take({"7.B.4.2", "tanaka"}).empty());
}

TEST_CASE("clause 7.B.4.1: convening invites every member") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.4.1");
  CHECK(contains(plan.take({"7.B.4.1", "ito"}), "統括責任者"));
  CHECK(plan.take({"7.B.4.1", "kato"}).empty());
  CHECK(plan.told("7.B.4.1") == People{"kato", "ito", "tanaka"});
}

TEST_CASE("clause 7.B.4.2: the council approves the emergency measures or sends them back") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.4.2");
  CHECK(contains(plan.take({"7.B.4.2.approve", "kato", "approved"}), "7.B.4.2"));
  CHECK(plan.take({"7.B.4.2", "tanaka"}).empty());
  CHECK(contains(plan.message("7.B.4.2"), "IDを停止した"));
  CHECK(plan.take({"7.B.4.2.approve", "kato", "refused"}).empty());
  CHECK(plan.state("7.B.2") == "due");
  CHECK(contains(plan.take({"7.B.4.3", "kato", "", "", misconduct_walk[28].answers}), "7.B.4.2.approve"));
}

TEST_CASE("clause 7.B.4.3: eight items are decided at the meeting") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.4.3");
  for (const auto& [item, value] : misconduct_walk[28].answers) {
    Step without = misconduct_walk[28];
    without.answers.erase(item);
    CAPTURE(item);
    CHECK(contains(plan.take(without), item));
  }
  CHECK(plan.take(misconduct_walk[28]).empty());
  CHECK(plan.state("7.B.6.1.council") == "later");
}

TEST_CASE("clause 7.B.4.4: only the chief records what the council decides") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.4.3");
  for (const char* person : {"ito", "tanaka", "sato", "ono"}) {
    Step other = misconduct_walk[28];
    other.person = person;
    CHECK(contains(plan.take(other), "統括責任者"));
  }
}

TEST_CASE("clause 7.B.4.5: the mayor hears content and decisions before the procedure goes on") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.4.5");
  CHECK(plan.step("7.B.4.5").deadline.has_value());
  CHECK(contains(
      plan.take({"7.B.5", "kato", "", "", {{"cause", "c"}, {"restored", "r"}, {"cooperation", "o"}}}),
      "7.B.4.5"));
  CHECK(plan.take({"7.B.4.5", "kato"}).empty());
  CHECK(plan.told("7.B.4.5") == People{"mayor"});
  CHECK(contains(plan.message("7.B.4.5"), "cut_network"));
}

TEST_CASE("clause 7.B.5: cause and restoring measures are the chief's step and name who cooperated") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.5");
  Step five{"7.B.5", "kato", "", "", {{"cause", "弱いパスワード"}, {"restored", "IDを廃止"}}};
  CHECK(contains(plan.take(five), "cooperation"));
  five.answers["cooperation"] = "機構";
  five.person = "tanaka";
  CHECK(contains(plan.take(five), "統括責任者"));
  five.person = "kato";
  CHECK(plan.take(five).empty());
}

TEST_CASE("clause 7.B.6.1: integrity and restoration and approval in order and no notice stands before it") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.6.1.integrity");
  CHECK(contains(plan.take({"7.B.6.1", "tanaka"}), "7.B.6.1.approve"));
  CHECK(plan.take({"7.B.6.1.integrity", "tanaka", "sound"}).empty());
  CHECK(contains(plan.take({"7.B.6.1.restore", "tanaka", "", "x"}), "not called for"));
  CHECK(contains(plan.take({"7.B.6.1.approve", "kato"}), "7.B.6.1.council"));
  CHECK(contains(plan.take({"7.B.6.1.council", "kato", "resume"}), "7.B.6.1.report"));
  CHECK(plan.take({"7.B.6.1.report", "tanaka"}).empty());
  CHECK(plan.take({"7.B.6.1.council", "kato", "resume"}).empty());
  CHECK(contains(plan.take({"7.B.6.4", "tanaka"}), "7.B.6.1"));
  CHECK(plan.take({"7.B.6.1.approve", "kato"}).empty());
  CHECK(plan.take({"7.B.6.1", "tanaka"}).empty());
}

TEST_CASE("clause 7.B.6.2: each item of the checklist at resuming is answered") {
  Plan plan;
  plan.attack();
  CHECK(contains(plan.take({"7.B.6.2", "tanaka"}), "not called for"));
  plan.up_to(misconduct_walk, "");
  Step checks{"7.B.6.2", "tanaka", "", "", {{"access_rights", "done"}, {"operator_cards", "not_needed"}}};
  CHECK(contains(plan.take(checks), "citizens_service"));
  checks.answers["citizens_service"] = "done";
  CHECK(plan.take(checks).empty());
}

TEST_CASE("clause 7.B.6.3: the mayor hears of the resumption") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.6.1");
  CHECK(contains(plan.take({"7.B.6.3", "kato"}), "7.B.6.1"));
  CHECK(plan.take({"7.B.6.1", "tanaka"}).empty());
  CHECK(plan.take({"7.B.6.3", "kato"}).empty());
  CHECK(plan.told("7.B.6.3") == People{"mayor"});
}

TEST_CASE("clause 7.B.6.4: organisation and prefecture and municipalities are told before the end") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "");
  CHECK(contains(plan.close("tanaka", "終了"), "7.B.6.4"));
  CHECK(plan.take({"7.B.6.4", "tanaka"}).empty());
  CHECK(plan.told("7.B.6.4") == People{"jlis", "tokyo", "neighbours"});
  CHECK_FALSE(contains(plan.close("tanaka", "終了"), "7.B.6.4"));
}

TEST_CASE("clause 8.permanent: after misconduct too the council deliberates before the end") {
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "");
  for (const Step& step :
       {Step{"7.B.6.2",
             "tanaka",
             "",
             "",
             {{"access_rights", "done"}, {"operator_cards", "done"}, {"citizens_service", "done"}}},
        Step{"7.B.6.3", "kato"}, Step{"7.B.6.4", "tanaka"},
        Step{"7.B.2.1.organisation", "tanaka", "", "了解"}, Step{"7.B.2.1.prefecture", "tanaka", "", "了解"},
        Step{"7.B.2.1.information_section", "tanaka", "", "了解"},
        Step{"7.B.2.1.contractor", "tanaka", "", "了解"}})
    CHECK(plan.take(step).empty());
  CHECK(contains(plan.close("tanaka", "終了"), "8.convene"));
  CHECK(plan.take({"8.convene", "kato"}).empty());
  CHECK(plan.take({"8.permanent", "kato", "", "多要素認証"}).empty());
  CHECK(plan.close("tanaka", "手順を終えた").empty());
  CHECK(plan.incident().state == IncidentState::closed);
}
