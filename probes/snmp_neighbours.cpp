#include "probes/snmp_neighbours.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "probes/mac_text.hpp"
#include "probes/snmp_objects.hpp"
#include "probes/snmp_walk.hpp"

namespace nethealth {
namespace {

using Clock = std::chrono::steady_clock;

// LLDP-MIB lldpRemEntry: chassis id and its kind, port id and its kind, port description, system name.
const Oid rem_chassis_kind{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 4};
const Oid rem_chassis{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 5};
const Oid rem_port_kind{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 6};
const Oid rem_port{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 7};
const Oid rem_port_text{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 8};
const Oid rem_name{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1, 9};
// lldpLocPortEntry
const Oid local_port_kind{1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 2};
const Oid local_port{1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 3};
const Oid local_port_text{1, 0, 8802, 1, 1, 2, 1, 3, 7, 1, 4};
const Oid base_port_interface{1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2};
const Oid bridge_port{1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 2};
const Oid bridge_status{1, 3, 6, 1, 2, 1, 17, 4, 3, 1, 3};
const Oid vlan_port{1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 2};
const Oid vlan_status{1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1, 3};

constexpr std::size_t mac_bytes = 6;
constexpr std::uint64_t learned_status = 3;  // of dot1dTpFdbStatus and dot1qTpFdbStatus: learned
constexpr std::uint64_t chassis_is_mac = 4, port_is_mac = 3, port_is_interface_name = 5, port_is_local = 7;

class Tables {
 public:
  explicit Tables(const SnmpReadings& readings) : readings_(readings) {}

  [[nodiscard]] const SnmpValue* at(const Oid& column, const Oid& index) const {
    const auto found = readings_.find(joined(column, index));
    return found == readings_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::uint64_t number(const Oid& column, const Oid& index) const {
    const SnmpValue* value = at(column, index);
    return value == nullptr ? 0 : value->whole().value_or(0);
  }
  [[nodiscard]] std::string text(const Oid& column, const Oid& index) const {
    const SnmpValue* value = at(column, index);
    return value == nullptr ? std::string() : value->text();
  }
  /// An identifier that is a MAC address where its kind says so, else text.
  [[nodiscard]] std::string identifier(const Oid& column, const Oid& index, bool is_mac) const {
    const SnmpValue* value = at(column, index);
    if (value == nullptr) return {};
    if (is_mac && value->octets.size() == mac_bytes) return mac_text(value->octets);
    return value->text();
  }
  [[nodiscard]] std::string interface(std::uint32_t number) const {
    const std::string name = text(snmp_object::if_name, {number});
    return name.empty() ? text(snmp_object::if_descr, {number}) : name;
  }
  /// A port of the bridge as its interface is called; the number when nothing names it.
  [[nodiscard]] std::string bridge(std::uint32_t port) const {
    const auto index = static_cast<std::uint32_t>(number(base_port_interface, {port}));
    const std::string name = index == 0 ? std::string() : interface(index);
    return name.empty() ? std::to_string(port) : name;
  }
  /// What lldpRemLocalPortNum is called, the best first: most agents name it in lldpLocPortTable; else it is
  /// a port of the bridge or an interface.
  [[nodiscard]] std::vector<std::string> lldp(std::uint32_t port) const {
    std::vector<std::string> names;
    const auto add = [&](std::string name) {
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(std::move(name));
    };
    const std::uint64_t kind = number(local_port_kind, {port});
    const std::string number_text = std::to_string(port);
    // Some write the number of the interface, and its name as the description.
    const std::string told = text(local_port, {port});
    if ((kind == port_is_interface_name || kind == port_is_local) && told != number_text) add(told);
    add(text(local_port_text, {port}));
    const auto behind = static_cast<std::uint32_t>(number(base_port_interface, {port}));
    for (const std::uint32_t index : {behind, behind == 0 ? port : behind}) {
      add(text(snmp_object::if_name, {index}));
      add(text(snmp_object::if_descr, {index}));
    }
    add(number_text);
    return names;
  }
  [[nodiscard]] auto rows(const Oid& column) const {
    std::vector<std::pair<Oid, const SnmpValue*>> found;
    for (auto row = readings_.lower_bound(column); row != readings_.end() && starts_with(row->first, column);
         ++row)
      found.emplace_back(index_of(row->first, column), &row->second);
    return found;
  }

 private:
  const SnmpReadings& readings_;
};

LldpNeighbour neighbour_at(const Tables& tables, const Oid& index) {
  LldpNeighbour neighbour;
  // The index is a time mark, our port and a running number; an agent that gives only the last does not say
  // where.
  if (index.size() == 3) neighbour.port_names = tables.lldp(index[1]);
  if (!neighbour.port_names.empty()) neighbour.port = neighbour.port_names.front();
  neighbour.name = tables.text(rem_name, index);
  neighbour.chassis =
      tables.identifier(rem_chassis, index, tables.number(rem_chassis_kind, index) == chassis_is_mac);
  const bool port_mac = tables.number(rem_port_kind, index) == port_is_mac;
  neighbour.remote_port = tables.identifier(rem_port, index, port_mac);
  const std::string described = tables.text(rem_port_text, index);
  if ((port_mac || neighbour.remote_port.empty()) && !described.empty()) neighbour.remote_port = described;
  return neighbour;
}

void add_learned(const Tables& tables, const Oid& port_column, const Oid& status_column,
                 std::size_t before_mac, std::map<std::string, LearnedAddress>& learned) {
  for (const auto& [index, value] : tables.rows(port_column)) {
    const auto port = value->whole();
    if (index.size() != before_mac + mac_bytes || !port || *port == 0 || *port > UINT32_MAX) continue;
    const SnmpValue* status = tables.at(status_column, index);
    if (status != nullptr && status->whole() != learned_status) continue;
    const std::vector<std::uint32_t> mac(index.begin() + static_cast<std::ptrdiff_t>(before_mac),
                                         index.end());
    if (std::any_of(mac.begin(), mac.end(), [](std::uint32_t byte) { return byte > 0xFF; })) continue;
    LearnedAddress found{tables.bridge(static_cast<std::uint32_t>(*port)), mac_text(mac), std::nullopt};
    if (before_mac == 1 && index.front() <= 4094) found.vlan = static_cast<int>(index.front());
    const std::string key = found.port + ' ' + found.address + ' ' + std::to_string(found.vlan.value_or(0));
    learned.insert_or_assign(key, std::move(found));
  }
}

/// One device's tables, one after the other. Keeps itself alive until it is done.
class NeighbourWalk : public std::enable_shared_from_this<NeighbourWalk> {
 public:
  NeighbourWalk(SnmpRequester& requester, std::shared_ptr<SnmpPeer> peer,
                std::function<void(NeighboursSeen)> done)
      : requester_(requester), peer_(std::move(peer)), done_(std::move(done)) {}

  void next_table() {
    if (table_ == neighbour_tables().size() || readings_.size() >= max_neighbour_readings) return end();
    walk_ = std::make_unique<SnmpWalk>(neighbour_tables()[table_++], peer_->credential.version);
    until_ = Clock::now() + max_walk_time;
    ask();
  }

 private:
  void ask() {
    auto request = walk_->next();
    if (!request || Clock::now() >= until_ || readings_.size() >= max_neighbour_readings) {
      cut_ = cut_ || walk_->cut() || walk_->not_increasing() || request.has_value();
      return next_table();
    }
    requester_.request(peer_, std::move(*request),
                       [self = shared_from_this()](SnmpReply reply) { self->take(std::move(reply)); });
  }

  void take(SnmpReply reply) {
    if (reply.outcome == Outcome::ok) {
      answered_ = true;
      walk_->accept(std::move(reply.response), reply.bytes, readings_);
      return ask();
    }
    if (!answered_ || reply.outcome == Outcome::auth_error) {
      refused_ = reply.outcome;
      return end();
    }
    if (walk_->retry_gently()) return ask();
    cut_ = true;
    next_table();
  }

  void end() {
    NeighboursSeen seen = neighbours_of(readings_);
    seen.status = refused_.value_or(Outcome::ok);
    seen.cut = cut_ || readings_.size() >= max_neighbour_readings;
    std::exchange(done_, nullptr)(std::move(seen));
  }

  SnmpRequester& requester_;
  std::shared_ptr<SnmpPeer> peer_;
  std::function<void(NeighboursSeen)> done_;
  std::unique_ptr<SnmpWalk> walk_;
  std::size_t table_ = 0;
  Clock::time_point until_;
  SnmpReadings readings_;
  std::optional<Outcome> refused_;
  bool answered_ = false;
  bool cut_ = false;
};

}  // namespace

const std::vector<std::vector<Oid>>& neighbour_tables() {
  static const std::vector<std::vector<Oid>> tables{
      {snmp_object::if_name},
      {snmp_object::if_descr},
      {rem_chassis_kind, rem_chassis, rem_port_kind, rem_port, rem_port_text, rem_name},
      {local_port_kind, local_port, local_port_text},
      {base_port_interface},
      {bridge_port, bridge_status},
      {vlan_port, vlan_status},
  };
  return tables;
}

NeighboursSeen neighbours_of(const SnmpReadings& readings) {
  const Tables tables(readings);
  NeighboursSeen seen;
  for (const auto& [index, value] : tables.rows(rem_chassis))
    seen.lldp.push_back(neighbour_at(tables, index));
  std::stable_sort(seen.lldp.begin(), seen.lldp.end(),
                   [](const LldpNeighbour& a, const LldpNeighbour& b) { return a.port < b.port; });
  std::set<std::string> ports;
  for (const Oid& column : {snmp_object::if_name, snmp_object::if_descr, local_port, local_port_text})
    for (const auto& [index, value] : tables.rows(column)) ports.insert(value->text());
  seen.ports.assign(ports.begin(), ports.end());
  std::map<std::string, LearnedAddress> learned;
  add_learned(tables, vlan_port, vlan_status, 1, learned);
  // Switches with VLANs often fill the older table as well, with one of the VLANs or all of them.
  if (learned.empty()) add_learned(tables, bridge_port, bridge_status, 0, learned);
  for (auto& [key, one] : learned) seen.learned.push_back(std::move(one));
  return seen;
}

void look_neighbours(SnmpRequester& requester, std::shared_ptr<SnmpPeer> peer,
                     std::function<void(NeighboursSeen)> done) {
  std::make_shared<NeighbourWalk>(requester, std::move(peer), std::move(done))->next_table();
}

}  // namespace nethealth
