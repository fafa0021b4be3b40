#include "agent/report_procedure.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>
#include <vector>

#include "agent/event_json.hpp"
#include "agent/html_text.hpp"
#include "agent/log.hpp"
#include "rules/explain.hpp"
#include "rules/mask.hpp"
#include "rules/procedure_text.hpp"

namespace nethealth {
namespace {

/// A report as headings with their lines, written as text or as HTML.
struct Section {
  std::string title;
  std::vector<std::string> lines;
};
struct Paper {
  std::string title;
  std::vector<Section> sections;
};

std::string roles_text(const std::vector<RoleId>& roles, const Site& site, Language language) {
  std::string text;
  for (const RoleId role : roles)
    text += (text.empty() ? "" : in(language, "か", " or ")) + role_title(site, role);
  return text;
}

std::string role_of_record(const IncidentStep& what, const Site& site) {
  const auto role = role_id(what.role);
  return role ? role_title(site, *role) : what.role;
}

/// The words of a choice, where the step knows it.
std::string choice_text(const std::vector<ProcedureChoice>& choices, const std::string& word,
                        Language language) {
  for (const ProcedureChoice& choice : choices)
    if (choice.word == word) return choice.title.in(language);
  return word;
}

std::string answer_text(const ProcedureStep* step, const std::string& key, const std::string& value,
                        Language language) {
  if (step != nullptr)
    for (const ProcedureAsk& ask : step->asks) {
      if (key == ask.name) return ask.title.in(language) + ": " + choice_text(ask.choices, value, language);
      for (const ProcedureChoice& choice : ask.choices)
        if (key == ask.name + "." + choice.word) return choice.title.in(language) + ": " + value;
    }
  return key + ": " + value;
}

std::string record_line(const StepRecord& record, const Site& site, const Procedure& procedure,
                        Language language) {
  const IncidentStep& what = record.what;
  const ProcedureStep* step = procedure.find(what.step);
  std::string text = format_time(record.done(), site.zone) + " " + what.step;
  if (step != nullptr) text += " " + step->title.in(language);
  text += ": " + role_of_record(what, site) + " " + person_text(site, what.person);
  if (!what.deputy_for.empty())
    text += in(language, "（代理、不在: ", " (deputy, absent: ") + person_text(site, what.deputy_for) +
            in(language, "）", ")");
  if (what.by_telephone) text += in(language, "、電話で", ", by telephone");
  if (what.done) text += in(language, "、入力 ", ", entered ") + format_time(record.entered, site.zone);
  if (!what.decision.empty())
    text += in(language, "、判断: ", ", decision: ") +
            (step != nullptr ? choice_text(step->decisions, what.decision, language) : what.decision);
  for (const auto& [key, value] : what.answers) text += "; " + answer_text(step, key, value, language);
  if (!what.text.empty()) text += "; " + what.text;
  if (!what.reason.empty()) text += in(language, "; 理由: ", "; reason: ") + what.reason;
  for (const Attachment& file : what.attachments)
    text += in(language, "; 添付: ", "; file: ") + file.name + " (" + std::to_string(file.bytes) +
            " bytes, SHA-256 " + file.sha256 + ")";
  return mask_text(text);
}

std::string parts_text(const ProcedureStep& step, const Site& site, const IncidentPicture& incident,
                       Language language) {
  std::string text;
  for (const ProcedureChoice& choice : step.decisions)
    text += (text.empty() ? in(language, "判断 ", "decision ") : "|") + choice.word;
  for (const ProcedureAsk& ask : step.asks) {
    if (!ask.compose.empty() && !compose_part(site, incident, ask.compose, language).empty()) continue;
    text += (text.empty() ? "" : ", ") + ask.name;
    for (std::size_t i = 0; i < ask.choices.size(); ++i) text += (i == 0 ? "=" : "|") + ask.choices[i].word;
  }
  return text;
}

std::string due_line(const ProcedureStep& step, const StepPicture& shown, const Site& site,
                     const IncidentPicture& incident, Language language) {
  std::string text = step.id + " " + step.title.in(language) + in(language, "（", " (") +
                     roles_text(step.actors, site, language) + in(language, "）", ")");
  if (!step.required) text += in(language, " 任意", " optional");
  if (shown.deadline) text += in(language, " 期限 ", " due ") + format_time(*shown.deadline, site.zone);
  if (const std::string parts = parts_text(step, site, incident, language); !parts.empty())
    text += in(language, " 求められるもの: ", " asks for: ") + parts;
  for (const RoleId role : step.told) {
    const auto reachable = [&](PersonIndex person) { return !site.people[person].channels.empty(); };
    const auto& people = site.role(role).people;
    if (std::ranges::any_of(people, reachable)) continue;
    text += in(language, " 電話で伝える: ", " tell by telephone: ") + role_title(site, role);
    for (const PersonIndex person : people) text += " " + site.people[person].telephone;
  }
  return text;
}

std::vector<std::string> due_lines(const IncidentPicture& incident, const Site& site,
                                   const Procedure& procedure, Language language) {
  std::vector<std::string> lines;
  for (const StepPicture& shown : incident.procedure) {
    const ProcedureStep* step = procedure.find(shown.id);
    if (shown.state == StepState::due && step != nullptr)
      lines.push_back(due_line(*step, shown, site, incident, language));
  }
  return lines;
}

std::vector<std::string> annex_lines(const IncidentPicture& incident, const Site& site,
                                     const Procedure& procedure, Language language) {
  AnnexMeasures annex = annex_measures(site, procedure, incident.now.diagnosis, language);
  if (annex.shipped && !annex.measures.empty())
    annex.measures.push_back(in(language, "（市の別表は未登録。これは製品の既定である）",
                                "(the city's own annex is not configured; this is the product's default)"));
  return annex.measures;
}

std::vector<std::string> head_lines(const IncidentPicture& incident, const Site& site,
                                    const Procedures& procedures, Language language) {
  const Procedure& procedure = procedures.of(incident.now.procedure);
  const Diagnosis& diagnosis = incident.now.diagnosis;
  std::vector<std::string> lines;
  lines.push_back(in(language, "区分: ", "Class: ") + procedure.title.in(language));
  lines.push_back(in(language, "状態: ", "State: ") + state_text(incident.state, language) + " / " +
                  severity_text(incident.now.severity, language));
  lines.push_back(in(language, "発生: ", "Opened: ") + format_time(incident.opened, site.zone));
  if (incident.restored)
    lines.push_back(in(language, "復旧を確認: ", "Seen restored: ") +
                    format_time(*incident.restored, site.zone));
  if (incident.closed)
    lines.push_back(in(language, "終了: ", "Closed: ") + format_time(*incident.closed, site.zone));
  lines.push_back(in(language, "場所: ", "Where: ") + place_text(site, diagnosis.location, language));
  lines.push_back(in(language, "種類・原因: ", "Kind and cause: ") +
                  category_text(diagnosis.category, language) + " / " +
                  cause_text(diagnosis, incident.now.severity, language) + " (" +
                  std::to_string(std::lround(diagnosis.confidence * 100)) + "%)");
  lines.push_back(in(language, "責任者: ", "Responsible: ") + role_title(site, procedure.owner) +
                  in(language, "（指示: ", " (under the ") + role_title(site, procedure.under) +
                  in(language, "）", ")"));
  if (!incident.now.reported_by.empty())
    lines.push_back(in(language, "発見者: ", "Found by: ") + person_text(site, incident.now.reported_by));
  if (incident.now.threat_level) {
    std::string rows;
    for (const std::string& id : threat_rows_of(incident)) {
      rows += " " + id;
      for (const ThreatRow& row : procedures.misconduct.threats)
        if (row.id == id) rows += " " + row.title.in(language) + ";";
    }
    lines.push_back(in(language, "脅威度（暫定）: ", "Threat level (provisional): ") +
                    std::to_string(*incident.now.threat_level) + rows);
  }
  for (const StepPicture& shown : incident.procedure)
    if (const ProcedureStep* step = procedure.find(shown.id); step && step->judges_level && shown.record)
      lines.push_back(in(language, "脅威度（判定）: ", "Threat level (judged): ") +
                      shown.record->what.decision);
  if (!incident.now.earlier.empty()) {
    std::string earlier;
    for (const int number : incident.now.earlier) earlier += " #" + std::to_string(number);
    lines.push_back(in(language, "再発: 同じ原因・場所で ", "Recurring: same cause and place ") +
                    std::to_string(incident.now.earlier.size()) +
                    in(language, " 回目より前:", " times before:") + earlier);
  }
  if (incident.lines_kept > 0)
    lines.push_back(in(language, "証拠として保存したログの行: ", "Log lines kept as evidence: ") +
                    std::to_string(incident.lines_kept));
  lines.push_back(in(language, "窓口: ", "Counter: ") + counter_line(site, incident, language));
  return lines;
}

std::vector<std::string> evidence_lines(const IncidentPicture& incident, const Site& site,
                                        Language language) {
  std::vector<std::string> lines;
  for (const Reason& reason : incident.now.diagnosis.evidence)
    lines.push_back((reason.time ? format_time(*reason.time, site.zone).substr(0, 10) + " " : std::string()) +
                    sentence(reason, language, site.zone));
  return lines;
}

std::vector<std::string> told_lines(const IncidentPicture& incident, const Site& site, Language language) {
  std::vector<std::string> lines;
  for (const NotificationPicture& told : incident.notifications) {
    std::string text = format_time(told.queued, site.zone) + " " + std::string(word(told.notification.kind)) +
                       " " + role_title(site, told.notification.role) + " " +
                       person_text(site, told.notification.person) + " (" + told.notification.channel + ")";
    if (!told.notification.about.empty()) text += " " + told.notification.about;
    if (told.sent) text += in(language, " 送信 ", " sent ") + format_time(*told.sent, site.zone);
    if (told.acknowledged)
      text += in(language, " 確認 ", " answered ") + format_time(*told.acknowledged, site.zone);
    if (!told.failure.empty()) text += in(language, " 失敗: ", " failed: ") + told.failure;
    lines.push_back(std::move(text));
  }
  return lines;
}

std::vector<std::string> measure_lines(const IncidentPicture& incident, const Site& site,
                                       const Procedure& procedure, Language language) {
  std::vector<std::string> lines;
  std::map<std::string, const StepRecord*> decided;
  for (const StepRecord& record : incident.records)
    if (record.what.step == "measure")
      if (const auto id = record.what.answers.find("measure"); id != record.what.answers.end())
        decided[id->second] = &record;
  const auto proposed = proposed_measures(incident);
  const auto line = [&](const std::string& id, const std::string& title) {
    std::string text = id + (title.empty() ? "" : " " + title) + ": ";
    const auto found = decided.find(id);
    if (found == decided.end()) {
      text += in(language, "未検討", "not considered yet");
    } else {
      const IncidentStep& what = found->second->what;
      text += what.decision == "taken"  ? in(language, "採用", "taken")
              : what.decision == "done" ? in(language, "実施済み", "carried out")
                                        : in(language, "採用しない", "not taken");
      if (what.answers.contains("owner"))
        text += in(language, "、担当 ", ", owner ") + person_text(site, what.answers.at("owner"));
      if (what.answers.contains("due"))
        text += in(language, "、期日 ", ", due ") + what.answers.at("due").substr(0, 10);
      if (!what.reason.empty()) text += in(language, "、理由: ", ", reason: ") + what.reason;
      if (!what.text.empty()) text += " (" + what.text + ")";
      decided.erase(found);
    }
    if (std::ranges::count(proposed, id) > 0) text += in(language, "（提案）", " (proposed)");
    lines.push_back(mask_text(text));
  };
  for (const ProcedureMeasure& measure : procedure.measures) line(measure.id, measure.title.in(language));
  while (!decided.empty()) line(std::string(decided.begin()->first), "");
  return lines;
}

Paper paper(const IncidentPicture& incident, const Site& site, const Procedures& procedures, Time now,
            Language language) {
  const Procedure& procedure = procedures.of(incident.now.procedure);
  Paper result;
  result.title = site.name + " " + in(language, "緊急時対応報告書 事案", "Emergency report, incident ") +
                 std::to_string(incident.number);
  const auto add = [&](const char* ja, const char* en, std::vector<std::string> lines) {
    if (!lines.empty()) result.sections.push_back({in(language, ja, en), std::move(lines)});
  };
  add("概要", "Summary", head_lines(incident, site, procedures, language));
  add("緊急措置（別表）", "Emergency measures (annex)", annex_lines(incident, site, procedure, language));
  add("根拠", "Evidence", evidence_lines(incident, site, language));
  std::vector<std::string> timeline;
  for (const StepRecord& record : incident.records)
    timeline.push_back(record_line(record, site, procedure, language));
  add("経過と決定", "Timeline and decisions", std::move(timeline));
  add("残りの段階", "Steps that are due", due_lines(incident, site, procedure, language));
  add("連絡の記録", "Who was told when", told_lines(incident, site, language));
  add("再発防止策・恒久対策", "Measures against recurrence, permanent measures",
      measure_lines(incident, site, procedure, language));
  result.sections.push_back({in(language, "作成", "Made"), {format_time(now, site.zone) + " nethealth"}});
  return result;
}

}  // namespace

std::string next_steps_text(const IncidentPicture& incident, const Site& site, const Procedures& procedures,
                            Language language) {
  std::string text;
  for (const std::string& line : due_lines(incident, site, procedures.of(incident.now.procedure), language))
    text += "  - " + without_controls(line) + "\n";
  return text.empty() ? text : in(language, "次の段階\n", "Next steps\n") + text;
}

std::string measures_json(const IncidentPicture& incident, const Site& site, const Procedure& procedure,
                          Language language) {
  namespace json = boost::json;
  std::map<std::string, const StepRecord*> decided;
  std::vector<std::pair<std::string, std::string>> all;
  for (const ProcedureMeasure& measure : procedure.measures)
    all.emplace_back(measure.id, measure.title.in(language));
  for (const StepRecord& record : incident.records) {
    const auto id = record.what.answers.find("measure");
    if (record.what.step != "measure" || id == record.what.answers.end()) continue;
    if (!decided.contains(id->second) &&
        std::ranges::find(all, id->second, [](const auto& m) { return m.first; }) == all.end())
      all.emplace_back(id->second, "");
    decided[id->second] = &record;
  }
  const auto proposed = proposed_measures(incident);
  json::array measures;
  for (const auto& [id, title] : all) {
    const auto found = decided.find(id);
    const IncidentStep* what = found == decided.end() ? nullptr : &found->second->what;
    const auto part = [&](const std::string& text) {
      return text.empty() ? json::value(nullptr) : json::value(mask_text(text));
    };
    const auto answer = [&](const char* key) {
      return what != nullptr && what->answers.contains(key) ? part(what->answers.at(key))
                                                            : json::value(nullptr);
    };
    measures.push_back(
        {{"measure", id},
         {"title", title},
         {"proposed", std::ranges::count(proposed, id) > 0},
         {"decision", what != nullptr ? part(what->decision) : json::value(nullptr)},
         {"owner", answer("owner")},
         {"due", answer("due")},
         {"text", what != nullptr ? part(what->text) : json::value(nullptr)},
         {"reason", what != nullptr ? part(what->reason) : json::value(nullptr)},
         {"decided", found != decided.end() ? json::value(format_time(found->second->done(), site.zone))
                                            : json::value(nullptr)}});
  }
  return json_text(json::object{{"incident", incident.number}, {"measures", std::move(measures)}}) + "\n";
}

std::string measures_text(const IncidentPicture& incident, const Site& site, const Procedure& procedure,
                          Language language) {
  std::string text;
  for (const std::string& line : measure_lines(incident, site, procedure, language))
    text += "- " + without_controls(line) + "\n";
  return text.empty() ? in(language, "対策はまだありません。\n", "There are no measures yet.\n") : text;
}

std::string procedure_report(const Picture& picture, const Site& site, const Procedures& procedures,
                             int number, const ReportStyle& style) {
  const auto incident = std::ranges::find(picture.incidents, number, &IncidentPicture::number);
  if (incident == picture.incidents.end()) return "";
  const Language language = style.language;
  const Procedure& procedure = procedures.of(incident->now.procedure);
  std::string text = "\n";
  const auto list = [&](const char* ja, const char* en, const std::vector<std::string>& lines) {
    if (lines.empty()) return;
    text += in(language, ja, en) + "\n";
    for (const std::string& line : lines) text += "  - " + without_controls(line) + "\n";
  };
  list("手順", "The procedure", head_lines(*incident, site, procedures, language));
  list("緊急措置（別表）", "Emergency measures (annex)", annex_lines(*incident, site, procedure, language));
  std::vector<std::string> records;
  for (const StepRecord& record : incident->records)
    records.push_back(record_line(record, site, procedure, language));
  list("記録", "Record", records);
  return text + next_steps_text(*incident, site, procedures, language);
}

std::string paper_text(const IncidentPicture& incident, const Site& site, const Procedures& procedures,
                       Time now, Language language) {
  const Paper made = paper(incident, site, procedures, now, language);
  std::string text = made.title + "\n" + std::string(display_width(made.title), '=') + "\n";
  for (const Section& section : made.sections) {
    text += "\n" + section.title + "\n" + std::string(display_width(section.title), '-') + "\n";
    for (const std::string& line : section.lines) text += "- " + without_controls(line) + "\n";
  }
  return text;
}

std::string paper_html(const IncidentPicture& incident, const Site& site, const Procedures& procedures,
                       Time now, Language language) {
  const Paper made = paper(incident, site, procedures, now, language);
  std::string html = "<!DOCTYPE html>\n<html lang=\"" + in(language, "ja", "en") +
                     "\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + html_escaped(made.title) +
                     "</title>\n<style>\n@page { size: A4; margin: 18mm }\n"
                     "body { font: 10.5pt/1.6 sans-serif; max-width: 180mm; margin: 0 auto; color: #000 }\n"
                     "h1 { font-size: 15pt; border-bottom: 2px solid #000 }\n"
                     "h2 { font-size: 12pt; margin-bottom: 2mm; break-after: avoid }\n"
                     "li { break-inside: avoid; overflow-wrap: anywhere }\n</style>\n</head>\n<body>\n<h1>" +
                     html_escaped(made.title) + "</h1>\n";
  for (const Section& section : made.sections) {
    html += "<h2>" + html_escaped(section.title) + "</h2>\n<ul>\n";
    for (const std::string& line : section.lines)
      html += "<li>" + html_escaped(without_controls(line)) + "</li>\n";
    html += "</ul>\n";
  }
  return html + "</body>\n</html>\n";
}

}  // namespace nethealth
