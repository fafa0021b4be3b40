#include "rules/summons.hpp"

#include <algorithm>

namespace nethealth {

namespace {

/// What comes after it was done since: nobody has to be called to a meeting that is being held.
bool went_past(const ProcedureRun& run, const ProcedureStep& step, Time since) {
  return std::ranges::any_of(run.procedure().steps, [&](const ProcedureStep& later) {
    if (std::ranges::find(later.after, step.id) == later.after.end()) return false;
    const StepRecord* record = run.record(later.id);
    return record != nullptr && record->entered >= since;
  });
}

}  // namespace

std::size_t Summons::answers() const {
  return static_cast<std::size_t>(std::ranges::count_if(people, &Summoned::answered));
}

std::vector<Summons> summons_of(const IncidentPicture& incident, const ProcedureRun& run) {
  std::vector<Summons> all;
  for (const ProcedureStep& step : run.procedure().steps) {
    const StepRecord* record = step.answers ? run.record(step.id) : nullptr;
    if (record == nullptr) continue;
    Summons summons;
    summons.step = &step;
    summons.since = record->entered;
    summons.taker = record->what.person;
    for (const NotificationPicture& told : incident.notifications) {
      const Notification& call = told.notification;
      if (call.kind != NotificationKind::request || call.about != step.id || !call.answer_by ||
          told.queued < record->entered)
        continue;
      auto known = std::ranges::find(summons.people, call.person, &Summoned::person);
      if (known == summons.people.end())
        known = summons.people.insert(summons.people.end(), {call.person, call.role, {}, false});
      known->calls.push_back(&told);
      // Whoever summons the others knows of it.
      known->answered = known->answered || told.acknowledged.has_value() || call.person == summons.taker;
    }
    if (summons.people.empty()) continue;
    summons.wanted = *step.answers == ProcedureStep::everybody
                         ? summons.people.size()
                         : std::min(*step.answers, summons.people.size());
    summons.over = summons.answers() >= summons.wanted || went_past(run, step, summons.since) ||
                   incident.state == IncidentState::closed || incident.state == IncidentState::merged;
    all.push_back(std::move(summons));
  }
  return all;
}

SummonsPicture picture_of(const Summons& summons) {
  SummonsPicture picture{summons.step->id, summons.wanted, {}, {}, summons.over};
  for (const Summoned& summoned : summons.people)
    (summoned.answered ? picture.answered : picture.waiting).push_back(summoned.person);
  return picture;
}

}  // namespace nethealth
