#pragma once
// What the engine decided while a scenario was played. Private to scenario_play.cpp and scenario_judge.cpp.

#include <string>
#include <vector>

#include "agent/scenario.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// One thing that was decided: a message, with all who get it at that moment, or a change of an incident.
struct ScenarioTold {
  Time time;
  int incident = 0;
  bool message = false;
  std::string what;  ///< page, recovery ...; opened, restored ...
  struct Receiver {
    RoleId role;
    std::string person;
    std::string channel;
  };
  std::vector<Receiver> receivers;
  IncidentOpened state;  ///< of the incident then
  bool expected = false;
};

/// Compares what was decided with what the scenario's author expects.
ScenarioResult judge_scenario(const Scenario& scenario, std::vector<ScenarioTold> told, Language language);

}  // namespace nethealth
