#pragma once
// `nethealth incident list` and `show N`.

#include "agent/control_message.hpp"
#include "agent/report_text.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// Null when there is none of that number.
const IncidentPicture* incident_of(const Picture& picture, int number);
/// What is then answered, with exit code 1.
ControlReply no_such_incident(int number, Language language);

/// One line an incident, oldest first.
ControlReply incident_list_report(const Picture& picture, const Site& site, const ReportStyle& style);
/// An array of incidents, oldest first (contract, section Command line).
ControlReply incident_list_json(const Picture& picture, const Site& site, Language language);

/// Everything about one. Exit code 1 when there is no such incident.
ControlReply incident_report(const Picture& picture, const Site& site, int number, const ReportStyle& style);
ControlReply incident_report_json(const Picture& picture, const Site& site, int number, Language language);

}  // namespace nethealth
