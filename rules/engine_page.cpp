// Who is told, and by which channel; when the next one is called; what the security team's syslog gets.

#include <algorithm>

#include "rules/explain.hpp"
#include "rules/message.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

/// Somebody who took an incident is asked at this share of the time in which the answer holds.
constexpr int reminder_quarters = 3;

/// Until then somebody whose call came late may answer. A new round waits for it: after an outage of the mail
/// server nobody is called a second time in the minute in which the first call arrives.
Time late_answers_end(const Incident& incident) {
  Time end = Time::min();
  for (const NotificationPicture& told : incident.picture.notifications)
    if (is_call(told.notification.kind) && came_late(told)) end = std::max(end, answer_ends(told));
  return end;
}

bool is_same_way(const Site& site, const Notification& told, const Contact& contact) {
  const Person& person = site.people[contact.person];
  const ContactChannel& way = person.channels[contact.channel];
  return told.role == contact.role && told.person == person.name && told.address == way.address &&
         told.channel == site.channels[way.channel].name;
}

bool was_called(const Site& site, const Incident& incident, const Contact& contact, int round) {
  return std::ranges::any_of(incident.picture.notifications, [&](const NotificationPicture& told) {
    if (!is_call(told.notification.kind) || !is_same_way(site, told.notification, contact)) return false;
    // What is still tried on from an earlier round will reach its reader once; a second copy would not help.
    const bool on_its_way = !told.sent && !told.failure.empty() && told.failing != Failing::refused;
    return told.notification.round == round || on_its_way;
  });
}

const NotificationPicture* reminder_since(const Incident& incident, Time time) {
  for (const NotificationPicture& told : incident.picture.notifications)
    if (told.notification.about == about::answer_expires && told.queued >= time) return &told;
  return nullptr;
}

}  // namespace

Milliseconds pause_before(int round) {
  Milliseconds pause = limits::next_round;
  for (int i = 1; i < round && pause < limits::longest_next_round; ++i) pause *= 2;
  return std::min(pause, limits::longest_next_round);
}

std::string Engine::Mind::next_message_id(int incident) const {
  return std::to_string(incident) + "-" + std::to_string(book.queued(incident) + 1);
}

Notification Engine::Mind::addressed(int incident, NotificationKind kind, RoleId role, const Person& person,
                                     const ContactChannel& way) const {
  Notification notification;
  notification.id = next_message_id(incident);
  notification.kind = kind;
  notification.role = role;
  notification.person = person.name;
  notification.channel = site_.channels[way.channel].name;
  notification.address = way.address;
  return notification;
}

/// A call asks for an answer.
void Engine::Mind::queue(Incident& incident, const Notification& draft, const Contact& contact) {
  const Person& person = site_.people[contact.person];
  const ContactChannel& way = person.channels[contact.channel];
  Notification notification = addressed(incident.picture.number, draft.kind, contact.role, person, way);
  notification.step = draft.step;
  notification.round = draft.round;
  notification.about = draft.about;
  if (asks_answer(incident, draft)) notification.answer_by = now + way.answer_within;
  const Message message = words_of(incident, notification, way.detail);
  notification.subject = message.subject;
  notification.body = message.body;
  emit(incident.picture.number, NotificationQueued{std::move(notification)});
}

void Engine::Mind::page(Incident& incident) {
  if (!incident.picture.now.paged || quiet_until(incident)) return;
  if (const auto first = next_contact(incident)) call(incident, *first);
}

void Engine::Mind::call(Incident& incident, const NextContact& next) {
  const NotificationPicture* last = incident.last_call();
  Notification notification;
  notification.kind = last ? NotificationKind::escalation : NotificationKind::page;
  notification.step = last ? last->notification.step + 1 : 0;
  notification.round = next.round;
  queue(incident, notification, next.contact);
}

/// What stops nothing may wait for the morning.
std::optional<Time> Engine::Mind::quiet_until(const Incident& incident) const {
  const auto& calendar = site_.paging.quiet_hours;
  if (!calendar || !incident.is_failure() || incident.picture.now.severity != Severity::at_risk)
    return std::nullopt;
  if (is_open(site_.calendars[*calendar], site_.zone, now)) return std::nullopt;
  return next_change(site_.calendars[*calendar], site_.zone, now);
}

/// A fault that is known now lies on the channel's way, so nobody will read the message in time.
void Engine::Mind::find_cut_channels() {
  cut_channels_.clear();
  for (const Channel& channel : site_.channels) {
    if (!channel.through) continue;
    const std::string& device = site_.devices[*channel.through].name;
    const bool cut = std::ranges::any_of(book.all(), [&](const auto& entry) {
      const IncidentPicture& picture = entry.second.picture;
      if (!entry.second.is_open() || picture.now.severity != Severity::stopped) return false;
      const Diagnosis& diagnosis = picture.now.diagnosis;
      if (std::ranges::find(diagnosis.affected, device) != diagnosis.affected.end()) return true;
      return diagnosis.location.device == device && diagnosis.location.component.empty() &&
             diagnosis.location.port.empty() && diagnosis.location.peer.empty();
    });
    if (cut) cut_channels_.insert(channel.name);
  }
}

/// The first in the chain of now who was not called in this round; then over again. Empty when everybody's
/// earlier message is still being tried.
std::optional<Engine::Mind::NextContact> Engine::Mind::next_contact(const Incident& incident) const {
  const ProcedureKind procedure = incident.picture.now.procedure;
  const std::vector<Contact> chain = callable_chain(site_, procedure, now);
  const NotificationPicture* last = incident.last_call();
  const int round = last ? last->notification.round : 0;
  for (const Contact& contact : chain)
    if (!incident.passed.contains(site_.people[contact.person].name) &&
        !was_called(site_, incident, contact, round))
      return NextContact{contact, round};
  for (const Contact& contact : chain)
    if (!was_called(site_, incident, contact, round + 1)) return NextContact{contact, round + 1};
  return std::nullopt;
}

std::optional<Time> Engine::Mind::next_call(const Incident& incident) const {
  const IncidentPicture& picture = incident.picture;
  if (!incident.is_open() || !picture.now.paged) return std::nullopt;
  if (picture.acknowledged_by) {
    if (incident.stepped || !picture.acknowledged_at) return std::nullopt;
    const bool reminded = reminder_since(incident, *picture.acknowledged_at) != nullptr;
    return *picture.acknowledged_at +
           (reminded ? site_.paging.answer_expires : site_.paging.answer_expires * reminder_quarters / 4);
  }
  if (const auto silent = silenced_until(incident)) return silent;
  const NotificationPicture* last = incident.last_call();
  const bool waits = last && !incident.moved_on && last->failure.empty() &&
                     !cut_channels_.contains(last->notification.channel);
  if (waits && answer_ends(*last) > now) return answer_ends(*last);
  const auto next = next_contact(incident);
  if (!next) return std::nullopt;
  if (!last) return quiet_until(incident).value_or(now);
  const bool over_again = next->round > last->notification.round;
  const Time not_before = over_again ? late_answers_end(incident) : Time::min();
  if (waits) return std::max(answer_ends(*last), not_before);
  if (incident.moved_on) return over_again ? *incident.moved_on + limits::next_round : *incident.moved_on;
  // A channel that fails is passed over at once; a whole chain that fails is not hammered.
  return over_again ? std::max(last->queued + pause_before(next->round), not_before) : last->queued;
}

void Engine::Mind::escalate() {
  find_cut_channels();
  for (auto& [number, incident] : book.all()) {
    auto due = next_call(incident);
    if (due && *due <= now && incident.picture.acknowledged_by) {
      remind_or_expire(incident);
      due = next_call(incident);
    }
    if (!due || *due > now || incident.picture.acknowledged_by || silenced_until(incident)) continue;
    if (!incident.last_call())
      page(incident);
    else if (const auto next = next_contact(incident))
      call(incident, *next);
  }
}

/// Asleep again: first a reminder, then the chain goes on.
void Engine::Mind::remind_or_expire(Incident& incident) {
  const std::string person = *incident.picture.acknowledged_by;
  if (!reminder_since(incident, *incident.picture.acknowledged_at))
    tell(incident, person, NotificationKind::reminder, about::answer_expires);
  if (now < *incident.picture.acknowledged_at + site_.paging.answer_expires) return;
  emit(incident.picture.number, IncidentStep{std::string(decisions::answer_expired), "", person,
                                             std::string(decisions::answer_expired), ""});
  audit(incident.picture.number, "ANSWER-EXPIRED", person, "answered, and no step was taken since");
}

std::optional<std::string> Engine::Mind::refusal_to_pass(const Incident& incident, const Pass& pass,
                                                         Language language) const {
  const bool holds = incident.picture.acknowledged_by == pass.person;
  const bool called = std::ranges::any_of(incident.picture.notifications, [&](const auto& told) {
    return is_call(told.notification.kind) && told.notification.person == pass.person;
  });
  if (holds || (called && !incident.picture.acknowledged_by)) return std::nullopt;
  const bool summoned = std::ranges::any_of(incident.picture.notifications, [&](const auto& told) {
    return told.notification.kind == NotificationKind::request && told.notification.answer_by &&
           told.notification.person == pass.person;
  });
  if (summoned)
    return std::string(Phrase{"招集は次へ回せない。出られないときは電話で伝える",
                              "a summons cannot be passed on; say by telephone that you cannot come"}
                           .in(language));
  return std::string(Phrase{"次へ回せるのは、連絡を受けた人か、引き受けている人",
                            "only whoever was called, or has the incident, can pass it on"}
                         .in(language));
}

void Engine::Mind::syslog(const Incident& incident, bool security, int severity_number,
                          const std::string& message_id) {
  const IncidentPicture& picture = incident.picture;
  const Diagnosis& diagnosis = picture.now.diagnosis;
  for (const SyslogTarget& target : site_.syslog) {
    if (security ? !target.security : !target.incidents) continue;
    SyslogQueued message;
    message.id = next_message_id(picture.number) + "s";
    message.target = target.target;
    message.severity = severity_number;
    message.message_id = message_id;
    message.values = {{"incident", std::to_string(picture.number)},
                      {"procedure", std::string(word(picture.now.procedure))},
                      {"category", std::string(word(diagnosis.category))},
                      {"cause", std::string(word(diagnosis.cause))},
                      {"device", diagnosis.location.device},
                      {"room", diagnosis.location.room},
                      {"severity", std::string(word(picture.now.severity))}};
    if (picture.now.threat_level) message.values["threatLevel"] = std::to_string(*picture.now.threat_level);
    std::erase_if(message.values, [](const auto& entry) { return entry.second.empty(); });
    message.message = cause_text(diagnosis, picture.now.severity, site_.language) + " " +
                      place_text(site_, diagnosis.location, site_.language);
    if (!diagnosis.evidence.empty())
      message.message += ": " + sentence(diagnosis.evidence.back(), site_.language, site_.zone);
    queue_syslog(picture.number, std::move(message));
  }
}

void Engine::Mind::queue_syslog(int incident, SyslogQueued message) {
  const auto found = book.spools().find(message.target);
  const SyslogSpool spool = found == book.spools().end() ? SyslogSpool{} : found->second;
  const auto mark = [&](std::string_view message_id, const std::string& text) {
    SyslogQueued marker;
    marker.id = next_message_id(0) + "s";
    marker.target = message.target;
    marker.severity = 4;  // warning
    marker.message_id = message_id;
    marker.values = {{"records", std::to_string(spool.records)}};
    marker.message = text;
    emit(0, std::move(marker));
  };
  if (spool.full && spool.records > options_.syslog_spool_records / 2) return;
  if (spool.full) {
    mark(spool_resumed, "records are sent again; those since SPOOL-FULL are in the journal alone");
    message.id = next_message_id(incident) + "s";
  } else if (spool.records + 1 >= options_.syslog_spool_records) {
    return mark(spool_full, "too many records wait: from here on they are kept in the journal alone");
  }
  emit(incident, std::move(message));
}

void Engine::Mind::audit(int incident, const std::string& message_id, const std::string& person,
                         const std::string& text) {
  for (const SyslogTarget& target : site_.syslog) {
    if (!target.audit) continue;
    SyslogQueued message;
    message.id = next_message_id(incident) + "s";
    message.target = target.target;
    message.message_id = message_id;
    message.values = {{"incident", std::to_string(incident)}, {"person", person}};
    message.message = text;
    queue_syslog(incident, std::move(message));
  }
}

}  // namespace nethealth
