// Cables out of `connected_to`. A cable may be written at one end or at both; what is written at both ends
// with ports that do not contradict each other is one cable.

#include <algorithm>
#include <map>
#include <tuple>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

/// Between two devices, both ends counted; comparing the ends costs the cube of it.
constexpr std::size_t most_entries_between = 128;

struct Written {
  Cable cable;          ///< a is the device that comes first in the list of devices
  bool at_a = false;    ///< written at that device
  bool merged = false;  ///< stands for an entry of the other end too
  std::size_t order = 0;
  const Node* place = nullptr;
};

/// "device:port" splits at the first colon.
std::optional<std::pair<std::string, std::string>> split_end(Reader& read, const Node& node) {
  const auto text = read.text(node, "connected_to");
  if (!text) return {};
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::make_pair(*text, std::string());
  if (colon == 0 || colon + 1 == text->size()) {
    read.unexpected(node, "connected_to",
                    {"「機器」か「機器:ポート」を書いてください", "DEVICE or DEVICE:PORT"});
    return {};
  }
  return std::make_pair(text->substr(0, colon), text->substr(colon + 1));
}

class CableLoader {
 public:
  explicit CableLoader(Loading& load) : load_(load), read_(load.read) {}

  void device(DeviceIndex self, const Node& connected_to) {
    for (const Node* item : read_.one_or_more(connected_to, "connected_to")) entry(self, *item);
  }

  void finish() {
    std::vector<Written> all;
    for (auto& [pair, entries] : pairs_) {
      if (entries.size() > most_entries_between) {
        read_.report(*entries.back().place,
                     {"connected_to: 二台の間に {0} 本のケーブルが書かれています。128 本までにしてください",
                      "connected_to: found {0} cables between two devices, expected at most 128"},
                     {std::to_string(entries.size())});
        continue;
      }
      std::vector<Written> cables = merge_ends(entries);
      check_told_apart(cables);
      all.insert(all.end(), cables.begin(), cables.end());
    }
    std::sort(all.begin(), all.end(), [](const Written& x, const Written& y) { return x.order < y.order; });
    check_ports(all);
    for (const Written& written : all) load_.site.cables.push_back(written.cable);
  }

 private:
  void entry(DeviceIndex self, const Node& item) {
    std::string own_port;
    const Node* to = &item;
    if (item.kind == Node::Kind::map) {
      if (!read_.map(item, "connected_to", keys::cable)) return;
      to = read_.require(item, "to");
      if (const Node* port = item.find("port")) set(own_port, read_.text(*port, "port"));
    }
    if (to == nullptr) return;
    const auto end = split_end(read_, *to);
    if (!end) return;
    const auto peer = load_.devices.find(read_, *to, "connected_to", end->first);
    if (!peer) return;
    if (*peer == self) {
      read_.unexpected(*to, "connected_to",
                       {"別の機器を書いてください（自分自身にはつなげません）",
                        "another device (a cable cannot lead to its own device)"});
      return;
    }
    add(self, static_cast<DeviceIndex>(*peer), own_port, end->second, *to);
  }

  void add(DeviceIndex self, DeviceIndex peer, const std::string& own_port, const std::string& peer_port,
           const Node& place) {
    Written written;
    written.at_a = self < peer;
    written.cable =
        written.at_a ? Cable{self, peer, own_port, peer_port} : Cable{peer, self, peer_port, own_port};
    written.order = ++count_;
    written.place = &place;
    pairs_[{written.cable.a, written.cable.b}].push_back(written);
  }

  static bool agree(const std::string& x, const std::string& y) { return x.empty() || y.empty() || x == y; }
  static bool agree(const Cable& x, const Cable& y) {
    return agree(x.port_a, y.port_a) && agree(x.port_b, y.port_b);
  }

  /// Joins the entries of the two ends: those that say the same, then those that have no other partner.
  std::vector<Written> merge_ends(const std::vector<Written>& entries) {
    std::vector<Written> cables;
    std::vector<Written> others;
    for (const Written& written : entries) (written.at_a ? cables : others).push_back(written);
    join_where(cables, others, [](const Written& cable, const Written& other) {
      return cable.cable.port_a == other.cable.port_a && cable.cable.port_b == other.cable.port_b;
    });
    join_where(cables, others, [&](const Written& cable, const Written& other) {
      const auto fits = [&](const Written& rival) { return agree(cable.cable, rival.cable); };
      return partners_of(cables, other.cable).size() == 1 &&
             std::count_if(others.begin(), others.end(), fits) == 1;
    });
    for (const Written& other : others) {
      if (partners_of(cables, other.cable).empty()) {
        cables.push_back(other);
      } else {
        report_ports_needed(other);
      }
    }
    return cables;
  }

  /// Joins what may be joined until nothing changes: one pair found can leave another pair alone.
  template <class May>
  static void join_where(std::vector<Written>& cables, std::vector<Written>& others, May may) {
    for (bool progress = true; progress;) {
      progress = false;
      for (std::size_t i = 0; i < others.size() && !progress; ++i) {
        for (const std::size_t partner : partners_of(cables, others[i].cable)) {
          if (!may(cables[partner], others[i])) continue;
          join(cables[partner], others[i]);
          others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
          progress = true;
          break;
        }
      }
    }
  }

  static std::vector<std::size_t> partners_of(const std::vector<Written>& cables, const Cable& other) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < cables.size(); ++i) {
      if (cables[i].at_a && !cables[i].merged && agree(cables[i].cable, other)) found.push_back(i);
    }
    return found;
  }

  static void join(Written& cable, const Written& other) {
    if (cable.cable.port_a.empty()) cable.cable.port_a = other.cable.port_a;
    if (cable.cable.port_b.empty()) cable.cable.port_b = other.cable.port_b;
    cable.order = std::min(cable.order, other.order);
    cable.merged = true;
  }

  /// Of several cables between two devices each must say which one it is.
  void check_told_apart(const std::vector<Written>& cables) {
    if (cables.size() < 2) return;
    for (const Written& written : cables) {
      if (written.cable.port_a.empty() && written.cable.port_b.empty()) report_ports_needed(written);
    }
  }

  void report_ports_needed(const Written& written) {
    const auto& devices = load_.site.devices;
    read_.report(
        *written.place,
        {"connected_to: {0} と {1} "
         "の間に複数のケーブルがあります。どのケーブルか分かるようにポートを書いてください"
         "（{to: 機器:ポート, port: 自分のポート}）",
         "connected_to: found several cables between {0} and {1}, expected the ports that tell them apart "
         "({to: DEVICE:PORT, port: OWN})"},
        {quote(devices[written.cable.a].name, read_.language()),
         quote(devices[written.cable.b].name, read_.language())});
  }

  /// A port holds one cable.
  void check_ports(const std::vector<Written>& cables) {
    std::map<std::pair<DeviceIndex, std::string>, std::string> used;
    for (const Written& written : cables) {
      const Cable& cable = written.cable;
      for (const auto& [device, port] :
           {std::make_pair(cable.a, cable.port_a), std::make_pair(cable.b, cable.port_b)}) {
        if (port.empty()) continue;
        const auto [first, is_new] = used.emplace(std::make_pair(device, port), place_of(*written.place));
        if (is_new) continue;
        read_.report(*written.place,
                     {"connected_to: {0} のポート {1} には {2} ですでにケーブルがつながっています",
                      "connected_to: port {1} of {0} already has a cable at {2}, expected another port"},
                     {quote(load_.site.devices[device].name, read_.language()), quote(port, read_.language()),
                      first->second});
      }
    }
  }

  Loading& load_;
  Reader& read_;
  std::map<std::pair<DeviceIndex, DeviceIndex>, std::vector<Written>> pairs_;
  std::size_t count_ = 0;
};

}  // namespace

void load_cables(Loading& load) {
  CableLoader loader(load);
  for (std::size_t i = 0; i < load.device_nodes.size(); ++i) {
    if (const Node* connected_to = load.device_nodes[i]->find("connected_to")) {
      loader.device(static_cast<DeviceIndex>(i), *connected_to);
    }
  }
  loader.finish();
}

}  // namespace nethealth
