// A scenario's own network: kinds from names, people of every role, nothing that needs a file.

#include <algorithm>
#include <array>

#include "agent/scenario.hpp"

namespace nethealth {
namespace {

struct NamedKind {
  std::string_view beginning;
  DeviceKind kind;
};

/// What a device is by the beginning of its name, the letters before the first hyphen or digit.
constexpr std::array kinds_by_name{
    NamedKind{"monitor", DeviceKind::monitor},   NamedKind{"mon", DeviceKind::monitor},
    NamedKind{"sw", DeviceKind::switch_},        NamedKind{"switch", DeviceKind::switch_},
    NamedKind{"core", DeviceKind::switch_},      NamedKind{"hub", DeviceKind::hub},
    NamedKind{"rt", DeviceKind::router},         NamedKind{"router", DeviceKind::router},
    NamedKind{"fw", DeviceKind::firewall},       NamedKind{"firewall", DeviceKind::firewall},
    NamedKind{"ups", DeviceKind::ups},           NamedKind{"term", DeviceKind::terminal},
    NamedKind{"terminal", DeviceKind::terminal}, NamedKind{"pc", DeviceKind::terminal},
    NamedKind{"prn", DeviceKind::printer},       NamedKind{"printer", DeviceKind::printer},
    NamedKind{"cs", DeviceKind::cs_server},      NamedKind{"env", DeviceKind::sensor},
    NamedKind{"sensor", DeviceKind::sensor}};

DeviceKind kind_by_name(const std::string& name) {
  const std::string beginning = name.substr(0, name.find_first_of("-_0123456789"));
  const auto found = std::ranges::find(kinds_by_name, beginning, &NamedKind::beginning);
  return found == kinds_by_name.end() ? DeviceKind::server : found->kind;
}

struct Filled {
  RoleId role;
  std::string_view title;
  std::array<std::string_view, 2> people;  ///< the second is the deputy
};

constexpr std::array roles_of_scenarios{
    Filled{RoleId::operations_sub_manager, "運用副管理者", {"sato", "suzuki"}},
    Filled{RoleId::operations_manager, "運用管理者", {"tanaka", "takahashi"}},
    Filled{RoleId::deputy_chief, "統括副責任者", {"ito", "watanabe"}},
    Filled{RoleId::chief, "統括責任者", {"kato", "nakamura"}},
    Filled{RoleId::mayor, "市長", {"mayor-office", ""}},
    Filled{RoleId::council, "セキュリティ会議", {"kato", "ito"}},
    Filled{RoleId::system_staff, "システム担当者", {"suzuki", ""}},
    Filled{RoleId::citizens_section, "市民課", {"citizens", ""}},
    Filled{RoleId::information_section, "情報管理課", {"suzuki", ""}},
    Filled{RoleId::security_team, "セキュリティ担当", {"ito", ""}},
    Filled{RoleId::prefecture, "都道府県", {"prefecture", ""}},
    Filled{RoleId::organisation, "機構", {"organisation", ""}},
    Filled{RoleId::contractor, "保守委託事業者", {"contractor", ""}}};

PersonIndex person(Site& site, std::string_view name) {
  if (const auto known = site.person(name)) return *known;
  Person added;
  added.name = added.label = name;
  ContactChannel& mail = added.channels.emplace_back();
  mail.address = std::string(name) + "@example.lg.jp";
  mail.answer_within = std::chrono::minutes(5);
  site.people.push_back(std::move(added));
  return static_cast<PersonIndex>(site.people.size() - 1);
}

Calendar office_hours() {
  Calendar calendar;
  calendar.name = "office";
  for (std::size_t weekday = 1; weekday <= 5; ++weekday)
    calendar.weekly[weekday] = {{std::chrono::hours(8) + std::chrono::minutes(30),
                                 std::chrono::hours(17) + std::chrono::minutes(15)}};
  calendar.japanese_holidays = true;
  return calendar;
}

}  // namespace

ScenarioNetwork::ScenarioNetwork() {
  site_.name = "scenario";
  site_.zone = Zone::find(site_.timezone).value_or(Zone());
  site_.store_path = ":memory:";
  site_.credentials.push_back({"scenario", SnmpVersion::v2c, Secret("public"), {}, {}, {}, {}, {}});
  Channel mail;
  mail.name = "mail";
  mail.servers = {"smtp://127.0.0.1:25"};
  mail.from = "nethealth@example.lg.jp";
  site_.channels.push_back(std::move(mail));
  for (const Filled& filled : roles_of_scenarios) {
    Role& role = site_.roles[static_cast<std::size_t>(filled.role)];
    role.title = filled.title;
    for (const std::string_view name : filled.people)
      if (!name.empty()) role.people.push_back(person(site_, name));
  }
  // A scenario is about who is called: the counter is rung up, and no message of the procedure stands
  // between.
  for (const PersonIndex counter : site_.role(RoleId::citizens_section).people) {
    site_.people[counter].channels.clear();
    site_.people[counter].telephone = "042-000-0000";
  }
  site_.calendars.push_back(office_hours());
}

DeviceIndex ScenarioNetwork::device(const std::string& name) {
  if (const auto known = site_.device(name)) return *known;
  const auto index = static_cast<DeviceIndex>(site_.devices.size());
  Device device;
  device.name = device.label = name;
  site_.devices.push_back(std::move(device));
  set_kind(index, kind_by_name(name));
  return index;
}

void ScenarioNetwork::set_kind(DeviceIndex device, DeviceKind kind) {
  Device& changed = site_.devices[device];
  changed.kind = kind;
  const bool polled = kind != DeviceKind::hub && kind != DeviceKind::monitor;
  changed.addresses.clear();
  if (polled)
    changed.addresses.push_back("10.0." + std::to_string(device / 250) + "." +
                                std::to_string(device % 250 + 1));
  const bool has_agent = kind == DeviceKind::switch_ || kind == DeviceKind::router ||
                         kind == DeviceKind::firewall || kind == DeviceKind::ups ||
                         kind == DeviceKind::sensor;
  set_snmp(device, has_agent);
}

void ScenarioNetwork::set_snmp(DeviceIndex device, bool polled) {
  site_.devices[device].credential = polled ? std::optional<std::size_t>(0) : std::nullopt;
}

std::size_t ScenarioNetwork::room(const std::string& name) {
  const auto found = std::ranges::find(site_.rooms, name, &Room::name);
  if (found != site_.rooms.end()) return static_cast<std::size_t>(found - site_.rooms.begin());
  site_.rooms.push_back({name, name});
  return site_.rooms.size() - 1;
}

void ScenarioNetwork::connect(DeviceIndex near, const std::string& near_port, DeviceIndex far,
                              const std::string& far_port) {
  const auto same = [&](const Cable& cable) {
    return cable.a == near && cable.b == far && cable.port_a == near_port && cable.port_b == far_port;
  };
  if (std::ranges::none_of(site_.cables, same)) site_.cables.push_back({near, far, near_port, far_port});
}

std::optional<Site> ScenarioNetwork::finish(Language language, std::string& missing) {
  const auto monitors = std::ranges::count(site_.devices, DeviceKind::monitor, &Device::kind);
  if (monitors != 1) {
    missing = Phrase{"topologyには監視機 (monitor) がちょうど一台必要です",
                     "the topology needs exactly one monitor"}
                  .in(language);
    return std::nullopt;
  }
  const auto monitor = std::ranges::find(site_.devices, DeviceKind::monitor, &Device::kind);
  site_.monitor = static_cast<DeviceIndex>(monitor - site_.devices.begin());
  for (Device& device : site_.devices) device.polling = site_.polling;
  return site_;
}

}  // namespace nethealth
