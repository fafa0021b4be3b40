#include "agent/control_procedure.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/digest.hpp"
#include "agent/event_json.hpp"
#include "agent/evidence_export.hpp"
#include "agent/procedure_graph.hpp"
#include "agent/report_incident.hpp"
#include "agent/report_procedure.hpp"
#include "probes/json_text.hpp"
#include "rules/procedure_text.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

/// "PART=TEXT" where PART is a word; empty when it is plain text.
std::optional<std::pair<std::string, std::string>> part_of(const std::string& value) {
  const std::size_t equals = value.find('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  const bool is_word =
      std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      });
  if (!is_word) return std::nullopt;
  return std::pair(value.substr(0, equals), value.substr(equals + 1));
}

/// RFC 3339, a day and a time without offset in the site's time, or a day.
std::optional<Time> time_of(const std::string& text, const Site& site) {
  if (const auto time = parse_time(text)) return time;
  std::string full = text;
  if (full.size() > 10 && full[10] == ' ') full[10] = 'T';
  if (full.size() == 10) full += "T00:00";
  if (full.size() == 16) full += ":00";
  const auto as_utc = parse_time(full + "Z");
  if (!as_utc) return std::nullopt;
  const auto day = std::chrono::floor<std::chrono::days>(*as_utc);
  return site.zone.moment(std::chrono::year_month_day(day), *as_utc - day);
}

std::string comma_joined(const ControlRequest& request, const std::string& key) {
  std::string text;
  const auto found = request.values.find(key);
  if (found != request.values.end())
    for (const std::string& value : found->second) text += (text.empty() ? "" : ",") + value;
  return text;
}

struct HandedIn {
  std::vector<Attachment> attachments;
  AttachmentFolder::Files files;
};

/// Each is a name, a line end, and the content in base64.
Result<HandedIn> handed_in(const ControlRequest& request, Language language) {
  HandedIn all;
  const auto found = request.values.find("attach");
  if (found == request.values.end()) return all;
  std::size_t bytes = 0;
  for (const std::string& value : found->second) {
    const std::size_t end = value.find('\n');
    auto content =
        end == std::string::npos ? std::nullopt : from_base64(std::string_view(value).substr(end + 1));
    if (!content || end == 0)
      return failure("", std::string(Phrase{"添付ファイルが読めません（名前、改行、base64 の順）",
                                            "an attached file is not readable (name, line end, base64)"}
                                         .in(language)));
    bytes += content->size();
    if (bytes > attachment_limit_bytes)
      return failure(
          "",
          std::string(
              Phrase{"添付ファイルは合わせて 8 MiB までです", "attached files may have 8 MiB together"}.in(
                  language)));
    const std::string digest = sha256_text(*content);
    all.attachments.push_back({mend_utf8(value.substr(0, end)), digest, content->size()});
    all.files[digest] = std::move(*content);
  }
  return all;
}

/// What was typed, as an act; a failure says what of it makes no sense.
class ActReader {
 public:
  ActReader(const ControlDesk& desk, const ControlRequest& request, std::string person,
            std::vector<Attachment> attachments, Language language)
      : desk_(desk),
        request_(request),
        person_(std::move(person)),
        attachments_(std::move(attachments)),
        language_(language) {}

  Result<Act> read() {
    std::optional<Time> at;
    if (const std::string text = request_.value("at"); !text.empty()) {
      at = time_of(text, desk_.site);
      if (!at) return wrong({"--at: 時刻が読めません: ", "--at: not a time: "}, text);
    }
    switch (request_.verb) {
      case ControlVerb::incident_open:
        return open(at);
      case ControlVerb::incident_step:
        return Act(step(at));
      case ControlVerb::incident_note: {
        AddNote note{request_.incident, person_, comma_joined(request_, "note"), request_.value("from"), at};
        note.by_telephone = request_.values.contains("by_telephone");
        note.attachments = attachments_;
        return Act(note);
      }
      case ControlVerb::incident_reclassify: {
        const auto kind = procedure_kind(request_.value("procedure"));
        if (!kind) return wrong_procedure();
        return Act(
            Reclassify{request_.incident, person_, *kind, request_.reason, comma_joined(request_, "row")});
      }
      default:
        return measure();
    }
  }

  TakeStep step(std::optional<Time> at) const {
    StepAttempt attempt;
    attempt.step = request_.value("step");
    attempt.reason = request_.reason;
    attempt.at = at;
    attempt.by_telephone = request_.values.contains("by_telephone");
    attempt.attachments = attachments_;
    const auto each = [&](const std::string& key, std::string& plain) {
      const auto found = request_.values.find(key);
      if (found == request_.values.end()) return;
      for (const std::string& value : found->second) {
        if (auto part = part_of(value))
          attempt.answers[part->first] = part->second;
        else
          plain += (plain.empty() ? "" : "\n") + value;
      }
    };
    each("text", attempt.text);
    if (const std::string plain = request_.value("plain_text"); !plain.empty()) attempt.text = plain;
    each("decision", attempt.decision);
    return {request_.incident, person_, std::move(attempt)};
  }

 private:
  tl::unexpected<Failure> wrong(Phrase phrase, const std::string& what) const {
    return failure("", std::string(phrase.in(language_)) + what);
  }
  tl::unexpected<Failure> wrong_procedure() const {
    return wrong({"区分は failure か misconduct です: ", "the class is failure or misconduct: "},
                 request_.value("procedure"));
  }

  Result<Act> open(std::optional<Time> at) const {
    OpenByHand report;
    report.person = person_;
    if (const std::string text = request_.value("procedure"); !text.empty()) {
      const auto kind = procedure_kind(text);
      if (!kind) return wrong_procedure();
      report.procedure = *kind;
    }
    if (const std::string text = request_.value("severity"); !text.empty()) {
      const auto found = severity(text);
      if (!found)
        return wrong({"--severity は stopped か at_risk です: ", "--severity is stopped or at_risk: "}, text);
      report.severity = *found;
    }
    if (const std::string text = request_.value("category"); !text.empty()) {
      const auto found = category(text);
      if (!found || *found == Category::misconduct)
        return wrong({"--category は hardware、software、network、undetermined です: ",
                      "--category is hardware, software, network or undetermined: "},
                     text);
      report.category = *found;
    }
    report.device = request_.value("device");
    report.room = request_.value("room");
    report.threat_rows = comma_joined(request_, "row");
    report.from = request_.value("from");
    report.at = at;
    report.by_telephone = request_.values.contains("by_telephone");
    report.attachments = attachments_;
    const auto texts = request_.values.find("text");
    if (texts != request_.values.end())
      for (const std::string& text : texts->second) report.text += (report.text.empty() ? "" : "\n") + text;
    return Act(report);
  }

  Result<Act> measure() const {
    DecideMeasure act{request_.incident, person_, request_.value("measure"), request_.value("decision")};
    act.text = request_.value("text");
    act.reason = request_.reason;
    act.owner = request_.value("owner");
    if (const std::string text = request_.value("due"); !text.empty()) {
      act.due = time_of(text, desk_.site);
      if (!act.due) return wrong({"--due: 日付が読めません: ", "--due: not a date: "}, text);
    }
    return Act(act);
  }

  const ControlDesk& desk_;
  const ControlRequest& request_;
  std::string person_;
  std::vector<Attachment> attachments_;
  Language language_;
};

ControlReply done(const ControlDesk& desk, const ControlRequest& request, int number, bool journaled,
                  Language language) {
  ControlReply reply;
  const Picture picture = desk.engine.picture();
  const IncidentPicture* incident = incident_of(picture, number);
  if (incident == nullptr) return no_such_incident(number, language);
  if (request.json)
    reply.out = json_text(json::object{
                    {"ok", true}, {"incident", number}, {"step", incident->step}, {"journaled", journaled}}) +
                "\n";
  else
    reply.out = std::string(Phrase{"事案", "Incident "}.in(language)) + std::to_string(number) +
                std::string(Phrase{": 記録しました。\n", ": recorded.\n"}.in(language)) +
                next_steps_text(*incident, desk.site, desk.engine.procedures(), language);
  if (!journaled) reply.err = not_journaled.in(language);
  return reply;
}

ControlReply draft_reply(const ControlDesk& desk, const TakeStep& take, const ControlRequest& request,
                         Language language) {
  const Result<IncidentStep> record = desk.engine.draft(desk.clock.now(), take, language);
  if (!record) return refused(record.error().what, request);
  const Picture picture = desk.engine.picture();
  const IncidentPicture* incident = incident_of(picture, take.incident);
  const ProcedureStep* step =
      incident ? desk.engine.procedures().of(incident->now.procedure).find(record->step) : nullptr;
  if (step == nullptr) return no_such_incident(take.incident, language);
  const Message message = step_message(desk.site, *incident, *step, *record, {});
  ControlReply reply;
  reply.out = request.json
                  ? json_text(json::object{{"subject", message.subject}, {"body", message.body}}) + "\n"
                  : message.subject + "\n\n" + message.body;
  return reply;
}

void carry_out(const ControlDesk& desk, const ControlRequest& request, const Act& what, Language language,
               const ControlSocket::Answer& answer) {
  // The number of a new incident is the next one; acts are taken one at a time.
  int number = request.incident;
  if (request.verb == ControlVerb::incident_open) {
    const Picture before = desk.engine.picture();
    number = before.incidents.empty() ? 1 : before.incidents.back().number + 1;
  }
  desk.pump.act(what, language,
                [desk, answer, request, language, number](const Result<Pump::ActDone>& result) {
                  answer(result ? done(desk, request, number, result->journaled, language)
                                : refused(result.error().text(), request));
                });
}

ControlReply over(const ControlRequest& request, Language language) {
  return refused(std::string(Phrase{"設定が読み直されました。もう一度行ってください",
                                    "the configuration was read anew meanwhile; please try again"}
                                 .in(language)),
                 request);
}

void hand_out(const ControlDesk& desk, const ControlRequest& request, const std::string& person,
              const EvidenceParcel& parcel, Language language, const ControlSocket::Answer& answer) {
  desk.pump.act(
      ExportEvidence{request.incident, person, parcel.digest, parcel.lines, parcel.files.size()}, language,
      [answer, request, text = parcel_json(parcel, request.incident)](const Result<Pump::ActDone>& result) {
        answer(result ? ControlReply{0, text, ""} : refused(result.error().text(), request));
      });
}

/// Who takes what is recorded before anything is handed out.
void export_evidence(const ControlDesk& desk, const ControlRequest& request, const std::string& person,
                     Language language, const ControlSocket::Answer& answer) {
  const Picture picture = desk.engine.picture();
  const IncidentPicture* incident = incident_of(picture, request.incident);
  if (incident == nullptr) return answer(no_such_incident(request.incident, language));
  const Procedure& procedure = desk.engine.procedures().of(incident->now.procedure);
  if (const auto why = export_refusal(desk.site, procedure, person, language))
    return answer(refused(*why, request));
  desk.store.records(request.incident, [desk, request, person, language, answer, shown = *incident](
                                           const Result<std::vector<JournalRecord>>& records) {
    if (desk.is_over()) return answer(over(request, language));
    if (!records) return answer(refused(records.error().text(), request));
    desk.store.attachments().read(
        attachment_digests(shown), evidence_attachments_limit_bytes,
        [desk, request, person, language, answer, shown,
         records = *records](const AttachmentFolder::Files& files) {
          if (desk.is_over()) return answer(over(request, language));
          const EvidenceParcel parcel =
              pack_evidence({desk.site, desk.engine.procedures(), shown, records, files,
                             desk.store.attachments().path(), desk.store.installation(), desk.store.head(),
                             person, desk.clock.now(), language, desk.log_sources});
          hand_out(desk, request, person, parcel, language, answer);
        });
  });
}

void act_by_procedure(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
                      Language language, const ControlSocket::Answer& answer) {
  const Result<std::string> person = whoever_acts(desk, request, peer, language);
  if (!person) return answer(refused(person.error().text(), request));
  if (request.verb == ControlVerb::incident_evidence)
    return export_evidence(desk, request, *person, language, answer);
  Result<HandedIn> files = handed_in(request, language);
  if (!files) return answer(refused(files.error().text(), request));
  const Result<Act> what = ActReader(desk, request, *person, files->attachments, language).read();
  if (!what) return answer(refused(what.error().text(), request));
  if (const auto* take = std::get_if<TakeStep>(&*what); take && request.values.contains("draft"))
    return answer(draft_reply(desk, *take, request, language));
  if (files->files.empty()) return carry_out(desk, request, *what, language, answer);
  // The files first: a record never speaks of one that is not there.
  desk.store.attachments().keep(std::move(files->files),
                                [desk, request, what = *what, language, answer](const Result<void>& kept) {
                                  if (desk.is_over()) return answer(over(request, language));
                                  if (!kept) return answer(refused(kept.error().text(), request));
                                  carry_out(desk, request, what, language, answer);
                                });
}

}  // namespace

void answer_procedure(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
                      Language language, const ControlSocket::Answer& answer) {
  if (request.acts()) return act_by_procedure(desk, request, peer, language, answer);
  const Picture picture = desk.engine.picture();
  const IncidentPicture* incident = incident_of(picture, request.incident);
  if (incident == nullptr) return answer(no_such_incident(request.incident, language));
  const Procedures& procedures = desk.engine.procedures();
  const Procedure& procedure = procedures.of(incident->now.procedure);
  switch (request.verb) {
    case ControlVerb::procedure_graph:
      return answer({0, procedure_svg(procedure, incident, &desk.site, language), ""});
    case ControlVerb::incident_measure:
      if (request.json) return answer({0, measures_json(*incident, desk.site, procedure, language), ""});
      return answer({0, measures_text(*incident, desk.site, procedure, language), ""});
    default:
      break;
  }
  if (request.json)
    return answer({0, json_text(incident_json(*incident, language, desk.site.zone)) + "\n", ""});
  answer({0,
          request.value("format") == "html"
              ? paper_html(*incident, desk.site, procedures, desk.clock.now(), language)
              : paper_text(*incident, desk.site, procedures, desk.clock.now(), language),
          ""});
}

}  // namespace nethealth
