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

/// The cells of one row. The key is kept between them, so that a cell costs no memory.
class Row {
 public:
  Row(const SnmpReadings& readings, Oid index) : readings_(readings), index_(std::move(index)) {}

  [[nodiscard]] const Oid& index() const { return index_; }
  [[nodiscard]] std::optional<std::uint64_t> whole(const Oid& column) {
    const SnmpValue* value = find(column);
    return value == nullptr ? std::nullopt : value->whole();
  }
  [[nodiscard]] std::string text(const Oid& column) {
    const SnmpValue* value = find(column);
    return value == nullptr ? std::string() : value->text();
  }

 private:
  const SnmpValue* find(const Oid& column) {
    key_.assign(column.begin(), column.end());
    key_.insert(key_.end(), index_.begin(), index_.end());
    const auto found = readings_.find(key_);
    return found == readings_.end() ? nullptr : &found->second;
  }

  const SnmpReadings& readings_;
  Oid index_;
  Oid key_;
};

std::optional<std::uint64_t> speed(Row& row) {
  constexpr std::uint64_t bits_per_megabit = 1'000'000;
  // ifSpeed's largest value means "look at ifHighSpeed" (RFC 2863).
  constexpr std::uint64_t too_fast_to_say = std::numeric_limits<std::uint32_t>::max();
  if (const auto high = row.whole(if_high_speed)) return high;
  const auto bits = row.whole(if_speed);
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
  for (auto at = readings.lower_bound(if_admin_status);
       at != readings.end() && starts_with(at->first, if_admin_status); ++at) {
    Row row(readings, index_of(at->first, if_admin_status));
    const Oid& index = row.index();
    const auto admin = at->second.whole();
    const auto oper = row.whole(if_oper_status);
    if (!admin || !oper || index.size() != 1 || index.front() > std::numeric_limits<std::int32_t>::max())
      continue;
    InterfaceSeen interface;
    interface.index = static_cast<int>(index.front());
    interface.description = row.text(if_descr);
    interface.name = row.text(if_name);
    if (interface.name.empty()) interface.name = interface.description;
    if (interface.name.empty()) interface.name = std::to_string(index.front());
    interface.admin_up = *admin == admin_up;
    interface.oper_up = is_up(*oper);
    interface.in_errors = row.whole(if_in_errors).value_or(0);
    interface.out_errors = row.whole(if_out_errors).value_or(0);
    interface.speed_mbps = speed(row);
    const auto duplex = row.whole(dot3_duplex);
    if (duplex == half_duplex || duplex == full_duplex) interface.full_duplex = duplex == full_duplex;
    seen.push_back(std::move(interface));
  }
  return seen;
}

}  // namespace nethealth
