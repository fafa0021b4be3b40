// From bad signs to incidents: which signs count, when a verdict is ripe, and how incidents keep up with it.

#include <algorithm>
#include <array>

#include "rules/evidence.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

bool covers(const Maintenance& window, const Site& site, DeviceIndex device, Time now) {
  if (now < window.from || now >= window.until) return false;
  switch (window.scope) {
    case Maintenance::Scope::all:
      return true;
    case Maintenance::Scope::room:
      return site.devices[device].room == window.room;
    case Maintenance::Scope::device:
      return window.device == device;
  }
  return false;
}

/// Strong signs of a verdict: those it stands for, not those it merely tolerates. Nobody asks ARP again, so
/// that an incident cannot wait for it.
std::vector<SignIndex> strong_signs(const World& world, const Verdict& verdict) {
  std::vector<SignIndex> strong;
  for (const Prediction& prediction : predict(world, verdict.fault))
    if (prediction.probability >= 0.5 && world.states[prediction.sign].kind != SignKind::arp &&
        std::ranges::binary_search(verdict.explained, prediction.sign))
      strong.push_back(prediction.sign);
  return strong;
}

std::size_t overlap(const std::set<SignIndex>& owned, const std::vector<SignIndex>& signs) {
  return static_cast<std::size_t>(
      std::ranges::count_if(signs, [&](SignIndex sign) { return owned.contains(sign); }));
}

bool same_place(const Diagnosis& a, const Diagnosis& b) {
  return a.cause == b.cause && a.location == b.location;
}

/// Worth a record: more than the same belief with newer samples.
bool differs(const Diagnosis& before, const Diagnosis& after) {
  const auto places = [](const Diagnosis& d) {
    std::vector<std::pair<Cause, std::string>> list;
    list.reserve(d.alternatives.size());
    for (const Alternative& a : d.alternatives)
      list.emplace_back(a.cause, a.location.device + " " + a.location.peer + " " + a.location.room);
    std::ranges::sort(list);
    return list;
  };
  const auto count = [](const Diagnosis& d, std::string_view code) {
    return std::ranges::count(d.evidence, code, &Reason::code);
  };
  // Such a reason comes once, and says what no other does.
  static constexpr std::array<std::string_view, 7> told{"log_line",    "arp_answers",   "arp_silent",
                                                        "trace_ends",  "trace_refused", "trace_reaches",
                                                        "trace_no_hop"};
  const bool new_reason = std::ranges::any_of(
      told, [&](std::string_view code) { return count(before, code) != count(after, code); });
  return !same_place(before, after) || new_reason || before.category != after.category ||
         before.affected != after.affected ||
         std::abs(before.confidence - after.confidence) >= limits::changed_confidence ||
         places(before) != places(after);
}

/// A silent look speaks of the time since it was sent, and the last ping before it of a time up to one round
/// earlier.
Milliseconds unanswered_span(const Polling& polling) {
  const Milliseconds snmp = polling.snmp.timeout * (1 + polling.snmp.retries);
  return polling.icmp.interval + std::max({snmp, polling.tcp.timeout, polling.http.timeout});
}

}  // namespace

bool in_maintenance_window(const Site& site, DeviceIndex device, Time now) {
  return std::ranges::any_of(site.maintenance,
                             [&](const Maintenance& w) { return covers(w, site, device, now); });
}

bool Engine::Mind::excused(DeviceIndex device) {
  const Device& known = site_.devices[device];
  if (!known.calendar) return false;
  Hours& hours = hours_[*known.calendar];
  if (hours.at != now) {
    const Calendar& calendar = site_.calendars[*known.calendar];
    hours = {now, is_open(calendar, site_.zone, now), last_opening(calendar, site_.zone, now)};
  }
  if (!hours.open) return true;
  const auto ping = states_.ping(device);
  if (known.kind != DeviceKind::terminal || !ping) return false;
  const Sign& sign = states_[*ping];
  return !sign.last_good || (hours.opened && *sign.last_good < *hours.opened);
}

/// A reading through an unreachable agent, or older than what contradicts it, is neither good nor bad.
bool Engine::Mind::masked(const Sign& sign) {
  if (sign.kind == SignKind::port || sign.kind == SignKind::port_errors) {
    if (sign.kind == SignKind::port && masked_port(sign)) return true;
  } else if (sign.kind == SignKind::ping || sign.kind == SignKind::log || sign.kind == SignKind::carrier ||
             sign.kind == SignKind::gateway || sign.kind == SignKind::storage ||
             sign.kind == SignKind::management || sign.kind == SignKind::arp || sign.kind == SignKind::path) {
    return false;
  }
  const auto ping = states_.ping(sign.device);
  if (!ping) return false;
  const Sign& reach = states_[*ping];
  if (reach.known && reach.bad) return true;
  if (sign.kind == SignKind::snmp || (sign.kind == SignKind::service && sign.outcome == Outcome::timeout))
    return !reach.last_good ||
           *reach.last_good < *sign.first_bad - unanswered_span(site_.devices[sign.device].polling);
  return false;
}

bool Engine::Mind::masked_port(const Sign& sign) {
  bool silent = false, watched = false;
  bool all_excused = true;
  for (const DeviceIndex device : topology_.behind({true, sign.index})) {
    const auto ping = states_.ping(device);
    if (!ping) continue;
    watched = true;
    const Sign& reach = states_[*ping];
    if (!excused(device)) all_excused = false;
    if (reach.known && !reach.bad && reach.last_sample > sign.last_sample) return true;
    silent = silent || (reach.known && reach.bad);
  }
  if (watched && all_excused) return true;
  // A port that was never seen up may simply be unused; silence behind it says that it is not.
  return !sign.last_good && !silent;
}

int Engine::Mind::looks_needed(SignKind kind) const {
  switch (kind) {
    case SignKind::ping:
      return options_.can_probe ? 3 : 2;
    case SignKind::log:
    case SignKind::carrier:
    case SignKind::storage:
    case SignKind::log_silent:
    case SignKind::log_clock:
    case SignKind::arp:
    case SignKind::path:
      return 1;
    default:
      return 2;
  }
}

void Engine::Mind::came_back(const Incident& incident, const Sign& sign) {
  if (sign.kind != SignKind::ping || !incident.fault) return;
  const FaultKind kind = incident.fault->kind;
  if (kind == FaultKind::device_power || kind == FaultKind::device_hang || kind == FaultKind::power_feed ||
      kind == FaultKind::room_power)
    booting_[sign.device] = now;
}

const Incident* Engine::Mind::owner_of(SignIndex sign) const {
  for (const auto& [number, incident] : book.all())
    if (incident.is_open() && incident.owned.contains(sign)) return &incident;
  return nullptr;
}

/// A sign of an incident that is coming back: it has a few looks' time to come back too.
bool Engine::Mind::held_back(SignIndex sign) {
  const SignKind kind = states_[sign].kind;
  if (kind == SignKind::service || kind == SignKind::snmp) {
    const auto booting = booting_.find(states_[sign].device);
    if (booting != booting_.end() && now - booting->second < limits::booting) {
      const Time over = booting->second + limits::booting;
      if (!reconsider_ || over < *reconsider_) reconsider_ = over;
      return true;
    }
  }
  for (const auto& [number, incident] : book.all()) {
    if (!incident.is_open() || !incident.recovering || !incident.owned.contains(sign)) continue;
    const auto before = incident.bad_before.find(sign);
    const int since = states_[sign].bad_count - (before == incident.bad_before.end() ? 0 : before->second);
    const bool at_once = options_.can_probe && now - *incident.recovering < limits::live_settling;
    if (at_once || since < looks_needed(kind)) return true;
  }
  return false;
}

std::vector<SignIndex> Engine::Mind::collect() {
  std::vector<SignIndex> signs;
  for (const SignIndex index : bad_) {
    const Sign& sign = states_[index];
    if (!sign.bad || dismissed_.contains(index) || masked(sign)) continue;
    const bool by_hours = sign.kind == SignKind::ping || sign.kind == SignKind::snmp ||
                          sign.kind == SignKind::service || sign.kind == SignKind::log_silent;
    if (by_hours && excused(sign.device)) continue;
    if (!held_back(index)) signs.push_back(index);
  }
  return signs;
}

std::vector<Fault> Engine::Mind::held() {
  std::vector<Fault> faults;
  for (auto& [number, incident] : book.all())
    if (incident.is_open() && incident.is_failure() && incident.fault && !incident.recovering)
      faults.push_back(*incident.fault);
  return faults;
}

void Engine::Mind::evaluate() {
  dirty_ = false;
  last_evaluation_ = now;
  reconsider_.reset();
  review_recoveries();
  const std::vector<SignIndex> signs = collect();
  suspicious_.clear();
  undecided_.clear();
  if (signs.empty()) return;
  loops_ = suspected_loops(site_, states_, bad_);
  suspicious_.insert(signs.begin(), signs.end());
  for (const auto& [number, incident] : book.all())
    if (incident.is_open())
      for (const SignIndex sign : incident.owned) suspicious_.erase(sign);
  // Evidence that nobody can be accused by alone.
  std::erase_if(suspicious_, [&](SignIndex sign) { return states_[sign].kind == SignKind::arp; });
  ask();
  const std::vector<Fault> known = held();
  const std::vector<Verdict> verdicts = diagnose(world(), signs, known);
  for (const Verdict& verdict : verdicts) ask_apart(verdict);
  assign(verdicts);
}

void Engine::Mind::assign(const std::vector<Verdict>& verdicts) {
  struct Match {
    std::size_t overlap;
    int incident;
    std::size_t verdict;
  };
  std::vector<Match> matches;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const auto strong = strong_signs(world(), verdicts[i]);
    for (auto& [number, incident] : book.all()) {
      if (!incident.is_open() || !incident.is_failure()) continue;
      if (!incident.fault) find_again(incident);
      std::size_t shared = overlap(incident.owned, strong);
      if (incident.fault == verdicts[i].fault) shared += 1000;
      if (shared > 0) matches.push_back({shared, number, i});
    }
  }
  std::ranges::stable_sort(matches, [](const Match& a, const Match& b) { return a.overlap > b.overlap; });
  std::vector<Incident*> owners(verdicts.size(), nullptr);
  std::set<int> taken;
  for (const Match& match : matches) {
    if (owners[match.verdict] || taken.contains(match.incident)) continue;
    owners[match.verdict] = book.find(match.incident);
    taken.insert(match.incident);
  }
  merge_explained(verdicts, owners);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (owners[i])
      refresh(*owners[i], verdicts[i]);
    else
      consider(verdicts[i]);
  }
}

/// Incidents whose signs another incident's verdict now explains were never causes of their own.
void Engine::Mind::merge_explained(const std::vector<Verdict>& verdicts,
                                   const std::vector<Incident*>& owners) {
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (!owners[i]) continue;
    const auto strong = strong_signs(world(), verdicts[i]);
    for (auto& [number, incident] : book.all()) {
      if (&incident == owners[i] || !incident.is_open() || !incident.is_failure() || incident.recovering ||
          incident.owned.empty())
        continue;
      if (std::ranges::find(owners, &incident) != owners.end()) continue;
      std::size_t still_bad = 0;
      for (const SignIndex sign : incident.owned) still_bad += states_[sign].bad ? 1U : 0U;
      if (still_bad == 0 || overlap(incident.owned, strong) < still_bad) continue;
      emit(number, IncidentMerged{owners[i]->picture.number});
      incident.owned.clear();
    }
  }
}

void Engine::Mind::own(Incident& incident, const Verdict& verdict) {
  const auto strong = strong_signs(world(), verdict);
  incident.fault = verdict.fault;
  if (incident.recovering)
    incident.owned.insert(strong.begin(), strong.end());
  else
    incident.owned = {strong.begin(), strong.end()};
  incident.owned.insert(incident.fell_with_it.begin(), incident.fell_with_it.end());
  incident.seen_since_start = true;
}

std::size_t Engine::Mind::returns_of_late(const Incident& incident) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      incident.picture.returned, [&](Time time) { return now - time <= limits::reopening; }));
}

Diagnosis Engine::Mind::diagnosis_of(const Verdict& verdict, const Incident& incident,
                                     std::size_t returns) const {
  Diagnosis diagnosis = explain_verdict(world(), verdict);
  for (const SignIndex index : incident.fell_with_it) {
    const Sign& sign = states_[index];
    if (sign.kind != SignKind::ping) continue;
    diagnosis.evidence.push_back(reason_about(site_, "recorded_elsewhere", sign.device, sign.first_bad));
    diagnosis.affected.push_back(site_.devices[sign.device].name);
  }
  std::ranges::sort(diagnosis.affected);
  if (returns == 0) return diagnosis;
  const bool flaps = returns >= limits::flapping_returns;
  Reason reason{flaps ? "flapping" : "returned", now, {{"count", std::to_string(returns)}}};
  if (flaps)
    reason.values["minutes"] =
        std::to_string(std::chrono::duration_cast<std::chrono::minutes>(limits::flapping_settling).count());
  diagnosis.evidence.insert(diagnosis.evidence.begin(), std::move(reason));
  return diagnosis;
}

Milliseconds Engine::Mind::settling(const Incident& incident) const {
  if (returns_of_late(incident) >= limits::flapping_returns) return limits::flapping_settling;
  return options_.can_probe ? limits::live_settling : Milliseconds{0};
}

void Engine::Mind::ends_recovery(SignIndex sign) {
  for (auto& [number, incident] : book.all())
    if (incident.is_open() && incident.recovering && incident.owned.contains(sign) &&
        settling(incident) == limits::flapping_settling)
      incident.recovering.reset();
}

/// What fell silent shortly before its switch died was never judged by itself while the switch was down. Its
/// silence until now says nothing; it has a few looks' time, as the others behind the switch have.
void Engine::Mind::own_what_it_hid(Incident& incident) {
  if (!incident.fault) return;
  for (const Prediction& prediction : predict(world(), *incident.fault))
    if (prediction.probability >= 0.5 && bad_.contains(prediction.sign) &&
        owner_of(prediction.sign) == nullptr)
      incident.owned.insert(prediction.sign);
}

void Engine::Mind::refresh(Incident& incident, const Verdict& verdict) {
  const Diagnosis after = diagnosis_of(verdict, incident, returns_of_late(incident));
  const Severity how = severity(world(), verdict.fault);
  own(incident, verdict);
  const Diagnosis before = incident.picture.now.diagnosis;
  const bool worse = how != incident.picture.now.severity;
  if (!differs(before, after) && !worse) return;
  IncidentUpdated update;
  update.diagnosis = after;
  if (worse) update.severity = how;
  emit(incident.picture.number, std::move(update));
  if (before.location != after.location && !incident.picture.notifications.empty())
    tell_paged(incident, NotificationKind::revised, true);
}

/// Signs whose next look is worth waiting for. Without a way to ask, the next round of the same probes.
bool Engine::Mind::awaited(SignIndex index, bool with_services) {
  const Sign& sign = states_[index];
  if (sign.kind == SignKind::ping && excused(sign.device)) return false;
  if (options_.can_probe) return is_asked(index);
  return sign.kind == SignKind::ping ||
         (with_services && (sign.kind == SignKind::service || sign.kind == SignKind::snmp));
}

/// A port is down, and those behind it were not yet found silent: their next look will say.
bool Engine::Mind::only_a_port_says_so(const Verdict& verdict) const {
  if (!cuts_off(verdict.fault.kind)) return false;
  bool watched = false;
  for (const Prediction& prediction : predict(world(), verdict.fault)) {
    const Sign& sign = states_[prediction.sign];
    if (sign.kind != SignKind::ping) continue;
    if (sign.known && sign.bad) return false;
    watched = true;
  }
  return watched;
}

double Engine::Mind::evidence_needed(std::span<const SignIndex> signs) const {
  const bool by_ping =
      std::ranges::any_of(signs, [&](SignIndex sign) { return states_[sign].kind == SignKind::ping; });
  return by_ping ? limits::page_evidence : limits::page_evidence_of_slow_looks;
}

bool Engine::Mind::ripe(const Verdict& verdict) {
  if (verdict.margin < limits::page_margin || verdict.evidence < evidence_needed(verdict.explained) ||
      verdict.explained.empty())
    return false;
  bool sure = verdict.witnesses > 1 && cuts_off(verdict.fault.kind);
  bool with_services = false;
  Milliseconds round{0};
  for (const SignIndex index : verdict.explained) {
    const Sign& sign = states_[index];
    const Polling& polling = site_.devices[sign.device].polling;
    // ARP tells the explanations apart; that it is silent at all, pings must show.
    sure = sure || (sign.kind != SignKind::arp && sign.bad_count >= looks_needed(sign.kind));
    if (sign.kind == SignKind::ping || sign.kind == SignKind::port)
      round = std::max(round, polling.icmp.interval);
    if (sign.kind == SignKind::snmp || sign.kind == SignKind::service) {
      with_services = true;
      round = std::max({round, polling.snmp.interval, polling.tcp.interval});
    }
  }
  if (!sure) return false;
  const bool waiting =
      only_a_port_says_so(verdict) || (!verdict.rivals.empty() && awaited_trace(verdict)) ||
      std::ranges::any_of(verdict.pending, [&](SignIndex sign) { return awaited(sign, with_services); });
  if (!waiting) return true;
  const Milliseconds hold = with_services ? limits::live_hold_of_services : limits::live_hold;
  const Time deadline = verdict.onset + (options_.can_probe ? std::min(hold, round) : round);
  if (now >= deadline) return true;
  if (!reconsider_ || deadline < *reconsider_) reconsider_ = deadline;
  return false;
}

bool Engine::Mind::in_maintenance(const Verdict& verdict) {
  const std::vector<DeviceIndex> places = located(world(), verdict.fault);
  // The end of a silence makes everything be weighed again (end_silences).
  if (!silences.all().empty() && silenced(places, cause(world(), verdict.fault))) return true;
  if (std::ranges::none_of(places,
                           [&](DeviceIndex device) { return in_maintenance_window(site_, device, now); }))
    return false;
  for (const Maintenance& window : site_.maintenance)
    if (now < window.until && now >= window.from && (!reconsider_ || window.until < *reconsider_))
      reconsider_ = window.until;
  return true;
}

void Engine::Mind::consider(const Verdict& verdict) {
  if (verdict.fault.kind == FaultKind::off) return;
  if (!ripe(verdict)) {
    undecided_.push_back(verdict.fault);
    return;
  }
  if (in_maintenance(verdict)) return;
  if (Incident* incident = fell_with(verdict)) {
    std::vector<SignIndex> signs = verdict.explained;
    std::erase_if(signs, [&](SignIndex sign) { return states_[sign].kind == SignKind::arp; });
    incident->fell_with_it.insert(signs.begin(), signs.end());
    dirty_ = dirty_ || !std::ranges::includes(incident->owned, signs);
    incident->owned.insert(signs.begin(), signs.end());
    return;
  }
  open(verdict);
}

/// The incident of a shared cause in whose very round a lone terminal fell silent too. That a second fault
/// struck in the same seconds is a thousand times less likely than that the cabling is recorded wrongly; and
/// when the shared cause is mended and the terminal stays silent, it is judged by itself. A server's cable is
/// taken as recorded, since nobody may wait for another fault to end before hearing of it.
Incident* Engine::Mind::fell_with(const Verdict& verdict) {
  const Sign& first = states_[verdict.explained.front()];
  const Device& device = site_.devices[first.device];
  if (device.kind != DeviceKind::terminal && device.kind != DeviceKind::printer) return nullptr;
  const auto ping = states_.ping(first.device);
  const auto silent = [&](SignIndex sign) {
    return states_[sign].kind == SignKind::ping && states_[sign].bad && states_[sign].first_bad;
  };
  if (!ping || !silent(*ping)) return nullptr;
  if (std::ranges::any_of(verdict.explained,
                          [&](SignIndex sign) { return states_[sign].device != first.device; }))
    return nullptr;
  for (auto& [number, incident] : book.all()) {
    if (!incident.is_open() || !incident.is_failure() || incident.recovering || !incident.fault) continue;
    const FaultKind kind = incident.fault->kind;
    if (kind != FaultKind::forwarder && kind != FaultKind::link && kind != FaultKind::power_feed &&
        kind != FaultKind::room_power)
      continue;
    const auto together = std::ranges::count_if(incident.owned, [&](SignIndex sign) {
      return silent(sign) && std::chrono::abs(*states_[sign].first_bad - *states_[*ping].first_bad) <=
                                 device.polling.icmp.interval;
    });
    if (together >= limits::fell_together) return &incident;
  }
  return nullptr;
}

void Engine::Mind::open(const Verdict& verdict) {
  const Diagnosis diagnosis = explain_verdict(world(), verdict);
  IncidentOpened opened;
  opened.severity = severity(world(), verdict.fault);
  opened.diagnosis = diagnosis;
  for (auto& [number, earlier] : book.all()) {
    if (!earlier.is_failure() || earlier.is_open() || !same_place(earlier.picture.now.diagnosis, diagnosis))
      continue;
    const bool recent = earlier.picture.restored && now - *earlier.picture.restored <= limits::reopening;
    if (earlier.picture.state == IncidentState::restored && recent) {
      IncidentUpdated update;
      update.diagnosis = diagnosis_of(verdict, earlier, returns_of_late(earlier) + 1);
      update.severity = opened.severity;
      update.reopened = true;
      emit(number, std::move(update));
      earlier.recovering.reset();
      own(earlier, verdict);
      // Unanswered, the calls go on; who had it in hand was told of the recovery and must hear this too.
      if (earlier.picture.acknowledged_by) tell_paged(earlier, NotificationKind::reminder, true);
      return;
    }
    opened.earlier.push_back(number);
  }
  const auto places = located(world(), verdict.fault);
  const bool device_fault =
      verdict.fault.kind != FaultKind::link && verdict.fault.kind != FaultKind::link_errors;
  opened.paged =
      places.empty() ||
      (device_fault ? std::ranges::any_of(places, [&](DeviceIndex d) { return site_.devices[d].page; })
                    : std::ranges::all_of(places, [&](DeviceIndex d) { return site_.devices[d].page; }));
  const int number = book.next_number();
  emit(number, std::move(opened));
  Incident& incident = *book.find(number);
  own(incident, verdict);
  page(incident);
  syslog(incident, false, incident.picture.now.severity == Severity::stopped ? 3 : 4, "INCIDENT-OPENED");
}

bool Engine::Mind::is_good(SignIndex index) {
  const Sign& sign = states_[index];
  if (sign.kind == SignKind::port && sign.known && sign.bad) return masked_port(sign);
  return sign.known && !sign.bad;
}

void Engine::Mind::restored(Incident& incident) {
  emit(incident.picture.number, IncidentRestored{});
  tell_paged(incident, NotificationKind::recovery, false);
  syslog(incident, false, 5, "INCIDENT-RESTORED");
  incident.owned.clear();
  incident.fell_with_it.clear();
  incident.recovering.reset();
}

/// A person has judged these signs, and what else the fault shows: they open nothing again until they have
/// been good. Log lines are over at once.
void Engine::Mind::dismiss(Incident& incident) {
  std::set<SignIndex> judged(incident.owned.begin(), incident.owned.end());
  if (incident.fault)
    for (const Prediction& prediction : predict(world(), *incident.fault))
      if (states_[prediction.sign].bad && !owner_of(prediction.sign)) judged.insert(prediction.sign);
  for (const SignIndex sign : judged) {
    if (states_[sign].kind == SignKind::log && states_[sign].bad) note({states_.quieten(sign, now)});
    if (states_[sign].bad || !states_[sign].known) dismissed_.insert(sign);
  }
  incident.owned.clear();
  incident.recovering.reset();
}

/// After a restart the fault is found again by cause and place; its signs are what it would show.
void Engine::Mind::find_again(Incident& incident) {
  incident.fault =
      fault_of(world(), incident.picture.now.diagnosis.cause, incident.picture.now.diagnosis.location);
  if (!incident.fault || !incident.owned.empty()) return;
  for (const Prediction& prediction : predict(world(), *incident.fault)) {
    const SignKind kind = states_[prediction.sign].kind;
    if (prediction.probability >= 0.8 && kind != SignKind::port && kind != SignKind::management &&
        kind != SignKind::arp && kind != SignKind::path)
      incident.owned.insert(prediction.sign);
  }
}

void Engine::Mind::review_recoveries() {
  watching_ = false;
  for (auto& [number, incident] : book.all()) {
    if (!incident.is_failure()) continue;
    const bool closed_while_broken =
        incident.picture.state == IncidentState::closed && !incident.picture.restored;
    if (closed_while_broken && !incident.fault) {
      find_again(incident);
      dismiss(incident);
    }
    if (!incident.is_open()) continue;
    if (incident.owned.empty() && !incident.fault) find_again(incident);
    if (!incident.seen_since_start || incident.recovering) watching_ = true;
    if (incident.owned.empty()) {
      if (!incident.picture.now.reported_by.empty()) continue;  // what a person saw, no probe takes back
      // Known only by a log line, or its sensor is gone: quiet for long enough counts as over.
      if (!incident.seen_since_start && now - incident.last_event >= limits::log_quiet) restored(incident);
      continue;
    }
    std::size_t good = 0, bad = 0, open_questions = 0;
    for (const SignIndex sign : incident.owned) {
      if (is_good(sign))
        ++good;
      else if (!states_[sign].known || (incident.recovering && held_back(sign)))
        ++open_questions;
      else
        ++bad;
    }
    if (good == incident.owned.size()) {
      if (!incident.recovering) incident.recovering = now;
      const Time settled = *incident.recovering + settling(incident);
      if (now >= settled)
        restored(incident);
      else if (!reconsider_ || settled < *reconsider_)
        reconsider_ = settled;
    } else if (incident.recovering && open_questions == 0) {
      if (bad > good)
        incident.recovering.reset();  // a passing answer: it is not coming back
      else
        restored(incident);
    }
  }
}

}  // namespace nethealth
