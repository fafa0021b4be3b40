#pragma once
// What the procedure writes: the parts of reports composed from an incident, the messages that carry a step
// to those who are told, the line for the counter. Pure; in the site's language.

#include <string>
#include <vector>

#include "config/site.hpp"
#include "rules/message.hpp"
#include "rules/procedure.hpp"
#include "rules/summons.hpp"

namespace nethealth {

/// The text of one of `compositions`; empty when the incident does not say.
std::string compose_part(const Site& site, const IncidentPicture& incident, std::string_view composition,
                         Language language);

/// The message that tells of a step. `told` has its person, round and answer_by: it says how to answer.
Message step_message(const Site& site, const IncidentPicture& incident, const ProcedureStep& step,
                     const IncidentStep& record, const Notification& told);

/// Who of those that a step summons has not answered, for whoever took the step.
Message missing_message(const Site& site, const IncidentPicture& incident, const Summons& summons);

/// Who is reminded of what.
Message reminder_message(const Site& site, const IncidentPicture& incident, const std::string& what);

/// One plain line for the counter: what cannot be done now, since when, and what to do instead.
std::string counter_line(const Site& site, const IncidentPicture& incident, Language language);
Message counter_message(const Site& site, const IncidentPicture& incident, bool recovered);

/// The emergency measures of the annex table for this incident, the site's own or the shipped ones.
struct AnnexMeasures {
  bool shipped = false;  ///< a default, not the city's own table
  std::vector<std::string> measures;
};
AnnexMeasures annex_measures(const Site& site, const Procedure& procedure, const Diagnosis& diagnosis,
                             Language language);

/// Measures against recurrence that the diagnosis and the recurrence speak for (ids of the catalogue).
std::vector<std::string> proposed_measures(const IncidentPicture& incident);

/// The rows of the threat table a misconduct incident rests on, in order.
std::vector<std::string> threat_rows_of(const IncidentPicture& incident);

}  // namespace nethealth
