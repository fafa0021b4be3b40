// Reads the journal's form of events back; event_journal.cpp writes it.

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <map>
#include <utility>

#include "agent/event_json.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

/// Typed access to one object's members. The first one that is missing or wrong is kept in `wrong`.
class Record {
 public:
  Record(const json::object& object, std::string& wrong) : object_(object), wrong_(wrong) {}

  [[nodiscard]] bool has(std::string_view key) const { return object_.contains(key); }

  void note(std::string_view key, std::string_view expected) const {
    if (wrong_.empty()) wrong_ = std::string(key) + ": expected " + std::string(expected);
  }

  [[nodiscard]] std::string text(std::string_view key, bool required = true) const {
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    if (value != nullptr || required) note(key, "text");
    return {};
  }

  template <class Number>
  [[nodiscard]] Number integer(std::string_view key) const {
    if (const json::value* value = object_.if_contains(key); value != nullptr && value->is_number()) {
      json::error_code error;
      const auto number = value->to_number<Number>(error);
      if (!error) return number;
    }
    note(key, "a whole number");
    return 0;
  }

  template <class Number>
  [[nodiscard]] std::optional<Number> integer_if_any(std::string_view key) const {
    if (!has(key)) return std::nullopt;
    return integer<Number>(key);
  }

  [[nodiscard]] std::optional<Time> time(std::string_view key) const {
    if (!has(key)) return std::nullopt;
    return Time(Milliseconds(integer<std::int64_t>(key)));
  }

  [[nodiscard]] bool truth(std::string_view key, bool otherwise) const {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr) return otherwise;
    if (!value->is_bool()) note(key, "true or false");
    return value->is_bool() ? value->get_bool() : otherwise;
  }

  /// A word that `known` turns into a value.
  template <class Value>
  [[nodiscard]] Value word(std::string_view key, std::optional<Value> (*known)(std::string_view)) const {
    const std::optional<Value> found = known(text(key));
    if (!found) note(key, "a word that this version knows");
    return found.value_or(Value{});
  }

  [[nodiscard]] double exact(std::string_view key) const {
    const std::string written = text(key);
    double value = 0;
    const auto read = std::from_chars(written.data(), written.data() + written.size(), value);
    if (read.ec != std::errc{} || read.ptr != written.data() + written.size()) note(key, "a number as text");
    return value;
  }

  [[nodiscard]] Record object(std::string_view key) const {
    static const json::object none;
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && value->is_object()) return {value->get_object(), wrong_};
    note(key, "an object");
    return {none, wrong_};
  }

  [[nodiscard]] const json::array& list(std::string_view key, bool required = true) const {
    static const json::array none;
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && value->is_array()) return value->get_array();
    if (value != nullptr || required) note(key, "a list");
    return none;
  }

  [[nodiscard]] std::vector<std::string> texts(std::string_view key, bool required = true) const {
    std::vector<std::string> texts;
    for (const json::value& item : list(key, required)) {
      if (!item.is_string()) note(key, "a list of text");
      if (item.is_string()) texts.emplace_back(item.get_string());
    }
    return texts;
  }

  /// A list of objects, each read by `read(Record)`.
  template <class Item, class Read>
  [[nodiscard]] std::vector<Item> objects(std::string_view key, Read read) const {
    std::vector<Item> items;
    for (const json::value& item : list(key)) {
      if (!item.is_object()) note(key, "a list of objects");
      if (item.is_object()) items.push_back(read(Record(item.get_object(), wrong_)));
    }
    return items;
  }

  [[nodiscard]] std::map<std::string, std::string> texts_by_key(std::string_view key) const {
    std::map<std::string, std::string> texts;
    if (!has(key)) return texts;
    const Record inner = object(key);
    for (const auto& [name, value] : inner.object_) texts[std::string(name)] = inner.text(name);
    return texts;
  }

 private:
  const json::object& object_;
  std::string& wrong_;
};

Location read_location(const Record& record) {
  return {record.text("device", false), record.text("component", false), record.text("port", false),
          record.text("peer", false),   record.text("room", false),      record.texts("ports", false)};
}

Reason read_reason(const Record& record) {
  return {record.text("code"), record.time("time"), record.texts_by_key("values")};
}

Alternative read_alternative(const Record& record) {
  return {record.word("category", category), record.word("cause", cause),
          read_location(record.object("location")), record.exact("confidence")};
}

Diagnosis read_diagnosis(const Record& record) {
  Diagnosis diagnosis;
  diagnosis.category = record.word("category", category);
  diagnosis.cause = record.word("cause", cause);
  diagnosis.location = read_location(record.object("location"));
  diagnosis.confidence = record.exact("confidence");
  diagnosis.evidence = record.objects<Reason>("evidence", read_reason);
  diagnosis.affected = record.texts("affected");
  diagnosis.alternatives = record.objects<Alternative>("alternatives", read_alternative);
  return diagnosis;
}

void read_members(const Record& record, IncidentOpened& opened) {
  opened.procedure = record.word("procedure", procedure_kind);
  opened.severity = record.word("severity", severity);
  opened.diagnosis = read_diagnosis(record.object("diagnosis"));
  opened.threat_level = record.integer_if_any<int>("threat_level");
  for (const json::value& number : record.list("earlier", false)) {
    json::error_code error;
    opened.earlier.push_back(number.is_number() ? number.to_number<int>(error) : 0);
    if (error || !number.is_number()) record.note("earlier", "a list of whole numbers");
  }
  opened.split_from = record.integer_if_any<int>("split_from");
  opened.paged = record.truth("paged", true);
  opened.reported_by = record.text("reported_by", false);
  opened.threat_rows = record.text("threat_rows", false);
}

void read_members(const Record& record, IncidentUpdated& updated) {
  if (record.has("severity")) updated.severity = record.word("severity", severity);
  if (record.has("diagnosis")) updated.diagnosis = read_diagnosis(record.object("diagnosis"));
  updated.threat_level = record.integer_if_any<int>("threat_level");
  updated.reopened = record.truth("reopened", false);
  if (record.has("procedure")) updated.procedure = record.word("procedure", procedure_kind);
}

void read_members(const Record& record, IncidentMerged& merged) {
  merged.into = record.integer<int>("into");
}

void read_members(const Record&, IncidentRestored&) {}

Attachment read_attachment(const Record& record) {
  return {record.text("name"), record.text("sha256"), record.integer<std::uint64_t>("bytes")};
}

void read_members(const Record& record, IncidentStep& step) {
  step.step = record.text("step", false);
  step.role = record.text("role", false);
  step.person = record.text("person", false);
  step.decision = record.text("decision", false);
  step.text = record.text("text", false);
  step.answers = record.texts_by_key("answers");
  step.reason = record.text("reason", false);
  step.done = record.time("done");
  step.by_telephone = record.truth("by_telephone", false);
  step.deputy_for = record.text("deputy_for", false);
  if (record.has("attachments"))
    step.attachments = record.objects<Attachment>("attachments", read_attachment);
}

void read_members(const Record& record, IncidentClosed& closed) {
  closed.reason = record.text("reason");
}

void read_members(const Record& record, NotificationQueued& queued) {
  Notification& notification = queued.notification;
  notification.id = record.text("id");
  notification.kind = record.word("kind", notification_kind);
  notification.role = record.word("role", role_id);
  notification.person = record.text("person");
  notification.channel = record.text("channel");
  notification.address = record.text("address");
  notification.subject = record.text("subject");
  notification.body = record.text("body");
  notification.answer_by = record.time("answer_by");
  notification.step = record.integer<int>("step");
  notification.round = record.integer_if_any<int>("round").value_or(0);
  notification.about = record.text("about", false);
}

// What was sent, failed or acknowledged is said by the type.
void read_members(const Record& record, NotificationOutcome& outcome) {
  outcome.id = record.text("id");
  outcome.reason = record.text("reason", false);
  outcome.person = record.text("person", false);
  if (record.has("failing")) outcome.failing = record.word("failing", failing);
}

void read_members(const Record& record, SyslogQueued& queued) {
  queued.id = record.text("id");
  queued.target = record.text("target");
  queued.severity = record.integer<int>("severity");
  queued.message_id = record.text("message_id");
  queued.values = record.texts_by_key("values");
  queued.message = record.text("message");
}

void read_members(const Record& record, SyslogOutcome& outcome) {
  outcome.id = record.text("id");
  outcome.target = record.text("target");
  outcome.reason = record.text("reason", false);
  outcome.message = record.text("message", false);
}

void read_members(const Record& record, ProbeWanted& wanted) {
  wanted.device = record.text("device");
  wanted.probe = record.text("probe");
  wanted.why = read_reason(record.object("why"));
}

void read_members(const Record& record, SignSeen& sign) {
  sign.device = record.text("device");
  sign.rule = record.text("rule");
  sign.source = record.text("source", false);
  sign.file = record.text("file", false);
  sign.offset = record.integer<std::uint64_t>("offset");
  sign.line = record.text("line", false);
}

void read_members(const Record& record, EvidenceKept& kept) {
  kept.device = record.text("device");
  kept.file = record.text("file", false);
  kept.offset = record.integer<std::uint64_t>("offset");
  kept.rule = record.text("rule", false);
  kept.source = record.text("source", false);
  kept.seen = record.time("seen");
  kept.line = record.text("line");
}

void read_members(const Record& record, AuditRecord& audit) {
  audit.code = record.text("code");
  audit.person = record.text("person", false);
  audit.text = record.text("text");
  audit.values = record.texts_by_key("values");
}

void read_members(const Record& record, SilenceAdded& added) {
  added.silence = record.integer<int>("silence");
  added.device = record.text("device", false);
  added.room = record.text("room", false);
  added.cause = record.text("cause", false);
  added.until = Time(Milliseconds(record.integer<std::int64_t>("until")));
  added.person = record.text("person", false);
  added.reason = record.text("reason", false);
  added.waits = record.truth("waits", false);
}

void read_members(const Record& record, SilenceConfirmed& confirmed) {
  confirmed.silence = record.integer<int>("silence");
  confirmed.person = record.text("person", false);
}

void read_members(const Record& record, SilenceEnded& ended) {
  ended.silence = record.integer<int>("silence");
  ended.person = record.text("person", false);
}

template <std::size_t... Index>
std::vector<Decision> one_of_each(std::index_sequence<Index...>) {
  return {std::variant_alternative_t<Index, Decision>{}...};
}

/// An empty decision by the word of its type.
std::map<std::string, Decision, std::less<>> decisions_by_type() {
  auto all = one_of_each(std::make_index_sequence<std::variant_size_v<Decision>>{});
  NotificationOutcome notification;
  notification.delivery = Delivery::failed;
  all.emplace_back(notification);
  notification.delivery = Delivery::acknowledged;
  all.emplace_back(notification);
  SyslogOutcome syslog;
  syslog.sent = false;
  all.emplace_back(syslog);
  std::map<std::string, Decision, std::less<>> by_type;
  for (const Decision& decision : all) {
    by_type.emplace(type_word(Event{.time = {}, .incident = 0, .what = decision}), decision);
  }
  return by_type;
}

}  // namespace

Result<Event> parse_journal(std::string_view text) {
  static const auto by_type = decisions_by_type();
  json::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error);
  if (error) return failure({}, "no JSON: " + error.message());
  if (!value.is_object()) return failure({}, "expected an object");
  std::string wrong;
  const Record record(value.get_object(), wrong);
  Event event;
  event.time = Time(Milliseconds(record.integer<std::int64_t>("time")));
  event.incident = record.integer_if_any<int>("incident").value_or(0);
  const auto found = by_type.find(record.text("type"));
  if (found == by_type.end()) {
    record.note("type", "an event that this version knows");
  } else {
    event.what = found->second;
    std::visit([&](auto& what) { read_members(record, what); }, event.what);
  }
  if (!wrong.empty()) return failure({}, wrong);
  return event;
}

}  // namespace nethealth
