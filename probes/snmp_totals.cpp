#include "probes/snmp_totals.hpp"

#include <algorithm>

namespace nethealth {
namespace {

constexpr std::uint64_t wrap = 1ULL << 32;
constexpr std::uint64_t quarter = wrap / 4;

}  // namespace

std::uint64_t SnmpTotals::total(int index, Counter counter, std::optional<std::uint64_t> raw,
                                std::uint64_t discontinuity) {
  auto interface = std::lower_bound(interfaces_.begin(), interfaces_.end(), index,
                                    [](const Interface& one, int wanted) { return one.index < wanted; });
  if (interface == interfaces_.end() || interface->index != index) {
    if (!raw || interfaces_.size() >= max_counted_interfaces) return raw.value_or(0);
    interface = interfaces_.insert(interface, Interface{index, {}});
  }
  Counted& known = interface->counters[counter];
  if (!raw) return known.before + known.raw;
  if (known.known && (*raw < known.raw || discontinuity != known.discontinuity)) {
    const bool wrapped = *raw < known.raw && discontinuity == known.discontinuity &&
                         known.raw >= wrap - quarter && known.raw < wrap && *raw < quarter;
    known.before += wrapped ? wrap : known.raw;
  }
  known = Counted{*raw, discontinuity, known.before, true};
  return known.before + *raw;
}

}  // namespace nethealth
