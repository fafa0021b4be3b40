#pragma once
// Who is connected where, read from one device when a person asks: what its neighbours say of themselves
// (LLDP-MIB, IEEE 802.1AB) and which addresses it has learned on which port (BRIDGE-MIB, RFC 4188;
// Q-BRIDGE-MIB, RFC 4363). Never polled: the tables are large and some agents take long over them.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probes/observation.hpp"
#include "probes/snmp_requester.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// Values kept of all tables of one device; the rest is cut and said to be.
inline constexpr std::size_t max_neighbour_readings = 60'000;

struct LldpNeighbour {
  std::string port;  ///< ours, as the interface is called
  std::vector<std::string>
      port_names;           ///< all that it is called: one table may say Gi1/0/7, another the long form
  std::string name;         ///< what the neighbour calls itself (sysName); may be empty
  std::string remote_port;  ///< as the neighbour calls it
  std::string chassis;      ///< a MAC address, mostly
};

struct LearnedAddress {
  std::string port;
  std::string address;      ///< a MAC address, 00:00:5e:00:53:01
  std::optional<int> vlan;  ///< as Q-BRIDGE-MIB numbers its filtering databases; mostly the VLAN
};

struct NeighboursSeen {
  Outcome status = Outcome::timeout;
  std::vector<LldpNeighbour> lldp;      ///< by port
  std::vector<LearnedAddress> learned;  ///< by port; without the device's own addresses
  std::vector<std::string> ports;       ///< every name of every port of the device, sorted
  bool cut = false;                     ///< a table was longer than the limits, or ended by silence
};

/// Tables in the order to walk them; each is a list of columns.
const std::vector<std::vector<Oid>>& neighbour_tables();

/// Pure: what the tables say. Whatever an agent leaves out or writes wrongly is left out.
NeighboursSeen neighbours_of(const SnmpReadings& readings);

/// Walks the tables of one device. `done` is called once, never from within, on the io_context of the
/// requester.
void look_neighbours(SnmpRequester& requester, std::shared_ptr<SnmpPeer> peer,
                     std::function<void(NeighboursSeen)> done);

}  // namespace nethealth
