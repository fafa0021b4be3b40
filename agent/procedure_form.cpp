#include "agent/procedure_form.hpp"

#include <algorithm>
#include <vector>

#include "agent/html_text.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

constexpr const char* box = "\xE2\x98\x90 ";  // an empty box to tick

std::string roles_text(const std::vector<RoleId>& roles, const Site* site, Language language) {
  std::string text;
  for (const RoleId role : roles)
    text += (text.empty() ? "" : in(language, "、", ", ")) +
            (site != nullptr ? role_title(*site, role) : std::string(word(role)));
  return text;
}

/// Their telephones, because this paper is for the day when the programs do not call.
std::string people_text(const std::vector<RoleId>& roles, const Site* site) {
  std::string text;
  if (site == nullptr) return text;
  std::vector<PersonIndex> named;
  for (const RoleId role : roles)
    for (const PersonIndex index : site->role(role).people) {
      if (std::find(named.begin(), named.end(), index) != named.end()) continue;
      named.push_back(index);
      const Person& person = site->people[index];
      text += (text.empty() ? "" : " / ") + person.label +
              (person.telephone.empty() ? "" : " " + person.telephone);
    }
  return text;
}

std::string boxes(const std::vector<ProcedureChoice>& choices, Language language) {
  std::string html;
  for (const ProcedureChoice& choice : choices)
    html += "<span class=\"box\">" + (box + html_escaped(choice.title.in(language))) + "</span> ";
  return html;
}

std::string row(const std::string& title, const std::string& html) {
  return "<tr><th>" + html_escaped(title) + "</th><td>" + html + "</td></tr>\n";
}

std::string asks_rows(const ProcedureStep& step, Language language) {
  std::string html;
  if (!step.decisions.empty()) html += row(in(language, "判断", "decision"), boxes(step.decisions, language));
  for (const ProcedureAsk& ask : step.asks)
    html +=
        row(ask.title.in(language) + (ask.required ? "" : in(language, "（必要な場合）", " (if it applies)")),
            boxes(ask.choices, language) + "<div class=\"room\"></div>");
  if (step.asks.empty() && step.decisions.empty())
    html += row(in(language, "内容", "what was done"), "<div class=\"room\"></div>");
  return html;
}

std::string step_html(const ProcedureStep& step, const Site* site, Language language) {
  std::string html = "<section>\n<h2>" + html_escaped(step.id + " " + step.title.in(language)) +
                     (step.required ? "" : in(language, "（任意）", " (optional)")) + "</h2>\n<table>\n";
  if (!step.actors.empty())
    html += row(in(language, "行う人", "who acts"),
                html_escaped(roles_text(step.actors, site, language)) + "<br><small>" +
                    html_escaped(people_text(step.actors, site)) + "</small>");
  if (step.ordered_by)
    html +=
        row(in(language, "指示", "ordered by"), html_escaped(roles_text({*step.ordered_by}, site, language)));
  if (!step.told.empty())
    html += row(in(language, "知らせる先", "who is told"),
                (box + html_escaped(roles_text(step.told, site, language))) + "<br><small>" +
                    html_escaped(people_text(step.told, site)) + "</small>");
  html += asks_rows(step, language);
  html +=
      row(in(language, "日時・氏名・印", "date, time, name, seal"),
          in(language, "　　年　　月　　日　　時　　分　　　氏名　　　　　　　　　　印　　　　□ 電話で",
             "____-__-__ __:__ &nbsp; name ____________________ &nbsp; seal ______ &nbsp; □ by telephone"));
  return html + "</table>\n</section>\n";
}

}  // namespace

std::string procedure_form(const Procedure& procedure, const Site* site, Language language) {
  const std::string title = (site != nullptr ? site->name + " " : std::string()) +
                            procedure.title.in(language) + in(language, " 記入用紙", ": blank form");
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"" + in(language, "ja", "en") +
      "\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + html_escaped(title) +
      "</title>\n<style>\n@page { size: A4; margin: 15mm }\nbody { font: 10.5pt/1.5 sans-serif; max-width: "
      "180mm; "
      "margin: 0 auto; color: #000 }\nh1 { font-size: 15pt; border-bottom: 2px solid #000 }\nh2 { font-size: "
      "11.5pt; "
      "margin: 4mm 0 1mm }\nsection { break-inside: avoid }\ntable { width: 100%; border-collapse: collapse "
      "}\nth, td { "
      "border: 1px solid #000; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: "
      "anywhere }\nth { "
      "width: 38mm; font-weight: normal }\n.room { min-height: 9mm }\n.box { white-space: nowrap; "
      "margin-right: 3mm "
      "}\n</style>\n</head>\n<body>\n<h1>" +
      html_escaped(title) + "</h1>\n<table>\n" +
      row(in(language, "事案番号", "incident"), "<div class=\"room\"></div>") +
      row(in(language, "発生日時・場所・内容", "when, where, what"),
          "<div class=\"room\"></div><div class=\"room\"></div>") +
      "</table>\n<p>" +
      html_escaped(
          in(language, "復旧後に nethealth incident step / note の --at（実際の時刻）で入力する。",
             "To be entered afterwards: nethealth incident step / note with --at (the real time).")) +
      "</p>\n";
  for (const ProcedureStep& step : procedure.steps)
    if (!step.by_agent || !step.actors.empty()) html += step_html(step, site, language);
  return html + "</body>\n</html>\n";
}

}  // namespace nethealth
