#include "rules/engine.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rules/explain.hpp"
#include "rules/message.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

/// A message's id begins with its incident's number.
int incident_of(const std::string& id) {
  int number = 0;
  std::from_chars(id.data(), id.data() + id.size(), number);
  return number;
}

}  // namespace

Engine::Engine(const Site& site, const LogMatcher& matcher, EngineOptions options)
    : mind_(std::make_unique<Mind>(site, matcher, std::move(options))) {}

Engine::~Engine() = default;

Decisions Engine::observe(const Observation& observation) {
  mind_->advance(observation.time);
  mind_->observe(observation);
  return mind_->finish();
}

Decisions Engine::wake(Time now) {
  mind_->advance(now);
  return mind_->finish();
}

Decisions Engine::report(Time now, const NotificationOutcome& outcome) {
  mind_->advance(now);
  mind_->report(outcome, incident_of(outcome.id));
  return mind_->finish();
}

Decisions Engine::report(Time now, const SyslogOutcome& outcome) {
  mind_->advance(now);
  mind_->emit(incident_of(outcome.id), outcome);
  return mind_->finish();
}

Result<Decisions> Engine::act(Time now, const Act& act, Language language) {
  mind_->advance(now);
  if (const auto refused = mind_->refusal(act, language)) return failure("", *refused);
  std::visit([&](const auto& what) { mind_->act(what); }, act);
  return mind_->finish();
}

Decisions Engine::was_down(Time now, Time from, Time until) {
  mind_->advance(now);
  mind_->was_down(from, until);
  return mind_->finish();
}

Decisions Engine::keep(Time now, int incident, const std::string& device, const LogSeen& line, Time seen) {
  mind_->advance(now);
  mind_->keep_near(incident, device, line, seen);
  return mind_->finish();
}

Decisions Engine::audit(Time now, const AuditRecord& record) {
  mind_->advance(now);
  mind_->audit_trail(record);
  return mind_->finish();
}

void Engine::restore(const Event& event) {
  mind_->restore(event);
}

std::vector<Event> Engine::unsent() const {
  return mind_->book.unsent();
}

const std::map<std::string, SyslogSpool>& Engine::syslog_spools() const {
  return mind_->book.spools();
}

bool Engine::is_late(const std::string& notification) const {
  return mind_->book.is_late(notification);
}

Picture Engine::picture() const {
  return mind_->picture();
}

std::optional<Reasoning> Engine::why(int incident) const {
  return mind_->why(incident);
}

std::vector<Reason> Engine::why_not(const std::string& device) const {
  const auto known = mind_->device(device);
  return known ? mind_->why_not(*known) : std::vector<Reason>{};
}

const Procedures& Engine::procedures() const {
  return mind_->procedures();
}

Result<IncidentStep> Engine::draft(Time now, const TakeStep& take, Language language) const {
  mind_->advance(now);
  if (const auto refused = mind_->refusal(take, language)) return failure("", *refused);
  return mind_->draft(take, language);
}

Engine::Mind::Mind(const Site& site, const LogMatcher& matcher, EngineOptions options)
    : site_(site),
      matcher_(matcher),
      options_(std::move(options)),
      topology_(site),
      states_(site, topology_),
      hours_(site.calendars.size()),
      procedures_(options_.procedures ? *options_.procedures : shipped_procedures()) {
  for (DeviceIndex device = 0; device < site.devices.size(); ++device)
    devices_.emplace(site.devices[device].name, device);
}

void Engine::Mind::emit(int incident, Decision what) {
  Event event{now, incident, std::move(what)};
  remember(event);
  follow(event, true);
  out_.push_back(std::move(event));
}

void Engine::Mind::remember(const Event& event) {
  book.apply(event);
  drills.apply(event);
  silences.apply(event);
}

void Engine::Mind::restore(const Event& event) {
  advance(event.time);
  remember(event);
  follow(event, false);
  const auto* seen = std::get_if<SignSeen>(&event.what);
  const LogRule* rule = seen ? matcher_.find(seen->rule) : nullptr;
  if (!rule) return;
  if (!seen->line.empty()) remember_line(*seen, event.time);
  auto& times = counted_[{rule->id, seen->source}];
  times.push_back(event.time);
  if (times.size() > limits::counted_times) times.pop_front();
}

void Engine::Mind::observe(const Observation& observation) {
  const auto known = devices_.find(observation.device);
  if (known == devices_.end()) return;
  const DeviceIndex device = known->second;
  if (const auto* log = std::get_if<LogSeen>(&observation.seen)) {
    observe_log(device, *log);
  } else if (const auto* trap = std::get_if<TrapSeen>(&observation.seen)) {
    observe_trap(device, *trap);
  } else {
    answered(device, observation);
    note(states_.observe(device, observation));
    // Asked for to tell faults apart, so it may, whatever it says.
    dirty_ = dirty_ || std::holds_alternative<ArpSeen>(observation.seen) ||
             std::holds_alternative<TraceSeen>(observation.seen);
  }
}

void Engine::Mind::note(const std::vector<Touch>& touches) {
  constexpr int counts_that_matter = 6;
  for (const Touch& touch : touches) {
    const Sign& sign = states_[touch.sign];
    if (touch.bad) {
      bad_.insert(touch.sign);
      if (sign.kind == SignKind::log) bad_logs_.insert(touch.sign);
    } else {
      bad_.erase(touch.sign);
      dismissed_.erase(touch.sign);
      bad_logs_.erase(touch.sign);
    }
    if (touch.turned || (touch.bad && sign.bad_count <= counts_that_matter) || !suspicious_.empty() ||
        watching_)
      dirty_ = true;
    if (touch.turned && touch.bad) ends_recovery(touch.sign);
    if (!touch.turned || touch.bad) continue;
    for (auto& [number, incident] : book.all()) {
      if (!incident.is_open() || !incident.owned.contains(touch.sign)) continue;
      came_back(incident, sign);
      if (incident.recovering) {
        incident.bad_before[touch.sign] = 0;  // what is bad from here on is bad anew
        continue;
      }
      incident.recovering = now;
      watching_ = true;
      own_what_it_hid(incident);
      incident.bad_before.clear();
      for (const SignIndex owned : incident.owned) incident.bad_before[owned] = states_[owned].bad_count;
    }
  }
}

void Engine::Mind::quieten_logs() {
  std::vector<Touch> touches;
  for (const SignIndex sign : bad_logs_)
    if (now - states_[sign].last_sample >= limits::log_quiet) touches.push_back(states_.quieten(sign, now));
  note(touches);
}

void Engine::Mind::observe_log(DeviceIndex device, const LogSeen& log) {
  bool counted = false;
  last_kept_.clear();
  for (const LogHit& hit : matcher_.match(log.line, log.rules)) {
    if (hit.rule->log_class == LogClass::security) {
      // A refused log-in is one, however many rules know its line.
      if (hit.rule->count && std::exchange(counted, true)) continue;
      misconduct(device, hit, log);
    } else if (hit.rule->log_class == LogClass::context) {
      login_succeeded(device, hit, log);
    } else {
      if (often_enough(device, hit, log))
        note({states_.log_hit(device, *hit.rule, hit.component, now, log.line)});
      return;  // the most specific rule speaks for the line
    }
  }
}

void Engine::Mind::observe_trap(DeviceIndex device, const TrapSeen& trap) {
  const auto value = [&](std::string_view oid) -> std::string {
    for (const auto& [key, text] : trap.varbinds)
      if (key == oid || key.starts_with(std::string(oid) + ".")) return text;
    return "";
  };
  // SNMPv2-MIB and IF-MIB (RFC 3418, RFC 2863); UPS-MIB traps are seen with and without the zero (RFC 1628).
  const bool link_down = trap.oid == "1.3.6.1.6.3.1.1.5.3";
  if (link_down || trap.oid == "1.3.6.1.6.3.1.1.5.4") {
    for (const std::string& port :
         {value("1.3.6.1.2.1.31.1.1.1.1"), value("ifName"), value("1.3.6.1.2.1.2.2.1.2"), value("ifDescr"),
          value("1.3.6.1.2.1.2.2.1.1"), value("ifIndex")}) {
      if (port.empty()) continue;
      if (const auto touch = states_.port_sample(device, port, now, !link_down)) {
        note({*touch});
        return;
      }
    }
  } else if (trap.oid == "1.3.6.1.2.1.33.2.1" || trap.oid == "1.3.6.1.2.1.33.2.0.1") {
    note({states_.battery_sample(device, now, true)});
  } else if (trap.oid == "1.3.6.1.6.3.1.1.5.5") {
    static const LogRule rule = [] {
      LogRule made;
      made.id = "trap.authentication_failure";
      made.log_class = LogClass::security;
      made.cause = Cause::unauthorised_access;
      made.title = {"SNMP 認証失敗のトラップ", "SNMP authentication failure trap"};
      made.count = LogCount{5, std::chrono::minutes(5)};
      made.threat = "1b";
      return made;
    }();
    LogSeen seen;
    seen.line = "authenticationFailure";
    misconduct(device, {&rule, "", ""}, seen);
  }
}

namespace {

/// Of an act on an incident; empty for others.
std::optional<int> incident_number(const Act& act) {
  return std::visit(
      [](const auto& what) -> std::optional<int> {
        if constexpr (requires { what.incident; })
          return what.incident;
        else
          return std::nullopt;
      },
      act);
}

}  // namespace

std::optional<std::string> Engine::Mind::refusal(const Act& act, Language language) {
  const auto say = [&](Phrase phrase) { return std::string(phrase.in(language)); };
  const std::optional<int> number = incident_number(act);
  const std::string& name =
      std::visit([](const auto& what) -> const std::string& { return what.person; }, act);
  if (!site_.person(name)) return say({"連絡網にいない人: ", "not a person of the contact network: "}) + name;
  if (!number) return refusal_of_house(act, language);
  if (const auto* report = std::get_if<OpenByHand>(&act)) return refusal_of(*report, language);
  const Incident* incident = book.find(*number);
  if (!incident)
    return say({"そのような事案はない: ", "there is no such incident: "}) + std::to_string(*number);
  if (const auto* note = std::get_if<AddNote>(&act)) return refusal_of(*note, language);
  if (const auto* measure = std::get_if<DecideMeasure>(&act)) return refusal_of(*measure, language);
  if (const auto* exported = std::get_if<ExportEvidence>(&act))
    return export_refusal(site_, procedures_.of(incident->picture.now.procedure), exported->person, language);
  if (incident->picture.state == IncidentState::closed || incident->picture.state == IncidentState::merged)
    return say({"終了した事案である: ", "the incident is closed: "}) + std::to_string(*number);
  if (const auto* take = std::get_if<TakeStep>(&act)) return refusal_of(*take, language);
  if (const auto* reclassify = std::get_if<Reclassify>(&act)) return refusal_of(*reclassify, language);
  if (const auto* pass = std::get_if<Pass>(&act)) return refusal_to_pass(*incident, *pass, language);
  const auto* close = std::get_if<Close>(&act);
  if (!close) return std::nullopt;
  if (close->reason.empty())
    return say({"終了には理由が要る（--reason）", "closing needs a reason (--reason)"});
  return run_of(*number).closing_refusal(close->person, close->decision, language);
}

std::string Engine::Mind::role_of(const std::string& person, const Incident& incident) const {
  for (const NotificationPicture& told : incident.picture.notifications)
    if (told.notification.person == person) return std::string(word(told.notification.role));
  return full_role(person);
}

void Engine::Mind::act(const Acknowledge& acknowledge) {
  Incident& incident = *book.find(acknowledge.incident);
  const std::optional<std::string> before = incident.picture.acknowledged_by;
  const std::string how =
      acknowledge.noted_by.empty() ? acknowledge.way : "by telephone, noted by " + acknowledge.noted_by;
  if (const NotificationPicture* summons = summons_for(incident, acknowledge)) {
    const std::string step = summons->notification.about;
    emit(acknowledge.incident,
         NotificationOutcome{summons->notification.id, Delivery::acknowledged, how, acknowledge.person});
    return audit(acknowledge.incident, "SUMMONS-ANSWERED", acknowledge.person,
                 step + (how.empty() ? "" : " " + how));
  }
  std::string id;
  for (const NotificationPicture& told : incident.picture.notifications) {
    if (!is_call(told.notification.kind)) continue;
    if (id.empty() || told.notification.person == acknowledge.person) id = told.notification.id;
  }
  emit(acknowledge.incident, NotificationOutcome{id, Delivery::acknowledged, how, acknowledge.person});
  IncidentStep step{procedures_.of(incident.picture.now.procedure).steps.front().id,
                    role_of(acknowledge.person, incident), acknowledge.person,
                    std::string(decisions::acknowledged), how};
  step.by_telephone = !acknowledge.noted_by.empty();
  emit(acknowledge.incident, std::move(step));
  audit(acknowledge.incident, "INCIDENT-ACKNOWLEDGED", acknowledge.person,
        "incident acknowledged" + (how.empty() ? "" : " " + how));
  // Whoever had it must not go on in the belief to be alone with it.
  if (before && *before != acknowledge.person)
    tell(incident, *before, NotificationKind::handover, about::taken_over);
}

void Engine::Mind::act(const Pass& pass) {
  const Incident& incident = *book.find(pass.incident);
  emit(pass.incident, IncidentStep{std::string(decisions::passed), role_of(pass.person, incident),
                                   pass.person, std::string(decisions::passed), pass.reason});
  audit(pass.incident, "INCIDENT-PASSED", pass.person, pass.reason);
}

void Engine::Mind::act(const Close& close) {
  Incident& incident = *book.find(close.incident);
  emit(close.incident, IncidentStep{"closed", role_of(close.person, incident), close.person,
                                    close.decision.empty() ? "closed" : close.decision, close.reason});
  emit(close.incident, IncidentClosed{close.reason});
  tell_paged(incident, NotificationKind::closed, false);
  audit(close.incident, "INCIDENT-CLOSED", close.person, close.reason);
  dismiss(incident);
  dirty_ = true;
}

Decisions Engine::Mind::finish() {
  quieten_logs();
  end_silences();
  if (reconsider_ && *reconsider_ <= now) dirty_ = true;
  const Milliseconds gap = limits::evaluation_gap(bad_.size());
  if (dirty_ && (!last_evaluation_ || now - *last_evaluation_ >= gap)) evaluate();
  escalate();
  tell_counter();
  remind();
  call_summoned();
  go_on_with_drills();
  Decisions decisions;
  decisions.wake = wake_time();
  decisions.events = std::move(out_);
  out_.clear();
  return decisions;
}

std::optional<Time> Engine::Mind::wake_time() {
  std::optional<Time> wake;
  const auto by = [&](std::optional<Time> time) {
    if (time && (!wake || *time < *wake)) wake = std::max(*time, now);
  };
  if (dirty_ && last_evaluation_) by(*last_evaluation_ + limits::evaluation_gap(bad_.size()));
  // What is due already waits for the gap between two evaluations, not for this moment again.
  if (!dirty_) by(reconsider_);
  by(next_reminder_);
  for (const SignIndex sign : bad_logs_) by(states_[sign].last_sample + limits::log_quiet);
  for (const auto& [number, incident] : book.all()) by(next_call(incident));
  by(silences.next_end());
  by(drills.next_call());
  by(plan_look_);
  for (const auto& [number, due] : summons_due_) by(due);
  return wake;
}

}  // namespace nethealth
