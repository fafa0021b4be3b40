// Who is told, and by which channel; when the next one is called; what the security team's syslog gets.

#include <algorithm>

#include "rules/explain.hpp"
#include "rules/message.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

bool calls(NotificationKind kind) {
  return kind == NotificationKind::page || kind == NotificationKind::escalation;
}

const NotificationPicture* last_call(const Incident& incident) {
  const auto& told = incident.picture.notifications;
  const auto found =
      std::find_if(told.rbegin(), told.rend(), [](const auto& n) { return calls(n.notification.kind); });
  return found == told.rend() ? nullptr : &*found;
}

}  // namespace

std::string Engine::Mind::next_message_id(int incident) const {
  return std::to_string(incident) + "-" + std::to_string(book.queued(incident) + 1);
}

Notification Engine::Mind::addressed(const Incident& incident, NotificationKind kind, RoleId role,
                                     const Person& person, const ContactChannel& way) const {
  Notification notification;
  notification.id = next_message_id(incident.picture.number);
  notification.kind = kind;
  notification.role = role;
  notification.person = person.name;
  notification.channel = site_.channels[way.channel].name;
  notification.address = way.address;
  return notification;
}

void Engine::Mind::queue(Incident& incident, NotificationKind kind, const Contact& contact, int step,
                         bool wants_answer) {
  const Person& person = site_.people[contact.person];
  const ContactChannel& way = person.channels[contact.channel];
  Notification notification = addressed(incident, kind, contact.role, person, way);
  notification.step = step;
  if (wants_answer) notification.answer_by = now + way.answer_within;
  const Message message = compose(site_, incident, notification);
  notification.subject = message.subject;
  notification.body = message.body;
  emit(incident.picture.number, NotificationQueued{std::move(notification)});
}

void Engine::Mind::page(Incident& incident) {
  if (!incident.picture.now.paged) return;
  if (const auto contact = contact_at(site_, incident.picture.now.procedure, 0))
    queue(incident, NotificationKind::page, *contact, 0, true);
}

std::optional<Time> Engine::Mind::next_call(const Incident& incident) const {
  if (!incident.is_open() || incident.picture.acknowledged_by || !incident.picture.now.paged)
    return std::nullopt;
  const NotificationPicture* last = last_call(incident);
  if (!last) return std::nullopt;
  if (last->failure.empty()) return last->notification.answer_by;
  const auto tried = contact_at(site_, incident.picture.now.procedure, last->notification.step);
  const auto next = contact_at(site_, incident.picture.now.procedure, last->notification.step + 1);
  // A channel that fails is passed over at once; a whole chain that fails is not hammered.
  return tried && next && next->round > tried->round ? last->queued + limits::next_round : last->queued;
}

void Engine::Mind::escalate() {
  for (auto& [number, incident] : book.all()) {
    const auto due = next_call(incident);
    if (!due || *due > now) continue;
    const int step = last_call(incident)->notification.step + 1;
    if (const auto contact = contact_at(site_, incident.picture.now.procedure, step))
      queue(incident, NotificationKind::escalation, *contact, step, true);
  }
}

/// Once each, by the way that last reached them.
void Engine::Mind::tell_paged(Incident& incident, NotificationKind kind, bool only_last) {
  std::vector<std::pair<std::string, Contact>> people;
  for (const NotificationPicture& told : incident.picture.notifications) {
    if (!calls(told.notification.kind)) continue;
    const auto contact = contact_at(site_, incident.picture.now.procedure, told.notification.step);
    if (!contact || site_.people[contact->person].name != told.notification.person) continue;
    const auto known =
        std::ranges::find(people, told.notification.person, &std::pair<std::string, Contact>::first);
    if (known == people.end())
      people.emplace_back(told.notification.person, *contact);
    else if (told.failure.empty())
      known->second = *contact;
  }
  if (only_last && !people.empty()) {
    const auto answered = std::ranges::find(people, incident.picture.acknowledged_by.value_or(""),
                                            &std::pair<std::string, Contact>::first);
    people = {answered != people.end() ? *answered : people.back()};
  }
  for (const auto& [name, contact] : people) queue(incident, kind, contact, 0, false);
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
    emit(picture.number, std::move(message));
  }
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
    emit(incident, std::move(message));
  }
}

}  // namespace nethealth
