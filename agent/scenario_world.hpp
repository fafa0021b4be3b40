#pragma once
// What every probe of a scenario's monitor would see, as its lines have arranged it so far.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/scenario.hpp"
#include "rules/topology.hpp"

namespace nethealth {

struct TimedObservation {
  Milliseconds after{0};  ///< between the look and its result: the answer, or the time limit
  Observation observation;
};

class ScenarioWorld {
 public:
  /// `site` must outlive the world.
  explicit ScenarioWorld(const Site& site);

  /// Devices, ports, agents, services and sensors; channels and people are not the network's matter.
  void apply(const ScenarioAction& action, Time now);
  [[nodiscard]] std::vector<DeviceIndex> devices_of(const ScenarioSubject& subject) const;

  /// One look of a device by one probe (icmp, arp, trace, snmp, tcp, http, monitor); nothing when the device
  /// has no such look, or is skipped.
  [[nodiscard]] std::vector<TimedObservation> look(DeviceIndex device, const std::string& probe, Time now);

 private:
  struct Face {
    bool silent = false;
    bool agent_silent = false;
    bool agent_refuses = false;
    bool skipped = false;
    bool on_battery = false;
    bool answers_arp = false;  ///< though silent otherwise
    int lost_packets = 0;      ///< of three
    Time booted;
    std::map<std::string, Outcome> services;
    std::map<std::string, int> codes;
    std::map<std::string, SensorSeen> sensors;
    std::set<std::string> down;    ///< ports
    std::set<std::string> errors;  ///< ports that count errors
    std::map<std::string, std::uint64_t> counted;
  };

  void apply_to_device(DeviceIndex device, const ScenarioAction& action, Time now);
  void apply_to_cable(const ScenarioSubject& subject, ScenarioVerb verb);
  void set_ports_facing(DeviceIndex device, bool down);
  void silence_behind(DeviceIndex device, bool silent);
  [[nodiscard]] TimedObservation look_by_icmp(DeviceIndex device, Time now) const;
  /// The routers and firewalls that each way to the device goes through, from the nearest.
  [[nodiscard]] std::vector<DeviceIndex> routers_to(DeviceIndex device) const;
  [[nodiscard]] TimedObservation look_by_arp(DeviceIndex device, Time now) const;
  [[nodiscard]] TimedObservation trace(DeviceIndex device, Time now) const;
  [[nodiscard]] TimedObservation look_by_snmp(DeviceIndex device, Time now);
  [[nodiscard]] TimedObservation look_at_service(DeviceIndex device, const Service& service, Time now) const;
  [[nodiscard]] std::vector<InterfaceSeen> interfaces(DeviceIndex device);

  const Site& site_;
  Topology topology_;
  std::vector<Face> faces_;
};

}  // namespace nethealth
