// What a hypothesis means for people: cause, category, severity, place, who is affected.

#include <algorithm>
#include <set>

#include "rules/fault.hpp"

namespace nethealth {

namespace {

bool is_network(const World& world, DeviceIndex device) {
  return world.site.devices[device].forwards();
}

Cause forwarder_cause(DeviceKind kind) {
  if (kind == DeviceKind::hub) return Cause::hub;
  if (kind == DeviceKind::switch_) return Cause::switch_;
  return Cause::router;
}

std::string room_name(const World& world, std::optional<std::size_t> room) {
  return room ? world.site.rooms[*room].name : std::string();
}

/// The device a fault sits in; a cable's is the end nearer the monitor, a room's is none.
std::optional<DeviceIndex> device_of(const World& world, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::link:
    case FaultKind::link_errors:
      return world.topology.near_end(fault.index);
    case FaultKind::room_power:
    case FaultKind::environment:
      return std::nullopt;
    case FaultKind::monitor_uplink:
    case FaultKind::storage:
      return world.site.monitor;
    case FaultKind::service:
    case FaultKind::hardware:
    case FaultKind::log:
    case FaultKind::log_source:
      return world.states[fault.sign].device;
    default:
      return fault.index;
  }
}

/// The ports that log lines name or whose error counters rise.
std::vector<std::string> looped_ports(const World& world, DeviceIndex device) {
  std::set<std::string> ports;
  for (const SignIndex sign : world.states.of(device)) {
    const Sign& state = world.states[sign];
    if (!state.bad) continue;
    if (state.kind == SignKind::port_errors) ports.insert(state.name);
    if (state.tells_of_loop() && !state.component.empty()) ports.insert(state.component);
  }
  return {ports.begin(), ports.end()};
}

std::string sensor_component(const Sign& sign) {
  return sign.name;
}

}  // namespace

Cause cause(const World& world, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::off:
    case FaultKind::device_power:
      return Cause::device_power;
    case FaultKind::device_hang:
    case FaultKind::soft_hang:
    case FaultKind::management_hang:
      return Cause::device_hang;
    case FaultKind::agent:
      return Cause::agent;
    case FaultKind::access:
      return Cause::configuration;
    case FaultKind::service:
    case FaultKind::services:
      return Cause::service;
    case FaultKind::forwarder:
      return forwarder_cause(world.site.devices[fault.index].kind);
    case FaultKind::link:
    case FaultKind::link_errors:
      return Cause::link;
    case FaultKind::power_feed:
    case FaultKind::room_power:
    case FaultKind::on_battery:
      return Cause::power_feed;
    case FaultKind::environment:
      return Cause::environment;
    case FaultKind::hardware:
    case FaultKind::storage:
      return Cause::device_hardware;
    case FaultKind::log:
      return world.states[fault.sign].rule ? world.states[fault.sign].rule->cause : Cause::unknown;
    case FaultKind::log_source:
      return world.states[fault.sign].kind == SignKind::log_silent ? Cause::agent : Cause::configuration;
    case FaultKind::monitor_uplink:
      return Cause::monitor_uplink;
    case FaultKind::loop:
      return Cause::loop;
  }
  return Cause::unknown;
}

Category category(const World& world, const Fault& fault) {
  if (fault.kind == FaultKind::link || fault.kind == FaultKind::link_errors ||
      fault.kind == FaultKind::monitor_uplink)
    return Category::network;
  if (const auto device = device_of(world, fault); device && is_network(world, *device))
    return Category::network;
  switch (cause(world, fault)) {
    case Cause::device_power:
    case Cause::device_hardware:
    case Cause::power_feed:
    case Cause::environment:
      return Category::hardware;
    case Cause::device_hang:
    case Cause::service:
    case Cause::agent:
    case Cause::configuration:
      return Category::software;
    case Cause::link:
    case Cause::switch_:
    case Cause::hub:
    case Cause::router:
    case Cause::monitor_uplink:
    case Cause::loop:
      return Category::network;
    default:
      return Category::undetermined;
  }
}

Severity severity(const World& world, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::device_power:
    case FaultKind::device_hang:
    case FaultKind::soft_hang:
    case FaultKind::service:
    case FaultKind::services:
    case FaultKind::forwarder:
    case FaultKind::power_feed:
    case FaultKind::room_power:
    case FaultKind::monitor_uplink:
    case FaultKind::loop:
      return Severity::stopped;
    case FaultKind::link:
      // A cable whose loss cuts nobody off has cost redundancy, not service.
      return world.topology.behind({true, fault.index}).empty() ? Severity::at_risk : Severity::stopped;
    case FaultKind::log:
      return world.states[fault.sign].rule ? world.states[fault.sign].rule->severity : Severity::at_risk;
    default:
      return Severity::at_risk;
  }
}

Location location(const World& world, const Fault& fault) {
  Location where;
  const auto device = device_of(world, fault);
  if (device) {
    where.device = world.site.devices[*device].name;
    where.room = room_name(world, world.site.devices[*device].room);
  } else {
    where.room = room_name(world, fault.index);
  }
  switch (fault.kind) {
    case FaultKind::link:
    case FaultKind::link_errors: {
      const Cable& cable = world.site.cables[fault.index];
      const DeviceIndex far = world.topology.far_end(fault.index);
      where.port = cable.a == *device ? cable.port_a : cable.port_b;
      where.peer = world.site.devices[far].name;
      if (where.room.empty()) where.room = room_name(world, world.site.devices[far].room);
      break;
    }
    case FaultKind::monitor_uplink:
      if (const auto& cables = world.topology.cables(*device); cables.size() == 1) {
        const Cable& cable = world.site.cables[cables.front()];
        where.peer = world.site.devices[world.topology.other_end(cables.front(), *device)].name;
        where.port = cable.a == *device ? cable.port_a : cable.port_b;
      }
      break;
    case FaultKind::service:
    case FaultKind::log_source:
      where.component = world.states[fault.sign].name;
      break;
    case FaultKind::hardware:
    case FaultKind::environment:
      where.component = sensor_component(world.states[fault.sign]);
      break;
    case FaultKind::log:
      where.component = world.states[fault.sign].component;
      break;
    case FaultKind::loop:
      where.ports = looped_ports(world, fault.index);
      break;
    case FaultKind::storage:
      where.component = "journal";
      break;
    default:
      break;
  }
  return where;
}

std::vector<DeviceIndex> located(const World& world, const Fault& fault) {
  if (fault.kind == FaultKind::link || fault.kind == FaultKind::link_errors)
    return {world.site.cables[fault.index].a, world.site.cables[fault.index].b};
  if (const auto device = device_of(world, fault)) return {*device};
  std::vector<DeviceIndex> devices;
  for (DeviceIndex i = 0; i < world.site.devices.size(); ++i)
    if (world.site.devices[i].room == fault.index) devices.push_back(i);
  return devices;
}

std::vector<std::string> affected(const World& world, const Fault& fault) {
  std::set<DeviceIndex> lost;
  const auto add = [&](std::span<const DeviceIndex> devices) { lost.insert(devices.begin(), devices.end()); };
  switch (fault.kind) {
    case FaultKind::forwarder:
    case FaultKind::device_power:
    case FaultKind::device_hang:
      add(world.topology.behind({false, fault.index}));
      break;
    case FaultKind::link:
      add(world.topology.behind({true, fault.index}));
      break;
    case FaultKind::power_feed:
    case FaultKind::room_power:
      for (DeviceIndex device = 0; device < world.site.devices.size(); ++device) {
        const Device& known = world.site.devices[device];
        const bool dark =
            fault.kind == FaultKind::power_feed
                ? known.power.size() == 1 && known.power.front() == fault.index
                : known.power.empty() && known.room == fault.index && known.kind != DeviceKind::ups;
        if (!dark || device == world.site.monitor) continue;
        lost.insert(device);
        if (world.topology.reachable(device)) add(world.topology.behind({false, device}));
      }
      break;
    default:
      break;
  }
  if (const auto device = device_of(world, fault)) lost.erase(*device);
  std::vector<std::string> names;
  for (const DeviceIndex device : lost) {
    // Who still answers can be used, whatever the cable plan says.
    const auto ping = world.states.ping(device);
    if (ping && world.states[*ping].known && !world.states[*ping].bad && world.states[*ping].good_count > 1)
      continue;
    names.push_back(world.site.devices[device].name);
  }
  std::ranges::sort(names);
  return names;
}

std::optional<Fault> fault_of(const World& world, Cause wanted, const Location& where) {
  const auto device = where.device.empty() ? std::nullopt : world.site.device(where.device);
  std::vector<Fault> candidates;
  if (device) {
    for (const FaultKind kind :
         {FaultKind::device_power, FaultKind::device_hang, FaultKind::services, FaultKind::agent,
          FaultKind::access, FaultKind::forwarder, FaultKind::power_feed, FaultKind::on_battery,
          FaultKind::management_hang, FaultKind::loop})
      candidates.push_back({kind, *device});
    for (const CableIndex cable : world.topology.cables(*device))
      candidates.push_back({FaultKind::link, cable});
    for (const SignIndex sign : world.states.of(*device)) {
      const SignKind kind = world.states[sign].kind;
      if (kind == SignKind::service) candidates.push_back({FaultKind::service, *device, sign});
      if (kind == SignKind::log_silent || kind == SignKind::log_clock)
        candidates.push_back({FaultKind::log_source, *device, sign});
      if (kind == SignKind::sensor) candidates.push_back({FaultKind::hardware, *device, sign});
    }
    if (*device == world.site.monitor)
      candidates.insert(candidates.end(), {{FaultKind::monitor_uplink}, {FaultKind::storage}});
  } else {
    for (std::uint32_t room = 0; room < world.site.rooms.size(); ++room)
      if (world.site.rooms[room].name == where.room) candidates.push_back({FaultKind::room_power, room});
  }
  for (const Fault& fault : candidates)
    if (cause(world, fault) == wanted && location(world, fault) == where) return fault;
  return std::nullopt;
}

}  // namespace nethealth
