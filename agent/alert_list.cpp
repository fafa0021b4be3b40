#include "agent/alert_list.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/url_below.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

bool shows(const Channel& channel, const IncidentPicture& incident) {
  return incident.now.paged && std::ranges::find(channel.on, word(incident.now.severity)) != channel.on.end();
}

/// Empty while it lasts.
std::optional<Time> ended(const IncidentPicture& incident) {
  if (incident.state == IncidentState::open) return {};
  return incident.restored ? *incident.restored : incident.closed.value_or(incident.opened);
}

AlertLabels labels_of(const IncidentPicture& incident, const Channel& channel, const Site& site) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  AlertLabels labels{{"alertname", "NethealthIncident"},
                     {"site", site.name},
                     {"incident", std::to_string(incident.number)},
                     {"procedure", std::string(word(incident.now.procedure))},
                     {"severity", std::string(word(incident.now.severity))},
                     {"category", std::string(word(diagnosis.category))},
                     {"cause", std::string(word(diagnosis.cause))}};
  if (channel.detail == Detail::minimal) return labels;
  // An empty label is no label.
  if (!diagnosis.location.device.empty()) labels["device"] = diagnosis.location.device;
  if (!diagnosis.location.room.empty()) labels["room"] = diagnosis.location.room;
  return labels;
}

AlertLabels annotations_of(const IncidentPicture& incident, const Channel& channel, const Site& site) {
  const Diagnosis& diagnosis = incident.now.diagnosis;
  const Language language = site.language;
  std::string summary =
      severity_text(incident.now.severity, language) + " #" + std::to_string(incident.number) + " ";
  if (channel.detail == Detail::minimal)
    return {{"summary", summary + category_text(diagnosis.category, language)}};
  summary += short_place(site, diagnosis.location, language) + " " +
             cause_text(diagnosis, incident.now.severity, language);
  AlertLabels annotations{{"summary", summary},
                          {"description", first_step(site, diagnosis, language)},
                          {"place", place_text(site, diagnosis.location, language)}};
  if (incident.acknowledged_by) annotations["acknowledged_by"] = *incident.acknowledged_by;
  return annotations;
}

std::string link_to(const Site& site, int incident) {
  return public_url(site, "/api/v1/incidents/" + std::to_string(incident) + "/report");
}

json::object text_object(const AlertLabels& texts) {
  json::object object;
  for (const auto& [name, text] : texts) object[name] = text;
  return object;
}

}  // namespace

std::vector<ActiveAlert> alerts_of(const std::vector<IncidentPicture>& incidents, const Channel& channel,
                                   const Site& site, Time now) {
  std::vector<ActiveAlert> alerts;
  for (const IncidentPicture& incident : incidents) {
    const auto end = ended(incident);
    if (!shows(channel, incident) || (end && now - *end > alert_resolved_for)) continue;
    if (alerts.size() == most_alerts) break;
    alerts.push_back({incident.number, labels_of(incident, channel, site),
                      annotations_of(incident, channel, site), incident.opened,
                      end.value_or(now + channel.interval * alert_intervals_valid),
                      link_to(site, incident.number)});
  }
  return alerts;
}

std::string alerts_text(const std::vector<ActiveAlert>& alerts) {
  json::array all;
  for (const ActiveAlert& alert : alerts) {
    json::object object{{"labels", text_object(alert.labels)},
                        {"annotations", text_object(alert.annotations)},
                        {"startsAt", format_time(alert.starts, Zone())},
                        {"endsAt", format_time(alert.ends, Zone())}};
    if (!alert.url.empty()) object["generatorURL"] = alert.url;
    all.push_back(std::move(object));
  }
  return json::serialize(all);
}

}  // namespace nethealth
