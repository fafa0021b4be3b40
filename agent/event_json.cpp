#include "agent/event_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "probes/json_text.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

/// How the contract's form is written: in which language, and in whose time.
struct ContractStyle {
  Language language;
  const Zone& zone;
};

/// A text for a JSON value; the library refuses to serialise what is no UTF-8, so it is mended here.
json::value text(std::string_view value) {
  return json::string(mend_utf8(value));
}

json::value text_or_null(std::string_view value) {
  return value.empty() ? json::value(nullptr) : text(value);
}

json::value time_or_null(const std::optional<Time>& time, const ContractStyle& style) {
  return time ? json::value(format_time(*time, style.zone)) : json::value(nullptr);
}

template <class Number>
json::value number_or_null(const std::optional<Number>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

/// Four digits, so that the last bits of a sum never show.
double rounded(double confidence) {
  return std::round(confidence * 10'000) / 10'000;
}

json::array texts(const std::vector<std::string>& values) {
  json::array array;
  for (const std::string& value : values) array.push_back(text(value));
  return array;
}

json::array numbers(const std::vector<int>& values) {
  json::array array;
  for (const int value : values) array.push_back(value);
  return array;
}

json::object location_json(const Location& location) {
  json::object object;
  object["device"] = text_or_null(location.device);
  object["component"] = text_or_null(location.component);
  object["port"] = text_or_null(location.port);
  object["peer"] = text_or_null(location.peer);
  object["room"] = text_or_null(location.room);
  if (!location.ports.empty()) object["ports"] = texts(location.ports);
  return object;
}

void add(json::object& object, const IncidentOpened& opened, const ContractStyle& style) {
  object["procedure"] = word(opened.procedure);
  object["severity"] = word(opened.severity);
  object["diagnosis"] = diagnosis_json(opened.diagnosis, style.language, style.zone);
  if (opened.threat_level) object["threat_level"] = *opened.threat_level;
  if (!opened.earlier.empty()) object["earlier"] = numbers(opened.earlier);
  if (opened.split_from) object["split_from"] = *opened.split_from;
  if (!opened.reported_by.empty()) object["reported_by"] = text(opened.reported_by);
}

void add(json::object& object, const IncidentUpdated& updated, const ContractStyle& style) {
  if (updated.severity) object["severity"] = word(*updated.severity);
  if (updated.diagnosis) {
    object["diagnosis"] = diagnosis_json(*updated.diagnosis, style.language, style.zone);
  }
  if (updated.threat_level) object["threat_level"] = *updated.threat_level;
  if (updated.reopened) object["reopened"] = true;
  if (updated.procedure) object["procedure"] = word(*updated.procedure);
}

void add(json::object& object, const IncidentMerged& merged, const ContractStyle&) {
  object["into"] = merged.into;
}

void add(json::object&, const IncidentRestored&, const ContractStyle&) {}

void add(json::object& object, const IncidentStep& step, const ContractStyle& style) {
  object["step"] = text_or_null(step.step);
  object["role"] = text_or_null(step.role);
  object["person"] = text_or_null(step.person);
  object["decision"] = text_or_null(step.decision);
  object["text"] = text_or_null(step.text);
  if (!step.answers.empty()) {
    json::object answers;
    for (const auto& [key, value] : step.answers) answers[text(key).get_string()] = text(value);
    object["answers"] = std::move(answers);
  }
  if (!step.reason.empty()) object["reason"] = text(step.reason);
  if (step.done) object["done"] = format_time(*step.done, style.zone);
  if (step.by_telephone) object["by_telephone"] = true;
  if (!step.deputy_for.empty()) object["deputy_for"] = text(step.deputy_for);
  if (!step.attachments.empty()) {
    json::array files;
    for (const Attachment& file : step.attachments)
      files.push_back({{"name", text(file.name)}, {"sha256", file.sha256}, {"bytes", file.bytes}});
    object["attachments"] = std::move(files);
  }
}

void add(json::object& object, const IncidentClosed& closed, const ContractStyle&) {
  object["reason"] = text(closed.reason);
}

void add(json::object& object, const Notification& notification) {
  object["id"] = text(notification.id);
  object["role"] = word(notification.role);
  object["person"] = text(notification.person);
  object["channel"] = text(notification.channel);
  object["kind"] = word(notification.kind);
  object["subject"] = text(notification.subject);
  if (!notification.about.empty()) object["about"] = text(notification.about);
}

void add(json::object& object, const NotificationQueued& queued, const ContractStyle&) {
  add(object, queued.notification);
}

void add(json::object& object, const NotificationOutcome& outcome, const ContractStyle&) {
  object["id"] = text(outcome.id);
  if (!outcome.reason.empty() || outcome.delivery == Delivery::failed)
    object["reason"] = text(outcome.reason);
  if (!outcome.person.empty()) object["person"] = text(outcome.person);
  if (outcome.delivery == Delivery::failed && !outcome.is_final()) object["delivery"] = word(outcome.failing);
}

void add(json::object& object, const SyslogQueued& queued, const ContractStyle&) {
  object["id"] = text(queued.id);
  object["target"] = text(queued.target);
  object["message"] = text(queued.message);
}

void add(json::object& object, const SyslogOutcome& outcome, const ContractStyle&) {
  object["id"] = text(outcome.id);
  object["target"] = text(outcome.target);
  object["message"] = text(outcome.message);
  if (!outcome.sent) object["reason"] = text(outcome.reason);
}

void add(json::object& object, const ProbeWanted& wanted, const ContractStyle& style) {
  object["device"] = text(wanted.device);
  object["probe"] = text(wanted.probe);
  object["why"] = text(sentence(wanted.why, style.language, style.zone));
}

void add(json::object&, const SignSeen&, const ContractStyle&) {}
void add(json::object&, const EvidenceKept&, const ContractStyle&) {}
void add(json::object&, const AuditRecord&, const ContractStyle&) {}

json::array records_json(const IncidentPicture& incident, const ContractStyle& style) {
  json::array records;
  for (const StepRecord& record : incident.records) {
    json::object object;
    object["time"] = format_time(record.entered, style.zone);
    add(object, record.what, style);
    records.push_back(std::move(object));
  }
  return records;
}

json::array procedure_json(const IncidentPicture& incident, const ContractStyle& style) {
  json::array steps;
  for (const StepPicture& step : incident.procedure) {
    json::object object;
    object["step"] = step.id;
    object["state"] = word(step.state);
    object["since"] = time_or_null(step.since, style);
    object["deadline"] = time_or_null(step.deadline, style);
    object["done"] = step.record ? json::value(format_time(step.record->done(), style.zone)) : nullptr;
    object["person"] = step.record ? text_or_null(step.record->what.person) : nullptr;
    object["decision"] = step.record ? text_or_null(step.record->what.decision) : nullptr;
    steps.push_back(std::move(object));
  }
  return steps;
}

void add(json::object& object, const SilenceAdded& added, const ContractStyle& style) {
  object["silence"] = added.silence;
  object["device"] = text_or_null(added.device);
  object["room"] = text_or_null(added.room);
  object["cause"] = text_or_null(added.cause);
  object["until"] = format_time(added.until, style.zone);
  object["person"] = text(added.person);
  object["reason"] = text(added.reason);
  object["in_force"] = !added.waits;
}

void add(json::object& object, const SilenceConfirmed& confirmed, const ContractStyle&) {
  object["silence"] = confirmed.silence;
  object["person"] = text(confirmed.person);
}

void add(json::object& object, const SilenceEnded& ended, const ContractStyle&) {
  object["silence"] = ended.silence;
  object["person"] = text_or_null(ended.person);
}

json::object notification_json(const NotificationPicture& picture, const ContractStyle& style) {
  json::object object;
  add(object, picture.notification);
  object["queued"] = format_time(picture.queued, style.zone);
  object["sent"] = time_or_null(picture.sent, style);
  object["acknowledged"] = time_or_null(picture.acknowledged, style);
  object["acknowledged_by"] = text_or_null(picture.acknowledged_by);
  object["failure"] = text_or_null(picture.failure);
  object["delivery"] = delivery_word(picture);
  return object;
}

void append(std::string& out, const json::value& value);

void append(std::string& out, const json::array& array) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ',';
    append(out, array[i]);
  }
  out += ']';
}

void append(std::string& out, const json::object& object) {
  JsonWriter writer(out);
  for (const auto& [key, value] : object) append(writer.key(key), value);
  writer.end();
}

void append(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::object:
      return append(out, value.get_object());
    case json::kind::array:
      return append(out, value.get_array());
    case json::kind::string:
      return append_json_string(out, value.get_string());
    case json::kind::double_:
      return append_json_number(out, value.get_double());
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::bool_:
    case json::kind::null:
      out += json::serialize(value);
  }
}

}  // namespace

std::string_view delivery_word(const NotificationPicture& picture) {
  if (picture.sent) return "accepted";
  if (picture.failure.empty()) return "retrying";
  return word(picture.failing);
}

json::object diagnosis_json(const Diagnosis& diagnosis, Language language, const Zone& zone) {
  json::object object;
  object["category"] = word(diagnosis.category);
  object["cause"] = word(diagnosis.cause);
  object["location"] = location_json(diagnosis.location);
  object["confidence"] = rounded(diagnosis.confidence);
  json::array evidence;
  for (const Reason& reason : diagnosis.evidence) evidence.push_back(text(sentence(reason, language, zone)));
  object["evidence"] = std::move(evidence);
  object["affected"] = texts(diagnosis.affected);
  json::array alternatives;
  for (const Alternative& alternative : diagnosis.alternatives) {
    json::object other;
    other["category"] = word(alternative.category);
    other["cause"] = word(alternative.cause);
    other["location"] = location_json(alternative.location);
    other["confidence"] = rounded(alternative.confidence);
    alternatives.push_back(std::move(other));
  }
  object["alternatives"] = std::move(alternatives);
  return object;
}

bool journal_only(const Event& event) {
  return std::holds_alternative<SignSeen>(event.what) || std::holds_alternative<EvidenceKept>(event.what) ||
         std::holds_alternative<AuditRecord>(event.what);
}

std::optional<json::object> contract_event(const Event& event, Language language, const Zone& zone) {
  if (journal_only(event)) return std::nullopt;
  json::object object;
  object["time"] = format_time(event.time, zone);
  object["type"] = type_word(event);
  if (event.incident != 0) object["incident"] = event.incident;
  const ContractStyle style{language, zone};
  std::visit([&](const auto& what) { add(object, what, style); }, event.what);
  return object;
}

json::object incident_json(const IncidentPicture& incident, Language language, const Zone& zone) {
  const ContractStyle style{language, zone};
  json::object object;
  object["incident"] = incident.number;
  object["state"] = word(incident.state);
  object["step"] = text_or_null(incident.step);
  object["opened"] = format_time(incident.opened, zone);
  object["restored"] = time_or_null(incident.restored, style);
  object["closed"] = time_or_null(incident.closed, style);
  object["procedure"] = word(incident.now.procedure);
  object["severity"] = word(incident.now.severity);
  object["diagnosis"] = diagnosis_json(incident.now.diagnosis, language, zone);
  object["threat_level"] = number_or_null(incident.now.threat_level);
  object["earlier"] = numbers(incident.now.earlier);
  object["split_from"] = number_or_null(incident.now.split_from);
  object["acknowledged_by"] =
      incident.acknowledged_by ? text(*incident.acknowledged_by) : json::value(nullptr);
  json::array notifications;
  for (const NotificationPicture& picture : incident.notifications) {
    notifications.push_back(notification_json(picture, style));
  }
  object["notifications"] = std::move(notifications);
  json::array summons;
  for (const SummonsPicture& asked : incident.summons)
    summons.push_back(json::object{{"step", asked.step},
                                   {"wanted", asked.wanted},
                                   {"answered", texts(asked.answered)},
                                   {"waiting", texts(asked.waiting)},
                                   {"over", asked.over}});
  object["summons"] = std::move(summons);
  object["reported_by"] = text_or_null(incident.now.reported_by);
  object["records"] = records_json(incident, style);
  object["procedure_steps"] = procedure_json(incident, style);
  return object;
}

std::string json_text(const json::value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace nethealth
