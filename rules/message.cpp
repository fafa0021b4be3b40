#include "rules/message.hpp"

#include <algorithm>
#include <cmath>

#include "rules/explain.hpp"

namespace nethealth {

namespace {

constexpr std::size_t names_in_text = 12;

std::string percent(double share) {
  return std::to_string(std::lround(share * 100)) + "%";
}

std::string hour_minute(Time time, const Zone& zone) {
  return format_clock(time, zone).substr(0, 5);
}

Time since(const Incident& incident) {
  Time first = incident.picture.opened;
  for (const Reason& reason : incident.picture.now.diagnosis.evidence)
    if (reason.time && *reason.time < first) first = *reason.time;
  return first;
}

std::string mark(const Incident& incident, NotificationKind kind, Language language) {
  const bool stopped = incident.picture.now.severity == Severity::stopped;
  switch (kind) {
    case NotificationKind::recovery:
      return std::string(Phrase{"【復旧】", "[RECOVERED] "}.in(language));
    case NotificationKind::revised:
      return std::string(Phrase{"【訂正】", "[REVISED] "}.in(language));
    case NotificationKind::reminder:
      return std::string(Phrase{"【再発】", "[BACK AGAIN] "}.in(language));
    case NotificationKind::closed:
      return std::string(Phrase{"【終了】", "[CLOSED] "}.in(language));
    default:
      break;
  }
  if (!incident.is_failure()) return std::string(Phrase{"【不正の疑い】", "[MISCONDUCT] "}.in(language));
  return std::string(stopped ? Phrase{"【停止】", "[STOPPED] "}.in(language)
                             : Phrase{"【注意】", "[AT RISK] "}.in(language));
}

std::string subject(const Site& site, const Incident& incident, const Notification& notification) {
  const Language language = site.language;
  const IncidentPicture& picture = incident.picture;
  std::string text = mark(incident, notification.kind, language) +
                     short_place(site, picture.now.diagnosis.location, language) + " " +
                     cause_text(picture.now.diagnosis, picture.now.severity, language) + " ";
  const Time when = notification.kind == NotificationKind::recovery && picture.restored ? *picture.restored
                                                                                        : since(incident);
  text += hour_minute(when, site.zone);
  if (language == Language::ja) text += notification.kind == NotificationKind::recovery ? "復旧" : "から";
  text += " #" + std::to_string(picture.number);
  if (notification.step > 0)
    text += language == Language::ja ? " (" + std::to_string(notification.step + 1) + "回目)"
                                     : " (call " + std::to_string(notification.step + 1) + ")";
  return text;
}

struct Lines {
  Language language;
  std::string text;

  void add(Phrase head, const std::string& value) {
    if (!value.empty()) text += std::string(head.in(language)) + value + "\n";
  }
  void plain(const std::string& line) { text += line + "\n"; }
};

std::string affected_text(const Diagnosis& diagnosis, Language language) {
  const auto& names = diagnosis.affected;
  if (names.empty())
    return std::string(
        Phrase{"他の機器への影響は見つかっていない", "no other device is known to be affected"}.in(language));
  std::string text = std::to_string(names.size()) +
                     std::string(Phrase{" 台が使えない: ", " devices cannot be used: "}.in(language));
  for (std::size_t i = 0; i < names.size() && i < names_in_text; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > names_in_text) text += " …";
  return text;
}

void contractors(const Site& site, const Diagnosis& diagnosis, Lines& lines) {
  const auto device = site.device(diagnosis.location.device);
  if (!device) return;
  for (const PersonIndex person : site.devices[*device].contractor)
    lines.add({"保守委託: ", "Contractor: "},
              site.people[person].label + " " + site.people[person].telephone);
}

void verdict(const Site& site, const Incident& incident, Lines& lines) {
  const Language language = site.language;
  const IncidentPicture& picture = incident.picture;
  const Diagnosis& diagnosis = picture.now.diagnosis;
  lines.add({"何が: ", "What: "}, cause_text(diagnosis, picture.now.severity, language) + " (" +
                                      category_text(diagnosis.category, language) + ", " +
                                      std::string(Phrase{"確度 ", "certainty "}.in(language)) +
                                      percent(diagnosis.confidence) + ")");
  lines.add({"どこ: ", "Where: "}, place_text(site, diagnosis.location, language));
  const std::string day = format_time(since(incident), site.zone).substr(0, 10);
  lines.add({"いつから: ", "Since: "}, day + " " + format_clock(since(incident), site.zone));
  lines.add({"状態: ", "State: "}, severity_text(picture.now.severity, language));
  if (picture.now.threat_level)
    lines.add({"脅威度（暫定）: ", "Threat level (provisional): "},
              std::to_string(*picture.now.threat_level));
  lines.add({"影響: ", "Impact: "}, affected_text(diagnosis, language));
  lines.add({"まずすること: ", "Do first: "}, first_step(site, diagnosis, language));
  contractors(site, diagnosis, lines);
  lines.plain("");
  lines.plain(std::string(Phrase{"根拠:", "Evidence:"}.in(language)));
  for (const Reason& reason : diagnosis.evidence) lines.plain("- " + sentence(reason, language, site.zone));
  if (diagnosis.alternatives.empty()) return;
  lines.plain("");
  lines.plain(std::string(Phrase{"ほかの可能性:", "Other possibilities:"}.in(language)));
  for (const Alternative& other : diagnosis.alternatives) {
    Diagnosis shown;
    shown.cause = other.cause;
    shown.location = other.location;
    lines.plain("- " + place_text(site, other.location, language) + " " +
                cause_text(shown, picture.now.severity, language) + " (" +
                category_text(other.category, language) + ", " + percent(other.confidence) + ")");
  }
}

void answer(const Site& site, const Incident& incident, const Notification& notification, Lines& lines) {
  if (!notification.answer_by) return;
  const std::string number = std::to_string(incident.picture.number);
  lines.plain("");
  lines.add({"受けた人は監視ホストで: ", "To answer, on the monitoring host: "},
            "nethealth incident ack " + number + " --as " + notification.person);
  lines.add({"返答がなければ次の連絡先へ回す時刻: ", "Without an answer the next contact is called at: "},
            format_clock(*notification.answer_by, site.zone));
}

void recovery(const Site& site, const Incident& incident, Lines& lines) {
  const IncidentPicture& picture = incident.picture;
  const Language language = site.language;
  lines.add({"復旧: ", "Recovered: "}, place_text(site, picture.now.diagnosis.location, language));
  if (picture.restored) {
    const auto minutes =
        std::chrono::duration_cast<std::chrono::minutes>(*picture.restored - since(incident)).count();
    lines.add({"時刻: ", "At: "}, format_clock(*picture.restored, site.zone) + " (" +
                                      std::to_string(minutes) +
                                      std::string(Phrase{" 分間)", " min)"}.in(language)));
  }
  lines.add({"何が: ", "What: "}, cause_text(picture.now.diagnosis, picture.now.severity, language));
  lines.plain(std::string(
      Phrase{"監視からは復旧が確認できた。手順は続いており、終了は担当者が行う。",
             "The probes see the service back. The procedure goes on; a person closes the incident."}
          .in(language)));
}

}  // namespace

Message compose(const Site& site, const Incident& incident, const Notification& notification) {
  Lines lines{site.language, {}};
  if (notification.kind == NotificationKind::recovery) {
    recovery(site, incident, lines);
  } else {
    if (notification.kind == NotificationKind::revised)
      lines.plain(std::string(
          Phrase{"新しい証拠により、場所の判断を改めた。", "New evidence moved the place of this incident."}
              .in(site.language)));
    verdict(site, incident, lines);
    answer(site, incident, notification, lines);
  }
  lines.plain("");
  lines.plain("-- ");
  lines.plain(site.name + " nethealth");
  return {subject(site, incident, notification), lines.text};
}

}  // namespace nethealth
