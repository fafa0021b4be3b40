// Active evidence: on the first bad sign the engine asks for the looks that tell the explanations apart.

#include <algorithm>

#include "rules/evidence.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

std::string probe_of(const Observation& observation) {
  if (std::holds_alternative<IcmpSeen>(observation.seen)) return "icmp";
  if (std::holds_alternative<SnmpSeen>(observation.seen)) return "snmp";
  if (const auto* service = std::get_if<ServiceSeen>(&observation.seen))
    return service->probe == "http" || service->probe == "plugin" ? service->probe : "tcp";
  if (std::holds_alternative<ArpSeen>(observation.seen)) return "arp";
  if (std::holds_alternative<TraceSeen>(observation.seen)) return "trace";
  return "";
}

/// The fault is in one device that may have an address, so that ARP can tell whether it still lives.
bool is_of_one_device(FaultKind kind) {
  return kind == FaultKind::device_power || kind == FaultKind::device_hang || kind == FaultKind::forwarder ||
         kind == FaultKind::management_hang;
}

}  // namespace

void Engine::Mind::answered(DeviceIndex device, const Observation& observation) {
  const std::string probe = probe_of(observation);
  const auto found = asked_.find({device, probe});
  if (found == asked_.end() || (probe == "icmp" && now - found->second.at < limits::shortest_icmp_look))
    return;
  found->second.answered = true;
}

bool Engine::Mind::is_asked(SignIndex index) const {
  const Sign& sign = states_[index];
  std::string probe = "snmp";
  if (sign.kind == SignKind::ping) probe = "icmp";
  if (sign.kind == SignKind::arp) probe = "arp";
  if (sign.kind == SignKind::service) probe = site_.devices[sign.device].services[sign.index].look();
  const auto found = asked_.find({sign.device, probe});
  return found != asked_.end() && !found->second.answered && now - found->second.at < limits::answer_wait;
}

void Engine::Mind::want(DeviceIndex device, const std::string& probe, SignIndex why) {
  const Device& known = site_.devices[device];
  if (known.addresses.empty() || device == site_.monitor) return;
  if (probe == "snmp" && !known.credential) return;
  const auto found = asked_.find({device, probe});
  if (found != asked_.end()) {
    const Milliseconds since = now - found->second.at;
    if (since < (found->second.answered ? limits::ask_again_after : limits::answer_wait)) return;
  }
  asked_[{device, probe}] = {now, false};
  emit(0, ProbeWanted{known.name, probe, reason_of(world(), why)});
}

void Engine::Mind::ask() {
  if (!options_.can_probe) return;
  for (const SignIndex sign : suspicious_) ask_about(sign);
  if (suspicious_.empty())
    std::erase_if(asked_, [&](const auto& entry) { return now - entry.second.at > limits::answer_wait; });
}

/// The monitor's own wire, as far as the plan tells; behind a switch that also routes, the look itself says
/// no.
bool Engine::Mind::on_own_wire(DeviceIndex device) const {
  if (states_.is_routed(device)) return false;
  if (!topology_.reachable(device)) return true;  // nothing is recorded of it, so it is tried
  return std::ranges::any_of(topology_.cables(site_.monitor), [&](CableIndex cable) {
    const DeviceIndex first = topology_.other_end(cable, site_.monitor);
    return first == device || topology_.in_one_domain(first, device);
  });
}

void Engine::Mind::ask_apart(const Verdict& verdict) {
  if (!options_.can_probe || !cuts_off(verdict.fault.kind) || verdict.fault.kind == FaultKind::off) return;
  if (!verdict.rivals.empty()) ask_who_is_there(verdict);
  ask_for_the_way(verdict);
}

/// "Hangs or filters", or "without power or cable": of each single device that is suspected among others.
void Engine::Mind::ask_who_is_there(const Verdict& verdict) {
  const auto ask_for = [&](const Fault& fault) {
    if (!is_of_one_device(fault.kind)) return;
    const auto ping = states_.ping(fault.index);
    if (!ping || !states_[*ping].known || !states_[*ping].bad || !on_own_wire(fault.index)) return;
    const auto known = states_.arp(fault.index);
    if (known && states_[*known].known && states_[*known].last_sample >= *states_[*ping].first_bad) return;
    states_.expect_arp(fault.index);
    want(fault.index, "arp", *ping);
  };
  ask_for(verdict.fault);
  for (const Rival& rival : verdict.rivals) ask_for(rival.fault);
}

/// One trace a verdict and silence: to the device farthest away that is behind a router.
void Engine::Mind::ask_for_the_way(const Verdict& verdict) {
  if (awaited_trace(verdict)) return;
  std::optional<SignIndex> farthest;
  std::size_t longest = 0;
  for (const SignIndex index : verdict.explained) {
    const Sign& sign = states_[index];
    if (sign.kind != SignKind::ping || on_own_wire(sign.device)) continue;
    const Traced* traced = states_.traced(sign.device);
    if (traced && traced->time >= *sign.first_bad) return;
    const std::size_t length = topology_.cutters(sign.device).size() + 1;
    if (length > longest) farthest = index;
    longest = std::max(longest, length);
  }
  if (farthest) want(states_[*farthest].device, "trace", *farthest);
}

bool Engine::Mind::awaited_trace(const Verdict& verdict) const {
  return std::ranges::any_of(verdict.explained, [&](SignIndex index) {
    const auto asked = asked_.find({states_[index].device, "trace"});
    return asked != asked_.end() && !asked->second.answered && now - asked->second.at < limits::answer_wait;
  });
}

void Engine::Mind::ask_about(SignIndex index) {
  const Sign& sign = states_[index];
  const DeviceIndex device = sign.device;
  const auto services = [&](DeviceIndex of) {
    for (const Service& service : site_.devices[of].services) want(of, std::string(service.look()), index);
  };
  switch (sign.kind) {
    case SignKind::ping: {
      if (sign.bad_count < looks_needed(sign.kind)) want(device, "icmp", index);
      // Neighbours, parents and their ports are asked once a suspicion; the device itself until it is sure.
      if (sign.bad_count > 1) return;
      std::size_t asked = 0;
      for (const Element& element : topology_.cutters(device)) {
        if (element.is_cable || element.index == device) continue;
        want(element.index, "icmp", index);
        if (asked++ < 2) want(element.index, "snmp", index);
        for (const DeviceIndex feed : site_.devices[element.index].power) want(feed, "snmp", index);
      }
      for (const DeviceIndex feed : site_.devices[device].power) want(feed, "snmp", index);
      if (const auto above = topology_.parent(device)) {
        const auto& siblings = topology_.children(*above);
        for (std::size_t i = 0; i < siblings.size() && i < limits::neighbours_asked; ++i)
          if (siblings[i] != device) want(siblings[i], "icmp", index);
      }
      return;
    }
    case SignKind::snmp:
      want(device, "icmp", index);
      services(device);
      if (sign.bad_count < looks_needed(sign.kind)) want(device, "snmp", index);
      return;
    case SignKind::service:
      want(device, "icmp", index);
      if (sign.bad_count < looks_needed(sign.kind)) services(device);
      if (sign.bad_count == 1) want(device, "snmp", index);
      return;
    case SignKind::port: {
      want(topology_.other_end(sign.index, device), "icmp", index);
      const auto behind = topology_.behind({true, sign.index});
      for (std::size_t i = 0; i < behind.size() && i < limits::neighbours_asked; ++i)
        want(behind[i], "icmp", index);
      if (sign.bad_count < looks_needed(sign.kind)) want(device, "snmp", index);
      return;
    }
    case SignKind::access:
    case SignKind::sensor:
    case SignKind::on_battery:
      if (sign.bad_count < looks_needed(sign.kind)) want(device, "snmp", index);
      return;
    default:
      return;  // the rest needs time between two looks, or no second one
  }
}

}  // namespace nethealth
