#pragma once
// Counters of an agent as totals that never fall (contract, section Observations): 32 bits that wrap are
// counted on, and what an agent sets back to zero (a restart, a cleared counter, ifCounterDiscontinuityTime)
// is added to what was there before. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "probes/observation.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// Interfaces remembered of one agent.
inline constexpr std::size_t max_counted_interfaces = 4'096;

class SnmpTotals {
 public:
  /// One counter of one interface. `discontinuity` is ifCounterDiscontinuityTime (RFC 2863), 0 where there is
  /// none. A fall is a wrap only from the last quarter of the 32 bits into the first: a person who clears
  /// counters is much more frequent.
  std::uint64_t count(int index, int counter, std::uint64_t raw, std::uint64_t discontinuity);

  /// The total as it stood, for a look that did not get as far as this counter.
  [[nodiscard]] std::uint64_t last(int index, int counter) const;

  /// Puts totals in place of the errors that were read. Interfaces without an index stay as they are.
  void apply(std::vector<InterfaceSeen>& interfaces, const SnmpReadings& readings);

 private:
  struct Counted {
    std::uint64_t raw = 0;
    std::uint64_t discontinuity = 0;
    std::uint64_t before = 0;  ///< the total when `raw` last began at zero
  };
  std::map<std::pair<int, int>, Counted> counters_;
};

}  // namespace nethealth
