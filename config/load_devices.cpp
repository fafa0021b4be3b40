#include <algorithm>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

void load_addresses(Loading& load, const Node& node, Device& device) {
  for (const Node* item : load.read.one_or_more(node, "address")) {
    const auto text = load.read.text(*item, "address");
    if (!text) continue;
    if (const auto address = canonical_address(*text)) {
      device.addresses.push_back(*address);
    } else {
      load.read.unexpected(
          *item, "address",
          {"一台の機器の IPv4 か IPv6 のアドレスを書いてください", "the IPv4 or IPv6 address of one host"});
    }
  }
}

void load_management(Loading& load, const Node& node, Device& device) {
  Reader& read = load.read;
  if (!read.map(node, "management", keys::management)) return;
  Management management;
  const Node* address = read.require(node, "address");
  const auto text = address == nullptr ? std::nullopt : read.text(*address, "address");
  if (text) {
    const auto canonical = canonical_address(*text);
    if (!canonical) {
      read.unexpected(
          *address, "address",
          {"一台の機器の IPv4 か IPv6 のアドレスを書いてください", "the IPv4 or IPv6 address of one host"});
    }
    set(management.address, canonical);
  }
  if (const Node* snmp = node.find("snmp"))
    management.credential = load.credentials.find(read, *snmp, "snmp");
  device.management = management;
}

void load_power(Loading& load, const Node& node, std::size_t self) {
  Reader& read = load.read;
  Device& device = load.site.devices[self];
  for (const Node* item : read.one_or_more(node, "power")) {
    const auto feed = load.devices.find(read, *item, "power");
    if (!feed) continue;
    if (*feed == self || load.site.devices[*feed].kind != DeviceKind::ups) {
      read.unexpected(*item, "power",
                      {"この機器に給電する、kind が ups の別の機器を書いてください",
                       "another device of kind ups that feeds this one"});
    } else if (std::find(device.power.begin(), device.power.end(), *feed) == device.power.end()) {
      device.power.push_back(static_cast<DeviceIndex>(*feed));
    }
  }
}

void add_person(std::vector<PersonIndex>& people, PersonIndex person) {
  if (std::find(people.begin(), people.end(), person) == people.end()) people.push_back(person);
}

/// People by their names; a role's id stands for its people. A person's name wins over a role's id.
void load_contractor(Loading& load, const Node& node, Device& device) {
  Reader& read = load.read;
  for (const Node* item : read.one_or_more(node, "contractor")) {
    const auto text = read.text(*item, "contractor");
    if (!text) continue;
    const auto person = load.people.index(*text);
    const auto role = role_id(*text);
    if (person) {
      add_person(device.contractor, static_cast<PersonIndex>(*person));
    } else if (role) {
      for (const PersonIndex each : load.site.role(*role).people) add_person(device.contractor, each);
    } else if (!read.has_holes()) {
      std::vector<std::string_view> known = load.people.known();
      for (const auto& [id, value] : role_words()) known.push_back(id);
      read.report(*item,
                  {"contractor: {0}という人も役割もありません{1}",
                   "contractor: found {0}, but there is no such person and no such role{1}"},
                  {quote(*text, read.language()), read.suggestion(*text, known)});
    }
  }
}

/// What can only be asked of a device that has an address.
void check_polled(Loading& load, const Node& node, const Device& device) {
  if (!device.addresses.empty() || node.find("address") != nullptr) return;
  for (const std::string_view key : {"snmp", "services"}) {
    const auto entry = std::find_if(node.entries.begin(), node.entries.end(),
                                    [&](const auto& e) { return e.key.value == key; });
    if (entry == node.entries.end()) continue;
    load.read.report(
        entry->key,
        {"{0} がありますが、address のない機器には問い合わせできません。address を書いてください",
         "found {0} on a device without address, which is never polled, expected an address"},
        {key});
  }
}

void load_device(Loading& load, std::size_t index) {
  Reader& read = load.read;
  const Node& node = *load.device_nodes[index];
  Device& device = load.site.devices[index];
  device.label = device.name;
  device.polling = load.site.polling;
  if (const Node* label = node.find("label")) set(device.label, read.text(*label, "label"));
  if (const Node* address = node.find("address")) load_addresses(load, *address, device);
  if (const Node* management = node.find("management")) load_management(load, *management, device);
  if (const Node* room = node.find("room")) device.room = load.rooms.find(read, *room, "room");
  if (const Node* power = node.find("power")) load_power(load, *power, index);
  if (const Node* contractor = node.find("contractor")) load_contractor(load, *contractor, device);
  if (const Node* snmp = node.find("snmp")) device.credential = load.credentials.find(read, *snmp, "snmp");
  if (const Node* services = node.find("services")) load_services(load, *services, device);
  if (const Node* logs = node.find("logs")) {
    for (const Node* log : read.list(*logs, "logs")) device.logs.push_back(load_log(load, *log));
  }
  if (const Node* calendar = node.find("calendar")) {
    device.calendar = load.calendars.find(read, *calendar, "calendar");
  }
  if (const Node* polling = node.find("polling")) load_polling(read, *polling, device.polling);
  if (const Node* page = node.find("page")) set(device.page, read.flag(*page, "page"));
  check_polled(load, node, device);
}

}  // namespace

void load_devices(Loading& load) {
  Reader& read = load.read;
  load.device_nodes = name_items(load, "devices", keys::device, load.devices, load.site.devices);
  // Kinds first: a feed may be written below what it feeds.
  for (std::size_t i = 0; i < load.device_nodes.size(); ++i) {
    if (const Node* kind = read.require(*load.device_nodes[i], "kind")) {
      set(load.site.devices[i].kind, read.one_of(*kind, "kind", device_kind_words()));
    }
  }
  for (std::size_t i = 0; i < load.device_nodes.size(); ++i) load_device(load, i);
  finish_seals(load);
}

}  // namespace nethealth
