#include "rules/topology.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

namespace nethealth {

namespace {
constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
}

Topology::Topology(const Site& site)
    : site_(site),
      cables_(site.devices.size()),
      children_(site.devices.size()),
      depth_(site.devices.size(), -1) {
  for (CableIndex cable = 0; cable < site.cables.size(); ++cable) {
    cables_[site.cables[cable].a].push_back(cable);
    cables_[site.cables[cable].b].push_back(cable);
  }
  order(site);
  dominate();
  number();
  for (DeviceIndex device = 0; device < site.devices.size(); ++device)
    if (const auto above = parent(device)) children_[*above].push_back(device);
  divide_domains();
}

/// Switches and hubs that are joined pass each other's broadcasts on; all else only hears them.
void Topology::divide_domains() {
  const auto floods = [&](DeviceIndex device) {
    const DeviceKind kind = site_.devices[device].kind;
    return kind == DeviceKind::switch_ || kind == DeviceKind::hub;
  };
  domain_of_.resize(site_.devices.size());
  std::vector<std::size_t> heard_in(site_.devices.size(), domains_.max_size());
  for (DeviceIndex start = 0; start < site_.devices.size(); ++start) {
    if (!floods(start) || domain_of_[start]) continue;
    std::vector<DeviceIndex> members{start};
    domain_of_[start] = heard_in[start] = domains_.size();
    for (std::size_t next = 0; next < members.size(); ++next) {
      if (!floods(members[next])) continue;
      for (const CableIndex cable : cables_[members[next]]) {
        const DeviceIndex other = other_end(cable, members[next]);
        if (std::exchange(heard_in[other], domains_.size()) == domains_.size()) continue;
        if (floods(other)) domain_of_[other] = domains_.size();
        members.push_back(other);
      }
    }
    std::ranges::sort(members);
    domains_.push_back(std::move(members));
  }
}

std::span<const DeviceIndex> Topology::broadcast_domain(DeviceIndex device) const {
  if (!domain_of_[device]) return {};
  return domains_[*domain_of_[device]];
}

bool Topology::in_one_domain(DeviceIndex forwarder, DeviceIndex device) const {
  return std::ranges::binary_search(broadcast_domain(forwarder), device);
}

std::uint32_t Topology::node(Element element) const {
  return element.is_cable ? static_cast<std::uint32_t>(site_.devices.size()) + element.index : element.index;
}

/// Breadth-first depths, then a depth-first reverse postorder over devices and cables as nodes.
void Topology::order(const Site& site) {
  const std::size_t nodes = site.devices.size() + site.cables.size();
  sources_.resize(nodes);
  rank_.assign(nodes, none);
  std::deque<DeviceIndex> queue{site.monitor};
  depth_[site.monitor] = 0;
  while (!queue.empty()) {
    const DeviceIndex device = queue.front();
    queue.pop_front();
    if (device != site.monitor && !site.devices[device].forwards()) continue;
    for (const CableIndex cable : cables_[device]) {
      const DeviceIndex other = other_end(cable, device);
      if (depth_[other] >= 0) continue;
      depth_[other] = depth_[device] + 1;
      queue.push_back(other);
    }
  }
  const auto targets = [&](std::uint32_t from) {
    std::vector<std::uint32_t> out;
    if (from >= site.devices.size()) {
      const Cable& cable = site.cables[from - site.devices.size()];
      out = {cable.a, cable.b};
    } else if (from == site.monitor || site.devices[from].forwards()) {
      for (const CableIndex cable : cables_[from]) out.push_back(node({true, cable}));
    }
    return out;
  };
  struct Visit {
    std::uint32_t node;
    std::vector<std::uint32_t> targets;
    std::size_t next;
  };
  std::vector<bool> seen(nodes, false);
  std::vector<Visit> stack;
  const auto enter = [&](std::uint32_t at) {
    seen[at] = true;
    stack.push_back({at, targets(at), 0});
    for (const std::uint32_t target : stack.back().targets) sources_[target].push_back(at);
  };
  enter(site.monitor);
  while (!stack.empty()) {
    Visit& visit = stack.back();
    if (visit.next == visit.targets.size()) {
      reverse_postorder_.push_back(visit.node);
      stack.pop_back();
      continue;
    }
    const std::uint32_t target = visit.targets[visit.next++];
    if (!seen[target]) enter(target);
  }
  std::reverse(reverse_postorder_.begin(), reverse_postorder_.end());
  for (std::uint32_t i = 0; i < reverse_postorder_.size(); ++i) rank_[reverse_postorder_[i]] = i;
}

void Topology::dominate() {
  dominator_.assign(sources_.size(), none);
  if (reverse_postorder_.empty()) return;
  const std::uint32_t root = reverse_postorder_.front();
  dominator_[root] = root;
  const auto meet = [&](std::uint32_t a, std::uint32_t b) {
    while (a != b) {
      while (rank_[a] > rank_[b]) a = dominator_[a];
      while (rank_[b] > rank_[a]) b = dominator_[b];
    }
    return a;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (const std::uint32_t at : reverse_postorder_) {
      if (at == root) continue;
      std::uint32_t best = none;
      for (const std::uint32_t source : sources_[at])
        if (dominator_[source] != none) best = best == none ? source : meet(source, best);
      if (dominator_[at] != best) {
        dominator_[at] = best;
        changed = true;
      }
    }
  }
}

/// Numbers the dominator tree in preorder, so that everything behind a node is one run of devices_.
void Topology::number() {
  const std::size_t nodes = sources_.size();
  first_.assign(nodes, 0);
  last_.assign(nodes, 0);
  if (reverse_postorder_.empty()) return;
  std::vector<std::vector<std::uint32_t>> below(nodes);
  for (const std::uint32_t at : reverse_postorder_)
    if (dominator_[at] != at) below[dominator_[at]].push_back(at);
  std::vector<std::pair<std::uint32_t, std::size_t>> stack;
  const auto enter = [&](std::uint32_t at) {
    first_[at] = static_cast<std::uint32_t>(devices_.size());
    if (at < site_.devices.size()) devices_.push_back(at);
    stack.emplace_back(at, 0);
  };
  enter(reverse_postorder_.front());
  while (!stack.empty()) {
    auto& [at, next] = stack.back();
    if (next == below[at].size()) {
      last_[at] = static_cast<std::uint32_t>(devices_.size());
      stack.pop_back();
      continue;
    }
    enter(below[at][next++]);
  }
}

bool Topology::reachable(DeviceIndex device) const {
  return rank_[device] != none;
}

std::span<const DeviceIndex> Topology::behind(Element element) const {
  const std::uint32_t at = node(element);
  return std::span(devices_).subspan(first_[at], last_[at] - first_[at]);
}

bool Topology::is_behind(DeviceIndex device, Element element) const {
  if (!reachable(device)) return false;
  const std::uint32_t at = node(element);
  return rank_[at] != none && first_[device] >= first_[at] && first_[device] < last_[at];
}

std::vector<Element> Topology::cutters(DeviceIndex device) const {
  std::vector<Element> chain;
  if (!reachable(device)) return chain;
  for (std::uint32_t at = device; at != reverse_postorder_.front(); at = dominator_[at]) {
    const bool is_cable = at >= site_.devices.size();
    chain.push_back({is_cable, is_cable ? at - static_cast<std::uint32_t>(site_.devices.size()) : at});
  }
  return chain;
}

DeviceIndex Topology::near_end(CableIndex cable) const {
  const Cable& ends = site_.cables[cable];
  const int a = depth_[ends.a], b = depth_[ends.b];
  if (a < 0) return ends.b;
  if (b < 0) return ends.a;
  return b < a ? ends.b : ends.a;
}

DeviceIndex Topology::far_end(CableIndex cable) const {
  return other_end(cable, near_end(cable));
}

std::optional<DeviceIndex> Topology::parent(DeviceIndex device) const {
  std::optional<DeviceIndex> best;
  for (const CableIndex cable : cables_[device]) {
    const DeviceIndex other = site_.cables[cable].a == device ? site_.cables[cable].b : site_.cables[cable].a;
    if (!site_.devices[other].forwards() || depth_[other] < 0 || depth_[other] >= depth_[device]) continue;
    if (!best || depth_[other] < depth_[*best]) best = other;
  }
  return best;
}

}  // namespace nethealth
