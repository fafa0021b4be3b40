#pragma once
// The written procedure for people: on the terminal, and as the report that is printed and archived.
// Everything that identifies a resident is masked.

#include <string>

#include "agent/report_text.hpp"
#include "rules/picture.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

/// The part of `incident show` on the procedure; empty when there is no such incident.
std::string procedure_report(const Picture& picture, const Site& site, const Procedures& procedures,
                             int number, const ReportStyle& style);

/// The steps that are due, who takes them, what they ask for, until when.
std::string next_steps_text(const IncidentPicture& incident, const Site& site, const Procedures& procedures,
                            Language language);

/// Measures against recurrence: what was decided, what is proposed, what is open.
std::string measures_text(const IncidentPicture& incident, const Site& site, const Procedure& procedure,
                          Language language);

/// The same as one JSON object.
std::string measures_json(const IncidentPicture& incident, const Site& site, const Procedure& procedure,
                          Language language);

/// `incident report`: timeline, decisions, evidence, who was told when.
std::string paper_text(const IncidentPicture& incident, const Site& site, const Procedures& procedures,
                       Time now, Language language);
/// The same as one HTML page without anything from elsewhere, fit for A4 paper.
std::string paper_html(const IncidentPicture& incident, const Site& site, const Procedures& procedures,
                       Time now, Language language);

}  // namespace nethealth
