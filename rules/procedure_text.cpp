#include "rules/procedure_text.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "config/wording.hpp"
#include "rules/explain.hpp"
#include "rules/mask.hpp"

namespace nethealth {

namespace {

/// Joins with the language's comma.
void add(std::string& text, const std::string& part, Language language) {
  if (part.empty()) return;
  text += (text.empty() ? "" : in(language, "、", ", ")) + part;
}

std::string minute(Time time, const Site& site) {
  const std::string full = format_time(time, site.zone);
  constexpr std::size_t day = 10, minute_end = 16;
  return full.substr(0, day) + " " + full.substr(day + 1, minute_end - day - 1);
}

Time first_seen(const IncidentPicture& incident) {
  Time first = incident.opened;
  for (const Reason& reason : incident.now.diagnosis.evidence)
    if (reason.time && *reason.time < first) first = *reason.time;
  return first;
}

const StepRecord* latest(const IncidentPicture& incident, std::initializer_list<std::string_view> steps) {
  for (auto record = incident.records.rbegin(); record != incident.records.rend(); ++record)
    if (std::ranges::count(steps, record->what.step) > 0) return &*record;
  return nullptr;
}

std::string answers_text(const StepRecord& record, Language language) {
  std::string text;
  for (const auto& [key, value] : record.what.answers) add(text, key + ": " + value, language);
  if (text.empty()) text = record.what.text;
  return text;
}

std::string devices_text(const Site& site, const std::vector<std::string>& names, Language language) {
  constexpr std::size_t shown = 20;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i) add(text, label_of(site, names[i]), language);
  if (names.size() > shown) text += " … (" + std::to_string(names.size()) + ")";
  return text;
}

std::string status(const Site& site, const IncidentPicture& incident, Language language) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  std::string text = place_text(site, diagnosis.location, language) + in(language, "：", ": ") +
                     cause_text(diagnosis, incident.now.severity, language);
  add(text, severity_text(incident.now.severity, language), language);
  add(text, minute(first_seen(incident), site) + in(language, "から", " onwards"), language);
  if (incident.restored)
    add(text, minute(*incident.restored, site) + in(language, "に復旧を確認", " seen restored"), language);
  if (incident.now.threat_level)
    add(text,
        in(language, "脅威度（暫定）", "threat level (provisional) ") +
            std::to_string(*incident.now.threat_level),
        language);
  return text;
}

std::string cause_part(const Site& site, const IncidentPicture& incident, Language language) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  std::string text = cause_text(diagnosis, incident.now.severity, language);
  add(text, category_text(diagnosis.category, language), language);
  add(text,
      in(language, "確度", "certainty ") + std::to_string(std::lround(diagnosis.confidence * 100)) + "%",
      language);
  if (const StepRecord* found = latest(incident, {"5.1.1.confirm"}))
    if (const auto finding = found->what.answers.find("finding"); finding != found->what.answers.end())
      add(text, in(language, "確認結果: ", "found: ") + finding->second, language);
  if (!diagnosis.evidence.empty())
    add(text, mask_line(sentence(diagnosis.evidence.back(), language, site.zone)), language);
  return text;
}

std::string finding(const Site& site, const IncidentPicture& incident, Language language) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  if (diagnosis.category == Category::undetermined || diagnosis.cause == Cause::unknown) return "";
  return in(language, "種類: ", "kind: ") + category_text(diagnosis.category, language) +
         in(language, "、箇所: ", ", place: ") + place_text(site, diagnosis.location, language) +
         in(language, "、原因: ", ", cause: ") + cause_text(diagnosis, incident.now.severity, language);
}

std::string content(const Site& site, const IncidentPicture& incident, Language language) {
  constexpr std::size_t lines = 5;
  const Diagnosis& diagnosis = incident.now.diagnosis;
  std::string text = cause_text(diagnosis, incident.now.severity, language);
  for (std::size_t i = 0; i < diagnosis.evidence.size() && i < lines; ++i)
    add(text, mask_line(sentence(diagnosis.evidence[i], language, site.zone)), language);
  const int level = incident.now.threat_level.value_or(1);
  add(text,
      level >= 3 ? in(language, "想定される被害: 本人確認情報に脅威を及ぼすおそれが高い",
                      "expected damage: a threat to the identity information is likely")
      : level == 2 ? in(language, "想定される被害: 本人確認情報に脅威を及ぼすおそれは低い",
                        "expected damage: a threat to the identity information is unlikely")
                   : in(language, "想定される被害: 本人確認情報に脅威を及ぼすおそれはない",
                        "expected damage: no threat to the identity information"),
      language);
  return text;
}

/// What was ordered and done so far.
std::string actions(const IncidentPicture& incident, Language language) {
  static const std::set<std::string_view> telling{"instruction", "done",     "work",
                                                  "measures",    "restored", "permanent"};
  std::string text;
  for (const StepRecord& record : incident.records)
    for (const auto& [key, value] : record.what.answers)
      if (telling.contains(key)) add(text, record.what.step + " " + value, language);
  return text;
}

/// The device and the switch port it hangs on: what a stop measure would touch.
std::string target(const Site& site, const IncidentPicture& incident, Language language) {
  const auto device = site.device(incident.now.diagnosis.location.device);
  if (!device) return place_text(site, incident.now.diagnosis.location, language);
  std::string text = label_of(site, site.devices[*device].name) + " (" + site.devices[*device].name + ")";
  for (const Cable& cable : site.cables) {
    if (cable.a != *device && cable.b != *device) continue;
    const DeviceIndex other = cable.a == *device ? cable.b : cable.a;
    if (!site.devices[other].forwards()) continue;
    const std::string& port = cable.a == *device ? cable.port_b : cable.port_a;
    add(text, site.devices[other].name + (port.empty() ? "" : in(language, " のポート ", " port ") + port),
        language);
  }
  return text;
}

bool cannot_be_used(const IncidentPicture& incident, const std::string& device) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  return diagnosis.location.device == device || diagnosis.location.peer == device ||
         std::ranges::count(diagnosis.affected, device) > 0;
}

std::vector<const CounterTask*> tasks_of(const Site& site, const IncidentPicture& incident) {
  std::vector<const CounterTask*> tasks;
  for (const CounterTask& task : site.tasks) {
    const auto gone = [&](DeviceIndex device) { return cannot_be_used(incident, site.devices[device].name); };
    bool hit = std::ranges::any_of(task.needs, gone);
    if (task.needs.empty())
      for (DeviceIndex device = 0; device < site.devices.size(); ++device)
        hit = hit || (site.devices[device].kind == DeviceKind::cs_server && gone(device));
    if (hit) tasks.push_back(&task);
  }
  return tasks;
}

std::string substitutes(const Site& site, const IncidentPicture& incident, Language language) {
  std::string text;
  for (const CounterTask* task : tasks_of(site, incident))
    text += (text.empty() ? "" : "; ") + task->task + ": " + task->instead;
  return text.empty() ? in(language, "対象の業務なし", "no task concerned") : text;
}

std::string integrity(const IncidentPicture& incident, Language language) {
  const StepRecord* check = latest(incident, {"5.5.1.integrity", "7.B.6.1.integrity"});
  if (!check) return "";
  std::string text = check->what.decision == "faults"
                         ? in(language, "整合性の確認: 不整合あり", "integrity check: faults found")
                         : in(language, "整合性の確認: 整合している", "integrity check: sound");
  const StepRecord* mended = latest(incident, {"5.5.1.restore", "7.B.6.1.restore"});
  if (mended) add(text, in(language, "修復: ", "restored: ") + answers_text(*mended, language), language);
  return text;
}

std::string recovery(const Site& site, const IncidentPicture& incident, Language language) {
  std::string text;
  if (incident.restored)
    text =
        minute(*incident.restored, site) + in(language, "に監視で復旧を確認", " seen restored by the probes");
  if (const StepRecord* work = latest(incident, {"5.4", "7.B.5"}))
    add(text, in(language, "措置: ", "done: ") + answers_text(*work, language), language);
  add(text, integrity(incident, language), language);
  return text;
}

}  // namespace

std::string compose_part(const Site& site, const IncidentPicture& incident, std::string_view composition,
                         Language language) {
  if (composition == "status") return status(site, incident, language);
  if (composition == "cause") return cause_part(site, incident, language);
  if (composition == "extent") {
    std::string text = counter_line(site, incident, language);
    if (!incident.now.diagnosis.affected.empty())
      text += in(language, " 使えない機器: ", " Devices that cannot be used: ") +
              devices_text(site, incident.now.diagnosis.affected, language);
    return text;
  }
  if (composition == "measures") {
    const StepRecord* decided = latest(incident, {"5.3.3", "7.B.4.3"});
    return decided ? answers_text(*decided, language) : actions(incident, language);
  }
  if (composition == "finding") return finding(site, incident, language);
  if (composition == "times")
    return in(language, "発見 ", "found ") + minute(incident.opened, site) +
           in(language, "、不正行為があったと認められる時期 ", ", happened ") +
           minute(first_seen(incident), site);
  if (composition == "place") return place_text(site, incident.now.diagnosis.location, language);
  if (composition == "content") return content(site, incident, language);
  if (composition == "actions") return actions(incident, language);
  if (composition == "order")
    return in(language, "事象を調査・分析し、被害の状況を把握する措置と、その結果の報告を求める。対象: ",
              "Please examine the event, take measures to grasp the damage and report the result. "
              "Concerned: ") +
           target(site, incident, language);
  if (composition == "target") return target(site, incident, language);
  if (composition == "substitutes") return substitutes(site, incident, language);
  if (composition == "recovery") return recovery(site, incident, language);
  if (composition == "integrity") return integrity(incident, language);
  return "";
}

namespace {

std::string role_text(const Site& site, const std::string& role) {
  const auto id = role_id(role);
  return id ? role_title(site, *id) : role;
}

std::string ending(const Site& site, const IncidentPicture& incident, Language language) {
  return in(language, "\n詳しく: nethealth incident show ", "\nMore: nethealth incident show ") +
         std::to_string(incident.number) + "\n-- \n" + site.name + " nethealth\n";
}

std::string marked(const IncidentPicture& incident, const char* ja, const char* en, Language language) {
  return in(language, ja, en) + "#" + std::to_string(incident.number) + " ";
}

}  // namespace

Message step_message(const Site& site, const IncidentPicture& incident, const ProcedureStep& step,
                     const IncidentStep& record, const Notification& told) {
  const Language language = site.language;
  Message message;
  message.subject = marked(incident, step.request ? "【依頼】" : "【報告】",
                           step.request ? "[REQUEST] " : "[REPORT] ", language) +
                    step.title.in(language) + in(language, "：", ": ") +
                    short_place(site, incident.now.diagnosis.location, language);
  std::string& body = message.body;
  body = step.id + " " + step.title.in(language) + "\n";
  body += role_text(site, record.role) + " " + person_label(site, record.person);
  if (!record.deputy_for.empty())
    body += in(language, "（代理: ", " (for ") + person_label(site, record.deputy_for) +
            in(language, "不在）", ", absent)");
  body += "\n\n";
  for (const ProcedureChoice& choice : step.decisions)
    if (choice.word == record.decision)
      body += in(language, "判断: ", "Decision: ") + choice.title.in(language) + "\n";
  std::set<std::string> shown;
  for (const ProcedureAsk& ask : step.asks) {
    for (const auto& [key, value] : record.answers) {
      if (key != ask.name && !key.starts_with(ask.name + ".")) continue;
      std::string title = ask.title.in(language);
      std::string answer = value;
      for (const ProcedureChoice& choice : ask.choices) {
        if (key == ask.name + "." + choice.word) title = choice.title.in(language);
        if (key == ask.name && value == choice.word) answer = choice.title.in(language);
      }
      body += title + in(language, "：", ": ") + answer + "\n";
      shown.insert(value);
    }
  }
  if (!record.text.empty() && !shown.contains(record.text)) body += record.text + "\n";
  if (!record.reason.empty()) body += in(language, "理由: ", "Reason: ") + record.reason + "\n";
  body = mask_text(body) + how_to_answer(site, incident.number, told) + ending(site, incident, language);
  message.subject = mask_text(message.subject);
  return message;
}

Message missing_message(const Site& site, const IncidentPicture& incident, const Summons& summons) {
  const Language language = site.language;
  Message message;
  message.subject = marked(incident, "【返答なし】", "[NO ANSWER] ", language) +
                    summons.step->title.in(language) + " " + std::to_string(summons.answers()) + "/" +
                    std::to_string(summons.wanted);
  message.body =
      summons.step->id + " " + summons.step->title.in(language) + "\n" +
      in(language, "次の人は、どの経路で呼んでも返答がない。電話などで直接伝えること。呼び出しは続ける。\n",
         "These have not answered by any of their channels. Tell them by voice; they are called "
         "again.\n");
  for (const Summoned& summoned : summons.people)
    if (const auto index = site.person(summoned.person); !summoned.answered && index)
      message.body += "- " + person_label(site, summoned.person) + " " + site.people[*index].telephone + "\n";
  message.body += ending(site, incident, language);
  return message;
}

Message reminder_message(const Site& site, const IncidentPicture& incident, const std::string& what) {
  const Language language = site.language;
  Message message;
  message.subject = marked(incident, "【督促】", "[DUE] ", language) + what;
  message.body = in(language, "期限を過ぎている: ", "Past its time: ") + what + "\n" +
                 status(site, incident, language) + "\n" + ending(site, incident, language);
  message.body = mask_text(message.body);
  return message;
}

std::string counter_line(const Site& site, const IncidentPicture& incident, Language language) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  if (incident.now.severity == Severity::at_risk)
    return in(language, "いまは全て使える。止まるおそれがある: ", "Everything can be used now; at risk: ") +
           short_place(site, diagnosis.location, language) + in(language, "。", ".");
  const std::string since = minute(first_seen(incident), site);
  const auto tasks = tasks_of(site, incident);
  std::string what, instead;
  for (const CounterTask* task : tasks) {
    add(what, task->task, language);
    add(instead, task->instead, language);
  }
  if (tasks.empty()) {
    std::vector<std::string> gone;
    if (!diagnosis.location.device.empty()) gone.push_back(diagnosis.location.device);
    gone.insert(gone.end(), diagnosis.affected.begin(), diagnosis.affected.end());
    what =
        gone.empty() ? short_place(site, diagnosis.location, language) : devices_text(site, gone, language);
    instead = in(language, "影響のない端末・窓口で受け付ける（代替措置の設定 tasks はない）",
                 "serve at terminals and counters that work (no tasks are configured)");
  }
  return language == Language::ja
             ? since + "から、" + what + "が使えない。代替措置: " + instead + "。"
             : "Since " + since + " not possible: " + what + ". Instead: " + instead + ".";
}

Message counter_message(const Site& site, const IncidentPicture& incident, bool recovered) {
  const Language language = site.language;
  Message message;
  message.subject = marked(incident, recovered ? "【窓口・復旧】" : "【窓口】",
                           recovered ? "[COUNTER, RECOVERED] " : "[COUNTER] ", language) +
                    short_place(site, incident.now.diagnosis.location, language);
  message.body =
      recovered && incident.restored
          ? minute(*incident.restored, site) +
                in(language, "に復旧した。代替措置を終えてよいかは運用管理者の再開の連絡を待つ。\n",
                   " it works again. Wait for the operations manager before you go back to normal.\n")
          : counter_line(site, incident, language) + "\n";
  message.body = mask_text(message.body) + ending(site, incident, language);
  return message;
}

AnnexMeasures annex_measures(const Site& site, const Procedure& procedure, const Diagnosis& diagnosis,
                             Language language) {
  const auto fits = [&](const std::vector<std::string>& events, std::string_view wanted) {
    return std::ranges::count(events, wanted) > 0;
  };
  AnnexMeasures found;
  for (const std::string_view wanted : {word(diagnosis.cause), word(diagnosis.category)}) {
    for (const AnnexRow& row : site.annex)
      if (fits(row.events, wanted)) return {false, row.measures};
    for (const ProcedureAnnex& row : procedure.annex) {
      if (!fits(row.events, wanted) || !site.annex.empty() || !found.measures.empty()) continue;
      found.shipped = true;
      for (const Text& measure : row.measures) found.measures.push_back(measure.in(language));
    }
    if (!found.measures.empty()) return found;
  }
  return found;
}

std::vector<std::string> proposed_measures(const IncidentPicture& incident) {
  std::vector<std::string> ids;
  const Diagnosis& diagnosis = incident.now.diagnosis;
  const auto propose = [&](const char* id) {
    if (std::ranges::count(ids, id) == 0) ids.emplace_back(id);
  };
  switch (diagnosis.cause) {
    case Cause::device_power:
    case Cause::device_hardware:
    case Cause::switch_:
    case Cause::hub:
    case Cause::router:
    case Cause::power_feed:
      propose("spares");
      propose("inspection");
      break;
    case Cause::device_hang:
    case Cause::service:
    case Cause::agent:
    case Cause::configuration:
      propose("information");
      break;
    case Cause::environment:
      propose("inspection");
      break;
    case Cause::link:
    case Cause::loop:
      propose("training");
      break;
    default:
      propose("monitoring");
      break;
  }
  if (!incident.now.earlier.empty()) {
    propose("overhaul");
    propose("inspection");
  }
  if (diagnosis.category == Category::undetermined) propose("monitoring");
  return ids;
}

std::vector<std::string> threat_rows_of(const IncidentPicture& incident) {
  std::set<std::string> rows;
  std::string row;
  for (const char c : incident.now.threat_rows + ",") {
    if (c != ',') {
      row += c;
      continue;
    }
    if (!row.empty()) rows.insert(row);
    row.clear();
  }
  for (const Reason& reason : incident.now.diagnosis.evidence)
    if (const auto found = reason.values.find("row"); found != reason.values.end() && !found->second.empty())
      rows.insert(found->second);
  return {rows.begin(), rows.end()};
}

}  // namespace nethealth
