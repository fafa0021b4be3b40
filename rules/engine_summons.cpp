// Several must answer: everybody whom a step of the procedure summons is called by one channel after the
// other until they have answered, or enough have.

#include <algorithm>

#include "rules/message.hpp"
#include "rules/mind.hpp"

namespace nethealth {

const ProcedureStep* Engine::Mind::summoning_step(int incident, std::string_view name) const {
  const auto run = runs_.find(incident);
  const ProcedureStep* step = run == runs_.end() ? nullptr : run->second.procedure().find(name);
  return step && step->answers ? step : nullptr;
}

bool Engine::Mind::asks_answer(const Incident& incident, const Notification& draft) const {
  return is_call(draft.kind) || (draft.kind == NotificationKind::request &&
                                 summoning_step(incident.picture.number, draft.about) != nullptr);
}

void Engine::Mind::call_summoned() {
  std::map<int, Time> later;
  for (const auto& [number, due] : summons_due_)
    if (const auto next = due > now ? due : call_summoned(*book.find(number))) later.emplace(number, *next);
  summons_due_ = std::move(later);
}

std::optional<Time> Engine::Mind::call_summoned(Incident& incident) {
  std::optional<Time> wake;
  // All are made anew for each: the calls for one move the messages that the others point to.
  for (std::size_t i = 0;; ++i) {
    const std::vector<Summons> all = summons_of(incident.picture, run_of(incident.picture.number));
    if (i == all.size()) return wake;
    const auto next = all[i].over ? std::nullopt : call_summoned(incident, all[i]);
    if (next) wake = std::min(wake.value_or(*next), *next);
  }
}

std::optional<Time> Engine::Mind::call_summoned(Incident& incident, const Summons& summons) {
  struct Call {
    Notification draft;
    Contact contact;
  };
  std::vector<Call> calls;  // made when `summons`, which points to earlier ones, is no longer needed
  std::optional<Time> wake;
  const auto by = [&](Time time) { wake = std::min(wake.value_or(time), time); };
  for (const Summoned& summoned : summons.people) {
    if (summoned.answered) continue;
    const NotificationPicture& last = *summoned.calls.back();
    const NextContact next = next_way_to(last.notification);
    const bool over_again = next.round > last.notification.round;
    const Time due = answer_ends(last) + (over_again ? pause_before(next.round) : Milliseconds(0));
    if (due > now) {
      by(due);
      continue;
    }
    Call& call = calls.emplace_back();
    call.draft.kind = NotificationKind::request;
    call.draft.about = summons.step->id;
    call.draft.round = next.round;
    call.contact = next.contact;
  }
  const bool some_missing = std::ranges::any_of(calls, [](const Call& call) { return call.draft.round > 0; });
  if (some_missing) tell_who_is_missing(incident, summons);
  for (const Call& call : calls) {
    queue(incident, call.draft, call.contact);
    by(now + site_.people[call.contact.person].channels[call.contact.channel].answer_within);
  }
  return wake;
}

/// The person's next channel that may be used now; after the last one the first again, in the next round.
Engine::Mind::NextContact Engine::Mind::next_way_to(const Notification& last) const {
  const PersonIndex index = *site_.person(last.person);
  const Person& person = site_.people[index];
  std::vector<std::size_t> usable = channels_at(site_, index, now);
  std::erase_if(usable, [&](std::size_t channel) {
    return cut_channels_.contains(site_.channels[person.channels[channel].channel].name);
  });
  const std::size_t used = channel_of(site_, person, last).value_or(person.channels.size());
  const auto further = std::ranges::find_if(usable, [&](std::size_t channel) { return channel > used; });
  const bool over_again = further == usable.end();
  const std::size_t channel = !over_again ? *further : usable.empty() ? 0 : usable.front();
  return {{last.role, index, channel, false}, last.round + (over_again ? 1 : 0)};
}

/// Once, when somebody was called by every channel: whoever took the step can go and fetch them.
void Engine::Mind::tell_who_is_missing(Incident& incident, const Summons& summons) {
  const std::string says = std::string(about::no_answer) + summons.step->id;
  const bool told = std::ranges::any_of(incident.picture.notifications, [&](const auto& message) {
    return message.notification.about == says && message.queued >= summons.since;
  });
  if (!told) tell(incident, summons.taker, NotificationKind::report, says);
}

/// The latest message of the incident that asks this person for an answer decides what an answer means.
const NotificationPicture* Engine::Mind::summons_for(const Incident& incident,
                                                     const Acknowledge& acknowledge) const {
  const auto& told = incident.picture.notifications;
  const auto asked = std::find_if(told.rbegin(), told.rend(), [&](const NotificationPicture& message) {
    if (!acknowledge.notification.empty()) return message.notification.id == acknowledge.notification;
    return message.notification.person == acknowledge.person && message.notification.answer_by &&
           !message.acknowledged;
  });
  const bool is_summons = asked != told.rend() && asked->notification.kind == NotificationKind::request;
  return is_summons ? &*asked : nullptr;
}

}  // namespace nethealth
