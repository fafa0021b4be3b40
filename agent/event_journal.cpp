// Writes the journal's form of events: complete, lossless, reasons as data. Default values are left out.
//
// Confidence is kept as text: the JSON library may read a long fraction one bit off, and what is restored
// must be what was decided.

#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "agent/event_json.hpp"
#include "probes/json_text.hpp"

namespace nethealth {
namespace {

std::int64_t count_of(Time time) {
  return time.time_since_epoch().count();
}

std::string exact_text(double value) {
  std::array<char, 32> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), written.ptr};
}

void write(std::string& out, const Location& location) {
  JsonWriter writer(out);
  writer.text_if_any("device", location.device);
  writer.text_if_any("component", location.component);
  writer.text_if_any("port", location.port);
  writer.text_if_any("peer", location.peer);
  writer.text_if_any("room", location.room);
  if (!location.ports.empty()) writer.texts("ports", location.ports);
  writer.end();
}

void write(std::string& out, const std::map<std::string, std::string>& values) {
  JsonWriter writer(out);
  for (const auto& [key, value] : values) writer.text(key, value);
  writer.end();
}

void write(std::string& out, const Reason& reason) {
  JsonWriter writer(out);
  writer.text("code", reason.code);
  if (reason.time) writer.integer("time", count_of(*reason.time));
  if (!reason.values.empty()) write(writer.key("values"), reason.values);
  writer.end();
}

void write(std::string& out, const Alternative& alternative) {
  JsonWriter writer(out);
  writer.text("category", word(alternative.category));
  writer.text("cause", word(alternative.cause));
  write(writer.key("location"), alternative.location);
  writer.text("confidence", exact_text(alternative.confidence));
  writer.end();
}

void write(std::string& out, const Attachment& attachment) {
  JsonWriter writer(out);
  writer.text("name", attachment.name);
  writer.text("sha256", attachment.sha256);
  writer.count("bytes", attachment.bytes);
  writer.end();
}

template <class Item>
void write(std::string& out, const std::vector<Item>& list) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    write(out, list[i]);
  }
  out += ']';
}

void write(std::string& out, const Diagnosis& diagnosis) {
  JsonWriter writer(out);
  writer.text("category", word(diagnosis.category));
  writer.text("cause", word(diagnosis.cause));
  write(writer.key("location"), diagnosis.location);
  writer.text("confidence", exact_text(diagnosis.confidence));
  write(writer.key("evidence"), diagnosis.evidence);
  writer.texts("affected", diagnosis.affected);
  write(writer.key("alternatives"), diagnosis.alternatives);
  writer.end();
}

void write_members(JsonWriter& writer, const IncidentOpened& opened) {
  writer.text("procedure", word(opened.procedure));
  writer.text("severity", word(opened.severity));
  write(writer.key("diagnosis"), opened.diagnosis);
  if (opened.threat_level) writer.integer("threat_level", *opened.threat_level);
  if (!opened.earlier.empty()) {
    std::string& out = writer.key("earlier");
    char separator = '[';
    for (const int number : opened.earlier) out += std::exchange(separator, ',') + std::to_string(number);
    out += ']';
  }
  if (opened.split_from) writer.integer("split_from", *opened.split_from);
  if (!opened.paged) writer.truth("paged", false);
  writer.text_if_any("reported_by", opened.reported_by);
  writer.text_if_any("threat_rows", opened.threat_rows);
}

void write_members(JsonWriter& writer, const IncidentUpdated& updated) {
  if (updated.severity) writer.text("severity", word(*updated.severity));
  if (updated.diagnosis) write(writer.key("diagnosis"), *updated.diagnosis);
  if (updated.threat_level) writer.integer("threat_level", *updated.threat_level);
  if (updated.reopened) writer.truth("reopened", true);
  if (updated.procedure) writer.text("procedure", word(*updated.procedure));
}

void write_members(JsonWriter& writer, const IncidentMerged& merged) {
  writer.integer("into", merged.into);
}

void write_members(JsonWriter&, const IncidentRestored&) {}

void write_members(JsonWriter& writer, const IncidentStep& step) {
  writer.text_if_any("step", step.step);
  writer.text_if_any("role", step.role);
  writer.text_if_any("person", step.person);
  writer.text_if_any("decision", step.decision);
  writer.text_if_any("text", step.text);
  if (!step.answers.empty()) write(writer.key("answers"), step.answers);
  writer.text_if_any("reason", step.reason);
  if (step.done) writer.integer("done", count_of(*step.done));
  if (step.by_telephone) writer.truth("by_telephone", true);
  writer.text_if_any("deputy_for", step.deputy_for);
  if (!step.attachments.empty()) write(writer.key("attachments"), step.attachments);
}

void write_members(JsonWriter& writer, const IncidentClosed& closed) {
  writer.text("reason", closed.reason);
}

void write_members(JsonWriter& writer, const NotificationQueued& queued) {
  const Notification& notification = queued.notification;
  writer.text("id", notification.id);
  writer.text("kind", word(notification.kind));
  writer.text("role", word(notification.role));
  writer.text("person", notification.person);
  writer.text("channel", notification.channel);
  writer.text("address", notification.address);
  writer.text("subject", notification.subject);
  writer.text("body", notification.body);
  if (notification.answer_by) writer.integer("answer_by", count_of(*notification.answer_by));
  writer.integer("step", notification.step);
  if (notification.round != 0) writer.integer("round", notification.round);
  writer.text_if_any("about", notification.about);
}

void write_members(JsonWriter& writer, const NotificationOutcome& outcome) {
  writer.text("id", outcome.id);
  writer.text_if_any("reason", outcome.reason);
  writer.text_if_any("person", outcome.person);
  if (outcome.failing != Failing::refused) writer.text("failing", word(outcome.failing));
}

void write_members(JsonWriter& writer, const SyslogQueued& queued) {
  writer.text("id", queued.id);
  writer.text("target", queued.target);
  writer.integer("severity", queued.severity);
  writer.text("message_id", queued.message_id);
  write(writer.key("values"), queued.values);
  writer.text("message", queued.message);
}

void write_members(JsonWriter& writer, const SyslogOutcome& outcome) {
  writer.text("id", outcome.id);
  writer.text("target", outcome.target);
  writer.text_if_any("reason", outcome.reason);
  writer.text_if_any("message", outcome.message);
}

void write_members(JsonWriter& writer, const ProbeWanted& wanted) {
  writer.text("device", wanted.device);
  writer.text("probe", wanted.probe);
  write(writer.key("why"), wanted.why);
}

void write_members(JsonWriter& writer, const SignSeen& sign) {
  writer.text("device", sign.device);
  writer.text("rule", sign.rule);
  writer.text_if_any("source", sign.source);
  writer.text_if_any("file", sign.file);
  writer.count("offset", sign.offset);
  writer.text_if_any("line", sign.line);
}

void write_members(JsonWriter& writer, const EvidenceKept& kept) {
  writer.text("device", kept.device);
  writer.text_if_any("file", kept.file);
  writer.count("offset", kept.offset);
  writer.text_if_any("rule", kept.rule);
  writer.text_if_any("source", kept.source);
  if (kept.seen) writer.integer("seen", count_of(*kept.seen));
  writer.text("line", kept.line);
}

void write_members(JsonWriter& writer, const AuditRecord& record) {
  writer.text("code", record.code);
  writer.text_if_any("person", record.person);
  writer.text("text", record.text);
  if (!record.values.empty()) write(writer.key("values"), record.values);
}

void write_members(JsonWriter& writer, const SilenceAdded& added) {
  writer.integer("silence", added.silence);
  writer.text_if_any("device", added.device);
  writer.text_if_any("room", added.room);
  writer.text_if_any("cause", added.cause);
  writer.integer("until", count_of(added.until));
  writer.text_if_any("person", added.person);
  writer.text_if_any("reason", added.reason);
  if (added.waits) writer.truth("waits", true);
}

void write_members(JsonWriter& writer, const SilenceConfirmed& confirmed) {
  writer.integer("silence", confirmed.silence);
  writer.text_if_any("person", confirmed.person);
}

void write_members(JsonWriter& writer, const SilenceEnded& ended) {
  writer.integer("silence", ended.silence);
  writer.text_if_any("person", ended.person);
}

}  // namespace

std::string journal_text(const Event& event) {
  std::string out;
  JsonWriter writer(out);
  writer.integer("time", count_of(event.time));
  writer.text("type", type_word(event));
  if (event.incident != 0) writer.integer("incident", event.incident);
  std::visit([&](const auto& what) { write_members(writer, what); }, event.what);
  writer.end();
  return out;
}

}  // namespace nethealth
