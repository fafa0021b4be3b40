#include "rules/fault.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace nethealth {

namespace {

constexpr double certain = 0.9999;
constexpr double own_denial = 0.9999;
/// Nobody answers ARP for a device without power. For one that hangs or filters the card or the kernel often
/// still does; for one that is cut off, never.
constexpr double no_arp_without_power = 0.97;
constexpr double no_arp_of_a_hung_one = 0.25;
/// A PC that sleeps may let its card answer for it.
constexpr double sleeper_denial = 0.8;
constexpr double unlikely_on_standby = 4.0;  // nats
constexpr Milliseconds before_closing = std::chrono::minutes(30);

double per_day(double rate) {
  return -std::log(rate / 24.0);
}

bool near_closing(const World& world, DeviceIndex device) {
  const Device& known = world.site.devices[device];
  if (known.kind != DeviceKind::terminal || !known.calendar) return false;
  const auto end = closing(world.site.calendars[*known.calendar], world.site.zone, world.now);
  return end && *end - world.now <= before_closing;
}

struct Predictions {
  const World& world;
  std::vector<Prediction> list;

  void add(std::optional<SignIndex> sign, double probability, double denial = 0.99) {
    if (sign) list.push_back({*sign, probability, std::min(denial, probability)});
  }
  void cut(Element element) {
    for (const DeviceIndex device : world.topology.behind(element)) {
      const bool own = !element.is_cable && element.index == device;
      add(world.states.ping(device), certain, own ? own_denial : 0.99);
      if (!own) add(world.states.arp(device), certain);
      // A hop that answered was reached through everything before it.
      add(world.states.path(device), certain, own ? 0.999 : 0.99);
      if (!own && !ends_at(element, device)) management_behind(device);
    }
  }
  /// Where a management controller is plugged in is not recorded: most often it shares the way of its device,
  /// though not the cable.
  void management_behind(DeviceIndex device) { add(world.states.management(device), 0.7, 0.3); }
  [[nodiscard]] bool ends_at(Element element, DeviceIndex device) const {
    if (!element.is_cable) return false;
    const Cable& cable = world.site.cables[element.index];
    return cable.a == device || cable.b == device;
  }
  /// The ports that look at the device, at the other ends of its cables.
  void facing_ports(DeviceIndex device, double probability) {
    for (const CableIndex cable : world.topology.cables(device)) {
      const DeviceIndex other = world.topology.other_end(cable, device);
      if (other == world.site.monitor)
        add(world.states.find(SignKind::carrier, other, ""), probability);
      else
        add(world.states.port(cable, other, SignKind::port), probability);
    }
  }
  void logs(DeviceIndex device, LogClass log_class, double probability) {
    for (const SignIndex sign : world.states.of(device)) {
      const Sign& state = world.states[sign];
      if (state.kind == SignKind::log && state.rule && state.rule->log_class == log_class)
        add(sign, probability);
    }
  }
};

/// Devices that are dark without these feeds, or, for a room, without its mains; each once.
std::vector<DeviceIndex> loads(const World& world, const Fault& fault) {
  std::vector<DeviceIndex> dark;
  for (DeviceIndex device = 0; device < world.site.devices.size(); ++device) {
    const Device& known = world.site.devices[device];
    if (device == world.site.monitor) continue;
    const bool lost =
        fault.kind == FaultKind::power_feed
            ? !known.power.empty() &&
                  std::ranges::all_of(known.power, [&](DeviceIndex feed) { return feed == fault.index; })
            : known.power.empty() && known.kind != DeviceKind::ups && known.room == fault.index;
    if (lost) dark.push_back(device);
  }
  return dark;
}

bool leads_to_monitor(const World& world, DeviceIndex device) {
  return std::ranges::any_of(world.topology.cables(device), [&](CableIndex cable) {
    return world.topology.other_end(cable, device) == world.site.monitor;
  });
}

void predict_power(Predictions& out, const Fault& fault) {
  const World& world = out.world;
  std::set<DeviceIndex> silent;
  for (const DeviceIndex device : loads(world, fault)) {
    out.add(world.states.management(device), 0.95, 0.9);
    if (!world.topology.reachable(device)) continue;
    for (const DeviceIndex behind : world.topology.behind({false, device})) {
      silent.insert(behind);
      out.management_behind(behind);
    }
    out.facing_ports(device, 0.97);
    if (leads_to_monitor(world, device))
      out.add(world.states.find(SignKind::gateway, world.site.monitor, ""), 0.95, 0.9);
  }
  for (const DeviceIndex device : silent) {
    out.add(world.states.ping(device), certain);
    out.add(world.states.arp(device), no_arp_without_power);
    out.add(world.states.path(device), certain);
  }
  if (fault.kind == FaultKind::power_feed) {
    // A dead UPS is often silent itself.
    out.add(world.states.ping(fault.index), 0.6, 0.6);
    out.facing_ports(fault.index, 0.6);
    out.add(world.states.find(SignKind::on_battery, fault.index, ""), 0.9, 0.5);
    return;
  }
  for (DeviceIndex ups = 0; ups < world.site.devices.size(); ++ups)
    if (world.site.devices[ups].kind == DeviceKind::ups && world.site.devices[ups].room == fault.index)
      out.add(world.states.find(SignKind::on_battery, ups, ""), 0.9, 0.9);
}

/// What a failing part also shows on the same device: further sensors, the system's own summary, log lines.
void predict_hardware(Predictions& out, const Fault& fault) {
  const Sign& own = out.world.states[fault.sign];
  out.add(fault.sign, 0.95);
  for (const SignIndex sign : out.world.states.of(own.device))
    if (sign != fault.sign && out.world.states[sign].kind == SignKind::sensor && out.world.states[sign].bad)
      out.add(sign, 0.3);
  out.logs(own.device, LogClass::hardware, 0.6);
}

void predict_environment(Predictions& out, const Fault& fault) {
  out.add(fault.sign, 0.95);
  const Sign& own = out.world.states[fault.sign];
  for (DeviceIndex device = 0; device < out.world.site.devices.size(); ++device) {
    if (out.world.site.devices[device].room != fault.index) continue;
    for (const SignIndex sign : out.world.states.of(device)) {
      const Sign& other = out.world.states[sign];
      if (sign == fault.sign || other.kind != SignKind::sensor || !other.bad) continue;
      const bool same = other.sensor.sensor_class == own.sensor.sensor_class;
      const bool heat = other.sensor.sensor_class == SensorClass::temperature;
      if (same || heat) out.add(sign, 0.5);
    }
  }
}

void predict_service(Predictions& out, const Fault& fault) {
  const Sign& own = out.world.states[fault.sign];
  out.add(fault.sign, 0.97);
  const auto& services = out.world.site.devices[own.device].services;
  for (std::size_t i = 0; i < services.size(); ++i)
    if (std::ranges::find(services[i].depends_on, own.index) != services[i].depends_on.end())
      out.add(out.world.states.service(own.device, i), 0.8, 0.8);
  out.logs(own.device, LogClass::software, 0.5);
}

/// A failed update, a full disk, a database that nobody wrote down: which services it takes is not known.
void predict_services(Predictions& out, DeviceIndex device) {
  for (std::size_t i = 0; i < out.world.site.devices[device].services.size(); ++i)
    out.add(out.world.states.service(device, i), 0.5, 0.5);
  out.logs(device, LogClass::software, 0.5);
}

void predict_soft_hang(Predictions& out, DeviceIndex device) {
  const Device& known = out.world.site.devices[device];
  out.add(out.world.states.snmp(device), 0.95);
  for (std::size_t i = 0; i < known.services.size(); ++i) {
    const auto sign = out.world.states.service(device, i);
    // A refused connection needs a living system: it speaks for a crashed service, not for a hang. A plain
    // connect can still succeed, because the kernel answers for a stopped process.
    const bool refused =
        sign && out.world.states[*sign].bad && out.world.states[*sign].outcome == Outcome::refused;
    const bool plain = known.services[i].kind == Service::Kind::tcp;
    out.add(sign, refused ? 0.02 : 0.95, plain ? 0.6 : 0.95);
  }
  out.logs(device, LogClass::software, 0.5);
}

void predict_link_errors(Predictions& out, const Fault& fault) {
  const Cable& ends = out.world.site.cables[fault.index];
  for (const DeviceIndex end : {ends.a, ends.b}) {
    out.add(out.world.states.port(fault.index, end, SignKind::port_errors), 0.95, 0.6);
    out.logs(end, LogClass::network, 0.3);
  }
  for (const DeviceIndex device : out.world.topology.behind({true, fault.index}))
    out.add(out.world.states.ping(device), 0.3, 0.1);
}

void predict_forwarder(Predictions& out, DeviceIndex device) {
  out.cut({false, device});
  out.add(out.world.states.arp(device), 0.9, 0.9);
  if (leads_to_monitor(out.world, device))
    out.add(out.world.states.find(SignKind::gateway, out.world.site.monitor, ""), 0.95, 0.9);
  out.facing_ports(device, 0.65);  // a dead one loses its link, a hung one keeps it
  out.logs(device, LogClass::network, 0.5);
  out.logs(device, LogClass::software, 0.5);
}

void predict_uplink(Predictions& out) {
  for (DeviceIndex device = 0; device < out.world.site.devices.size(); ++device)
    if (out.world.topology.reachable(device)) {
      out.add(out.world.states.ping(device), certain);
      out.add(out.world.states.arp(device), certain);
      out.add(out.world.states.path(device), certain);
      out.management_behind(device);
    }
  const DeviceIndex monitor = out.world.site.monitor;
  out.add(out.world.states.find(SignKind::carrier, monitor, ""), 0.95, 0.9);
  out.add(out.world.states.find(SignKind::gateway, monitor, ""), 0.99, 0.9);
  for (const CableIndex cable : out.world.topology.cables(monitor))
    out.add(out.world.states.port(cable, out.world.topology.other_end(cable, monitor), SignKind::port), 0.9);
}

/// A storm eats packets of everything in the broadcast domain now and then, and floods the joined ports.
void predict_loop(Predictions& out, DeviceIndex device) {
  const World& world = out.world;
  for (const DeviceIndex suffering : world.topology.broadcast_domain(device)) {
    for (const SignIndex sign : world.states.of(suffering)) {
      const Sign& state = world.states[sign];
      switch (state.kind) {
        case SignKind::ping:
        case SignKind::snmp:
        case SignKind::service:
        case SignKind::gateway:
          out.add(sign, 0.4, 0.02);
          break;
        case SignKind::port_errors:
          out.add(sign, suffering == device ? 0.6 : 0.3, 0.02);
          break;
        case SignKind::port:  // taken down by the switch's own protection
          out.add(sign, suffering == device ? 0.3 : 0.05, 0.02);
          break;
        case SignKind::log:
          if (state.rule && state.rule->log_class == LogClass::network)
            out.add(sign, state.rule->cause == Cause::loop ? 0.9 : 0.3, 0.3);
          break;
        default:
          break;
      }
    }
  }
}

/// A PC that is switched off with its card on standby keeps a link, at a lower speed.
bool on_standby(const World& world, DeviceIndex device) {
  for (const CableIndex cable : world.topology.cables(device)) {
    const auto port = world.states.port(cable, world.topology.other_end(cable, device), SignKind::port);
    if (port && world.states[*port].speed_fell) return true;
  }
  return false;
}

}  // namespace

double cost(const World& world, const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::off:
      return per_day(10);
    case FaultKind::device_power: {
      const DeviceKind kind = world.site.devices[fault.index].kind;
      return kind == DeviceKind::terminal || kind == DeviceKind::printer ? per_day(0.05) : per_day(0.0004);
    }
    case FaultKind::device_hang:
      return per_day(0.0006) + (on_standby(world, fault.index) ? unlikely_on_standby : 0);
    case FaultKind::soft_hang:
      return per_day(0.0006);
    case FaultKind::agent:
      return per_day(0.001);
    case FaultKind::access:
      return per_day(0.001);
    case FaultKind::service:
      return per_day(0.003);
    case FaultKind::services:
      return per_day(0.0003);
    case FaultKind::forwarder:
      return per_day(world.site.devices[fault.index].kind == DeviceKind::hub ? 0.002 : 0.0006);
    case FaultKind::management_hang:
      return per_day(0.0004);
    case FaultKind::link:
      return per_day(0.0003);
    case FaultKind::link_errors:
      return per_day(0.0004);
    case FaultKind::power_feed:
      return per_day(0.0003);
    case FaultKind::room_power:
      return per_day(0.0003);
    case FaultKind::on_battery:
      return per_day(0.003);
    case FaultKind::environment:
      return per_day(0.0008);
    case FaultKind::hardware: {
      // The summary of a whole device fails with its part; the part is the place.
      const bool summary = world.states[fault.sign].sensor.sensor_class == SensorClass::other;
      return per_day(summary ? 0.0006 : 0.001);
    }
    case FaultKind::log:
      return per_day(0.002);
    case FaultKind::monitor_uplink:
      return per_day(0.001);
    case FaultKind::loop:
      return per_day(0.0006);
    case FaultKind::storage:
      return per_day(0.001);
    case FaultKind::log_source:
      return per_day(0.002);
  }
  return per_day(0.0001);
}

std::vector<Prediction> predict(const World& world, const Fault& fault) {
  Predictions out{world, {}};
  const CheckStates& states = world.states;
  switch (fault.kind) {
    case FaultKind::off:
      out.cut({false, fault.index});
      out.add(states.arp(fault.index), no_arp_without_power, sleeper_denial);
      out.facing_ports(fault.index, 0.5);
      break;
    case FaultKind::device_power:
      out.cut({false, fault.index});
      out.add(states.arp(fault.index), no_arp_without_power,
              world.site.devices[fault.index].kind == DeviceKind::terminal ? sleeper_denial
                                                                           : no_arp_without_power);
      out.facing_ports(fault.index, on_standby(world, fault.index)                                 ? 0.2
                                    : world.site.devices[fault.index].kind == DeviceKind::terminal ? 0.995
                                                                                                   : 0.97);
      out.add(states.management(fault.index), 0.9, 0.9);
      break;
    case FaultKind::device_hang:
      out.cut({false, fault.index});
      out.add(states.arp(fault.index), no_arp_of_a_hung_one);
      out.logs(fault.index, LogClass::software, 0.5);
      break;
    case FaultKind::soft_hang:
      predict_soft_hang(out, fault.index);
      break;
    case FaultKind::agent:
      out.add(states.snmp(fault.index), 0.98);
      break;
    case FaultKind::access:
      out.add(states.find(SignKind::access, fault.index, ""), 0.98);
      break;
    case FaultKind::service:
      predict_service(out, fault);
      break;
    case FaultKind::services:
      predict_services(out, fault.index);
      break;
    case FaultKind::forwarder:
      predict_forwarder(out, fault.index);
      break;
    case FaultKind::management_hang:
      out.add(states.ping(fault.index), 0.95);
      out.add(states.snmp(fault.index), 0.95);
      out.add(states.arp(fault.index), no_arp_of_a_hung_one);
      break;
    case FaultKind::link:
      out.cut({true, fault.index});
      out.add(states.port(fault.index, world.site.cables[fault.index].a, SignKind::port), 0.98);
      out.add(states.port(fault.index, world.site.cables[fault.index].b, SignKind::port), 0.98);
      for (const DeviceIndex end : {world.site.cables[fault.index].a, world.site.cables[fault.index].b})
        out.logs(end, LogClass::network, 0.5);
      break;
    case FaultKind::link_errors:
      predict_link_errors(out, fault);
      break;
    case FaultKind::power_feed:
    case FaultKind::room_power:
      predict_power(out, fault);
      break;
    case FaultKind::on_battery:
      out.add(states.find(SignKind::on_battery, fault.index, ""), 0.97);
      for (const SignIndex sign : states.of(fault.index))
        if (states[sign].kind == SignKind::sensor && states[sign].bad) out.add(sign, 0.4);
      for (DeviceIndex device = 0; device < world.site.devices.size(); ++device)
        for (const SignIndex sign : states.of(device))
          if (states[sign].kind == SignKind::log && states[sign].rule &&
              states[sign].rule->cause == Cause::power_feed &&
              (device == fault.index ||
               std::ranges::count(world.site.devices[device].power, fault.index) > 0))
            out.add(sign, 0.6);
      break;
    case FaultKind::environment:
      predict_environment(out, fault);
      break;
    case FaultKind::hardware:
      predict_hardware(out, fault);
      break;
    case FaultKind::log: {
      out.add(fault.sign, 0.95);
      // Lines of one class that a device writes together tell one story.
      const Sign& own = states[fault.sign];
      if (own.rule) out.logs(own.device, own.rule->log_class, 0.4);
      break;
    }
    case FaultKind::monitor_uplink:
      predict_uplink(out);
      break;
    case FaultKind::loop:
      predict_loop(out, fault.index);
      break;
    case FaultKind::storage:
      out.add(states.find(SignKind::storage, world.site.monitor, ""), 0.99);
      break;
    case FaultKind::log_source:
      out.add(fault.sign, 0.98);
      break;
  }
  // A sign named twice keeps its surer prediction.
  std::ranges::sort(out.list, [](const Prediction& a, const Prediction& b) {
    return a.sign != b.sign ? a.sign < b.sign : a.probability > b.probability;
  });
  const auto doubles = std::ranges::unique(out.list, {}, &Prediction::sign);
  out.list.erase(doubles.begin(), doubles.end());
  return std::move(out.list);
}

namespace {

void causes_of_silence(const World& world, DeviceIndex device, std::vector<Fault>& out) {
  const Device& own = world.site.devices[device];
  if (own.forwards()) {
    out.push_back({FaultKind::management_hang, device});
  } else {
    if (near_closing(world, device)) out.push_back({FaultKind::off, device});
    out.push_back({FaultKind::device_power, device});
    out.push_back({FaultKind::device_hang, device});
  }
  for (const Element& element : world.topology.cutters(device)) {
    if (element.is_cable) {
      const Cable& cable = world.site.cables[element.index];
      const bool uplink = cable.a == world.site.monitor || cable.b == world.site.monitor;
      if (!uplink) out.push_back({FaultKind::link, element.index});
      for (const DeviceIndex end : {cable.a, cable.b}) {
        const auto errors = world.states.port(element.index, end, SignKind::port_errors);
        if (errors && world.states[*errors].bad) out.push_back({FaultKind::link_errors, element.index});
      }
      continue;
    }
    const Device& above = world.site.devices[element.index];
    if (above.forwards()) out.push_back({FaultKind::forwarder, element.index});
    for (const DeviceIndex feed : above.power) out.push_back({FaultKind::power_feed, feed});
    if (above.power.empty() && above.room)
      out.push_back({FaultKind::room_power, static_cast<std::uint32_t>(*above.room)});
  }
  out.push_back({FaultKind::monitor_uplink});
}

/// Loops whose domain the device is in.
void causes_of_loop(const World& world, DeviceIndex device, std::vector<Fault>& out) {
  for (const DeviceIndex looping : world.loops)
    if (looping == device || world.topology.in_one_domain(looping, device))
      out.push_back({FaultKind::loop, looping});
}

void causes_of_port(const World& world, const Sign& sign, std::vector<Fault>& out) {
  const DeviceIndex other = world.topology.other_end(sign.index, sign.device);
  if (other == world.site.monitor) {
    out.push_back({FaultKind::monitor_uplink});
    return;
  }
  out.push_back({FaultKind::link, sign.index});
  if (world.site.devices[other].forwards())
    out.push_back({FaultKind::forwarder, other});
  else
    out.push_back({FaultKind::device_power, other});
}

void causes_of_sensor(const World& world, SignIndex index, std::vector<Fault>& out) {
  const Sign& sign = world.states[index];
  const Device& device = world.site.devices[sign.device];
  const SensorClass sensor = sign.sensor.sensor_class;
  const bool room_itself = sensor == SensorClass::smoke || sensor == SensorClass::water ||
                           sensor == SensorClass::door || sensor == SensorClass::humidity ||
                           device.kind == DeviceKind::sensor;
  if (device.room && (room_itself || sensor == SensorClass::temperature))
    out.push_back({FaultKind::environment, static_cast<std::uint32_t>(*device.room), index});
  if (!room_itself || !device.room) out.push_back({FaultKind::hardware, sign.device, index});
  if (device.kind == DeviceKind::ups) out.push_back({FaultKind::on_battery, sign.device});
}

std::size_t services_down(const World& world, DeviceIndex device) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < world.site.devices[device].services.size(); ++i)
    if (const auto sign = world.states.service(device, i)) count += world.states[*sign].bad ? 1U : 0U;
  return count;
}

void add_causes(const World& world, const Sign& sign, SignIndex index, std::vector<Fault>& out) {
  const auto add = [&](std::initializer_list<Fault> faults) { out.insert(out.end(), faults); };
  switch (sign.kind) {
    case SignKind::ping:
      causes_of_silence(world, sign.device, out);
      break;
    case SignKind::snmp:
      add({{FaultKind::agent, sign.device}, {FaultKind::soft_hang, sign.device}});
      break;
    case SignKind::access:
      add({{FaultKind::access, sign.device}});
      break;
    case SignKind::service: {
      add({{FaultKind::service, sign.device, index}, {FaultKind::soft_hang, sign.device}});
      if (services_down(world, sign.device) > 1) add({{FaultKind::services, sign.device}});
      for (const std::size_t needed : world.site.devices[sign.device].services[sign.index].depends_on)
        if (const auto other = world.states.service(sign.device, needed); other && world.states[*other].bad)
          out.push_back({FaultKind::service, sign.device, *other});
      break;
    }
    case SignKind::port:
      causes_of_port(world, sign, out);
      break;
    case SignKind::port_errors:
      add({{FaultKind::link_errors, sign.index}});
      break;
    case SignKind::sensor:
      causes_of_sensor(world, index, out);
      break;
    case SignKind::on_battery: {
      add({{FaultKind::on_battery, sign.device}});
      if (const auto room = world.site.devices[sign.device].room)
        out.push_back({FaultKind::room_power, static_cast<std::uint32_t>(*room)});
      break;
    }
    case SignKind::log: {
      add({{FaultKind::log, sign.device, index}});
      if (sign.rule && sign.rule->cause == Cause::power_feed) {
        for (const DeviceIndex feed : world.site.devices[sign.device].power)
          out.push_back({FaultKind::on_battery, feed});
        if (world.site.devices[sign.device].kind == DeviceKind::ups)
          out.push_back({FaultKind::on_battery, sign.device});
      }
      break;
    }
    case SignKind::carrier:
    case SignKind::gateway:
      add({{FaultKind::monitor_uplink}});
      for (const CableIndex cable : world.topology.cables(world.site.monitor)) {
        const DeviceIndex first = world.topology.other_end(cable, world.site.monitor);
        if (world.site.devices[first].forwards()) add({{FaultKind::forwarder, first}});
        for (const DeviceIndex feed : world.site.devices[first].power) add({{FaultKind::power_feed, feed}});
      }
      break;
    case SignKind::storage:
      add({{FaultKind::storage}});
      break;
    case SignKind::log_silent:
    case SignKind::log_clock:
      add({{FaultKind::log_source, sign.device, index}});
      break;
    case SignKind::management:
    case SignKind::arp:
    case SignKind::path:
      break;  // evidence only: nobody is woken for a management controller
  }
}

}  // namespace

std::vector<Fault> causes(const World& world, SignIndex index) {
  const Sign& sign = world.states[index];
  std::vector<Fault> out;
  causes_of_loop(world, sign.device, out);
  const std::size_t loops = out.size();
  add_causes(world, sign, index, out);
  // A line that names a loop is no fault of another kind beside it.
  if (sign.tells_of_loop() && loops > 0) out.resize(loops);
  return out;
}

std::vector<DeviceIndex> suspected_loops(const Site& site, const CheckStates& states,
                                         const std::set<SignIndex>& bad) {
  std::map<DeviceIndex, int> ports_with_errors;
  std::vector<DeviceIndex> looping;
  for (const SignIndex index : bad) {
    const Sign& sign = states[index];
    if (!site.devices[sign.device].forwards()) continue;
    const bool counted = sign.kind == SignKind::port_errors && ++ports_with_errors[sign.device] == 2;
    if ((sign.tells_of_loop() || counted) && std::ranges::find(looping, sign.device) == looping.end())
      looping.push_back(sign.device);
  }
  return looping;
}

bool cuts_off(FaultKind kind) {
  return kind == FaultKind::forwarder || kind == FaultKind::link || kind == FaultKind::power_feed ||
         kind == FaultKind::room_power || kind == FaultKind::monitor_uplink ||
         kind == FaultKind::device_power || kind == FaultKind::device_hang || kind == FaultKind::off ||
         kind == FaultKind::management_hang;
}

}  // namespace nethealth
