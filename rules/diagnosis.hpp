#pragma once
// Weighted covering with sampled evidence: the cheapest set of faults that explains the bad signs, what still
// works counting against those it would have stopped. A pure function of the check states; who acts on the
// verdicts, and when, is decided elsewhere (suspicion.hpp).

#include <span>
#include <vector>

#include "rules/fault.hpp"

namespace nethealth {

/// Nats. No single sign is worth more: a probe can be wrong in the same way every time.
inline constexpr double strongest_sign = 15.4;

struct Rival {
  Fault fault;
  double confidence = 0;
  double lead = 0;          ///< nats by which the verdict is better; negative when the rival is
  bool same_signs = false;  ///< nothing that was observed tells it from the verdict
};

struct Verdict {
  Fault fault;
  Category category = Category::undetermined;  ///< the one that holds half of the belief, if any does
  double confidence = 0;                       ///< of this cause and place
  double margin = 0;                           ///< nats against "nothing happened"
  double lead = 0;                             ///< nats against the best rival that could still be told apart
  Time onset;                                  ///< the fault had begun by then
  std::vector<SignIndex> explained;            ///< bad signs, ascending
  std::vector<SignIndex> denied;               ///< good signs since the onset that speak against it
  std::vector<SignIndex> pending;  ///< not looked at since the onset; they would tell it from its rivals
  std::vector<Rival> rivals;       ///< likeliest first
  std::vector<Rival> excluded;     ///< the nearest of those that the evidence speaks against
  double evidence = 0;             ///< nats of the bad samples that it explains
  int witnesses = 0;               ///< separate things that show it
};

/// Nats of a bad sign's samples against "it works and the looks failed by chance".
double bad_strength(const World& world, const Sign& sign);

/// `bad`: the signs to explain, ascending. `held`: faults of open incidents, which need less to be believed
/// on. Deterministic: equal input gives equal output, in a fixed order.
std::vector<Verdict> diagnose(const World& world, std::span<const SignIndex> bad,
                              std::span<const Fault> held);

}  // namespace nethealth
