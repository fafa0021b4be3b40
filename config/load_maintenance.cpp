#include "config/loading.hpp"

namespace nethealth {
std::optional<Time> load_moment(Loading& load, const Node& map, std::string_view key) {
  const Node* node = load.read.require(map, key);
  if (node == nullptr) return {};
  const auto time =
      node->kind == Node::Kind::scalar ? parse_site_time(node->value, load.site.zone) : std::nullopt;
  if (!time) {
    load.read.unexpected(*node, key,
                         {"\"2026-12-05T20:00\"（site.timezone の時刻）のように書いてください",
                          "a time such as \"2026-12-05T20:00\" (in site.timezone)"});
  }
  return time;
}

namespace {

void load_scope(Loading& load, const Node& node, Maintenance& maintenance) {
  Reader& read = load.read;
  const Node* device = node.find("device");
  const Node* room = node.find("room");
  const Node* all = node.find("all");
  const int given = (device != nullptr ? 1 : 0) + (room != nullptr ? 1 : 0) + (all != nullptr ? 1 : 0);
  if (given != 1) {
    read.report(node,
                {"device、room、all: true のうち {0} 個が書かれています。一つだけ書いてください",
                 "found {0} of device, room and all, expected exactly one"},
                {std::to_string(given)});
    return;
  }
  if (device != nullptr) {
    maintenance.scope = Maintenance::Scope::device;
    if (const auto found = load.devices.find(read, *device, "device")) {
      maintenance.device = static_cast<DeviceIndex>(*found);
    }
  } else if (room != nullptr) {
    maintenance.scope = Maintenance::Scope::room;
    set(maintenance.room, load.rooms.find(read, *room, "room"));
  } else if (const auto flag = read.flag(*all, "all"); flag && !*flag) {
    read.unexpected(*all, "all",
                    {"true を書くか、device か room を書いてください", "true, or device or room instead"});
  }
}

}  // namespace

void load_maintenance(Loading& load) {
  Reader& read = load.read;
  const Node* list = load.root.find("maintenance");
  if (list == nullptr) return;
  for (const Node* item : read.list(*list, "maintenance")) {
    if (!read.map(*item, "maintenance", keys::maintenance)) continue;
    Maintenance maintenance;
    load_scope(load, *item, maintenance);
    const auto from = load_moment(load, *item, "from");
    const auto until = load_moment(load, *item, "until");
    if (from && until && *from >= *until) {
      read.unexpected(*item->find("until"), "until",
                      {"from より後の時刻を書いてください", "a time after from"});
    }
    set(maintenance.from, from);
    set(maintenance.until, until);
    if (const Node* reason = item->find("reason")) set(maintenance.reason, read.text(*reason, "reason"));
    load.site.maintenance.push_back(std::move(maintenance));
  }
}

}  // namespace nethealth
