#include "probes/snmp_interfaces.hpp"

#include <limits>

#include "probes/snmp_objects.hpp"

namespace nethealth {
namespace {

const Oid if_speed{1, 3, 6, 1, 2, 1, 2, 2, 1, 5};
const Oid if_admin_status{1, 3, 6, 1, 2, 1, 2, 2, 1, 7};
const Oid if_oper_status{1, 3, 6, 1, 2, 1, 2, 2, 1, 8};
const Oid if_in_errors{1, 3, 6, 1, 2, 1, 2, 2, 1, 14};
const Oid if_out_errors{1, 3, 6, 1, 2, 1, 2, 2, 1, 20};
const Oid if_high_speed{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15};
const Oid if_counter_discontinuity{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 19};
const Oid dot3_duplex{1, 3, 6, 1, 2, 1, 10, 7, 2, 1, 19};

/// One column, whose cells are asked for in ascending order of the rows: each step is to the next cell, not a
/// search in all readings.
class Column {
 public:
  Column(const SnmpReadings& readings, const Oid& prefix)
      : prefix_(prefix), at_(readings.lower_bound(prefix)), end_(readings.end()) {}

  const SnmpValue* cell(std::uint32_t index) {
    for (; at_ != end_ && starts_with(at_->first, prefix_); ++at_) {
      const Oid& instance = at_->first;
      if (instance.size() != prefix_.size() + 1 || instance.back() < index) continue;
      return instance.back() == index ? &at_->second : nullptr;
    }
    return nullptr;
  }
  std::optional<std::uint64_t> whole(std::uint32_t index) {
    const SnmpValue* value = cell(index);
    return value == nullptr ? std::nullopt : value->whole();
  }
  std::string text(std::uint32_t index) {
    const SnmpValue* value = cell(index);
    return value == nullptr ? std::string() : value->text();
  }

 private:
  const Oid& prefix_;
  SnmpReadings::const_iterator at_;
  SnmpReadings::const_iterator end_;
};

std::optional<std::uint64_t> megabits(std::optional<std::uint64_t> high_speed,
                                      std::optional<std::uint64_t> speed) {
  constexpr std::uint64_t bits_per_megabit = 1'000'000;
  // ifSpeed's largest value means "look at ifHighSpeed" (RFC 2863).
  constexpr std::uint64_t too_fast_to_say = std::numeric_limits<std::uint32_t>::max();
  if (high_speed) return high_speed;
  if (!speed || *speed == too_fast_to_say) return std::nullopt;
  return *speed / bits_per_megabit;
}

bool is_up(std::uint64_t oper_status) {
  constexpr std::uint64_t down = 2, not_present = 6, lower_layer_down = 7;
  return oper_status != down && oper_status != not_present && oper_status != lower_layer_down;
}

}  // namespace

const std::vector<InterfaceTable>& interface_tables() {
  static const std::vector<InterfaceTable> tables{
      {{snmp_object::if_descr, if_admin_status, if_oper_status, if_in_errors, if_out_errors}, true},
      {{snmp_object::if_name, if_counter_discontinuity, if_high_speed}, true},
      {{dot3_duplex}, false},
      {{if_speed}, false},
  };
  return tables;
}

std::vector<InterfaceSeen> interfaces_of(const SnmpReadings& readings, SnmpTotals& totals) {
  constexpr std::uint64_t admin_up = 1, half_duplex = 2, full_duplex = 3;
  Column description(readings, snmp_object::if_descr), name(readings, snmp_object::if_name),
      oper_status(readings, if_oper_status);
  Column in_errors(readings, if_in_errors), out_errors(readings, if_out_errors),
      restarted(readings, if_counter_discontinuity);
  Column high_speed(readings, if_high_speed), low_speed(readings, if_speed),
      duplex_status(readings, dot3_duplex);
  std::vector<InterfaceSeen> seen;
  for (auto at = readings.lower_bound(if_admin_status);
       at != readings.end() && starts_with(at->first, if_admin_status); ++at) {
    const std::uint32_t index = at->first.back();
    const auto admin = at->second.whole();
    const auto oper = oper_status.whole(index);
    const bool one_number = at->first.size() == if_admin_status.size() + 1;
    if (!admin || !oper || !one_number || index > std::numeric_limits<std::int32_t>::max()) continue;
    InterfaceSeen interface;
    interface.index = static_cast<int>(index);
    interface.description = description.text(index);
    interface.name = name.text(index);
    if (interface.name.empty()) interface.name = interface.description;
    if (interface.name.empty()) interface.name = std::to_string(index);
    interface.admin_up = *admin == admin_up;
    interface.oper_up = is_up(*oper);
    const std::uint64_t discontinuity = restarted.whole(index).value_or(0);
    interface.in_errors =
        totals.total(*interface.index, SnmpTotals::in_errors, in_errors.whole(index), discontinuity);
    interface.out_errors =
        totals.total(*interface.index, SnmpTotals::out_errors, out_errors.whole(index), discontinuity);
    interface.speed_mbps = megabits(high_speed.whole(index), low_speed.whole(index));
    const auto duplex = duplex_status.whole(index);
    if (duplex == half_duplex || duplex == full_duplex) interface.full_duplex = duplex == full_duplex;
    seen.push_back(std::move(interface));
  }
  return seen;
}

}  // namespace nethealth
