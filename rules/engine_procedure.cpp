// The written procedure at work: what people do is checked and recorded, those it concerns are told, and what
// is past its time is reminded of.

#include <algorithm>

#include "config/wording.hpp"
#include "rules/explain.hpp"
#include "rules/mind.hpp"
#include "rules/procedure_text.hpp"

namespace nethealth {

namespace {

constexpr std::size_t longest_text_bytes = 16 * 1024;
/// A suspected fact, reported without a row of the threat table.
constexpr std::string_view usual_threat_row = "3g";

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : list + ",") {
    if (c == ' ') continue;
    if (c != ',') {
      word += c;
      continue;
    }
    if (!word.empty()) words.push_back(word);
    word.clear();
  }
  return words;
}

int highest_level(const std::vector<std::string>& rows) {
  int level = 1;
  for (const std::string& row : rows) level = std::max(level, row[0] - '0');
  return level;
}

std::optional<std::string> wrong_row(const Procedures& procedures, const std::string& rows,
                                     Language language) {
  std::string known;
  for (const ThreatRow& row : procedures.misconduct.threats) known += (known.empty() ? "" : ", ") + row.id;
  for (const std::string& row : split(rows))
    if (std::ranges::find(procedures.misconduct.threats, row, &ThreatRow::id) ==
        procedures.misconduct.threats.end())
      return fill(
          Phrase{"脅威の表に {0} の行はない。あるのは: {1}", "the threat table has no row {0}; it has: {1}"}
              .in(language),
          {row, known});
  return std::nullopt;
}

std::string say(Phrase phrase, Language language) {
  return std::string(phrase.in(language));
}

}  // namespace

/// The run sees what the book sees, in the same order, so that a restart makes the same of it.
void Engine::Mind::follow(const Event& event, bool live) {
  if (event.incident <= 0) return;
  Incident* incident = book.find(event.incident);
  if (!incident) return;
  const auto [found, is_new] = runs_.try_emplace(event.incident, procedures_, site_);
  found->second.apply(event);
  reminders_changed_ = true;
  summons_due_[event.incident] = event.time;
  incident->picture.step = found->second.present();
  if (!live) return;
  const auto* updated = std::get_if<IncidentUpdated>(&event.what);
  const bool news = std::holds_alternative<IncidentOpened>(event.what) ||
                    (updated && (updated->severity || updated->reopened));
  if (news && incident->picture.now.severity == Severity::stopped)
    counter_news_.push_back({event.incident, false});
  if (std::holds_alternative<IncidentRestored>(event.what)) counter_news_.push_back({event.incident, true});
}

void Engine::Mind::tell_counter() {
  for (const CounterNews& news : std::exchange(counter_news_, {})) {
    Incident& incident = *book.find(news.incident);
    const auto& told = incident.picture.notifications;
    const bool knows = std::ranges::any_of(
        told, [](const NotificationPicture& n) { return n.notification.about == about::counter; });
    if (!incident.picture.now.paged || knows != news.recovered) continue;
    for (const RoleId role : procedures_.of(incident.picture.now.procedure).counter)
      tell_role(incident, role, NotificationKind::report, about::counter);
  }
}

// --- acts ---

Result<IncidentStep> Engine::Mind::draft(const TakeStep& take, Language language) {
  const IncidentPicture& picture = book.find(take.incident)->picture;
  StepAttempt attempt = take.attempt;
  attempt.person = take.person;
  return run_of(take.incident).attempt(attempt, now, language, [&](std::string_view composition) {
    return compose_part(site_, picture, composition, site_.language);
  });
}

std::optional<std::string> Engine::Mind::refusal_of(const TakeStep& take, Language language) {
  for (const auto& [key, value] : take.attempt.answers)
    if (value.size() > longest_text_bytes)
      return key + say({": 長すぎる（16 KiB まで）", ": too long (up to 16 KiB)"}, language);
  const Result<IncidentStep> record = draft(take, language);
  if (record) return std::nullopt;
  return record.error().what;
}

void Engine::Mind::act(const TakeStep& take) {
  Incident& incident = *book.find(take.incident);
  const Result<IncidentStep> record = draft(take, site_.language);
  const ProcedureStep step = *run_of(take.incident).procedure().find(record->step);
  emit(take.incident, *record);
  std::vector<RoleId> told = step.told;
  const auto also = [&](const std::string& word) {
    const auto more = step.told_when.find(word);
    if (more != step.told_when.end()) told.insert(told.end(), more->second.begin(), more->second.end());
  };
  also(record->decision);
  for (const ProcedureAsk& ask : step.asks)
    if (const auto answer = record->answers.find(ask.name);
        ask.kind != ProcedureAsk::Kind::text && answer != record->answers.end())
      for (const std::string& word : split(answer->second)) also(word);
  if (!record->by_telephone)
    for (const RoleId role : told)
      tell_role(incident, role, step.request ? NotificationKind::request : NotificationKind::report, step.id);
  audit(take.incident, "INCIDENT-STEP", take.person,
        step.id + " " + record->decision + (record->by_telephone ? " (by telephone)" : ""));
}

std::optional<std::string> Engine::Mind::refusal_of(const AddNote& note, Language language) const {
  if (note.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return say({"書く内容が要る", "the note needs a text"}, language);
  if (note.text.size() > longest_text_bytes)
    return say({"長すぎる（16 KiB まで）", "too long (up to 16 KiB)"}, language);
  if (!note.from.empty() && !role_id(note.from))
    return say({"そのような役割はない: ", "there is no such role: "}, language) + note.from;
  if (note.at && *note.at > now)
    return say({"--at は過去の時刻でなければならない", "--at must not lie in the future"}, language);
  return std::nullopt;
}

void Engine::Mind::act(const AddNote& note) {
  IncidentStep record{"note", full_role(note.person), note.person, "", note.text};
  if (!note.from.empty()) record.answers["from"] = note.from;
  record.done = note.at;
  record.by_telephone = note.by_telephone;
  record.attachments = note.attachments;
  emit(note.incident, std::move(record));
  audit(note.incident, "INCIDENT-NOTE", note.person, "note added");
}

std::optional<std::string> Engine::Mind::refusal_of(const OpenByHand& report, Language language) const {
  if (report.text.find_first_not_of(" \t\r\n") == std::string::npos)
    return say({"何が起きたかが要る（--text）", "what happened is needed (--text)"}, language);
  if (report.text.size() > longest_text_bytes)
    return say({"長すぎる（16 KiB まで）", "too long (up to 16 KiB)"}, language);
  if (!report.device.empty() && !site_.device(report.device))
    return say({"設定にない機器: ", "no device of the configuration: "}, language) + report.device;
  if (!report.room.empty() && std::ranges::find(site_.rooms, report.room, &Room::name) == site_.rooms.end())
    return say({"設定にない部屋: ", "no room of the configuration: "}, language) + report.room;
  if (!report.from.empty() && !role_id(report.from))
    return say({"そのような役割はない: ", "there is no such role: "}, language) + report.from;
  if (report.at && *report.at > now)
    return say({"--at は過去の時刻でなければならない", "--at must not lie in the future"}, language);
  return wrong_row(procedures_, report.threat_rows, language);
}

void Engine::Mind::act(const OpenByHand& report) {
  const auto person = site_.person(report.person);
  IncidentOpened opened;
  opened.procedure = report.procedure;
  opened.severity = report.severity;
  opened.reported_by = report.person;
  Diagnosis& diagnosis = opened.diagnosis;
  diagnosis.location.device = report.device;
  diagnosis.location.room = report.room;
  if (const auto device = site_.device(report.device); device && site_.devices[*device].room)
    diagnosis.location.room = site_.rooms[*site_.devices[*device].room].name;
  diagnosis.category = report.category;
  diagnosis.evidence.push_back({"reported",
                                report.at.value_or(now),
                                {{"person", site_.people[*person].label}, {"line", report.text}}});
  if (report.procedure == ProcedureKind::misconduct) {
    opened.threat_rows = report.threat_rows.empty() ? std::string(usual_threat_row) : report.threat_rows;
    opened.threat_level = highest_level(split(opened.threat_rows));
    diagnosis.category = Category::misconduct;
    diagnosis.cause = Cause::other;
  }
  for (const auto& [number, earlier] : book.all())
    if (earlier.picture.now.procedure == opened.procedure && !diagnosis.location.device.empty() &&
        earlier.picture.now.diagnosis.location.device == diagnosis.location.device && !earlier.is_open() &&
        earlier.picture.now.diagnosis.cause == diagnosis.cause)
      opened.earlier.push_back(number);
  const int number = book.next_number();
  const std::string first = procedures_.of(report.procedure).steps.front().id;
  emit(number, std::move(opened));
  IncidentStep step{first, full_role(report.person), report.person, "reported", report.text};
  step.done = report.at;
  step.by_telephone = report.by_telephone;
  step.attachments = report.attachments;
  if (!report.from.empty()) step.answers["from"] = report.from;
  emit(number, std::move(step));
  Incident& incident = *book.find(number);
  page(incident);
  syslog(incident, report.procedure == ProcedureKind::misconduct,
         incident.picture.now.severity == Severity::stopped ? 3 : 4,
         report.procedure == ProcedureKind::misconduct ? "MISCONDUCT-OPENED" : "INCIDENT-OPENED");
  audit(number, "INCIDENT-OPENED-BY-HAND", report.person, "incident opened by hand");
}

std::optional<std::string> Engine::Mind::refusal_of(const Reclassify& reclassify, Language language) {
  const ProcedureRun& run = run_of(reclassify.incident);
  if (run.procedure().kind == reclassify.procedure)
    return say({"すでにその区分である", "it is in this class already"}, language);
  if (reclassify.reason.empty())
    return say({"区分の変更には理由が要る（--reason）", "reclassifying needs a reason (--reason)"}, language);
  const auto person = site_.person(reclassify.person);
  for (const RoleId role : run.procedure().closers)
    if (std::ranges::count(site_.role(role).people, *person) > 0)
      return wrong_row(procedures_, reclassify.threat_rows, language);
  return say({"区分を変えられるのは運用副管理者か運用管理者",
              "only the operations sub-manager or manager reclassifies"},
             language);
}

void Engine::Mind::act(const Reclassify& reclassify) {
  Incident& incident = *book.find(reclassify.incident);
  IncidentUpdated update;
  update.procedure = reclassify.procedure;
  update.diagnosis = incident.picture.now.diagnosis;
  if (reclassify.procedure == ProcedureKind::misconduct) {
    dismiss(incident);
    const std::string rows =
        reclassify.threat_rows.empty() ? std::string(usual_threat_row) : reclassify.threat_rows;
    update.threat_level = highest_level(split(rows));
    update.diagnosis->category = Category::misconduct;
    update.diagnosis->cause = Cause::other;
    update.diagnosis->alternatives.clear();
  } else {
    update.diagnosis->category = Category::undetermined;
    update.diagnosis->cause = Cause::unknown;
  }
  emit(reclassify.incident, std::move(update));
  emit(reclassify.incident, IncidentStep{"reclassified", full_role(reclassify.person), reclassify.person,
                                         std::string(word(reclassify.procedure)), reclassify.reason});
  Notification revised;
  revised.kind = NotificationKind::revised;
  if (const auto chain = callable_chain(site_, reclassify.procedure, now); !chain.empty())
    queue(incident, revised, chain.front());
  syslog(incident, reclassify.procedure == ProcedureKind::misconduct, 4, "INCIDENT-RECLASSIFIED");
  audit(reclassify.incident, "INCIDENT-RECLASSIFIED", reclassify.person, reclassify.reason);
  dirty_ = true;
}

std::optional<std::string> Engine::Mind::refusal_of(const DecideMeasure& measure, Language language) {
  const ProcedureRun& run = run_of(measure.incident);
  const auto missing = [&](Phrase phrase) { return std::optional(say(phrase, language)); };
  const auto person = site_.person(measure.person);
  const auto known = run.measures().find(measure.measure);
  const bool owner = known != run.measures().end() && known->second.what.answers.contains("owner") &&
                     known->second.what.answers.at("owner") == measure.person;
  const bool holds_role = std::ranges::count(site_.role(run.procedure().owner).people, *person) > 0;
  if (!holds_role && !(owner && measure.decision == "done"))
    return fill(Phrase{"対策を決めるのは{0}、済みにするのはその人か担当者",
                       "measures are decided by the {0}; they or its owner say that it is done"}
                    .in(language),
                {role_title(site_, run.procedure().owner)});
  if (measure.measure.empty()) return missing({"対策の名前が要る", "the measure must be named"});
  if (measure.decision != "taken" && measure.decision != "not_taken" && measure.decision != "done")
    return missing({"判断は taken、not_taken、done のどれか（--decision）",
                    "the decision is taken, not_taken or done (--decision)"});
  if (measure.decision == "not_taken" && measure.reason.empty())
    return missing({"採らない理由が要る（--reason）", "not taking it needs the reason (--reason)"});
  if (measure.decision == "done" &&
      (known == run.measures().end() || known->second.what.decision == "not_taken"))
    return missing({"採ると決めた対策ではない", "it is no measure that was taken"});
  if (measure.decision != "taken") return std::nullopt;
  if (!site_.person(measure.owner))
    return missing({"担当者が要る（--owner 人）", "an owner is needed (--owner PERSON)"});
  if (!measure.due)
    return missing({"期日が要る（--due 2027-03-31）", "a due date is needed (--due 2027-03-31)"});
  return std::nullopt;
}

void Engine::Mind::act(const DecideMeasure& measure) {
  IncidentStep record{"measure", full_role(measure.person), measure.person, measure.decision, measure.text};
  record.reason = measure.reason;
  record.answers["measure"] = measure.measure;
  if (measure.decision == "taken") {
    record.answers["owner"] = measure.owner;
    record.answers["due"] = format_time(*measure.due, site_.zone);
  } else if (measure.decision == "done") {
    const auto& before = run_of(measure.incident).measures().at(measure.measure).what.answers;
    for (const char* key : {"owner", "due"})
      if (before.contains(key)) record.answers[key] = before.at(key);
  }
  emit(measure.incident, std::move(record));
  audit(measure.incident, "INCIDENT-MEASURE", measure.person, measure.measure + " " + measure.decision);
}

/// The role in which a person's act stands in the record: the first one they hold.
std::string Engine::Mind::full_role(const std::string& person) const {
  const auto index = site_.person(person);
  for (std::size_t i = 0; index && i < role_count; ++i)
    if (std::ranges::count(site_.roles[i].people, *index) > 0)
      return std::string(word(static_cast<RoleId>(i)));
  return "";
}

// --- reminders ---

std::optional<Time> Engine::Mind::reminder_time(const Incident& incident, const std::string& about,
                                                Time since, Time deadline, Milliseconds interval) const {
  int sent = 0;
  Time next = deadline;
  for (const NotificationPicture& told : incident.picture.notifications) {
    if (told.notification.kind != NotificationKind::reminder || told.notification.about != about ||
        told.queued < since)
      continue;
    ++sent;
    next = std::max(next, told.queued + interval);
  }
  if (sent >= limits::step_reminders) return std::nullopt;
  return next;
}

void Engine::Mind::step_reminders(int number, const Incident& incident, std::vector<Reminder>& due) {
  const ProcedureRun& run = run_of(number);
  // Until somebody has it in hand, the contact chain calls; nobody is reminded of what nobody knows.
  const bool in_hand =
      incident.picture.acknowledged_by ||
      std::ranges::any_of(run.records(), [](const auto& r) { return !r.what.person.empty(); });
  if (!in_hand) return;
  for (const ProcedureStep& step : run.procedure().steps) {
    if (!step.deadline || step.actors.empty() || run.is_done(step.id)) continue;
    const bool is_due = run.state(step) == StepState::due;
    const bool early = step.deadline->from_opening && run.holds(step.when) && incident.is_open() &&
                       incident.picture.now.severity == Severity::stopped;
    const auto deadline = is_due || early ? run.deadline(step) : std::nullopt;
    if (!deadline) continue;
    const Milliseconds interval =
        std::clamp<Milliseconds>(step.deadline->within, limits::reminder_gap, limits::longest_reminder_gap);
    const Time since =
        step.deadline->from_opening ? incident.picture.opened : *deadline - step.deadline->within;
    if (const auto at = reminder_time(incident, step.id, since, *deadline, interval))
      due.push_back({*at, number, step.id, step.actors.front(), ""});
  }
}

void Engine::Mind::measure_reminders(int number, const Incident& incident, std::vector<Reminder>& due) {
  for (const auto& [id, record] : run_of(number).measures()) {
    const auto& answers = record.what.answers;
    if (record.what.decision != "taken" || !answers.contains("due") || !answers.contains("owner")) continue;
    const auto date = parse_time(answers.at("due"));
    if (!date) continue;
    const std::string says = std::string(about::measure) + id;
    if (const auto at = reminder_time(incident, says, record.entered, *date, limits::measure_reminder_gap))
      due.push_back({*at, number, says, RoleId::operations_manager, answers.at("owner")});
  }
}

std::vector<Engine::Mind::Reminder> Engine::Mind::reminders() {
  std::vector<Reminder> due;
  for (const auto& [number, incident] : book.all()) {
    if (!runs_.contains(number) || incident.picture.state == IncidentState::merged) continue;
    if (incident.picture.state != IncidentState::closed) step_reminders(number, incident, due);
    measure_reminders(number, incident, due);
  }
  return due;
}

void Engine::Mind::remind() {
  if (!reminders_changed_ && (!next_reminder_ || *next_reminder_ > now)) return;
  std::vector<Reminder> all = reminders();
  bool told = false;
  for (const Reminder& reminder : all) {
    if (reminder.at > now) continue;
    told = true;
    Incident& incident = *book.find(reminder.incident);
    if (const auto person = site_.person(reminder.person))
      tell(incident, reminder.role, *person, NotificationKind::reminder, reminder.about);
    else
      tell_role(incident, reminder.role, NotificationKind::reminder, reminder.about);
  }
  // Each that was told moves the next one of its kind.
  if (told) all = reminders();
  next_reminder_.reset();
  for (const Reminder& reminder : all)
    if (reminder.at > now && (!next_reminder_ || reminder.at < *next_reminder_)) next_reminder_ = reminder.at;
  reminders_changed_ = false;
}

}  // namespace nethealth
