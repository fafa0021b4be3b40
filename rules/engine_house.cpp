// What concerns no incident: silences, drills and tests of channels, and that the daemon was down.

#include <algorithm>

#include "rules/message.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

std::string number_text(int number) {
  return std::to_string(number);
}

/// The role in which a person is called in a drill: the first that has them.
RoleId role_in_drill(const Site& site, PersonIndex person) {
  for (std::size_t i = 0; i < role_count; ++i)
    if (std::ranges::count(site.roles[i].people, person) > 0) return static_cast<RoleId>(i);
  return RoleId::operations_sub_manager;
}

/// The channels of a person in order: which one was called last, and which comes next.
std::optional<std::size_t> channel_after(const Site& site, PersonIndex person, const Notification& last) {
  const auto& channels = site.people[person].channels;
  for (std::size_t i = 0; i + 1 < channels.size(); ++i)
    if (channels[i].address == last.address && site.channels[channels[i].channel].name == last.channel)
      return i + 1;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Engine::Mind::refusal_of_house(const Act& act, Language language) const {
  const auto say = [&](Phrase phrase) { return std::string(phrase.in(language)); };
  if (const auto* add = std::get_if<AddSilence>(&act)) {
    const int scopes =
        (add->device.empty() ? 0 : 1) + (add->room.empty() ? 0 : 1) + (add->cause.empty() ? 0 : 1);
    if (scopes != 1)
      return say({"機器、部屋、原因のうち一つを選ぶこと", "choose one of device, room and cause"});
    if (!add->device.empty() && !site_.device(add->device))
      return say({"設定にない機器: ", "no device of the configuration: "}) + add->device;
    if (!add->room.empty() && std::ranges::find(site_.rooms, add->room, &Room::name) == site_.rooms.end())
      return say({"設定にない部屋: ", "no room of the configuration: "}) + add->room;
    if (!add->cause.empty() && !cause(add->cause))
      return say({"知らない原因: ", "no such cause: "}) + add->cause;
    if (add->reason.empty()) return say({"理由が要る（--reason）", "a reason is needed (--reason)"});
    if (add->until <= now) return say({"終わりが過ぎている", "its end is in the past"});
    if (silences.all().size() >= most_silences)
      return say({"連絡停止が多すぎる", "there are too many silences"});
  } else if (const auto* confirm = std::get_if<ConfirmSilence>(&act)) {
    const SilencePicture* silence = silences.find(confirm->silence);
    if (!silence)
      return say({"そのような連絡停止はない: ", "there is no such silence: "}) +
             number_text(confirm->silence);
    if (silence->in_force()) return say({"もう有効である", "it is in force already"});
    if (silence->what.person == confirm->person)
      return say({"確認は別の人が行う", "somebody else must confirm it"});
  } else if (const auto* end = std::get_if<EndSilence>(&act)) {
    if (!silences.find(end->silence))
      return say({"そのような連絡停止はない: ", "there is no such silence: "}) + number_text(end->silence);
  } else if (const auto* start = std::get_if<StartDrill>(&act); start && !start->tested.empty()) {
    const auto person = site_.person(start->tested);
    if (!person) return say({"連絡網にいない人: ", "not a person of the contact network: "}) + start->tested;
    if (site_.people[*person].channels.empty())
      return say({"連絡の経路がない人: ", "a person without channels: "}) + start->tested;
  } else if (const auto* answer = std::get_if<AnswerDrill>(&act)) {
    for (const auto& [number, drill] : drills.all())
      if (drill.unanswered(answer->person)) return std::nullopt;
    return say({"答える訓練がない", "there is no drill to answer"});
  }
  return std::nullopt;
}

void Engine::Mind::act(const AddSilence& add) {
  SilenceAdded added;
  added.silence = silences.next_number();
  added.device = add.device;
  added.room = add.room;
  added.cause = add.cause;
  added.until = add.until;
  added.person = add.person;
  added.reason = add.reason;
  added.waits = site_.paging.silence_people > 1;
  emit(0, added);
  audit(0, "SILENCE-ADDED", add.person, add.device + add.room + add.cause + ": " + add.reason);
  dirty_ = true;
}

void Engine::Mind::act(const ConfirmSilence& confirm) {
  emit(0, SilenceConfirmed{confirm.silence, confirm.person});
  audit(0, "SILENCE-CONFIRMED", confirm.person, "silence " + number_text(confirm.silence));
}

void Engine::Mind::act(const EndSilence& end) {
  emit(0, SilenceEnded{end.silence, end.person});
  audit(0, "SILENCE-ENDED", end.person, "silence " + number_text(end.silence));
  dirty_ = true;
}

void Engine::Mind::end_silences() {
  while (const auto end = silences.next_end()) {
    if (*end > now) return;
    const auto over = std::ranges::find_if(silences.all(),
                                           [&](const auto& entry) { return entry.second.what.until <= now; });
    emit(0, SilenceEnded{over->first, ""});
    dirty_ = true;
  }
}

/// Of a failure at these devices, with this cause. Misconduct is never silenced.
bool Engine::Mind::silenced(const std::vector<DeviceIndex>& places, Cause cause) const {
  return std::ranges::any_of(silences.all(), [&](const auto& entry) {
    const SilencePicture& silence = entry.second;
    if (!silence.in_force() || silence.what.until <= now) return false;
    if (!silence.what.cause.empty()) return silence.what.cause == word(cause);
    return std::ranges::any_of(places, [&](DeviceIndex device) {
      const Device& known = site_.devices[device];
      if (!silence.what.device.empty()) return silence.what.device == known.name;
      return known.room && site_.rooms[*known.room].name == silence.what.room;
    });
  });
}

/// The calls for an incident that is open already wait, too.
std::optional<Time> Engine::Mind::silenced_until(const Incident& incident) const {
  if (silences.all().empty() || !incident.is_failure()) return std::nullopt;
  const Diagnosis& diagnosis = incident.picture.now.diagnosis;
  std::vector<DeviceIndex> places;
  for (const std::string& name : {diagnosis.location.device, diagnosis.location.peer})
    if (const auto device = site_.device(name)) places.push_back(*device);
  if (!silenced(places, diagnosis.cause)) return std::nullopt;
  return silences.next_end();
}

void Engine::Mind::queue_drill(const Drill& drill, PersonIndex index, std::size_t channel) {
  const Person& person = site_.people[index];
  const ContactChannel& way = person.channels[channel];
  Notification notification = addressed(0, NotificationKind::drill, role_in_drill(site_, index), person, way);
  notification.answer_by = now + way.answer_within;
  notification.about = drill_words(drill);
  const Message message = compose_drill(site_, notification, drill.test);
  notification.subject = message.subject;
  notification.body = message.body;
  emit(0, NotificationQueued{std::move(notification)});
}

void Engine::Mind::act(const StartDrill& start) {
  Drill drill;
  drill.number = drills.next_number();
  drill.test = !start.tested.empty();
  drill.planned = start.person.empty();
  for (PersonIndex person = 0; person < site_.people.size(); ++person) {
    const auto& channels = site_.people[person].channels;
    if (channels.empty() || (drill.test && site_.people[person].name != start.tested)) continue;
    for (std::size_t channel = 0; channel < (drill.test ? channels.size() : 1); ++channel)
      queue_drill(drill, person, channel);
  }
  audit(0, drill.test ? "TEST-STARTED" : "DRILL-STARTED", start.person, drill_words(drill));
}

void Engine::Mind::act(const AnswerDrill& answer) {
  std::string id;
  for (const auto& [number, drill] : drills.all())
    if (const NotificationPicture* call = drill.unanswered(answer.person)) id = call->notification.id;
  emit(0, NotificationOutcome{id, Delivery::acknowledged, answer.way, answer.person});
}

/// Something stands still, and people are busy with it.
bool Engine::Mind::in_emergency() const {
  return std::ranges::any_of(book.all(), [](const auto& entry) {
    const IncidentPicture& picture = entry.second.picture;
    return picture.state == IncidentState::open && picture.now.paged &&
           picture.now.severity == Severity::stopped;
  });
}

void Engine::Mind::hold_planned_drill() {
  if (!site_.paging.drills || (plan_look_ && now < *plan_look_)) return;
  plan_look_ = planned_drill_after(site_, now);
  const auto due = planned_drill(site_, now);
  if (!due) return;
  const Drill* last = drills.last();
  if (last && last->began >= *due) return;
  if (now - *due <= limits::planned_drill_waits) {
    if (!in_emergency()) return act(StartDrill{});
    plan_look_ = now + limits::look_for_the_end;
    return;
  }
  if (now - *due > limits::left_out_is_news || drills.left_out() == *due) return;
  tell_operations_manager(
      compose_drill_left_out(site_, *due),
      std::string(about::drill_left_out) + std::to_string(due->time_since_epoch().count()));
}

void Engine::Mind::go_on_with_drills() {
  hold_planned_drill();
  const Drill* last = drills.last();
  if (!last || !drills.wants_a_look(now)) return;
  const std::optional<Time> next = go_on_with(*last);
  drills.set_next_call(next);
  // Another one that began since then has ended it.
  for (const auto& [number, drill] : drills.all())
    if (drill.planned && !drill.result_told && (&drill != last || !next))
      tell_operations_manager(compose_drill_result(site_, drill),
                              std::string(about::drill_result) + number_text(number));
}

/// The next channel of everybody whose last one failed or was not answered in time.
std::optional<Time> Engine::Mind::go_on_with(const Drill& drill) {
  if (now - drill.began > limits::drill_lasts) return std::nullopt;
  std::vector<std::pair<PersonIndex, std::size_t>> next;
  std::optional<Time> wake;
  const auto by = [&](Time time) { wake = std::min(wake.value_or(time), time); };
  for (const Drill::Answer& answer : drill.answers()) {
    const NotificationPicture* last = drill.unanswered(answer.person);
    const auto person = site_.person(answer.person);
    if (!last || !person) continue;
    const Time due = last->failure.empty() ? last->notification.answer_by.value_or(now) : last->queued;
    const auto channel = channel_after(site_, *person, last->notification);
    if (due > now)
      by(due);
    else if (channel)
      next.emplace_back(*person, *channel);
  }
  for (const auto& [person, channel] : next) {
    queue_drill(drill, person, channel);
    by(now + site_.people[person].channels[channel].answer_within);
  }
  return wake;
}

void Engine::Mind::tell_of_house(const Contact& contact, const Message& message, std::string about) {
  const Person& person = site_.people[contact.person];
  Notification notification =
      addressed(0, NotificationKind::report, contact.role, person, person.channels[contact.channel]);
  notification.subject = message.subject;
  notification.body = message.body;
  notification.about = std::move(about);
  emit(0, NotificationQueued{std::move(notification)});
}

void Engine::Mind::tell_operations_manager(const Message& message, std::string about) {
  const std::vector<Contact> chain = callable_chain(site_, ProcedureKind::failure, now);
  if (chain.empty()) return;
  const auto manager = std::ranges::find(chain, RoleId::operations_manager, &Contact::role);
  tell_of_house(manager == chain.end() ? chain.front() : *manager, message, std::move(about));
}

/// Told once to the first in the chain; nobody has to answer it.
void Engine::Mind::was_down(Time from, Time until) {
  const std::vector<Contact> chain = callable_chain(site_, ProcedureKind::failure, now);
  if (chain.empty()) return;
  tell_of_house(chain.front(), compose_was_down(site_, from, until), "");
  audit(0, "MONITOR-WAS-DOWN", "", format_time(from, site_.zone) + " - " + format_time(until, site_.zone));
}

}  // namespace nethealth
