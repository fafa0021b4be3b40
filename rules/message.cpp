#include "rules/message.hpp"

#include <algorithm>
#include <cmath>

#include "rules/drill.hpp"
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

std::string mark(const Incident& incident, const Notification& notification, Language language) {
  const bool stopped = incident.picture.now.severity == Severity::stopped;
  if (notification.about == about::answer_expires)
    return std::string(Phrase{"【対応確認】", "[STILL ON IT?] "}.in(language));
  if (notification.about == about::taken_over)
    return std::string(Phrase{"【引継】", "[TAKEN OVER] "}.in(language));
  switch (notification.kind) {
    case NotificationKind::recovery:
      return std::string(Phrase{"【復旧】", "[RECOVERED] "}.in(language));
    case NotificationKind::revised:
      return std::string(Phrase{"【訂正】", "[REVISED] "}.in(language));
    case NotificationKind::reminder:
      return std::string(notification.about.empty() ? Phrase{"【再発】", "[BACK AGAIN] "}.in(language)
                                                    : Phrase{"【督促】", "[DUE] "}.in(language));
    case NotificationKind::closed:
      return std::string(Phrase{"【終了】", "[CLOSED] "}.in(language));
    case NotificationKind::report:
      return std::string(Phrase{"【報告】", "[REPORT] "}.in(language));
    case NotificationKind::request:
      return std::string(Phrase{"【依頼】", "[REQUEST] "}.in(language));
    default:
      break;
  }
  // Louder from the second round on: nobody has answered at all.
  const std::string again(
      notification.round == 0 ? "" : Phrase{"【応答なし・再】", "[NO ANSWER YET] "}.in(language));
  if (!incident.is_failure())
    return again + std::string(Phrase{"【不正の疑い】", "[MISCONDUCT] "}.in(language));
  return again + std::string(stopped ? Phrase{"【停止】", "[STOPPED] "}.in(language)
                                     : Phrase{"【注意】", "[AT RISK] "}.in(language));
}

std::string subject(const Site& site, const Incident& incident, const Notification& notification,
                    Detail detail) {
  const Language language = site.language;
  const IncidentPicture& picture = incident.picture;
  std::string text = mark(incident, notification, language);
  if (detail == Detail::full)
    text += short_place(site, picture.now.diagnosis.location, language) + " " +
            cause_text(picture.now.diagnosis, picture.now.severity, language) + " ";
  else
    text += category_text(picture.now.diagnosis.category, language) + " ";
  const Time when = notification.kind == NotificationKind::recovery && picture.restored ? *picture.restored
                                                                                        : since(incident);
  text += hour_minute(when, site.zone);
  if (language == Language::ja) text += notification.kind == NotificationKind::recovery ? "復旧" : "から";
  text += " #" + std::to_string(picture.number);
  if (is_call(notification.kind) && notification.step > 0)
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
  std::string signed_by(const Site& site) const { return text + "\n-- \n" + site.name + " nethealth\n"; }
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

/// A summons calls the same people again, a page the next in the chain.
void without_answer(const Site& site, const Notification& told, Lines& lines) {
  if (!told.answer_by) return;
  lines.add(told.kind == NotificationKind::request
                ? Phrase{"返答がなければもう一度呼ぶ時刻: ", "Without an answer you are called again at: "}
                : Phrase{"返答がなければ次の連絡先へ回す時刻: ",
                         "Without an answer the next contact is called at: "},
            format_clock(*told.answer_by, site.zone));
}

/// What a stranger may read over somebody's shoulder: that there is something, since when, and how to answer.
void minimal(const Site& site, const Incident& incident, const Notification& notification, Lines& lines) {
  const IncidentPicture& picture = incident.picture;
  const Language language = site.language;
  lines.add({"種類: ", "Kind: "}, category_text(picture.now.diagnosis.category, language));
  lines.add({"状態: ", "State: "}, severity_text(picture.now.severity, language));
  const std::string day = format_time(since(incident), site.zone).substr(0, 10);
  lines.add({"いつから: ", "Since: "}, day + " " + format_clock(since(incident), site.zone));
  lines.plain(std::string(Phrase{"詳しくは庁内で: ", "Details inside the office: "}.in(language)) +
              "nethealth incident show " + std::to_string(picture.number));
  without_answer(site, notification, lines);
}

/// What the message says first, besides the incident itself.
void opening(const Site& site, const Incident& incident, const Notification& notification, Detail detail,
             Lines& lines) {
  const Language language = site.language;
  if (notification.kind == NotificationKind::revised)
    lines.plain(std::string(
        Phrase{"新しい証拠により、場所の判断を改めた。", "New evidence moved the place of this incident."}.in(
            language)));
  if (notification.about == about::answer_expires)
    lines.plain(std::string(Phrase{
        "引き受けてから、まだ何も記録されていない。続けているなら、もう一度引き受けるか、手順を進めること。"
        "このままなら次の連絡先へ回す。",
        "Nothing was recorded since you took this. If you are on it, acknowledge again or take a step; "
        "otherwise the next contact is called."}
                                .in(language)));
  if (notification.about == about::taken_over && incident.picture.acknowledged_by && detail == Detail::full)
    lines.add({"今の担当: ", "Now with: "}, person_label(site, *incident.picture.acknowledged_by));
  if (is_call(notification.kind) && notification.round > 0 && !incident.picture.notifications.empty())
    lines.add({"連絡網の誰からも返答がない。最初の連絡: ",
               "Nobody of the whole contact network has answered. First called: "},
              format_clock(incident.picture.notifications.front().queued, site.zone));
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

std::string how_to_answer(const Site& site, int incident, const Notification& told) {
  if (!told.answer_by) return "";
  Lines lines{site.language, "\n"};
  lines.add({"返答は監視ホストで: ", "To answer, on the monitoring host: "},
            "nethealth incident ack " + std::to_string(incident) + " --as " + told.person);
  without_answer(site, told, lines);
  return lines.text;
}

Message compose(const Site& site, const Incident& incident, const Notification& notification, Detail detail) {
  Lines lines{site.language, {}};
  opening(site, incident, notification, detail, lines);
  if (detail == Detail::minimal) {
    minimal(site, incident, notification, lines);
    return {subject(site, incident, notification, detail), lines.text};
  }
  if (notification.kind == NotificationKind::recovery) {
    recovery(site, incident, lines);
  } else {
    verdict(site, incident, lines);
    lines.text += how_to_answer(site, incident.picture.number, notification);
  }
  return {subject(site, incident, notification, detail), lines.signed_by(site)};
}

Message compose_undelivered(const Site& site, const Incident& incident, const NotificationPicture& lost,
                            Detail detail) {
  const Language language = site.language;
  Lines lines{language, {}};
  Message message;
  message.subject = std::string(Phrase{"【未達】", "[NOT DELIVERED] "}.in(language)) + "#" +
                    std::to_string(incident.picture.number) + " " + lost.notification.id;
  if (detail == Detail::full) {
    const auto index = site.person(lost.notification.person);
    const std::string telephone = index ? site.people[*index].telephone : "";
    message.subject += " " + person_label(site, lost.notification.person);
    lines.add({"届かなかった連絡: ", "Not delivered: "}, lost.notification.subject);
    lines.add({"宛先: ", "To: "}, person_label(site, lost.notification.person) + " " + telephone);
    lines.add({"理由: ", "Reason: "}, lost.failure);
  }
  lines.plain(std::string(Phrase{"どの経路でも届いていない。電話などで直接伝え、記録すること。",
                                 "None of the channels works. Tell them by voice, and record it."}
                              .in(language)));
  message.body = lines.text;
  if (detail == Detail::minimal) return message;
  lines.add({"記録: ", "Record: "},
            "nethealth incident note " + std::to_string(incident.picture.number) + " --by-telephone");
  message.body = lines.signed_by(site);
  return message;
}

Message compose_was_down(const Site& site, Time from, Time until) {
  const Language language = site.language;
  Lines lines{language, {}};
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(until - from).count();
  const std::string span = hour_minute(from, site.zone) + "-" + hour_minute(until, site.zone);
  lines.add({"止まっていた間: ", "It did not run from: "},
            format_time(from, site.zone) + " - " + format_time(until, site.zone) + " (" +
                std::to_string(minutes) + std::string(Phrase{" 分)", " min)"}.in(language)));
  lines.plain(std::string(Phrase{
      "この間の機器・回線・サービスの状態は見ていない。この間に起きて直った障害はわからない。"
      "ログのファイルは続きから読む。トラップは届いていない。",
      "Devices, cables and services were not looked at; what broke and mended in that time is unknown. "
      "Log files are read on from where they were left; traps were not received."}
                              .in(language)));
  lines.add({"見ていなかった機器の数: ", "Devices not looked at: "}, std::to_string(site.devices.size()));
  return {
      std::string(Phrase{"【監視停止】監視が止まっていた ", "[MONITORING WAS DOWN] "}.in(language)) + span,
      lines.signed_by(site)};
}

Message compose_drill(const Site& site, const Notification& notification, bool test) {
  const Language language = site.language;
  Lines lines{language, {}};
  std::string subject(
      test ? Phrase{"【試験】連絡経路の試験", "[TEST] Test of your channels"}.in(language)
           : Phrase{"【訓練】連絡網の訓練", "[DRILL] Drill of the contact network"}.in(language));
  lines.plain(std::string(
      test ? Phrase{"これは試験です。障害は起きていません。", "This is a test. Nothing has happened."}.in(
                 language)
           : Phrase{"これは訓練です。障害は起きていません。", "This is a drill. Nothing has happened."}.in(
                 language)));
  lines.add({"届いたら監視ホストで: ", "When it arrives, on the monitoring host: "},
            "nethealth drill --answer --as " + notification.person);
  if (notification.answer_by)
    lines.add({"返答を待つ時刻: ", "Answer until: "}, format_clock(*notification.answer_by, site.zone));
  return {subject, lines.signed_by(site)};
}

Message compose_drill_result(const Site& site, const Drill& drill) {
  const Language language = site.language;
  const std::vector<Drill::Answer> answers = drill.answers();
  const auto answered =
      std::ranges::count_if(answers, [](const Drill::Answer& answer) { return answer.answered.has_value(); });
  const std::string count = std::to_string(answered) + "/" + std::to_string(answers.size());
  Lines lines{language, {}};
  lines.add({"訓練を始めた時刻: ", "The drill began: "}, format_time(drill.began, site.zone));
  lines.add({"返答した人: ", "Answered: "}, count);
  lines.plain("");
  for (const Drill::Answer& answer : answers)
    lines.plain("- " + person_label(site, answer.person) + ": " + answer_text(answer, language));
  lines.plain("");
  lines.plain(std::string(
      static_cast<std::size_t>(answered) == answers.size()
          ? Phrase{"連絡網は全員に届く。", "The contact network reaches everybody."}.in(language)
          : Phrase{"返答のない人の連絡先を確かめ、 nethealth test-page で一人ずつ試すこと。",
                   "See to the channels of whoever did not answer; nethealth test-page tries one person's."}
                .in(language)));
  lines.add({"記録: ", "Record: "}, "nethealth drill --last");
  return {std::string(Phrase{"【訓練】結果 ", "[DRILL] Result "}.in(language)) + count,
          lines.signed_by(site)};
}

Message compose_drill_left_out(const Site& site, Time due) {
  const Language language = site.language;
  Lines lines{language, {}};
  lines.add({"予定の時刻: ", "It was due: "}, format_time(due, site.zone));
  lines.plain(
      std::string(Phrase{"緊急時の対応中だったか、監視が止まっていたため、定期の訓練を行わなかった。必要なら "
                         "nethealth drill で行うこと。",
                         "It was not held, because of an emergency or because the monitoring did not run. "
                         "nethealth drill holds it."}
                      .in(language)));
  return {std::string(Phrase{"【訓練】行わなかった ", "[DRILL] Left out "}.in(language)) +
              hour_minute(due, site.zone),
          lines.signed_by(site)};
}

}  // namespace nethealth
