#include "rules/check_state.hpp"

#include <algorithm>
#include <cmath>

namespace nethealth {

namespace {

/// Errors of one poll that count as a bad cable: at least so many, and so many a second.
constexpr std::uint64_t errors_at_least = 5;
constexpr double errors_per_second_at_least = 0.2;
constexpr std::size_t line_kept_bytes = 512;

bool is_bad(SensorStatus status) {
  return status == SensorStatus::failed || status == SensorStatus::warning;
}

bool is_environment(SensorClass sensor_class) {
  return sensor_class == SensorClass::smoke || sensor_class == SensorClass::water ||
         sensor_class == SensorClass::door || sensor_class == SensorClass::humidity;
}

std::string cut(const std::string& line) {
  if (line.size() <= line_kept_bytes) return line;
  std::size_t end = line_kept_bytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end) + "…";
}

}  // namespace

void Sign::sample(Time time, bool is_bad_now) {
  known = true;
  last_sample = time;
  if (is_bad_now) {
    if (!bad || !first_bad) first_bad = time;
    ++bad_count;
    good_count = 0;
  } else {
    last_good = time;
    first_bad.reset();
    bad_count = 0;
    ++good_count;
    error_growth = 0;
  }
  bad = is_bad_now;
}

void Sign::forget() {
  known = false;
  bad = false;
  bad_count = 0;
  good_count = 0;
  first_bad.reset();
}

CheckStates::CheckStates(const Site& site, const Topology& topology)
    : site_(site),
      topology_(topology),
      ping_(site.devices.size()),
      snmp_(site.devices.size()),
      arp_(site.devices.size()),
      path_(site.devices.size()),
      routed_(site.devices.size(), false),
      by_device_(site.devices.size()),
      uptime_s_(site.devices.size(), -1) {
  for (DeviceIndex device = 0; device < site.devices.size(); ++device) {
    const Device& known = site.devices[device];
    for (const std::string& address : known.addresses) by_address_.emplace(address, device);
    if (!known.addresses.empty() && device != site.monitor)
      ping_[device] = add(SignKind::ping, device, 0, "");
    if (known.credential && !known.addresses.empty()) {
      snmp_[device] = add(SignKind::snmp, device, 0, "");
      add(SignKind::access, device, 0, "");
    }
    for (std::uint32_t i = 0; i < known.services.size(); ++i)
      add(SignKind::service, device, i, known.services[i].name);
    if (known.management) add(SignKind::management, device, 0, "");
  }
  for (CableIndex cable = 0; cable < site.cables.size(); ++cable) {
    const Cable& ends = site.cables[cable];
    const auto watch = [&](DeviceIndex end, const std::string& port) {
      if (port.empty() || !snmp_[end]) return;
      for (const SignKind kind : {SignKind::port, SignKind::port_errors}) {
        const SignIndex sign = add(kind, end, cable, port);
        by_cable_[{cable, end, kind}] = sign;
      }
    };
    watch(ends.a, ends.port_a);
    watch(ends.b, ends.port_b);
  }
  add(SignKind::carrier, site.monitor, 0, "");
  add(SignKind::gateway, site.monitor, 0, "");
  add(SignKind::storage, site.monitor, 0, "");
}

SignIndex CheckStates::add(SignKind kind, DeviceIndex device, std::uint32_t index, std::string name) {
  const auto sign = static_cast<SignIndex>(signs_.size());
  by_name_.emplace(std::tuple(kind, device, name), sign);
  signs_.push_back({});
  signs_.back().kind = kind;
  signs_.back().device = device;
  signs_.back().index = index;
  signs_.back().name = std::move(name);
  by_device_[device].push_back(sign);
  return sign;
}

SignIndex CheckStates::at(SignKind kind, DeviceIndex device, const std::string& name) {
  const auto found = find(kind, device, name);
  return found ? *found : add(kind, device, 0, name);
}

std::optional<SignIndex> CheckStates::find(SignKind kind, DeviceIndex device, const std::string& name) const {
  const auto found = by_name_.find({kind, device, name});
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

std::optional<SignIndex> CheckStates::management(DeviceIndex device) const {
  return find(SignKind::management, device, "");
}

std::optional<SignIndex> CheckStates::service(DeviceIndex device, std::size_t service) const {
  return find(SignKind::service, device, site_.devices[device].services[service].name);
}

std::optional<SignIndex> CheckStates::port(CableIndex cable, DeviceIndex end, SignKind kind) const {
  const auto found = by_cable_.find({cable, end, kind});
  if (found == by_cable_.end()) return std::nullopt;
  return found->second;
}

CheckStates::Silences& CheckStates::silences(SignKind kind) {
  if (kind == SignKind::ping) return ping_silences_;
  return kind == SignKind::snmp ? snmp_silences_ : service_silences_;
}

void CheckStates::learn(SignKind kind, const Sign& before, bool silent) {
  constexpr int passing = 2;  // longer silences were something
  Silences& known = silences(kind);
  known.looks += 1;
  if (!silent && before.bad && before.bad_count <= passing) known.false_ones += before.bad_count;
}

double CheckStates::false_silence_rate(SignKind kind) const {
  // What single lost packets lead to expect is worth this many looks; then the looks themselves tell.
  constexpr double prior_looks = 100, prior_packets = 500, least = 1e-4;
  // A packet right behind a lost one is lost this often: losses come in bursts.
  constexpr double lost_again = 0.3;
  const Silences& known = kind == SignKind::ping   ? ping_silences_
                          : kind == SignKind::snmp ? snmp_silences_
                                                   : service_silences_;
  const double lost = packets_.false_ones / (packets_.looks + prior_packets);
  // An echo look is three packets, an SNMP look or a connection tries twice.
  const double expected = kind == SignKind::ping ? lost * lost_again * lost_again : lost * lost_again;
  const double learned =
      (known.false_ones + prior_looks * std::max(expected, least)) / (known.looks + prior_looks);
  return std::clamp(learned, least, 0.05);
}

Touch CheckStates::sample(SignIndex sign, Time time, bool bad) {
  const bool was_bad = signs_[sign].bad;
  signs_[sign].sample(time, bad);
  return {sign, bad, was_bad != bad};
}

std::vector<Touch> CheckStates::observe(DeviceIndex device, const Observation& observation) {
  std::vector<Touch> touches;
  const Time time = observation.time;
  if (const auto* icmp_seen = std::get_if<IcmpSeen>(&observation.seen))
    icmp(device, time, *icmp_seen, touches);
  if (const auto* snmp_seen = std::get_if<SnmpSeen>(&observation.seen))
    snmp(device, time, *snmp_seen, touches);
  if (const auto* seen = std::get_if<ServiceSeen>(&observation.seen)) service(device, time, *seen, touches);
  if (const auto* seen = std::get_if<LogSourceSeen>(&observation.seen))
    log_source(device, time, *seen, touches);
  if (const auto* seen = std::get_if<MonitorSeen>(&observation.seen)) monitor(device, time, *seen, touches);
  if (const auto* seen = std::get_if<ArpSeen>(&observation.seen)) arp(device, time, *seen, touches);
  if (const auto* seen = std::get_if<TraceSeen>(&observation.seen)) trace(device, time, *seen, touches);
  return touches;
}

void CheckStates::icmp(DeviceIndex device, Time time, const IcmpSeen& seen, std::vector<Touch>& touches) {
  if (seen.blind || seen.sent <= 0) return;
  const bool silent = seen.received <= 0;
  if (seen.management) {
    if (const auto sign = management(device)) touches.push_back(sample(*sign, time, silent));
    return;
  }
  if (!ping_[device]) return;
  const Sign& before = signs_[*ping_[device]];
  learn(SignKind::ping, before, silent);
  if (!silent) {
    packets_.looks += seen.sent;
    packets_.false_ones += std::max(0, seen.sent - seen.received);
  }
  const bool back = before.bad && !silent;
  // Of a look that was answered in part only, the answers may all have come before the fault.
  const bool in_part = !silent && seen.received < seen.sent;
  touches.push_back(sample(
      *ping_[device], in_part && !back ? time - site_.devices[device].polling.icmp.timeout : time, silent));
  if (silent) return;
  traced_.erase(device);
  // Who answers ping has its address; nobody asks by ARP again.
  if (arp_[device] && signs_[*arp_[device]].bad) touches.push_back(sample(*arp_[device], time, false));
  // What was asked of a device while it was cut off says nothing of it now.
  if (back)
    for (const SignIndex sign : by_device_[device])
      if (signs_[sign].bad && (signs_[sign].kind == SignKind::snmp || signs_[sign].kind == SignKind::service))
        signs_[sign].forget();
}

void CheckStates::snmp(DeviceIndex device, Time time, const SnmpSeen& seen, std::vector<Touch>& touches) {
  if (seen.status == Outcome::blind || seen.management) {
    if (seen.management && seen.status == Outcome::ok) sensors(device, time, seen, touches);
    return;
  }
  if (!snmp_[device]) return;
  const bool silent = seen.status == Outcome::timeout || seen.status == Outcome::unreachable ||
                      seen.status == Outcome::refused;
  learn(SignKind::snmp, signs_[*snmp_[device]], silent);
  if (silent) {
    signs_[*snmp_[device]].outcome = seen.status;
    touches.push_back(sample(*snmp_[device], time, true));
    return;
  }
  // An agent that answers anything is not silent.
  touches.push_back(sample(*snmp_[device], time, false));
  const SignIndex access = at(SignKind::access, device, "");
  touches.push_back(sample(access, time, seen.status == Outcome::auth_error));
  if (seen.status != Outcome::ok) return;
  ports(device, time, seen, touches);
  sensors(device, time, seen, touches);
  if (seen.uptime_s) uptime_s_[device] = *seen.uptime_s;
}

void CheckStates::ports(DeviceIndex device, Time time, const SnmpSeen& seen, std::vector<Touch>& touches) {
  const bool restarted = seen.uptime_s && uptime_s_[device] > *seen.uptime_s;
  for (const CableIndex cable : topology_.cables(device)) {
    const auto sign = port(cable, device, SignKind::port);
    if (!sign) continue;
    const std::string& wanted = signs_[*sign].name;
    const InterfaceSeen* row = nullptr;
    for (const auto& matches :
         {+[](const InterfaceSeen&i, const std::string&w) { return i.name == w; },
          +[](const InterfaceSeen&i, const std::string&w) { return i.description == w; },
          +[](const InterfaceSeen&i, const std::string&w) {
            return i.index && std::to_string(*i.index) == w;
          }}) {
      for (const InterfaceSeen& interface : seen.interfaces)
        if (!row && matches(interface, wanted)) row = &interface;
    }
    if (!row || !row->admin_up) continue;
    touches.push_back(sample(*sign, time, !row->oper_up));
    if (row->oper_up && row->speed_mbps && *row->speed_mbps > 0) {
      Sign& port_sign = signs_[*sign];
      if (port_sign.speed_mbps && *port_sign.speed_mbps != *row->speed_mbps)
        port_sign.speed_fell = *row->speed_mbps < *port_sign.speed_mbps;
      port_sign.speed_mbps = row->speed_mbps;
    }
    if (const auto counted = port(cable, device, SignKind::port_errors))
      errors(*counted, time, *row, restarted, touches);
  }
}

void CheckStates::errors(SignIndex index, Time time, const InterfaceSeen& row, bool restarted,
                         std::vector<Touch>& touches) {
  Sign& sign = signs_[index];
  const std::uint64_t total = row.in_errors + row.out_errors;
  const bool comparable = sign.known && !restarted && total >= sign.errors;
  const std::uint64_t grown = comparable ? total - sign.errors : 0;
  const double seconds =
      sign.known ? std::max(0.001, std::chrono::duration<double>(time - sign.last_sample).count()) : 1;
  sign.errors = total;
  const bool bad =
      grown >= errors_at_least && static_cast<double>(grown) >= errors_per_second_at_least * seconds;
  // One clean poll between two bad ones does not heal a cable.
  if (!bad && grown > 0 && sign.bad) {
    sign.last_sample = time;
    return;
  }
  const std::uint64_t growth = bad ? sign.error_growth + grown : 0;
  touches.push_back(sample(index, time, bad));
  signs_[index].error_growth = growth;
}

void CheckStates::sensors(DeviceIndex device, Time time, const SnmpSeen& seen, std::vector<Touch>& touches) {
  const bool is_ups = site_.devices[device].kind == DeviceKind::ups;
  for (const SensorSeen& seen_sensor : seen.sensors) {
    if (is_ups && seen_sensor.sensor_class == SensorClass::power) {
      if (seen_sensor.status == SensorStatus::unknown && seen_sensor.text != "battery") continue;
      const bool on_battery = seen_sensor.text == "battery" || is_bad(seen_sensor.status);
      const SignIndex sign = at(SignKind::on_battery, device, "");
      // Of several rows that speak of the same feed in one answer, one bad row is enough.
      if (signs_[sign].known && signs_[sign].last_sample == time && signs_[sign].bad) continue;
      touches.push_back(sample(sign, time, on_battery));
      signs_[sign].sensor = seen_sensor;
      continue;
    }
    if (seen_sensor.status == SensorStatus::unknown || seen_sensor.status == SensorStatus::absent) continue;
    const SignIndex sign = at(SignKind::sensor, device, seen_sensor.name);
    touches.push_back(sample(sign, time, is_bad(seen_sensor.status)));
    signs_[sign].sensor = seen_sensor;
    if (is_environment(seen_sensor.sensor_class)) signs_[sign].component = seen_sensor.name;
  }
}

void CheckStates::service(DeviceIndex device, Time time, const ServiceSeen& seen,
                          std::vector<Touch>& touches) {
  if (seen.status == Outcome::blind) return;
  const auto sign = find(SignKind::service, device, seen.service);
  if (!sign) return;
  const Service& wanted = site_.devices[device].services[signs_[*sign].index];
  bool bad = seen.status != Outcome::ok;
  if (!bad && seen.code) bad = wanted.expect ? *seen.code != *wanted.expect : *seen.code >= 400;
  if (!bad || seen.status == Outcome::timeout) learn(SignKind::service, signs_[*sign], bad);
  signs_[*sign].outcome = seen.status;
  signs_[*sign].code = seen.code;
  touches.push_back(sample(*sign, time, bad));
}

void CheckStates::monitor(DeviceIndex device, Time time, const MonitorSeen& seen,
                          std::vector<Touch>& touches) {
  if (seen.carrier) touches.push_back(sample(at(SignKind::carrier, device, ""), time, !*seen.carrier));
  if (seen.gateway_ok) touches.push_back(sample(at(SignKind::gateway, device, ""), time, !*seen.gateway_ok));
  if (seen.storage_ok) {
    const SignIndex sign = at(SignKind::storage, device, "");
    touches.push_back(sample(sign, time, !*seen.storage_ok));
    signs_[sign].line = cut(seen.storage_error);
  }
}

void CheckStates::arp(DeviceIndex device, Time time, const ArpSeen& seen, std::vector<Touch>& touches) {
  if (seen.status == Outcome::blind) routed_[device] = true;
  const auto reach = ping_[device];
  // Of a device that answers ping it says nothing new, and nobody would ask again.
  const bool silent = reach && signs_[*reach].known && signs_[*reach].bad;
  if (!silent || (seen.status != Outcome::ok && seen.status != Outcome::timeout)) return;
  expect_arp(device);
  touches.push_back(sample(*arp_[device], time, seen.status == Outcome::timeout));
  signs_[*arp_[device]].mac = seen.mac;
}

void CheckStates::expect_arp(DeviceIndex device) {
  if (!arp_[device]) arp_[device] = add(SignKind::arp, device, 0, "");
}

/// Whoever answers on the way is alive, and all before it passes packets on in both directions.
void CheckStates::trace(DeviceIndex device, Time time, const TraceSeen& seen, std::vector<Touch>& touches) {
  Traced traced{time, seen, {}};
  for (const TraceHop& hop : seen.hops) {
    const auto known = hop.from.empty() ? by_address_.end() : by_address_.find(hop.from);
    if (known == by_address_.end() || known->second == device) continue;
    traced.last_known = known->second;
    auto& sign = path_[known->second];
    if (!sign) sign = add(SignKind::path, known->second, 0, "");
    touches.push_back(sample(*sign, time, false));
  }
  const auto reach = ping_[device];
  if (reach && signs_[*reach].known && signs_[*reach].bad) traced_[device] = std::move(traced);
}

const Traced* CheckStates::traced(DeviceIndex device) const {
  const auto found = traced_.find(device);
  return found == traced_.end() ? nullptr : &found->second;
}

void CheckStates::log_source(DeviceIndex device, Time time, const LogSourceSeen& seen,
                             std::vector<Touch>& touches) {
  const auto add_sample = [&](SignKind kind, bool bad) {
    const SignIndex sign = at(kind, device, seen.source);
    touches.push_back(sample(sign, time, bad));
    signs_[sign].source = seen;
  };
  if (seen.expected) add_sample(SignKind::log_silent, seen.silent);
  if (seen.ahead) add_sample(SignKind::log_clock, seen.clock_off);
}

Touch CheckStates::log_hit(DeviceIndex device, const LogRule& rule, const std::string& component, Time time,
                           const std::string& line) {
  const SignIndex index = at(SignKind::log, device, rule.id + "\n" + component);
  const Touch touch = sample(index, time, true);
  Sign& sign = signs_[index];
  sign.rule = &rule;
  sign.component = component;
  sign.line = cut(line);
  return touch;
}

std::optional<Touch> CheckStates::port_sample(DeviceIndex device, const std::string& port_name, Time time,
                                              bool up) {
  for (const CableIndex cable : topology_.cables(device)) {
    const auto sign = port(cable, device, SignKind::port);
    if (sign && signs_[*sign].name == port_name) return sample(*sign, time, !up);
  }
  return std::nullopt;
}

Touch CheckStates::battery_sample(DeviceIndex ups, Time time, bool on_battery) {
  const SignIndex sign = at(SignKind::on_battery, ups, "");
  signs_[sign].sensor.text = on_battery ? "battery" : "normal";
  return sample(sign, time, on_battery);
}

}  // namespace nethealth
