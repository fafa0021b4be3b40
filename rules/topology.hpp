#pragma once
// Who hangs behind what. The cable plan as a graph from the monitor outwards, and its dominators: an element
// (a device or a cable) cuts off exactly the devices it dominates, redundant paths included (Lengauer and
// Tarjan 1979 define dominators; computed as in Cooper, Harvey, Kennedy 2001). Only forwarding devices and
// the monitor pass traffic on; a server with two cables is no path between them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/site.hpp"

namespace nethealth {

using CableIndex = std::uint32_t;

/// A device or a cable.
struct Element {
  bool is_cable = false;
  std::uint32_t index = 0;
  friend bool operator==(const Element&, const Element&) = default;
};

class Topology {
 public:
  explicit Topology(const Site& site);

  /// Has a recorded path from the monitor.
  [[nodiscard]] bool reachable(DeviceIndex device) const;
  /// Devices that lose every path when the element fails; a device is behind itself. Empty when not
  /// reachable.
  [[nodiscard]] std::span<const DeviceIndex> behind(Element element) const;
  [[nodiscard]] bool is_behind(DeviceIndex device, Element element) const;
  /// The elements whose single failure cuts the device off, nearest first, itself first, the monitor left
  /// out.
  [[nodiscard]] std::vector<Element> cutters(DeviceIndex device) const;
  [[nodiscard]] const std::vector<CableIndex>& cables(DeviceIndex device) const { return cables_[device]; }
  /// The end of one of its cables that is not the device.
  [[nodiscard]] DeviceIndex other_end(CableIndex cable, DeviceIndex device) const {
    const Cable& ends = site_.cables[cable];
    return ends.a == device ? ends.b : ends.a;
  }
  /// The end of the cable that is nearer the monitor, and the other.
  [[nodiscard]] DeviceIndex near_end(CableIndex cable) const;
  [[nodiscard]] DeviceIndex far_end(CableIndex cable) const;
  /// The nearest forwarding device above, if any.
  [[nodiscard]] std::optional<DeviceIndex> parent(DeviceIndex device) const;
  /// Devices whose nearest forwarding device above is this one.
  [[nodiscard]] const std::vector<DeviceIndex>& children(DeviceIndex device) const {
    return children_[device];
  }
  /// Every device that a broadcast of this switch or hub reaches, itself included; empty for other devices.
  [[nodiscard]] std::span<const DeviceIndex> broadcast_domain(DeviceIndex device) const;
  [[nodiscard]] bool in_one_domain(DeviceIndex forwarder, DeviceIndex device) const;

 private:
  [[nodiscard]] std::uint32_t node(Element element) const;
  void order(const Site& site);
  void dominate();
  void number();
  void divide_domains();

  const Site& site_;
  std::vector<std::vector<CableIndex>> cables_;
  std::vector<std::vector<DeviceIndex>> children_;
  std::vector<std::vector<DeviceIndex>> domains_;      // each ascending
  std::vector<std::optional<std::size_t>> domain_of_;  // of a switch or hub
  std::vector<int> depth_;                           // of a device, in devices from the monitor; -1: no path
  std::vector<std::uint32_t> reverse_postorder_;     // nodes: devices, then cables
  std::vector<std::uint32_t> rank_;                  // of a node in it
  std::vector<std::vector<std::uint32_t>> sources_;  // predecessors of a node
  std::vector<std::uint32_t> dominator_;             // immediate
  std::vector<DeviceIndex> devices_;                 // in preorder of the dominator tree
  std::vector<std::uint32_t> first_, last_;          // of a node, into devices_
};

}  // namespace nethealth
