#pragma once
// Steps of the procedure that several people must answer (ProcedureStep::answers): whom the step as it was
// last taken asks, and who has answered. Pure; built from the incident's messages and records alone.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "rules/picture.hpp"
#include "rules/procedure_run.hpp"

namespace nethealth {

struct Summoned {
  std::string person;
  RoleId role = RoleId::council;
  std::vector<const NotificationPicture*> calls;  ///< never empty; into IncidentPicture::notifications
  bool answered = false;
};

struct Summons {
  const ProcedureStep* step = nullptr;
  Time since;          ///< when the step was recorded
  std::string taker;   ///< who recorded it
  std::size_t wanted;  ///< answers
  std::vector<Summoned> people;
  bool over = false;  ///< enough have answered, the procedure went on past it, or the incident is over

  [[nodiscard]] std::size_t answers() const;
};

/// Valid as long as the incident's messages and the run stay as they are.
[[nodiscard]] std::vector<Summons> summons_of(const IncidentPicture& incident, const ProcedureRun& run);

[[nodiscard]] SummonsPicture picture_of(const Summons& summons);

}  // namespace nethealth
