#pragma once
// A small city hall told as a story: what answers and what does not is set by the test, the rounds of probes
// are played in virtual time, and what the engine decides is collected. Nothing waits.

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/embedded.hpp"
#include "config/load.hpp"
#include "rules/engine.hpp"

namespace nethealth::story {

inline constexpr const char* refused_login =
    "sshd[811]: Failed password for root from 192.0.2.77 port 40022 ssh2";

using namespace std::chrono_literals;

inline const LogMatcher& shipped_rules() {
  static const LogMatcher matcher = LogMatcher::shipped();
  return matcher;
}

/// The people and roles that every configuration needs.
inline const char* people = R"(
roles:
  - {role: operations_sub_manager, title: 運用副管理者, people: [sato, suzuki]}
  - {role: operations_manager, title: 運用管理者, people: [tanaka]}
  - {role: deputy_chief, title: 統括副責任者, people: [ito]}
  - {role: chief, title: 統括責任者, people: [kato]}
  - {role: mayor, title: 市長, people: [kato]}
  - {role: council, title: セキュリティ会議, people: [kato]}
  - {role: system_staff, title: システム担当者, people: [suzuki]}
  - {role: citizens_section, title: 市民課, people: [suzuki]}
  - {role: information_section, title: 情報管理課, people: [suzuki]}
  - {role: security_team, title: セキュリティ担当, people: [ito]}
  - {role: prefecture, title: 東京都, people: [kato]}
  - {role: organisation, title: 機構, people: [kato]}
  - {role: contractor, title: 保守, people: [kato]}
people:
  - name: sato
    label: 佐藤
    channels: [{mail: sato@example.lg.jp, answer_within: 5m}, {sms: "+8190", via: gateway, answer_within: 3m}]
  - {name: suzuki, label: 鈴木, channels: [{mail: suzuki@example.lg.jp, answer_within: 5m}]}
  - {name: tanaka, label: 田中, channels: [{mail: tanaka@example.lg.jp, answer_within: 5m}]}
  - {name: ito, label: 伊藤, channels: [{mail: ito@example.lg.jp, answer_within: 5m}]}
  - {name: kato, label: 加藤, channels: [{mail: kato@example.lg.jp, answer_within: 5m}]}
channels:
  - {name: mail, type: smtp, server: "smtp://127.0.0.1:2525", from: nethealth@example.lg.jp}
  - {name: gateway, type: webhook, url: "http://127.0.0.1:1/sms", body: "{text}"}
syslog:
  - {target: "tcp://127.0.0.1:514", format: rfc5424, facility: local4, events: [security, incidents]}
)";

inline const char* city_hall = R"(
site: {name: 試験市役所, language: ja, timezone: Asia/Tokyo}
store: "sqlite::memory:"
calendars:
  - {name: office, hours: {mon-fri: "08:30-17:15"}, holidays: jp}
credentials:
  - {name: lan, version: 2c, community_file: community}
rooms:
  - {name: machine-room, label: 電子計算機室}
  - {name: 2f-citizens, label: 2階市民課}
devices:
  - {name: mon-1, kind: monitor, connected_to: sw-core:24}
  - {name: ups-1, kind: ups, address: 127.9.0.9, room: machine-room, snmp: lan, connected_to: sw-core:23}
  - {name: sw-core, kind: switch, address: 127.9.0.2, room: machine-room, power: ups-1, snmp: lan}
  - {name: sw-2f, kind: switch, address: 127.9.0.3, snmp: lan, connected_to: {to: "sw-core:5", port: "1"}}
  - name: cs-1
    kind: cs_server
    label: CSサーバ1号機
    address: 127.9.0.10
    room: machine-room
    power: ups-1
    snmp: lan
    connected_to: sw-core:1
    services: [{name: app, tcp: 1433}, {name: web, http: "http://127.9.0.10/", depends_on: [app]}]
  - name: cs-2
    kind: cs_server
    address: 127.9.0.11
    room: machine-room
    power: ups-1
    snmp: lan
    connected_to: sw-core:2
    services: [{name: app, tcp: 1433}]
  - {name: hub-2f, kind: hub, label: 2階市民課ハブ, room: 2f-citizens, connected_to: "sw-2f:8"}
  - {name: term-1, kind: terminal, address: 127.9.0.101, room: 2f-citizens, connected_to: hub-2f, calendar: office}
  - {name: term-2, kind: terminal, address: 127.9.0.102, room: 2f-citizens, connected_to: hub-2f, calendar: office}
  - {name: term-3, kind: terminal, address: 127.9.0.103, room: 2f-citizens, connected_to: hub-2f, calendar: office}
  - {name: term-4, kind: terminal, address: 127.9.0.104, room: 2f-citizens, connected_to: hub-2f, calendar: office}
  - {name: term-5, kind: terminal, address: 127.9.0.105, connected_to: "sw-2f:3", calendar: office}
  - {name: printer-1, kind: printer, address: 127.9.0.120, connected_to: "sw-2f:4", page: false}
)";

inline Site load(const std::string& text) {
  const auto path =
      std::filesystem::temp_directory_path() / ("nethealth-story-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << text;
  Loaded loaded = load_site(path.string(), Language::en, Secrets::optional, {});
  std::filesystem::remove(path);
  if (!loaded.site) {
    std::string all;
    for (const Problem& problem : loaded.problems) all += problem.text() + "\n";
    throw std::runtime_error(all);
  }
  return std::move(*loaded.site);
}

class Story {
 public:
  /// `when`: the moment it begins, site time; every device answers until told otherwise.
  explicit Story(const std::string& configuration = std::string(city_hall) + people,
                 EngineOptions options = {}, const std::string& when = "2026-11-24T09:00:00+09:00")
      : site(std::make_unique<Site>(load(configuration))),
        engine(std::make_unique<Engine>(*site, shipped_rules(), options)),
        now(*parse_time(when)),
        options_(options) {
    next_round_ = now;
  }

  /// Plays the rounds of probes until that much time has passed.
  void run(Milliseconds span) {
    const Time end = now + span;
    while (true) {
      Time next = std::min(end, next_round_);
      if (wake_ && *wake_ < next) next = std::max(*wake_, now);
      if (!asked_.empty() && asked_.begin()->first < next) next = asked_.begin()->first;
      now = next;
      if (wake_ && *wake_ <= now) {
        wake_.reset();
        take(engine->wake(now));
      } else if (!asked_.empty() && asked_.begin()->first <= now) {
        const auto [device, probe] = asked_.begin()->second;
        asked_.erase(asked_.begin());
        look(device, probe);
      } else if (next_round_ <= now) {
        round();
      } else if (now >= end) {
        return;
      }
    }
  }

  void see(const std::string& device, auto seen) { take(engine->observe({now, device, std::move(seen)})); }
  void log(const std::string& device, const std::string& line) {
    see(device, LogSeen{"app.log", 0, {}, line});
  }
  void acknowledge(int incident, const std::string& person) {
    auto decisions = engine->act(now, Acknowledge{incident, person}, Language::en);
    if (!decisions) throw std::runtime_error(decisions.error().text());
    take(std::move(*decisions));
  }

  /// A new engine, rebuilt from the journal alone.
  void restart() {
    engine = std::make_unique<Engine>(*site, shipped_rules(), options_);
    for (const Event& event : journal) engine->restore(event);
    wake_ = now;
  }

  [[nodiscard]] std::vector<IncidentPicture> incidents() const { return engine->picture().incidents; }
  [[nodiscard]] std::vector<Notification> notifications(NotificationKind kind) const {
    std::vector<Notification> found;
    for (const Event& event : journal)
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
        if (queued->notification.kind == kind) found.push_back(queued->notification);
    return found;
  }
  [[nodiscard]] std::optional<Time> first(NotificationKind kind) const {
    for (const Event& event : journal)
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
        if (queued->notification.kind == kind) return event.time;
    return std::nullopt;
  }

  std::unique_ptr<Site> site;
  std::unique_ptr<Engine> engine;
  Time now;
  std::vector<Event> journal;
  std::set<std::string> silent;                                   ///< devices
  std::set<std::string> no_agent;                                 ///< devices whose SNMP agent is silent
  std::set<std::pair<std::string, std::string>> down;             ///< device, port
  std::map<std::pair<std::string, std::string>, Outcome> broken;  ///< device, service
  std::map<std::string, std::vector<SensorSeen>> sensors;
  std::map<std::string, ArpSeen> arp;       ///< what a look says; blind where nothing is set
  std::map<std::string, TraceSeen> traces;  ///< the same
  std::map<std::pair<std::string, std::string>, std::uint64_t> errors;  ///< added at each look
  Delivery delivery = Delivery::sent;
  Failing failing = Failing::refused;  ///< of what fails

  void take_decisions(Decisions decisions) { take(std::move(decisions)); }

  void take(Decisions decisions) {
    wake_ = decisions.wake;
    for (Event& event : decisions.events) {
      journal.push_back(event);
      if (const auto* wanted = std::get_if<ProbeWanted>(&event.what))
        asked_.emplace(now + 300ms, std::pair(wanted->device, wanted->probe));
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
        take(engine->report(now, NotificationOutcome{queued->notification.id, delivery, "", "", failing}));
    }
  }

 private:
  /// One second of the ten-second round: the devices whose turn it is, SNMP and TCP each third round.
  void round() {
    next_round_ += 1s;
    const auto second = static_cast<std::size_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    for (std::size_t i = 0; i < site->devices.size(); ++i) {
      const Device& device = site->devices[i];
      if (device.kind == DeviceKind::monitor) see(device.name, monitor);
      if (device.addresses.empty()) continue;
      if ((second + i) % 10 == 0) look(device.name, "icmp");
      if ((second + 3 * i) % 30 == 0 && device.credential) look(device.name, "snmp");
      if ((second + 7 * i) % 30 == 0) {
        look(device.name, "tcp");
        look(device.name, "http");
      }
    }
  }

  void look(const std::string& name, const std::string& probe) {
    const Device& device = site->devices[*site->device(name)];
    const bool gone = silent.contains(name);
    if (probe == "icmp") {
      IcmpSeen seen;
      seen.sent = 3;
      seen.received = gone ? 0 : 3;
      see(name, seen);
    } else if (probe == "arp") {
      const auto told = arp.find(name);
      see(name, told == arp.end() ? ArpSeen{Outcome::blind, ""} : told->second);
    } else if (probe == "trace") {
      const auto told = traces.find(name);
      TraceSeen blind;
      blind.status = Outcome::blind;
      see(name, told == traces.end() ? blind : told->second);
    } else if (probe == "snmp") {
      SnmpSeen seen;
      seen.status = gone || no_agent.contains(name) ? Outcome::timeout : Outcome::ok;
      if (seen.status == Outcome::ok) {
        seen.sensors = sensors[name];
        for (int port = 1; port <= 24; ++port) {
          InterfaceSeen row;
          row.name = std::to_string(port);
          row.oper_up = !down.contains({name, row.name});
          totals_[{name, row.name}] += errors[{name, row.name}];
          row.in_errors = totals_[{name, row.name}];
          seen.interfaces.push_back(row);
        }
      }
      see(name, seen);
    } else {
      for (const Service& service : device.services) {
        if ((service.kind == Service::Kind::http) != (probe == "http")) continue;
        ServiceSeen seen;
        seen.probe = probe;
        seen.service = service.name;
        const auto fault = broken.find({name, service.name});
        seen.status = gone ? Outcome::timeout : fault == broken.end() ? Outcome::ok : fault->second;
        see(name, seen);
      }
    }
  }

 public:
  MonitorSeen monitor{true, true, std::nullopt, ""};

 private:
  EngineOptions options_;
  Time next_round_;
  std::optional<Time> wake_;
  std::multimap<Time, std::pair<std::string, std::string>> asked_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> totals_;
};

}  // namespace nethealth::story
