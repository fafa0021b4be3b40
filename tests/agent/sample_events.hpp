#pragma once
// One event of each kind, with every field filled, for tests of what keeps and shows events.

#include <string>
#include <vector>

#include "rules/event.hpp"

namespace nethealth::samples {

inline Time moment(std::int64_t milliseconds = 123) {
  return Time(Milliseconds(1'795'478'400'000 + milliseconds));  // 2026-11-24T09:00:00+09:00
}

inline Diagnosis diagnosis() {
  Diagnosis diagnosis;
  diagnosis.category = Category::network;
  diagnosis.cause = Cause::loop;
  diagnosis.location = {"sw-2f", "", "", "", "2f", {"3", "4"}};
  diagnosis.confidence = 0.1 + 0.2 + 1.0 / 3.0;
  diagnosis.evidence = {{"silent", moment(1), {{"device", "sw-2f"}, {"x\"y", "値\n\x01"}}},
                        {"never", {}, {}}};
  diagnosis.affected = {"term-01", "term-02"};
  diagnosis.alternatives = {
      {Category::hardware, Cause::device_power, {"sw-2f", "psu", "1", "sw", "r", {}}, 0.123456}};
  return diagnosis;
}

inline Notification notification(const std::string& id = "1.page.0") {
  Notification notification;
  notification.id = id;
  notification.kind = NotificationKind::escalation;
  notification.role = RoleId::chief;
  notification.person = "kato";
  notification.channel = "mail";
  notification.address = "kato@example.jp";
  notification.subject = "【停止】2階市民課ハブ";
  notification.body = "本文\n二行目\n";
  notification.answer_by = moment(300'000);
  notification.step = 3;
  notification.round = 1;
  notification.about = "5.1.3";
  return notification;
}

inline SyslogQueued syslog_queued(const std::string& id = "s1") {
  return {id, "udp://192.0.2.50:514", 3, "incident.opened", {{"device", "sw-2f"}}, "障害"};
}

inline std::vector<Event> one_of_each() {
  IncidentOpened opened;
  opened.procedure = ProcedureKind::misconduct;
  opened.severity = Severity::at_risk;
  opened.diagnosis = diagnosis();
  opened.threat_level = 2;
  opened.earlier = {1, 2};
  opened.split_from = 4;
  opened.paged = false;
  opened.reported_by = "sato";
  opened.threat_rows = "2a,3d";
  IncidentUpdated updated;
  updated.severity = Severity::stopped;
  updated.diagnosis = diagnosis();
  updated.threat_level = 3;
  updated.reopened = true;
  updated.procedure = ProcedureKind::failure;
  IncidentStep late{"5.4", "operations_manager", "tanaka", "done", "電源を交換"};
  late.answers = std::map<std::string, std::string>{{"part", "PSU 1"}, {"work", "電源を交換"}};
  late.reason = "佐藤不在";
  late.done = moment(1);
  late.by_telephone = true;
  late.deputy_for = "sato";
  late.attachments = {{"photo.jpg", std::string(64, 'a'), 4711}};
  ProbeWanted wanted{"sw-2f", "icmp", {"silent", moment(5), {{"device", "sw-2f"}}}};
  SyslogOutcome lost{"s1", "udp://192.0.2.50:514", false, "refused"};
  lost.message = "障害";
  std::vector<Decision> all{
      opened,
      updated,
      IncidentMerged{7},
      IncidentRestored{},
      IncidentStep{"3-1", "chief", "kato", "stop", "text\nline"},
      IncidentClosed{"done"},
      NotificationQueued{notification()},
      NotificationOutcome{"a", Delivery::sent, "", ""},
      NotificationOutcome{"b", Delivery::failed, "550 no", ""},
      NotificationOutcome{"c", Delivery::acknowledged, "", "kato"},
      NotificationOutcome{"d", Delivery::failed, "no answer", "", Failing::unknown},
      syslog_queued(),
      SyslogOutcome{"s1", "udp://192.0.2.50:514", true, ""},
      lost,
      wanted,
      SignSeen{"cs-1", "windows.disk", "10.0.0.1", "a.log", 18'446'744'073'709'551'615ULL, "a \"line\""},
      EvidenceKept{"cs-1", "a.log", 18'446'744'073'709'551'615ULL, "\\ 番号 1234\t", "security.refused",
                   "10.0.0.1", Time(Milliseconds(5))},
      AuditRecord{"LOG-IN", "sato", "logged in", {{"address", "192.0.2.7"}}},
      late,
      SilenceAdded{3, "cs-1", "", "", moment(60'000), "sato", "work", true},
      SilenceConfirmed{3, "tanaka"},
      SilenceEnded{3, ""}};
  std::vector<Event> events;
  int incident = 0;
  for (Decision& what : all) {
    events.push_back({moment(incident), incident, std::move(what)});
    ++incident;
  }
  return events;
}

}  // namespace nethealth::samples
