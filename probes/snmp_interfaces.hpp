#pragma once
// The interfaces of a device from ifTable, ifXTable (IF-MIB, RFC 2863) and dot3StatsTable (EtherLike-MIB).
// Pure.

#include <vector>

#include "probes/observation.hpp"
#include "probes/snmp_totals.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// Columns that are walked together.
struct InterfaceTable {
  std::vector<Oid> columns;
  bool quick = false;  ///< also read by a quick look
};

/// In the order to walk them. The last, ifSpeed, is wanted only where ifHighSpeed is missing.
const std::vector<InterfaceTable>& interface_tables();
inline constexpr std::size_t if_x_table = 1;
inline constexpr std::size_t if_speed_table = 3;

/// One for each row with both an administrative and an operational status. `oper_up` is false for down(2) and
/// lowerLayerDown(7) and notPresent(6); testing(3), unknown(4) and dormant(5) are no evidence of a cut cable
/// and count as up. Without ifName the name is ifDescr, without either the index. Error counters are totals,
/// which `totals` keeps from look to look.
std::vector<InterfaceSeen> interfaces_of(const SnmpReadings& readings, SnmpTotals& totals);

}  // namespace nethealth
