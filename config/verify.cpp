// Checks across sections: what each entry alone does not show.

#include <algorithm>
#include <map>
#include <set>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

void check_monitor(Loading& load) {
  Reader& read = load.read;
  const Node* first = nullptr;
  for (std::size_t i = 0; i < load.site.devices.size(); ++i) {
    if (load.site.devices[i].kind != DeviceKind::monitor) continue;
    const Node& place = *load.device_nodes[i]->find("kind");
    if (first == nullptr) {
      first = &place;
      load.site.monitor = static_cast<DeviceIndex>(i);
      continue;
    }
    read.report(place,
                {"kind が monitor の機器は {0} にもあります。エージェントの動く一台だけにしてください",
                 "found a second device of kind monitor (the first at {0}), expected exactly one"},
                {place_of(*first)});
  }
  if (first != nullptr || read.has_holes()) return;
  const Node* devices = load.root.find("devices");
  read.report(
      devices != nullptr ? *devices : load.root,
      {"kind が monitor の機器（このエージェントの動く計算機）がありません。devices に一台書いてください",
       "found no device of kind monitor (the host this agent runs on), expected exactly one under devices"});
}

/// Two devices of one address could not be told apart.
void check_addresses(Loading& load) {
  std::map<std::string, std::size_t> owners;
  const auto claim = [&](const std::string& address, std::size_t owner, const Node& place) {
    if (address.empty()) return;
    const auto [first, is_new] = owners.emplace(address, owner);
    if (is_new) return;
    const Node* name = load.device_nodes[first->second]->find("name");
    load.read.report(place,
                     {"address: {0} は {2} の {1} がすでに使っています。別のアドレスを書いてください",
                      "address: found {0}, which {1} already has (at {2}), expected another address"},
                     {quote(address, load.read.language()),
                      quote(load.site.devices[first->second].name, load.read.language()),
                      place_of(name != nullptr ? *name : *load.device_nodes[first->second])});
  };
  for (std::size_t i = 0; i < load.site.devices.size(); ++i) {
    const Device& device = load.site.devices[i];
    const Node& node = *load.device_nodes[i];
    for (const std::string& address : device.addresses) claim(address, i, *node.find("address"));
    if (device.management) claim(device.management->address, i, *node.find("management"));
  }
}

/// No real chain of feeds is longer; a hostile one must not hold the reader.
constexpr std::size_t most_feeds_followed = 1'000;

bool feeds_itself(const Site& site, DeviceIndex start) {
  std::set<DeviceIndex> seen;
  std::vector<DeviceIndex> open = site.devices[start].power;
  for (std::size_t followed = 0; !open.empty() && followed < most_feeds_followed; ++followed) {
    const DeviceIndex next = open.back();
    open.pop_back();
    if (next == start) return true;
    if (!seen.insert(next).second) continue;
    open.insert(open.end(), site.devices[next].power.begin(), site.devices[next].power.end());
  }
  return false;
}

void check_power(Loading& load) {
  for (std::size_t i = 0; i < load.site.devices.size(); ++i) {
    // Only a UPS feeds, so only one can stand in a circle.
    if (load.site.devices[i].kind != DeviceKind::ups) continue;
    if (!feeds_itself(load.site, static_cast<DeviceIndex>(i))) continue;
    load.read.report(*load.device_nodes[i]->find("power"),
                     {"power: {0} が巡り巡って自分自身に給電しています",
                      "power: found {0} to be fed by itself, expected no circle of feeds"},
                     {quote(load.site.devices[i].name, load.read.language())});
  }
}

/// What a channel hangs on: the device it names, or the one that has its server's address.
void check_channels(Loading& load) {
  for (const auto& [channel, node] : load.through_nodes) {
    const auto device = load.devices.find(load.read, *node, "through");
    if (device) load.site.channels[channel].through = static_cast<DeviceIndex>(*device);
  }
  for (Channel& channel : load.site.channels) {
    const std::string& url = channel.type == Channel::Type::smtp && channel.servers.size() == 1
                                 ? channel.servers.front()
                                 : channel.url;
    const auto parts = split_url(url);
    if (channel.through || !parts) continue;
    for (std::size_t i = 0; i < load.site.devices.size(); ++i) {
      const auto& addresses = load.site.devices[i].addresses;
      if (std::find(addresses.begin(), addresses.end(), parts->host) != addresses.end())
        channel.through = static_cast<DeviceIndex>(i);
    }
  }
}

/// A device that no cable leads to cannot be placed: its silence explains nothing and is explained by
/// nothing.
void check_connected(Loading& load) {
  const Site& site = load.site;
  const bool has_monitor =
      site.monitor < site.devices.size() && site.devices[site.monitor].kind == DeviceKind::monitor;
  // A mistyped cable is told by itself; what it would have connected is no second mistake.
  if (!has_monitor || load.read.has_holes() || load.read.found_errors()) return;
  std::vector<std::vector<DeviceIndex>> neighbours(site.devices.size());
  for (const Cable& cable : site.cables) {
    neighbours[cable.a].push_back(cable.b);
    neighbours[cable.b].push_back(cable.a);
  }
  std::vector<bool> reached(site.devices.size());
  std::vector<DeviceIndex> open{site.monitor};
  reached[site.monitor] = true;
  while (!open.empty()) {
    const DeviceIndex at = open.back();
    open.pop_back();
    for (const DeviceIndex next : neighbours[at]) {
      if (reached[next]) continue;
      reached[next] = true;
      open.push_back(next);
    }
  }
  for (std::size_t i = 0; i < site.devices.size(); ++i) {
    if (reached[i]) continue;
    load.read.warn(*load.device_nodes[i],
                   {"{0} は monitor の機器とケーブルでつながっていません。connected_to を書いてください",
                    "found no way by cables from the monitor to {0}, expected it under connected_to"},
                   {quote(site.devices[i].name, load.read.language())});
  }
}

}  // namespace

void verify(Loading& load) {
  check_channels(load);
  check_monitor(load);
  check_addresses(load);
  check_power(load);
  check_connected(load);
}

}  // namespace nethealth
