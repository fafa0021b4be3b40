#include "rules/incident.hpp"

#include <algorithm>

namespace nethealth {

namespace {

/// Accepted so long after it was decided, a call came late.
constexpr Milliseconds late_arrival{30'000};

NotificationPicture* notification(Incident& incident, const std::string& id) {
  for (NotificationPicture& known : incident.picture.notifications)
    if (known.notification.id == id) return &known;
  return nullptr;
}

void acknowledged(Incident& incident, Time time, const std::string& person) {
  incident.picture.acknowledged_by = person;
  incident.picture.acknowledged_at = time;
  incident.stepped.reset();
  incident.passed.erase(person);
}

void let_go(Incident& incident) {
  incident.picture.acknowledged_by.reset();
  incident.picture.acknowledged_at.reset();
  incident.stepped.reset();
}

void apply_step(Incident& incident, Time time, const IncidentStep& step) {
  if (step.decision == decisions::passed) {
    const NotificationPicture* last = incident.last_call();
    const bool holds = incident.picture.acknowledged_by == step.person;
    if (holds) let_go(incident);
    if (holds || (last && last->notification.person == step.person)) incident.moved_on = time;
    incident.passed.insert(step.person);
  } else if (step.decision == decisions::answer_expired) {
    let_go(incident);
    incident.moved_on = time;
  } else if (step.decision != decisions::acknowledged) {
    incident.stepped = time;
  }
}

void apply_queued(Incident& incident, Time time, const Notification& queued) {
  const NotificationPicture* last = incident.last_call();
  if (is_call(queued.kind)) {
    incident.moved_on.reset();
    if (last && queued.round > last->notification.round) incident.passed.clear();
  }
  incident.picture.notifications.push_back({queued, time, {}, {}, {}, {}});
}

void apply_outcome(Incident& incident, const Event& event, const NotificationOutcome& outcome) {
  NotificationPicture* known = notification(incident, outcome.id);
  const bool is_summons = known && known->notification.kind == NotificationKind::request;
  // Whoever takes an incident need not have been called; who answers a summons does not take it.
  if (outcome.delivery == Delivery::acknowledged && !is_summons)
    acknowledged(incident, event.time, outcome.person);
  if (!known) return;
  switch (outcome.delivery) {
    case Delivery::sent:
      known->sent = event.time;
      known->failure.clear();
      break;
    case Delivery::failed:
      known->failure = outcome.reason.empty() ? "failed" : outcome.reason;
      known->failing = outcome.failing;
      // Accepted, and returned: it did not arrive.
      if (outcome.failing == Failing::refused) known->sent.reset();
      break;
    case Delivery::acknowledged:
      known->acknowledged = event.time;
      known->acknowledged_by = outcome.person;
      break;
  }
}

}  // namespace

bool is_call(NotificationKind kind) {
  return kind == NotificationKind::page || kind == NotificationKind::escalation;
}

bool came_late(const NotificationPicture& told) {
  return told.sent && told.failure.empty() && *told.sent - told.queued >= late_arrival;
}

Time answer_ends(const NotificationPicture& told) {
  const Time by = told.notification.answer_by.value_or(told.queued);
  return came_late(told) ? *told.sent + (by - told.queued) : by;
}

const NotificationPicture* Incident::last_call() const {
  const auto& told = picture.notifications;
  const auto found =
      std::find_if(told.rbegin(), told.rend(), [](const auto& n) { return is_call(n.notification.kind); });
  return found == told.rend() ? nullptr : &*found;
}

Incident* IncidentBook::find(int number) {
  const auto found = incidents_.find(number);
  return found == incidents_.end() ? nullptr : &found->second;
}

int IncidentBook::queued(int incident) const {
  const auto found = queued_.find(incident);
  return found == queued_.end() ? 0 : found->second;
}

void IncidentBook::apply(const Event& event) {
  if (const auto* queue = std::get_if<NotificationQueued>(&event.what)) {
    ++queued_[event.incident];
    waiting_[queue->notification.id] = event;
    waiting_order_.push_back(queue->notification.id);
  } else if (const auto* message = std::get_if<SyslogQueued>(&event.what)) {
    ++queued_[event.incident];
    const std::string key = message->id + " " + message->target;
    waiting_[key] = event;
    waiting_order_.push_back(key);
    SyslogSpool& spool = spools_[message->target];
    if (spool.records++ == 0) spool.since = event.time;
    if (message->message_id == spool_full || message->message_id == spool_resumed)
      spool.full = message->message_id == spool_full;
  } else if (const auto* outcome = std::get_if<NotificationOutcome>(&event.what)) {
    if (outcome->delivery != Delivery::acknowledged && outcome->is_final()) {
      waiting_.erase(outcome->id);
      late_.erase(outcome->id);
    } else if (outcome->delivery == Delivery::failed) {
      late_.insert(outcome->id);
    }
  } else if (const auto* sent = std::get_if<SyslogOutcome>(&event.what)) {
    SyslogSpool& spool = spools_[sent->target];
    if (waiting_.erase(sent->id + " " + sent->target) > 0 && --spool.records == 0) spool.since.reset();
  }
  if (waiting_order_.size() > 2 * waiting_.size() + 64)
    std::erase_if(waiting_order_, [&](const std::string& key) { return !waiting_.contains(key); });
  if (event.incident <= 0) return;
  if (const auto* opened = std::get_if<IncidentOpened>(&event.what)) {
    Incident& incident = incidents_[event.incident];
    incident.picture.number = event.incident;
    incident.picture.now = *opened;
    incident.picture.opened = event.time;
  }
  if (Incident* incident = find(event.incident)) apply(*incident, event);
}

void IncidentBook::apply(Incident& incident, const Event& event) {
  IncidentPicture& picture = incident.picture;
  incident.last_event = event.time;
  if (const auto* updated = std::get_if<IncidentUpdated>(&event.what)) {
    if (updated->severity) picture.now.severity = *updated->severity;
    if (updated->diagnosis) picture.now.diagnosis = *updated->diagnosis;
    if (updated->threat_level) picture.now.threat_level = updated->threat_level;
    if (updated->procedure) picture.now.procedure = *updated->procedure;
    if (updated->procedure == ProcedureKind::failure) picture.now.threat_level.reset();
    if (updated->reopened) {
      picture.state = IncidentState::open;
      picture.restored.reset();
      picture.returned.push_back(event.time);
    }
  } else if (std::holds_alternative<IncidentMerged>(event.what)) {
    picture.state = IncidentState::merged;
    picture.closed = event.time;
  } else if (std::holds_alternative<IncidentRestored>(event.what)) {
    picture.state = IncidentState::restored;
    picture.restored = event.time;
  } else if (std::holds_alternative<IncidentClosed>(event.what)) {
    picture.state = IncidentState::closed;
    picture.closed = event.time;
  } else if (const auto* step = std::get_if<IncidentStep>(&event.what)) {
    picture.records.push_back({*step, event.time});
    apply_step(incident, event.time, *step);
  } else if (const auto* queue = std::get_if<NotificationQueued>(&event.what)) {
    apply_queued(incident, event.time, queue->notification);
  } else if (const auto* outcome = std::get_if<NotificationOutcome>(&event.what)) {
    apply_outcome(incident, event, *outcome);
  } else if (std::holds_alternative<EvidenceKept>(event.what)) {
    ++picture.lines_kept;
  }
}

std::vector<Event> IncidentBook::unsent() const {
  std::vector<Event> events;
  for (const std::string& key : waiting_order_)
    if (const auto found = waiting_.find(key); found != waiting_.end()) events.push_back(found->second);
  return events;
}

}  // namespace nethealth
