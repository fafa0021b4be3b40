#pragma once
// The catalogue of hypotheses: what can be broken, how often that happens, and which signs it would show.
// Costs and probabilities follow the tables of the diagnosis (weighted covering with sampled evidence).

#include <compare>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "rules/check_state.hpp"
#include "rules/event.hpp"
#include "rules/topology.hpp"

namespace nethealth {

enum class FaultKind : std::uint8_t {
  off,              ///< a terminal switched off at the end of the day: normal
  device_power,     ///< index: device; without power, or dead
  device_hang,      ///< the link stays up and nothing answers
  soft_hang,        ///< ping answers, agent and services do not
  agent,            ///< only the SNMP agent is silent
  access,           ///< the agent refuses our credential
  service,          ///< sign: the service
  services,         ///< index: device; several of its services at once, though the system lives
  forwarder,        ///< a switch, hub, router or firewall that passes nothing on
  management_hang,  ///< a forwarding device that still forwards and does not answer itself
  link,             ///< index: cable
  link_errors,
  power_feed,   ///< index: the UPS; its loads are without power
  room_power,   ///< index: room
  on_battery,   ///< index: the UPS
  environment,  ///< index: room; sign: the sensor
  hardware,     ///< sign: the sensor
  log,          ///< sign: the log sign
  monitor_uplink,
  loop,        ///< index: the switch with the ports that are joined; its whole broadcast domain suffers
  storage,     ///< the monitor's own journal
  log_source,  ///< sign: of a source of log lines that fell silent or whose clock is off
};

struct Fault {
  FaultKind kind = FaultKind::device_power;
  std::uint32_t index = 0;
  SignIndex sign = 0;
  auto operator<=>(const Fault&) const = default;
};

/// One sign that the fault would show, and how surely.
struct Prediction {
  SignIndex sign = 0;
  double probability = 0;
  /// The most that a good sample may count against the fault: what we know of who hangs where can be wrong,
  /// what a device says of itself cannot.
  double denial = 0.99;
};

/// What the hypotheses are made from. Holds references; lives as long as they do.
struct World {
  const Site& site;
  const Topology& topology;
  const CheckStates& states;
  Time now;                                 ///< of the evaluation; schedules depend on it
  std::span<const DeviceIndex> loops = {};  ///< switches that may have a loop
};

/// Switches of which a log line tells a loop, or whose counters of errors rise at two ports and more.
std::vector<DeviceIndex> suspected_loops(const Site& site, const CheckStates& states,
                                         const std::set<SignIndex>& bad);

/// -ln of the chance that this fault begins within an hour.
double cost(const World& world, const Fault& fault);
std::vector<Prediction> predict(const World& world, const Fault& fault);
/// Every fault that would show this bad sign.
std::vector<Fault> causes(const World& world, SignIndex sign);

Cause cause(const World& world, const Fault& fault);
Category category(const World& world, const Fault& fault);
Severity severity(const World& world, const Fault& fault);
Location location(const World& world, const Fault& fault);
/// Other devices that cannot be used, sorted by name.
std::vector<std::string> affected(const World& world, const Fault& fault);
/// The located devices, for maintenance windows and `page: false`.
std::vector<DeviceIndex> located(const World& world, const Fault& fault);
/// A sign that the fault shows in devices' silence, so that several devices must be looked at to judge it.
bool cuts_off(FaultKind kind);
/// Signs belong to the fault of an incident that a restart brought back; empty when the place is unknown.
std::optional<Fault> fault_of(const World& world, Cause cause, const Location& location);

}  // namespace nethealth
