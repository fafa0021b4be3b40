// Messages that ask for no answer: what they say, by which way they go, and by which next one when that
// fails.

#include <algorithm>

#include "config/wording.hpp"
#include "rules/message.hpp"
#include "rules/mind.hpp"
#include "rules/procedure_text.hpp"

namespace nethealth {

namespace {

/// The id of the message that could not be delivered, of one that tells so; else empty.
std::string lost_id(const Notification& told) {
  return told.about.starts_with(about::undelivered) ? told.about.substr(about::undelivered.size()) : "";
}

const NotificationPicture* find(const Incident& incident, const std::string& id) {
  const auto& all = incident.picture.notifications;
  const auto found = std::ranges::find_if(all, [&](const auto& told) { return told.notification.id == id; });
  return found == all.end() ? nullptr : &*found;
}

/// It went by a further channel of the same person.
bool went_otherwise(const Incident& incident, const Notification& told) {
  return std::ranges::any_of(incident.picture.notifications, [&](const NotificationPicture& other) {
    const Notification& again = other.notification;
    return again.person == told.person && again.kind == told.kind && again.about == told.about &&
           again.step > told.step;
  });
}

}  // namespace

std::optional<std::size_t> channel_of(const Site& site, const Person& person, const Notification& told) {
  for (std::size_t i = 0; i < person.channels.size(); ++i)
    if (person.channels[i].address == told.address &&
        site.channels[person.channels[i].channel].name == told.channel)
      return i;
  return std::nullopt;
}

/// The text follows from the kind and from what it is about, so that another channel can say it again.
Message Engine::Mind::words_of(const Incident& incident, const Notification& told, Detail detail) const {
  const IncidentPicture& picture = incident.picture;
  if (const std::string lost = lost_id(told); !lost.empty())
    if (const NotificationPicture* message = find(incident, lost))
      return compose_undelivered(site_, incident, *message, detail);
  if (detail == Detail::minimal || told.about.empty()) return compose(site_, incident, told, detail);
  if (told.about == about::counter) return counter_message(site_, picture, picture.restored.has_value());
  const ProcedureRun& run = runs_.at(picture.number);
  const ProcedureStep* step = run.procedure().find(told.about);
  if (told.about.starts_with(about::measure))
    return reminder_message(site_, picture, told.about.substr(about::measure.size()));
  if (step && told.kind == NotificationKind::reminder)
    return reminder_message(site_, picture, step->id + " " + step->title.in(site_.language));
  if (told.about.starts_with(about::no_answer))
    for (const Summons& summons : summons_of(picture, run))
      if (summons.step->id == told.about.substr(about::no_answer.size()))
        return missing_message(site_, picture, summons);
  if (const StepRecord* record = step ? run.record(step->id) : nullptr)
    return step_message(site_, picture, *step, record->what, told);
  return compose(site_, incident, told, detail);
}

/// What last reached them; else the first that may be used now and that the fault does not cut.
std::size_t Engine::Mind::channel_to(const Incident& incident, PersonIndex index) const {
  const Person& person = site_.people[index];
  const auto& all = incident.picture.notifications;
  for (auto told = all.rbegin(); told != all.rend(); ++told)
    if (told->notification.person == person.name && told->failure.empty() &&
        !cut_channels_.contains(told->notification.channel))
      if (const auto channel = channel_of(site_, person, told->notification)) return *channel;
  const std::vector<std::size_t> usable = channels_at(site_, index, now);
  for (const std::size_t channel : usable)
    if (!cut_channels_.contains(site_.channels[person.channels[channel].channel].name)) return channel;
  return usable.empty() ? 0 : usable.front();
}

void Engine::Mind::tell(Incident& incident, RoleId role, PersonIndex person, NotificationKind kind,
                        std::string_view about) {
  if (site_.people[person].channels.empty()) return;
  Notification notification;
  notification.kind = kind;
  notification.about = about;
  queue(incident, notification, {role, person, channel_to(incident, person), false});
}

void Engine::Mind::tell(Incident& incident, const std::string& name, NotificationKind kind,
                        std::string_view about) {
  RoleId role = RoleId::operations_sub_manager;
  for (const NotificationPicture& told : incident.picture.notifications)
    if (is_call(told.notification.kind) && told.notification.person == name) role = told.notification.role;
  if (const auto person = site_.person(name)) tell(incident, role, *person, kind, about);
}

/// Once each.
void Engine::Mind::tell_paged(Incident& incident, NotificationKind kind, bool only_last) {
  std::vector<std::string> people;
  for (const NotificationPicture& told : incident.picture.notifications)
    if (is_call(told.notification.kind) &&
        std::ranges::find(people, told.notification.person) == people.end())
      people.push_back(told.notification.person);
  if (only_last && !people.empty()) {
    const std::string holder = incident.picture.acknowledged_by.value_or("");
    people = {std::ranges::find(people, holder) != people.end() ? holder : people.back()};
  }
  for (const std::string& person : people) tell(incident, person, kind, "");
}

/// The council is all of its members, the contractor the one of the device; any other role its first person
/// who can be reached, or everybody where the step wants several answers.
void Engine::Mind::tell_role(Incident& incident, RoleId role, NotificationKind kind, std::string_view about) {
  std::vector<PersonIndex> people = site_.role(role).people;
  if (role == RoleId::contractor)
    if (const auto device = site_.device(incident.picture.now.diagnosis.location.device);
        device && !site_.devices[*device].contractor.empty())
      people = site_.devices[*device].contractor;
  const bool asks_all = summoning_step(incident.picture.number, about) != nullptr;
  for (const PersonIndex person : people) {
    if (site_.people[person].channels.empty()) continue;
    tell(incident, role, person, kind, about);
    if (role != RoleId::council && !asks_all) return;
  }
}

void Engine::Mind::report(const NotificationOutcome& outcome, int number) {
  Incident* incident = book.find(number);
  const NotificationPicture* told = incident ? find(*incident, outcome.id) : nullptr;
  // What was refused after it had been reported as late went by the next channel already.
  const bool first =
      told && told->failure.empty() && !(told->sent && went_otherwise(*incident, told->notification));
  emit(number, outcome);
  if (!first || outcome.delivery != Delivery::failed || is_call(told->notification.kind)) return;
  const Notification failed = told->notification;
  if (!tell_by_next_channel(*incident, failed)) tell_undelivered(*incident, failed);
}

/// Each channel of the person once; `step` counts them. False when there is no further one.
bool Engine::Mind::tell_by_next_channel(Incident& incident, const Notification& failed) {
  const auto index = site_.person(failed.person);
  const auto channel = index ? channel_of(site_, site_.people[*index], failed) : std::nullopt;
  if (!channel) return false;
  const std::size_t count = site_.people[*index].channels.size();
  const std::vector<std::size_t> usable = channels_at(site_, *index, now);
  for (std::size_t hop = 1; static_cast<std::size_t>(failed.step) + hop < count; ++hop) {
    const std::size_t next = (*channel + hop) % count;
    const std::string& name = site_.channels[site_.people[*index].channels[next].channel].name;
    if (std::ranges::find(usable, next) == usable.end() || cut_channels_.contains(name)) continue;
    Notification again = failed;
    again.step = failed.step + static_cast<int>(hop);
    queue(incident, again, {failed.role, *index, next, false});
    return true;
  }
  return false;
}

/// A report or request that reached nobody must be told by voice: whoever has the incident hears of it, else
/// the first in the chain; never the person whose channels fail.
void Engine::Mind::tell_undelivered(Incident& incident, const Notification& failed) {
  const bool matters = failed.kind == NotificationKind::report || failed.kind == NotificationKind::request;
  if (!matters || !lost_id(failed).empty()) return;
  const std::string says = std::string(about::undelivered) + failed.id;
  const std::string holder = incident.picture.acknowledged_by.value_or("");
  if (!holder.empty() && holder != failed.person)
    return tell(incident, holder, NotificationKind::report, says);
  for (const Contact& contact : callable_chain(site_, incident.picture.now.procedure, now))
    if (site_.people[contact.person].name != failed.person)
      return tell(incident, contact.role, contact.person, NotificationKind::report, says);
}

}  // namespace nethealth
