#include "probes/snmp_totals.hpp"

namespace nethealth {
namespace {

constexpr std::uint64_t wrap = 1ULL << 32;
constexpr std::uint64_t quarter = wrap / 4;
const Oid if_in_errors{1, 3, 6, 1, 2, 1, 2, 2, 1, 14};
const Oid if_out_errors{1, 3, 6, 1, 2, 1, 2, 2, 1, 20};
const Oid if_counter_discontinuity{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 19};
constexpr int in_errors = 0, out_errors = 1, counters_each = 2;

}  // namespace

std::uint64_t SnmpTotals::count(int index, int counter, std::uint64_t raw, std::uint64_t discontinuity) {
  const auto found = counters_.find({index, counter});
  if (found == counters_.end()) {
    if (counters_.size() < max_counted_interfaces * counters_each)
      counters_[{index, counter}] = {raw, discontinuity, 0};
    return raw;
  }
  Counted& known = found->second;
  if (raw < known.raw || discontinuity != known.discontinuity) {
    const bool wrapped = raw < known.raw && discontinuity == known.discontinuity &&
                         known.raw >= wrap - quarter && known.raw < wrap && raw < quarter;
    known.before += wrapped ? wrap : known.raw;
  }
  known.raw = raw;
  known.discontinuity = discontinuity;
  return known.before + raw;
}

std::uint64_t SnmpTotals::last(int index, int counter) const {
  const auto found = counters_.find({index, counter});
  return found == counters_.end() ? 0 : found->second.before + found->second.raw;
}

void SnmpTotals::apply(std::vector<InterfaceSeen>& interfaces, const SnmpReadings& readings) {
  Oid key;
  const auto read = [&](const Oid& column, int index) -> std::optional<std::uint64_t> {
    key.assign(column.begin(), column.end());
    key.push_back(static_cast<std::uint32_t>(index));
    const auto found = readings.find(key);
    return found == readings.end() ? std::nullopt : found->second.whole();
  };
  for (InterfaceSeen& interface : interfaces) {
    if (!interface.index) continue;
    const int index = *interface.index;
    const std::uint64_t discontinuity = read(if_counter_discontinuity, index).value_or(0);
    const auto total = [&](const Oid& column, int counter) {
      const auto raw = read(column, index);
      return raw ? count(index, counter, *raw, discontinuity) : last(index, counter);
    };
    interface.in_errors = total(if_in_errors, in_errors);
    interface.out_errors = total(if_out_errors, out_errors);
  }
}

}  // namespace nethealth
