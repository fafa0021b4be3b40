#include "probes/snmp_interfaces.hpp"

#include <limits>

namespace nethealth {
namespace {

const Oid if_descr{1, 3, 6, 1, 2, 1, 2, 2, 1, 2};
const Oid if_speed{1, 3, 6, 1, 2, 1, 2, 2, 1, 5};
const Oid if_admin_status{1, 3, 6, 1, 2, 1, 2, 2, 1, 7};
const Oid if_oper_status{1, 3, 6, 1, 2, 1, 2, 2, 1, 8};
const Oid if_in_errors{1, 3, 6, 1, 2, 1, 2, 2, 1, 14};
const Oid if_out_errors{1, 3, 6, 1, 2, 1, 2, 2, 1, 20};
const Oid if_name{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1};
const Oid if_high_speed{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15};
const Oid if_counter_discontinuity{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 19};
const Oid dot3_duplex{1, 3, 6, 1, 2, 1, 10, 7, 2, 1, 19};

const SnmpValue* find(const SnmpReadings& readings, const Oid& column, const Oid& index) {
  const auto found = readings.find(joined(column, index));
  return found == readings.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> whole(const SnmpReadings& readings, const Oid& column, const Oid& index) {
  const SnmpValue* value = find(readings, column, index);
  return value == nullptr ? std::nullopt : value->whole();
}

std::string text(const SnmpReadings& readings, const Oid& column, const Oid& index) {
  const SnmpValue* value = find(readings, column, index);
  return value == nullptr ? std::string() : value->text();
}

std::optional<std::uint64_t> speed(const SnmpReadings& readings, const Oid& index) {
  constexpr std::uint64_t bits_per_megabit = 1'000'000;
  // ifSpeed's largest value means "look at ifHighSpeed" (RFC 2863).
  constexpr std::uint64_t too_fast_to_say = std::numeric_limits<std::uint32_t>::max();
  if (const auto high = whole(readings, if_high_speed, index)) return high;
  const auto bits = whole(readings, if_speed, index);
  if (!bits || *bits == too_fast_to_say) return std::nullopt;
  return *bits / bits_per_megabit;
}

bool is_up(std::uint64_t oper_status) {
  constexpr std::uint64_t down = 2, not_present = 6, lower_layer_down = 7;
  return oper_status != down && oper_status != not_present && oper_status != lower_layer_down;
}

}  // namespace

const std::vector<InterfaceTable>& interface_tables() {
  static const std::vector<InterfaceTable> tables{
      {{if_descr, if_admin_status, if_oper_status, if_in_errors, if_out_errors}, true},
      {{if_name, if_counter_discontinuity, if_high_speed}, true},
      {{dot3_duplex}, false},
      {{if_speed}, false},
  };
  return tables;
}

std::vector<InterfaceSeen> interfaces_of(const SnmpReadings& readings) {
  constexpr std::uint64_t admin_up = 1, half_duplex = 2, full_duplex = 3;
  std::vector<InterfaceSeen> seen;
  for (auto row = readings.lower_bound(if_admin_status);
       row != readings.end() && starts_with(row->first, if_admin_status); ++row) {
    const Oid index = index_of(row->first, if_admin_status);
    const auto admin = row->second.whole();
    const auto oper = whole(readings, if_oper_status, index);
    if (!admin || !oper || index.size() != 1 || index.front() > std::numeric_limits<std::int32_t>::max())
      continue;
    InterfaceSeen interface;
    interface.index = static_cast<int>(index.front());
    interface.description = text(readings, if_descr, index);
    interface.name = text(readings, if_name, index);
    if (interface.name.empty()) interface.name = interface.description;
    if (interface.name.empty()) interface.name = std::to_string(index.front());
    interface.admin_up = *admin == admin_up;
    interface.oper_up = is_up(*oper);
    interface.in_errors = whole(readings, if_in_errors, index).value_or(0);
    interface.out_errors = whole(readings, if_out_errors, index).value_or(0);
    interface.speed_mbps = speed(readings, index);
    const auto duplex = whole(readings, dot3_duplex, index);
    if (duplex == half_duplex || duplex == full_duplex) interface.full_duplex = duplex == full_duplex;
    seen.push_back(std::move(interface));
  }
  return seen;
}

}  // namespace nethealth
