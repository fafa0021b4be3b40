#include "agent/report_incident.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

Colour colour_of(const IncidentPicture& incident) {
  if (incident.state == IncidentState::restored) return Colour::green;
  if (incident.state != IncidentState::open) return Colour::grey;
  return incident.now.severity == Severity::stopped ? Colour::red : Colour::yellow;
}

std::string title_line(const IncidentPicture& incident, const Site& site, Language language) {
  const IncidentOpened& now = incident.now;
  std::string text(Phrase{"障害", "incident "}.in(language));
  text += std::to_string(incident.number) + " [" + severity_text(now.severity, language) + "] ";
  text += short_place(site, now.diagnosis.location, language) + ": " +
          cause_text(now.diagnosis, now.severity, language);
  return text;
}

/// A probability in the words people use for it, with the figure.
std::string confidence_text(double confidence, Language language) {
  const Phrase words = confidence >= 0.9   ? Phrase{"ほぼ確実", "almost certain"}
                       : confidence >= 0.7 ? Phrase{"可能性が高い", "likely"}
                       : confidence >= 0.5 ? Phrase{"おそらく", "probable"}
                                           : Phrase{"可能性あり", "possible"};
  return std::string(words.in(language)) + " (" + std::to_string(std::lround(confidence * 100)) + "%)";
}

void add_row(std::string& text, Phrase title, const std::string& value, Language language) {
  if (!value.empty()) text += padded(title.in(language), 14) + without_controls(value) + "\n";
}

void add_list(std::string& text, Phrase title, const std::vector<std::string>& items, Language language) {
  if (items.empty()) return;
  text += std::string(title.in(language)) + "\n";
  for (const std::string& item : items) text += "  - " + without_controls(item) + "\n";
}

std::string state_line(const IncidentPicture& incident, const Site& site, Language language) {
  std::string text = state_text(incident.state, language);
  if (incident.restored)
    text += Phrase{"、復旧 ", ", restored "}.in(language), text += format_time(*incident.restored, site.zone);
  if (incident.closed)
    text += Phrase{"、終了 ", ", closed "}.in(language), text += format_time(*incident.closed, site.zone);
  if (incident.acknowledged_by)
    text += Phrase{"、引受 ", ", acknowledged by "}.in(language),
        text += person_text(site, *incident.acknowledged_by);
  return text;
}

std::string outcome_text(const NotificationPicture& picture, const Site& site, Language language) {
  std::string text;
  if (picture.acknowledged) {
    text = std::string(Phrase{"確認 ", "answered "}.in(language)) +
           format_time(*picture.acknowledged, site.zone);
    if (!picture.acknowledged_by.empty()) text += " " + person_text(site, picture.acknowledged_by);
  } else if (picture.sent) {
    text = std::string(Phrase{"送信 ", "sent "}.in(language)) + format_time(*picture.sent, site.zone);
  } else if (!picture.failure.empty()) {
    const Phrase how = picture.failing == Failing::refused ? Phrase{"拒否された: ", "refused: "}
                       : picture.failing == Failing::retrying
                           ? Phrase{"再試行中: ", "retrying: "}
                           : Phrase{"届いたか不明、再試行中: ", "unknown whether it arrived, retrying: "};
    text = std::string(how.in(language)) + picture.failure;
  } else {
    text = Phrase{"送信中", "being sent"}.in(language);
  }
  return text;
}

std::string notification_line(const NotificationPicture& picture, const Site& site, Language language) {
  const Notification& notification = picture.notification;
  return format_time(picture.queued, site.zone) + " " + std::string(word(notification.kind)) + " " +
         role_title(site, notification.role) + " " + person_text(site, notification.person) + " (" +
         notification.channel + "): " + outcome_text(picture, site, language);
}

std::vector<std::string> alternatives(const IncidentPicture& incident, const Site& site, Language language) {
  std::vector<std::string> lines;
  for (const Alternative& other : incident.now.diagnosis.alternatives) {
    Diagnosis diagnosis;
    diagnosis.category = other.category;
    diagnosis.cause = other.cause;
    diagnosis.location = other.location;
    lines.push_back(short_place(site, other.location, language) + ": " +
                    cause_text(diagnosis, incident.now.severity, language) + " (" +
                    category_text(other.category, language) + ") " +
                    std::to_string(std::lround(other.confidence * 100)) + "%");
  }
  return lines;
}

std::vector<std::string> devices_text(const std::vector<std::string>& names, const Site& site) {
  std::vector<std::string> texts;
  for (const std::string& name : names) {
    const std::string label = label_of(site, name);
    texts.push_back(label == name ? name : label + " (" + name + ")");
  }
  return texts;
}

/// "5.3.1 2/5; no answer: Sato Hanako, Tanaka Jiro"
std::string summons_line(const SummonsPicture& summons, const Site& site, Language language) {
  std::string text =
      summons.step + " " + std::to_string(summons.answered.size()) + "/" + std::to_string(summons.wanted);
  for (std::size_t i = 0; i < summons.waiting.size(); ++i)
    text += (i > 0 ? std::string(", ") : std::string(Phrase{"、返答なし: ", "; no answer: "}.in(language))) +
            person_text(site, summons.waiting[i]);
  return text;
}

}  // namespace

const IncidentPicture* incident_of(const Picture& picture, int number) {
  const auto found = std::ranges::find(picture.incidents, number, &IncidentPicture::number);
  return found == picture.incidents.end() ? nullptr : &*found;
}

ControlReply no_such_incident(int number, Language language) {
  const std::string n = std::to_string(number);
  return {1, "",
          language == Language::ja
              ? "nethealth: 障害" + n + "はありません。`nethealth incident list` で番号を確かめてください。\n"
              : "nethealth: there is no incident " + n + "; `nethealth incident list` shows the numbers.\n"};
}

ControlReply incident_list_report(const Picture& picture, const Site& site, const ReportStyle& style) {
  ControlReply reply;
  for (const IncidentPicture& incident : picture.incidents)
    reply.out += coloured(padded(state_text(incident.state, style.language), 8), colour_of(incident), style) +
                 "  " + format_time(incident.opened, site.zone) + "  " +
                 without_controls(title_line(incident, site, style.language)) + "\n";
  if (picture.incidents.empty())
    reply.out = std::string(Phrase{"障害はありません。\n", "There are no incidents.\n"}.in(style.language));
  return reply;
}

ControlReply incident_list_json(const Picture& picture, const Site& site, Language language) {
  json::array incidents;
  for (const IncidentPicture& incident : picture.incidents)
    incidents.emplace_back(incident_json(incident, language, site.zone));
  return {0, json_text(incidents) + "\n", ""};
}

ControlReply incident_report(const Picture& picture, const Site& site, int number, const ReportStyle& style) {
  const Language language = style.language;
  const IncidentPicture* const incident = incident_of(picture, number);
  if (incident == nullptr) return no_such_incident(number, language);
  const Diagnosis& diagnosis = incident->now.diagnosis;
  ControlReply reply;
  std::string& text = reply.out;
  text =
      coloured(without_controls(title_line(*incident, site, language)), colour_of(*incident), style) + "\n\n";
  add_row(text, {"状態", "state"}, state_line(*incident, site, language), language);
  add_row(text, {"発生", "since"}, format_time(incident->opened, site.zone), language);
  add_row(text, {"場所", "where"}, place_text(site, diagnosis.location, language), language);
  add_row(text, {"分類", "category"},
          category_text(diagnosis.category, language) + Phrase{"、", ", "}.in(language).data() +
              confidence_text(diagnosis.confidence, language),
          language);
  if (incident->now.threat_level)
    add_row(text, {"脅威度", "threat level"}, std::to_string(*incident->now.threat_level), language);
  add_row(text, {"手順の段階", "step"}, incident->step, language);
  std::vector<std::string> evidence;
  for (const Reason& reason : diagnosis.evidence) evidence.push_back(sentence(reason, language, site.zone));
  text += "\n";
  add_list(text, {"根拠", "Evidence"}, evidence, language);
  add_list(text, {"影響を受ける機器", "Affected"}, devices_text(diagnosis.affected, site), language);
  add_list(text, {"他の可能性", "Other possibilities"}, alternatives(*incident, site, language), language);
  std::vector<std::string> paged;
  for (const NotificationPicture& notification : incident->notifications)
    paged.push_back(notification_line(notification, site, language));
  add_list(text, {"連絡", "Who was told"}, paged, language);
  std::vector<std::string> summoned;
  for (const SummonsPicture& summons : incident->summons)
    summoned.push_back(summons_line(summons, site, language));
  add_list(text, {"返答を求めた相手", "Who must answer"}, summoned, language);
  if (incident->state == IncidentState::open || incident->state == IncidentState::restored)
    add_list(text, {"次にすること", "What to do next"}, {first_step(site, diagnosis, language)}, language);
  return reply;
}

ControlReply incident_report_json(const Picture& picture, const Site& site, int number, Language language) {
  const IncidentPicture* const incident = incident_of(picture, number);
  if (incident == nullptr) return no_such_incident(number, language);
  return {0, json_text(incident_json(*incident, language, site.zone)) + "\n", ""};
}

}  // namespace nethealth
