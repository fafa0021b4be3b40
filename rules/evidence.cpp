#include "rules/evidence.hpp"

#include <algorithm>
#include <cmath>

namespace nethealth {

namespace {

constexpr std::size_t reasons_kept = 12;
constexpr std::size_t names_kept = 8;
constexpr std::size_t arp_answers_told = 3;

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < names_kept; ++i) text += (i ? ", " : "") + names[i];
  if (names.size() > names_kept) text += " … (+" + std::to_string(names.size() - names_kept) + ")";
  return text;
}

std::map<std::string, std::string> named(const World& world, DeviceIndex device) {
  return reason_about(world.site, "", device).values;
}

std::string how_bad(const Sign& sign) {
  if (sign.outcome == Outcome::ok && sign.code) return "http_" + std::to_string(*sign.code);
  switch (sign.outcome) {
    case Outcome::refused:
      return "refused";
    case Outcome::unreachable:
      return "unreachable";
    case Outcome::tls_error:
      return "tls_error";
    case Outcome::error:
      return "error";
    default:
      return "timeout";
  }
}

std::string number(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

/// As a configuration writes it: 10s, 30m, 6h.
std::string duration_text(Milliseconds time) {
  using namespace std::chrono;
  if (time.count() > 0 && time % hours(1) == Milliseconds(0)) return std::to_string(time / hours(1)) + "h";
  if (time.count() > 0 && time % minutes(1) == Milliseconds(0))
    return std::to_string(time / minutes(1)) + "m";
  return std::to_string(time / seconds(1)) + "s";
}

/// With its sign, in whole seconds.
std::string seconds_text(Milliseconds time) {
  return (time.count() < 0 ? "-" : "+") +
         std::to_string(std::chrono::round<std::chrono::seconds>(abs(time)).count());
}

void sensor_values(const Sign& sign, Reason& reason) {
  static constexpr std::string_view statuses[] = {"ok", "warning", "failed", "absent", "unknown"};
  reason.values["sensor"] = sign.name;
  reason.values["status"] = statuses[static_cast<std::size_t>(sign.sensor.status)];
  if (sign.sensor.value) reason.values["value"] = number(*sign.sensor.value) + sign.sensor.unit;
  if (!sign.sensor.text.empty()) reason.values["value"] = sign.sensor.text;
}

std::string peer_name(const World& world, const Sign& sign) {
  return world.site.devices[world.topology.other_end(sign.index, sign.device)].name;
}

/// Silences told together: how many, from when to when, who.
void silences(const World& world, const std::vector<SignIndex>& pings, std::vector<Reason>& reasons) {
  if (pings.empty()) return;
  if (pings.size() == 1) {
    reasons.push_back(reason_of(world, pings.front()));
    return;
  }
  Reason reason{"silent_together", {}, {}};
  Time last = Time::min();
  std::vector<std::string> names;
  for (const SignIndex sign : pings) {
    const Sign& state = world.states[sign];
    if (!reason.time || *state.first_bad < *reason.time) reason.time = *state.first_bad;
    last = std::max(last, *state.first_bad);
    names.push_back(world.site.devices[state.device].name);
  }
  std::ranges::sort(names);
  reason.values["count"] = std::to_string(pings.size());
  reason.values["devices"] = joined(names);
  reason.values["seconds"] = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(last - *reason.time + Milliseconds(999)).count());
  reasons.push_back(std::move(reason));
}

/// What still works and so excludes other explanations.
void still_working(const World& world, const Verdict& verdict, std::vector<Reason>& reasons) {
  const auto cutters = [&] {
    for (const SignIndex sign : verdict.explained)
      if (world.states[sign].kind == SignKind::ping) return world.topology.cutters(world.states[sign].device);
    return std::vector<Element>{};
  }();
  for (const Element& element : cutters) {
    if (element.is_cable) continue;
    const auto ping = world.states.ping(element.index);
    if (!ping || !world.states[*ping].known || world.states[*ping].bad ||
        world.states[*ping].last_sample < verdict.onset)
      continue;
    Reason reason{"answers", world.states[*ping].last_sample, named(world, element.index)};
    reasons.push_back(std::move(reason));
    break;
  }
  std::vector<std::string> good;
  std::optional<Time> newest;
  if (const auto above = verdict.explained.empty()
                             ? std::nullopt
                             : world.topology.parent(world.states[verdict.explained.front()].device)) {
    for (const DeviceIndex sibling : world.topology.children(*above)) {
      const auto ping = world.states.ping(sibling);
      if (!ping || !world.states[*ping].known || world.states[*ping].bad ||
          world.states[*ping].last_sample < verdict.onset)
        continue;
      if (world.states[verdict.explained.front()].device == sibling) continue;
      good.push_back(world.site.devices[sibling].name);
      newest = std::max(newest.value_or(Time::min()), world.states[*ping].last_sample);
    }
    if (!good.empty()) {
      std::ranges::sort(good);
      Reason reason{"siblings_answer", newest, named(world, *above)};
      reason.values["count"] = std::to_string(good.size());
      reason.values["devices"] = joined(good);
      reasons.push_back(std::move(reason));
    }
  }
}

/// Ports that look at the place and stay up, and, for a hang, the ping that still answers.
void excluding(const World& world, const Verdict& verdict, std::vector<Reason>& reasons) {
  const FaultKind kind = verdict.fault.kind;
  if (kind == FaultKind::soft_hang || kind == FaultKind::agent || kind == FaultKind::service ||
      kind == FaultKind::services) {
    const DeviceIndex device =
        kind == FaultKind::service ? world.states[verdict.fault.sign].device : verdict.fault.index;
    if (const auto ping = world.states.ping(device);
        ping && world.states[*ping].known && !world.states[*ping].bad)
      reasons.push_back({"answers", world.states[*ping].last_sample, named(world, device)});
  }
  if (kind != FaultKind::device_hang && kind != FaultKind::forwarder && kind != FaultKind::device_power)
    return;
  for (const CableIndex cable : world.topology.cables(verdict.fault.index)) {
    const DeviceIndex other = world.topology.other_end(cable, verdict.fault.index);
    const auto port = world.states.port(cable, other, SignKind::port);
    if (!port || !world.states[*port].known || world.states[*port].bad ||
        world.states[*port].last_sample < verdict.onset)
      continue;
    Reason reason{"port_up", world.states[*port].last_sample, named(world, world.states[*port].device)};
    reason.values["port"] = world.states[*port].name;
    reason.values["peer"] = peer_name(world, world.states[*port]);
    reasons.push_back(std::move(reason));
  }
}

/// How far a path trace to one of the silent devices came.
Reason reason_of_trace(const World& world, DeviceIndex device, const Traced& traced) {
  const TraceSeen& seen = traced.seen;
  Reason reason{"trace_ends", traced.time, named(world, device)};
  if (seen.status == Outcome::ok) {
    reason.code = "trace_reaches";
  } else if (seen.hops.empty()) {
    reason.code = "trace_no_hop";
  } else {
    if (seen.status == Outcome::unreachable) reason.code = "trace_refused";
    reason.values["hop"] = seen.hops.back().from;
    if (traced.last_known) {
      const Device& last = world.site.devices[*traced.last_known];
      if (std::ranges::find(last.addresses, seen.hops.back().from) != last.addresses.end())
        reason.values["hop"] += " " + (last.label.empty() ? last.name : last.label);
    }
  }
  reason.values["count"] = std::to_string(seen.hops.size());
  return reason;
}

/// What looks that were asked for on suspicion say of the silent ones: ARP, and one path trace.
void asked_apart(const World& world, const Verdict& verdict, std::vector<Reason>& reasons) {
  std::size_t answering = 0;
  bool traced_one = false;
  for (const SignIndex index : verdict.explained) {
    const Sign& sign = world.states[index];
    if (sign.kind != SignKind::ping) continue;
    const auto arp = world.states.arp(sign.device);
    if (arp && world.states[*arp].known && !world.states[*arp].bad &&
        world.states[*arp].last_sample >= verdict.onset && answering++ < arp_answers_told)
      reasons.push_back(well_of(world, *arp));
    const Traced* traced = world.states.traced(sign.device);
    if (traced && !traced_one && traced->time >= verdict.onset && traced->seen.status != Outcome::blind) {
      traced_one = true;
      reasons.push_back(reason_of_trace(world, sign.device, *traced));
    }
  }
}

}  // namespace

Reason reason_of(const World& world, SignIndex index) {
  const Sign& sign = world.states[index];
  Reason reason{"silent", sign.first_bad ? sign.first_bad : std::optional(sign.last_sample),
                named(world, sign.device)};
  switch (sign.kind) {
    case SignKind::ping:
      reason.values["count"] = std::to_string(sign.bad_count);
      break;
    case SignKind::snmp:
      reason.code = "snmp_silent";
      reason.values["count"] = std::to_string(sign.bad_count);
      break;
    case SignKind::access:
      reason.code = "snmp_access_refused";
      break;
    case SignKind::service:
      reason.code = "service_bad";
      reason.values["service"] = sign.name;
      reason.values["how"] = how_bad(sign);
      break;
    case SignKind::port:
    case SignKind::port_errors:
      reason.code = sign.kind == SignKind::port ? "port_down" : "port_errors";
      reason.values["port"] = sign.name;
      reason.values["peer"] = peer_name(world, sign);
      if (sign.kind == SignKind::port_errors) reason.values["count"] = std::to_string(sign.error_growth);
      break;
    case SignKind::sensor:
      reason.code = "sensor";
      sensor_values(sign, reason);
      break;
    case SignKind::on_battery:
      reason.code = "on_battery";
      break;
    case SignKind::log:
      reason.code = "log_line";
      reason.time = sign.last_sample;
      reason.values["title_ja"] = sign.rule ? sign.rule->title.ja : "";
      reason.values["title_en"] = sign.rule ? sign.rule->title.en : "";
      reason.values["line"] = sign.line;
      break;
    case SignKind::carrier:
      reason.code = "carrier_down";
      break;
    case SignKind::gateway:
      reason.code = "gateway_silent";
      break;
    case SignKind::storage:
      reason.code = "storage_failed";
      reason.values["error"] = sign.line;
      break;
    case SignKind::management:
      reason.code = "management_silent";
      break;
    case SignKind::log_silent:
      reason.code = sign.source.learned ? "log_source_unlike_itself" : "log_source_silent";
      reason.values["source"] = sign.name;
      reason.values["limit"] = duration_text(sign.source.expected.value_or(Milliseconds(0)));
      if (sign.source.last) reason.time = sign.source.last;
      break;
    case SignKind::log_clock:
      reason.code = "log_clock_off";
      reason.values["source"] = sign.name;
      reason.values["seconds"] = seconds_text(sign.source.ahead.value_or(Milliseconds(0)));
      break;
    case SignKind::arp:
      reason.code = "arp_silent";
      break;
    case SignKind::path:
      break;  // never bad
  }
  return reason;
}

Reason well_of(const World& world, SignIndex index) {
  const Sign& sign = world.states[index];
  Reason reason{"answers", sign.last_sample, named(world, sign.device)};
  switch (sign.kind) {
    case SignKind::port:
    case SignKind::port_errors:
      reason.code = sign.kind == SignKind::port ? "port_up" : "port_clean";
      reason.values["port"] = sign.name;
      reason.values["peer"] = peer_name(world, sign);
      break;
    case SignKind::snmp:
    case SignKind::access:
      reason.code = "snmp_answers";
      break;
    case SignKind::service:
      reason.code = "service_answers";
      reason.values["service"] = sign.name;
      break;
    case SignKind::management:
      reason.code = "management_answers";
      break;
    case SignKind::arp:
      reason.code = "arp_answers";
      reason.values["mac"] = sign.mac;
      break;
    case SignKind::path:
      reason.code = "on_the_way";
      break;
    case SignKind::ping:
      break;
    default:
      reason.code = "well";
      reason.values["what"] = sign.name;
      break;
  }
  return reason;
}

Reason reason_about(const Site& site, std::string code, DeviceIndex device, std::optional<Time> time) {
  const Device& known = site.devices[device];
  return {std::move(code),
          time,
          {{"device", known.name}, {"label", known.label.empty() ? known.name : known.label}}};
}

Diagnosis explain_verdict(const World& world, const Verdict& verdict) {
  Diagnosis diagnosis;
  std::vector<Rival> told = verdict.rivals;
  Rival first{verdict.fault, verdict.confidence, 0, false};
  if (verdict.category != Category::undetermined && category(world, first.fault) != verdict.category) {
    const auto better = std::ranges::find_if(
        told, [&](const Rival& r) { return category(world, r.fault) == verdict.category; });
    if (better != told.end()) {
      std::swap(first, *better);
      std::ranges::stable_sort(told, std::greater<>(), &Rival::confidence);
    }
  }
  diagnosis.category = verdict.category;
  diagnosis.cause = cause(world, first.fault);
  diagnosis.location = location(world, first.fault);
  diagnosis.confidence = std::round(first.confidence * 1e4) / 1e4;
  diagnosis.affected = affected(world, first.fault);
  for (const Rival& rival : told) {
    const Alternative alternative{category(world, rival.fault), cause(world, rival.fault),
                                  location(world, rival.fault), std::floor(rival.confidence * 1e4) / 1e4};
    const auto same = [&](const Alternative& known) {
      return known.cause == alternative.cause && known.location == alternative.location;
    };
    const bool is_first = alternative.cause == diagnosis.cause && alternative.location == diagnosis.location;
    if (is_first || std::ranges::any_of(diagnosis.alternatives, same)) continue;
    diagnosis.alternatives.push_back(alternative);
  }
  std::vector<SignIndex> pings;
  for (const SignIndex sign : verdict.explained)
    if (world.states[sign].kind == SignKind::ping) pings.push_back(sign);
  silences(world, pings, diagnosis.evidence);
  for (const SignIndex sign : verdict.explained)
    if (world.states[sign].kind != SignKind::ping && diagnosis.evidence.size() < reasons_kept)
      diagnosis.evidence.push_back(reason_of(world, sign));
  if (cuts_off(verdict.fault.kind)) asked_apart(world, verdict, diagnosis.evidence);
  excluding(world, verdict, diagnosis.evidence);
  if (cuts_off(verdict.fault.kind)) still_working(world, verdict, diagnosis.evidence);
  return diagnosis;
}

}  // namespace nethealth
