#include "agent/scenario_world.hpp"

#include <algorithm>

namespace nethealth {
namespace {

using SubjectKind = ScenarioSubject::Kind;

constexpr Milliseconds answer_time{150};
constexpr Milliseconds arp_patience{800};
constexpr Milliseconds trace_patience{1'150};
constexpr int packets = 3;
constexpr int errors_a_look = 200;
constexpr int http_ok = 200;

Observation seen(const Site& site, DeviceIndex device, Time when, auto what) {
  return {when, site.devices[device].name, std::move(what)};
}

}  // namespace

ScenarioWorld::ScenarioWorld(const Site& site) : site_(site), topology_(site), faces_(site.devices.size()) {}

std::vector<DeviceIndex> ScenarioWorld::devices_of(const ScenarioSubject& subject) const {
  std::vector<DeviceIndex> found;
  for (DeviceIndex device = 0; device < site_.devices.size(); ++device) {
    const Device& known = site_.devices[device];
    bool meant = false;
    switch (subject.kind) {
      case SubjectKind::all:
        meant = true;
        break;
      case SubjectKind::behind:
        meant = device != subject.device && topology_.is_behind(device, {false, subject.device});
        break;
      case SubjectKind::room:
        meant = known.room && site_.rooms[*known.room].name == subject.name;
        break;
      case SubjectKind::load:
        meant = std::ranges::find(known.power, subject.device) != known.power.end();
        break;
      default:
        meant = device == subject.device;
        break;
    }
    if (meant) found.push_back(device);
  }
  return found;
}

void ScenarioWorld::set_ports_facing(DeviceIndex device, bool down) {
  for (const CableIndex cable : topology_.cables(device)) {
    const Cable& ends = site_.cables[cable];
    const DeviceIndex other = ends.a == device ? ends.b : ends.a;
    const std::string& port = ends.a == device ? ends.port_b : ends.port_a;
    if (down)
      faces_[other].down.insert(port);
    else
      faces_[other].down.erase(port);
  }
}

void ScenarioWorld::silence_behind(DeviceIndex device, bool silent) {
  faces_[device].silent = silent;
  if (!site_.devices[device].forwards()) return;
  for (const DeviceIndex behind : topology_.behind({false, device})) faces_[behind].silent = silent;
}

void ScenarioWorld::apply_to_cable(const ScenarioSubject& subject, ScenarioVerb verb) {
  const bool cut = verb == ScenarioVerb::be_cut;
  for (CableIndex index = 0; index < site_.cables.size(); ++index) {
    const Cable& cable = site_.cables[index];
    const bool meant = (cable.a == subject.device && cable.b == subject.peer) ||
                       (cable.b == subject.device && cable.a == subject.peer);
    if (!meant) continue;
    for (const auto& [end, port] : {std::pair(cable.a, cable.port_a), std::pair(cable.b, cable.port_b)}) {
      if (cut)
        faces_[end].down.insert(port);
      else
        faces_[end].down.erase(port);
    }
    for (const DeviceIndex behind : topology_.behind({true, index})) faces_[behind].silent = cut;
  }
}

void ScenarioWorld::apply_to_device(DeviceIndex device, const ScenarioAction& action, Time now) {
  Face& face = faces_[device];
  switch (action.verb) {
    case ScenarioVerb::fall_silent:
      face.silent = true;
      break;
    case ScenarioVerb::die:
      silence_behind(device, true);
      set_ports_facing(device, true);
      face.booted = now;
      break;
    case ScenarioVerb::hang:
      silence_behind(device, true);
      face.booted = now;
      break;
    case ScenarioVerb::answer: {
      const Time booted = face.booted;
      auto counted = std::move(face.counted);
      silence_behind(device, false);
      set_ports_facing(device, false);
      face = Face{};
      face.booted = booted;
      face.counted = std::move(counted);
      break;
    }
    case ScenarioVerb::run_on_battery:
    case ScenarioVerb::run_on_mains:
      face.on_battery = action.verb == ScenarioVerb::run_on_battery;
      break;
    case ScenarioVerb::lose_packets:
      face.lost_packets = std::min(action.number, packets);
      break;
    case ScenarioVerb::be_skipped:
    case ScenarioVerb::be_polled:
      face.skipped = action.verb == ScenarioVerb::be_skipped;
      break;
    case ScenarioVerb::answer_arp:
      face.answers_arp = true;
      break;
    default:
      break;
  }
}

void ScenarioWorld::apply(const ScenarioAction& action, Time now) {
  for (const ScenarioSubject& subject : action.subjects) {
    Face& face = faces_[subject.device];
    switch (subject.kind) {
      case SubjectKind::port:
        if (action.verb == ScenarioVerb::go_down) face.down.insert(subject.name);
        if (action.verb == ScenarioVerb::come_up || action.verb == ScenarioVerb::stay_up)
          face.down.erase(subject.name);
        if (action.verb == ScenarioVerb::count_errors) face.errors.insert(subject.name);
        if (action.verb == ScenarioVerb::count_no_errors) face.errors.erase(subject.name);
        break;
      case SubjectKind::cable:
        apply_to_cable(subject, action.verb);
        break;
      case SubjectKind::agent:
        face.agent_silent = action.verb == ScenarioVerb::fall_silent;
        face.agent_refuses = action.verb == ScenarioVerb::refuse;
        break;
      case SubjectKind::service:
        face.services[subject.name] = action.verb == ScenarioVerb::refuse     ? Outcome::refused
                                      : action.verb == ScenarioVerb::time_out ? Outcome::timeout
                                                                              : Outcome::ok;
        face.codes[subject.name] = action.number;
        break;
      case SubjectKind::sensor: {
        SensorSeen& sensor = face.sensors[subject.name];
        sensor.name = subject.name;
        sensor.sensor_class = subject.sensor_class;
        sensor.status = action.verb == ScenarioVerb::fail   ? SensorStatus::failed
                        : action.verb == ScenarioVerb::warn ? SensorStatus::warning
                                                            : SensorStatus::ok;
        break;
      }
      case SubjectKind::channel:
      case SubjectKind::person:
        break;
      default:
        for (const DeviceIndex device : devices_of(subject)) apply_to_device(device, action, now);
        break;
    }
  }
}

std::vector<TimedObservation> ScenarioWorld::look(DeviceIndex device, const std::string& probe, Time now) {
  const Device& known = site_.devices[device];
  std::vector<TimedObservation> found;
  if (faces_[device].skipped) return found;
  if (known.kind == DeviceKind::monitor) {
    if (probe != "monitor") return found;
    MonitorSeen own;
    own.carrier = own.gateway_ok = !faces_[device].silent;
    found.push_back({Milliseconds{0}, seen(site_, device, now, own)});
  } else if (probe == "icmp" && !known.addresses.empty()) {
    found.push_back(look_by_icmp(device, now));
  } else if (probe == "arp" && !known.addresses.empty()) {
    found.push_back(look_by_arp(device, now));
  } else if (probe == "trace" && !known.addresses.empty()) {
    found.push_back(trace(device, now));
  } else if (probe == "snmp" && known.credential && !known.addresses.empty()) {
    found.push_back(look_by_snmp(device, now));
  } else {
    for (const Service& service : known.services)
      if ((service.kind == Service::Kind::tcp ? "tcp" : "http") == probe)
        found.push_back(look_at_service(device, service, now));
  }
  for (TimedObservation& one : found) one.observation.time = now + one.after;
  return found;
}

TimedObservation ScenarioWorld::look_by_icmp(DeviceIndex device, Time now) const {
  const Face& face = faces_[device];
  const bool cut_off = face.silent || faces_[site_.monitor].silent;
  IcmpSeen icmp;
  icmp.sent = packets;
  icmp.received = cut_off ? 0 : packets - face.lost_packets;
  if (icmp.received > 0) icmp.rtt_ms = 0.4;
  const Milliseconds after =
      icmp.received == packets ? answer_time : site_.devices[device].polling.icmp.timeout;
  return {after, seen(site_, device, now, icmp)};
}

std::vector<DeviceIndex> ScenarioWorld::routers_to(DeviceIndex device) const {
  std::vector<DeviceIndex> routers;
  for (const Element& element : topology_.cutters(device)) {
    if (element.is_cable || element.index == device) continue;
    const DeviceKind kind = site_.devices[element.index].kind;
    if (kind == DeviceKind::router || kind == DeviceKind::firewall) routers.push_back(element.index);
  }
  std::ranges::reverse(routers);
  return routers;
}

TimedObservation ScenarioWorld::look_by_arp(DeviceIndex device, Time now) const {
  const Face& face = faces_[device];
  const bool silent = (face.silent && !face.answers_arp) || faces_[site_.monitor].silent;
  ArpSeen arp;
  arp.status = !routers_to(device).empty() ? Outcome::blind : silent ? Outcome::timeout : Outcome::ok;
  if (arp.status == Outcome::ok) arp.mac = "02:00:5e:00:53:01";
  return {arp.status == Outcome::timeout ? arp_patience : answer_time, seen(site_, device, now, arp)};
}

/// Each router answers that the way up to it works.
TimedObservation ScenarioWorld::trace(DeviceIndex device, Time now) const {
  TraceSeen trace;
  trace.target = site_.devices[device].addresses.front();
  bool cut_off = faces_[site_.monitor].silent;
  for (const DeviceIndex router : routers_to(device)) {
    cut_off = cut_off || faces_[router].silent || site_.devices[router].addresses.empty();
    if (!cut_off) trace.hops.push_back({site_.devices[router].addresses.front(), 0.4});
  }
  if (!cut_off && !faces_[device].silent) {
    trace.status = Outcome::ok;
    trace.hops.push_back({trace.target, 0.4});
  }
  return {trace.status == Outcome::ok ? answer_time : trace_patience, seen(site_, device, now, trace)};
}

std::vector<InterfaceSeen> ScenarioWorld::interfaces(DeviceIndex device) {
  std::vector<InterfaceSeen> rows;
  for (const CableIndex cable : topology_.cables(device)) {
    const Cable& ends = site_.cables[cable];
    InterfaceSeen row;
    row.name = ends.a == device ? ends.port_a : ends.port_b;
    if (row.name.empty()) continue;
    Face& face = faces_[device];
    row.oper_up = !face.down.contains(row.name);
    if (face.errors.contains(row.name)) face.counted[row.name] += errors_a_look;
    row.in_errors = face.counted[row.name];
    row.speed_mbps = 1000;
    rows.push_back(std::move(row));
  }
  return rows;
}

TimedObservation ScenarioWorld::look_by_snmp(DeviceIndex device, Time now) {
  const Device& known = site_.devices[device];
  const Face& face = faces_[device];
  SnmpSeen snmp;
  if (face.silent || face.agent_silent || faces_[site_.monitor].silent) {
    snmp.status = Outcome::timeout;
    return {known.polling.snmp.timeout * (known.polling.snmp.retries + 1), seen(site_, device, now, snmp)};
  }
  if (face.agent_refuses) {
    snmp.status = Outcome::auth_error;
    return {answer_time, seen(site_, device, now, snmp)};
  }
  const Time booted = face.booted == Time{} ? now - std::chrono::hours(240) : face.booted;
  snmp.uptime_s = static_cast<double>(std::chrono::floor<std::chrono::seconds>(now - booted).count());
  snmp.interfaces = interfaces(device);
  for (const auto& [name, sensor] : face.sensors) snmp.sensors.push_back(sensor);
  if (known.kind == DeviceKind::ups) {
    SensorSeen source;
    source.name = "Output source";
    source.sensor_class = SensorClass::power;
    source.status = face.on_battery ? SensorStatus::warning : SensorStatus::ok;
    source.text = face.on_battery ? "battery" : "normal";
    snmp.sensors.push_back(std::move(source));
  }
  return {answer_time, seen(site_, device, now, std::move(snmp))};
}

TimedObservation ScenarioWorld::look_at_service(DeviceIndex device, const Service& service, Time now) const {
  const Face& face = faces_[device];
  const bool http = service.kind == Service::Kind::http;
  ServiceSeen state;
  state.probe = http ? "http" : "tcp";
  state.service = service.name;
  if (face.silent || faces_[site_.monitor].silent)
    state.status = Outcome::timeout;
  else if (const auto found = face.services.find(service.name); found != face.services.end())
    state.status = found->second;
  if (http && state.status == Outcome::ok) {
    const auto code = face.codes.find(service.name);
    state.code =
        code == face.codes.end() || code->second == 0 ? service.expect.value_or(http_ok) : code->second;
  }
  const Polling& polling = site_.devices[device].polling;
  const Milliseconds after = state.status != Outcome::timeout ? answer_time
                             : http                           ? polling.http.timeout
                                                              : polling.tcp.timeout;
  return {after, seen(site_, device, now, std::move(state))};
}

}  // namespace nethealth
