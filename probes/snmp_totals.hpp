#pragma once
// Counters of an agent as totals that never fall (contract, section Observations): 32 bits that wrap are
// counted on, and what an agent sets back to zero (a restart, a cleared counter, ifCounterDiscontinuityTime)
// is added to what was there before. Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace nethealth {

/// Interfaces remembered of one agent.
inline constexpr std::size_t max_counted_interfaces = 4'096;

class SnmpTotals {
 public:
  enum Counter : std::size_t { in_errors, out_errors };

  /// One counter of one interface. `discontinuity` is ifCounterDiscontinuityTime (RFC 2863), 0 where there is
  /// none. A fall is a wrap only from the last quarter of the 32 bits into the first: a person who clears
  /// counters is much more frequent. Without `raw`, of a look that did not get as far, the total as it stood.
  std::uint64_t total(int index, Counter counter, std::optional<std::uint64_t> raw,
                      std::uint64_t discontinuity);

 private:
  struct Counted {
    std::uint64_t raw = 0;
    std::uint64_t discontinuity = 0;
    std::uint64_t before = 0;  ///< the total when `raw` last began at zero
    bool known = false;
  };
  struct Interface {
    int index = 0;
    std::array<Counted, 2> counters;
  };
  std::vector<Interface> interfaces_;  ///< by index
};

}  // namespace nethealth
