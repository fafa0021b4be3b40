// The procedure on paper, as a chart and over the control socket; and every clause of the plan has its test.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "agent/control_message.hpp"
#include "agent/html_text.hpp"
#include "agent/procedure_form.hpp"
#include "agent/procedure_graph.hpp"
#include "agent/report_procedure.hpp"
#include "tests/rules/plan.hpp"

using namespace nethealth;
using namespace nethealth::plan;

namespace {

/// Every clause that the plan has and the program carries out (plan: section.step.item).
const char* const clauses[] = {"1.scope",
                               "2.responsible",
                               "3.classes",
                               "3.failure.kinds",
                               "3.failure.room",
                               "3.misconduct.kinds",
                               "4.contacts",
                               "5.1.1.report",
                               "5.1.1.confirm",
                               "5.1.1.escalate-cause",
                               "5.1.2",
                               "5.1.3",
                               "5.2.1",
                               "5.2.2",
                               "5.3.1",
                               "5.3.2",
                               "5.3.3",
                               "5.3.4",
                               "5.4",
                               "5.5.1",
                               "5.5.2",
                               "5.flow",
                               "6.measures",
                               "6.recurrence",
                               "7.A.levels",
                               "7.A.table",
                               "7.B.1.1",
                               "7.B.1.2",
                               "7.B.1.3.collect",
                               "7.B.1.3.analyse",
                               "7.B.1.3.coordinate",
                               "7.B.1.4",
                               "7.B.2",
                               "7.B.2.1",
                               "7.B.2.2",
                               "7.B.2.3",
                               "7.B.2.4",
                               "7.B.3.judge",
                               "7.B.3.1",
                               "7.B.3.2",
                               "7.B.3.3",
                               "7.B.3.4",
                               "7.B.4.1",
                               "7.B.4.2",
                               "7.B.4.3",
                               "7.B.4.4",
                               "7.B.4.5",
                               "7.B.5",
                               "7.B.6.1",
                               "7.B.6.2",
                               "7.B.6.3",
                               "7.B.6.4",
                               "7.flow",
                               "8.permanent",
                               "9.table"};

/// Chart elements stand in pairs and no raw character of markup is left inside text.
void check_markup(const std::string& text) {
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-zA-Z0-9]+)([^<>]*?)(/?)>");
  for (std::sregex_iterator found(text.begin(), text.end(), tag), end; found != end; ++found) {
    if ((*found)[4].length() > 0 || (*found)[2] == "meta") continue;
    if ((*found)[1].length() == 0) {
      open.push_back((*found)[2]);
    } else {
      REQUIRE_FALSE(open.empty());
      CHECK(open.back() == (*found)[2]);
      open.pop_back();
    }
  }
  CHECK(open.empty());
}

void check_chart(ProcedureKind kind) {
  const Procedure& procedure = shipped_procedures().of(kind);
  const std::string chart = procedure_svg(procedure, nullptr, nullptr, Language::ja);
  CHECK(chart.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  check_markup(chart);
  for (const ProcedureStep& step : procedure.steps) {
    CAPTURE(step.id);
    CHECK(contains(chart, "id=\"step-" + step.id + "\""));
  }
  CHECK_FALSE(contains(chart, "present"));
}

}  // namespace

TEST_CASE("the blank form of a procedure has every step that people take with its actors and boxes") {
  for (const ProcedureKind kind : {ProcedureKind::failure, ProcedureKind::misconduct}) {
    const Procedure& procedure = shipped_procedures().of(kind);
    const std::string form = procedure_form(procedure, nullptr, Language::en);
    for (const ProcedureStep& step : procedure.steps) {
      if (step.actors.empty()) continue;
      CAPTURE(step.id);
      CHECK(contains(form, "<h2>" + step.id + " "));
      for (const ProcedureChoice& choice : step.decisions)
        CHECK(contains(form, html_escaped(choice.title.en)));
    }
    CHECK(contains(form, "by telephone"));
  }
}

TEST_CASE("every clause of the plan is named by a scenario test") {
  std::set<std::string> named;
  const std::regex name("TEST_CASE\\(\\s*\"clause ([^: ]+):");
  for (const char* folder : {"/tests/rules", "/tests/agent"})
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(NETHEALTH_SOURCE_DIR) + folder)) {
      if (entry.path().extension() != ".cpp") continue;
      std::ostringstream content;
      content << std::ifstream(entry.path()).rdbuf();
      const std::string text = content.str();
      for (std::sregex_iterator found(text.begin(), text.end(), name), end; found != end; ++found)
        named.insert((*found)[1]);
    }
  for (const char* clause : clauses) {
    CAPTURE(clause);
    CHECK(named.contains(clause));
  }
}

TEST_CASE("every clause that a step comes from is one of the plan") {
  for (const ProcedureKind kind : {ProcedureKind::failure, ProcedureKind::misconduct})
    for (const ProcedureStep& step : shipped_procedures().of(kind).steps)
      for (const std::string& clause : step.clauses)
        CHECK(std::ranges::find(clauses, clause, [](const char* c) { return std::string(c); }) !=
              std::end(clauses));
}

TEST_CASE("clause 5.flow: the failure procedure draws its chart from its data and marks the present place") {
  check_chart(ProcedureKind::failure);
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.2.1");
  const IncidentPicture incident = plan.incident();
  const std::string chart =
      procedure_svg(shipped_procedures().failure, &incident, plan.story.site.get(), Language::ja);
  CHECK(contains(chart, "id=\"step-5.2.1\" class=\"due present\""));
  CHECK(contains(chart, "id=\"step-5.1.3\" class=\"done\""));
  CHECK(contains(chart, "統括責任者"));
  check_markup(chart);
}

TEST_CASE(
    "clause 7.flow: the misconduct procedure draws its chart from its data and marks the present place") {
  check_chart(ProcedureKind::misconduct);
  Plan plan;
  plan.attack();
  plan.up_to(misconduct_walk, "7.B.2.1");
  const IncidentPicture incident = plan.incident();
  const std::string chart =
      procedure_svg(shipped_procedures().misconduct, &incident, plan.story.site.get(), Language::en);
  CHECK(contains(chart, "id=\"step-7.B.1.4\" class=\"done\""));
  CHECK(contains(chart, "present"));
  check_markup(chart);
}

TEST_CASE("the paper has timeline and decisions and evidence and who was told in both languages") {
  Plan plan;
  plan.fail();
  plan.up_to(failure_walk, "5.4");
  const IncidentPicture incident = plan.incident();
  const Site& site = *plan.story.site;
  const std::string ja = paper_text(incident, site, shipped_procedures(), plan.story.now, Language::ja);
  for (const char* part :
       {"経過と決定", "5.3.3", "機器等への対応", "根拠", "連絡の記録", "mayor", "広域交付", "緊急措置"})
    CHECK(contains(ja, part));
  const std::string en = paper_text(incident, site, shipped_procedures(), plan.story.now, Language::en);
  CHECK(contains(en, "Timeline and decisions"));
  const std::string html = paper_html(incident, site, shipped_procedures(), plan.story.now, Language::ja);
  CHECK(contains(html, "@page { size: A4"));
  CHECK_FALSE(contains(html, "http"));
  check_markup(html);
}

TEST_CASE("markup and control characters in what people wrote stay text on paper") {
  Plan plan;
  plan.fail();
  CHECK(plan.act(AddNote{plan.number, "tanaka", "<script>alert(1)</script>\x1b[31m & 個人番号 123456789012"})
            .empty());
  const std::string html =
      paper_html(plan.incident(), *plan.story.site, shipped_procedures(), plan.story.now, Language::ja);
  CHECK_FALSE(contains(html, "<script>"));
  CHECK_FALSE(contains(html, "\x1b"));
  CHECK_FALSE(contains(html, "123456789012"));
  CHECK(contains(html, "&lt;script&gt;"));
}

TEST_CASE("the values of a step cross the control socket") {
  ControlRequest request;
  request.verb = ControlVerb::incident_step;
  request.incident = 3;
  request.values = {{"step", {"5.1.2"}}, {"text", {"cause=断線", "本文\n二行目"}}};
  const Result<ControlRequest> read = request_from_line(to_line(request));
  REQUIRE(read.has_value());
  CHECK(read->verb == ControlVerb::incident_step);
  CHECK(read->values == request.values);
  CHECK(read->acts());
}
