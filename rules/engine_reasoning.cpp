// The reasoning of a verdict, and of silence, told on demand. Nothing here changes what the engine decides.

#include <algorithm>
#include <array>

#include "rules/evidence.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

constexpr std::size_t denials_told = 3;
constexpr std::size_t looks_told = 8;

std::string whole(double nats) {
  return std::to_string(static_cast<long>(nats + 0.5));
}

std::string probe_name(SignKind kind) {
  switch (kind) {
    case SignKind::ping:
    case SignKind::management:
    case SignKind::gateway:
      return "icmp";
    case SignKind::arp:
      return "arp";
    case SignKind::path:
      return "trace";
    case SignKind::service:
      return "tcp";
    case SignKind::log:
    case SignKind::log_silent:
    case SignKind::log_clock:
      return "log";
    default:
      return "snmp";
  }
}

}  // namespace

std::optional<Reasoning> Engine::Mind::why(int number) {
  const Incident* incident = book.find(number);
  if (!incident) return std::nullopt;
  Reasoning reasoning;
  reasoning.diagnosis = incident->picture.now.diagnosis;
  if (!incident->is_open() || !incident->fault) return reasoning;
  const std::vector<Fault> known = held();
  for (const Verdict& verdict : diagnose(world(), collect(), known)) {
    if (verdict.fault != *incident->fault) continue;
    reasoning.live = true;
    reasoning.evidence_nats = verdict.evidence;
    reasoning.margin_nats = verdict.margin;
    for (const Rival& rival : verdict.rivals) reasoning.rivals.push_back(reasoning_of(rival, verdict.onset));
    for (const Rival& rival : verdict.excluded)
      reasoning.rivals.push_back(reasoning_of(rival, verdict.onset));
    for (const SignIndex sign : verdict.pending) {
      if (reasoning.not_seen.size() == looks_told) break;
      if (states_[sign].kind == SignKind::arp && states_.is_routed(states_[sign].device)) continue;
      Reason reason = reason_about(site_, "not_looked", states_[sign].device);
      reason.values["probe"] = probe_name(states_[sign].kind);
      if (std::ranges::none_of(reasoning.not_seen,
                               [&](const Reason& told) { return told.values == reason.values; }))
        reasoning.not_seen.push_back(std::move(reason));
    }
  }
  return reasoning;
}

RivalReasoning Engine::Mind::reasoning_of(const Rival& rival, Time onset) const {
  RivalReasoning told;
  told.what = {category(world(), rival.fault), cause(world(), rival.fault), location(world(), rival.fault),
               rival.confidence};
  told.nats = rival.lead;
  told.same_signs = rival.same_signs;
  std::vector<Prediction> denying;
  for (const Prediction& prediction : predict(world(), rival.fault)) {
    const Sign& sign = states_[prediction.sign];
    if (sign.known && !sign.bad && sign.last_sample >= onset && prediction.denial >= 0.5)
      denying.push_back(prediction);
  }
  std::ranges::stable_sort(denying, std::greater<>(), &Prediction::denial);
  for (std::size_t i = 0; i < denying.size() && i < denials_told; ++i)
    told.denied_by.push_back(well_of(world(), denying[i].sign));
  return told;
}

/// Every bad sign of the device with what keeps it from being an incident; how it is looked at when all is
/// well.
std::vector<Reason> Engine::Mind::why_not(DeviceIndex device) {
  std::vector<Reason> told;
  std::optional<Time> newest;
  std::size_t looked_at = 0;
  const std::vector<Verdict> verdicts = diagnose(world(), collect(), held());
  for (const SignIndex index : states_.of(device)) {
    const Sign& sign = states_[index];
    if (!sign.known) continue;
    ++looked_at;
    if (!newest || sign.last_sample > *newest) newest = sign.last_sample;
    if (!sign.bad) continue;
    told.push_back(reason_of(world(), index));
    told.push_back(why_quiet(index, verdicts));
  }
  if (in_maintenance_window(site_, device, now))
    told.push_back(reason_about(site_, "in_maintenance", device));
  for (const auto& [number, incident] : book.all()) {
    const Diagnosis& diagnosis = incident.picture.now.diagnosis;
    if (!incident.is_open() || !std::ranges::binary_search(diagnosis.affected, site_.devices[device].name))
      continue;
    told.push_back(reason_about(site_, "affected_by", device));
    told.back().values["incident"] = std::to_string(number);
  }
  if (!told.empty()) return told;
  if (looked_at == 0) {
    const bool hub = site_.devices[device].addresses.empty();
    return {reason_about(site_, hub ? "judged_by_others" : "never_looked", device)};
  }
  told.push_back(reason_about(site_, "all_well", device, newest));
  told.back().values["count"] = std::to_string(looked_at);
  return told;
}

Reason Engine::Mind::weighed(SignIndex index, const std::string& code, double evidence_nats,
                             double needed_nats) const {
  Reason reason = reason_about(site_, code, states_[index].device, states_[index].first_bad);
  reason.values["have"] = whole(evidence_nats);
  reason.values["need"] = whole(needed_nats);
  reason.values["count"] = std::to_string(states_[index].bad_count);
  return reason;
}

Reason Engine::Mind::why_quiet(SignIndex index, std::span<const Verdict> verdicts) {
  const Sign& sign = states_[index];
  if (const Incident* owner = owner_of(index)) {
    Reason reason = reason_about(site_, "told_by", sign.device, owner->picture.opened);
    reason.values["incident"] = std::to_string(owner->picture.number);
    return reason;
  }
  if (dismissed_.contains(index)) return reason_about(site_, "dismissed", sign.device);
  if (masked(sign)) return reason_about(site_, "masked", sign.device);
  const bool by_hours =
      sign.kind == SignKind::ping || sign.kind == SignKind::snmp || sign.kind == SignKind::service;
  if (by_hours && excused(sign.device)) return reason_about(site_, "out_of_hours", sign.device);
  if (held_back(index)) return reason_about(site_, "coming_back", sign.device);
  for (const Verdict& verdict : verdicts) {
    if (!std::ranges::binary_search(verdict.explained, index)) continue;
    const double needed = evidence_needed(verdict.explained);
    const bool enough = verdict.evidence >= needed && verdict.margin >= limits::page_margin;
    return weighed(index, enough ? "waits_for_looks" : "too_little", verdict.evidence, needed);
  }
  if (causes(world(), index).empty()) return reason_about(site_, "evidence_only", sign.device);
  return weighed(index, "too_little", bad_strength(world(), sign), evidence_needed(std::array{index}));
}

}  // namespace nethealth
