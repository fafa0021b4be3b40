#pragma once
// Why the engine says what it says of an incident, and why it says nothing of a device: what the verdict
// rests on, what speaks against each rival, and what would still tell them apart.

#include <vector>

#include "rules/event.hpp"

namespace nethealth {

struct RivalReasoning {
  Alternative what;
  double nats = 0;                ///< by which the verdict is better; negative when the rival is
  bool same_signs = false;        ///< nothing that was observed tells it from the verdict
  std::vector<Reason> denied_by;  ///< what still works though it would have stopped it, strongest first
};

struct Reasoning {
  Diagnosis diagnosis;       ///< as it stands in the incident
  bool live = false;         ///< judged from what is seen now; otherwise only what the journal kept is told
  double evidence_nats = 0;  ///< of the bad samples that the verdict explains
  double margin_nats = 0;    ///< against "nothing happened"
  std::vector<RivalReasoning> rivals;  ///< likeliest first
  std::vector<Reason> not_seen;        ///< not looked at since the fault began; would tell the rivals apart
};

}  // namespace nethealth
