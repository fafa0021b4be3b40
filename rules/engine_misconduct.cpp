// Misconduct: counted signs in logs, one incident by cause and source, the security team's events.

#include <algorithm>

#include "rules/mind.hpp"

namespace nethealth {

namespace {

constexpr std::string_view success_rule = "login_succeeded";
constexpr int failures_before_success = 5;

/// The plan's levels are the first figure of the row (7.A.table): "1b" is level 1.
int level_of(const std::string& threat) {
  return !threat.empty() && threat[0] >= '1' && threat[0] <= '3' ? threat[0] - '0' : 1;
}

Reason line_reason(const Site& site, DeviceIndex device, const LogHit& hit, const std::string& line,
                   const std::string& source, Time now) {
  constexpr std::size_t line_kept_bytes = 512;
  const Device& known = site.devices[device];
  return {"misconduct_line",
          now,
          {{"device", known.name},
           {"label", known.label.empty() ? known.name : known.label},
           {"title_ja", hit.rule->title.ja},
           {"title_en", hit.rule->title.en},
           {"source", source},
           {"row", hit.rule->threat},
           {"line", line.substr(0, line_kept_bytes)}}};
}

}  // namespace

void Engine::Mind::misconduct(DeviceIndex device, const LogHit& hit, const LogSeen& log) {
  if (std::ranges::count(options_.own_addresses, hit.source) > 0) return;
  const std::string source = hit.source.empty() ? site_.devices[device].name : hit.source;
  Reason reason = line_reason(site_, device, hit, log.line, source, now);
  const LogRule& rule = *hit.rule;
  if (rule.count) {
    const auto recent = count_hit(device, rule, source, log);
    if (recent < rule.count->times) return;
    reason.code = "misconduct_count";
    reason.values["count"] = std::to_string(recent);
    reason.values["minutes"] =
        std::to_string(std::chrono::duration_cast<std::chrono::minutes>(rule.count->within).count());
  }
  const int incident = open_misconduct(device, rule.cause, level_of(rule.threat), source, std::move(reason));
  if (rule.count) return keep_counted(incident, source);
  keep_evidence(incident, {site_.devices[device].name, log.file, log.offset, log.line, rule.id, source});
}

/// A log-in that succeeds after failures in a row from the same source is level 3 (plan 7.A.table, 3d).
void Engine::Mind::login_succeeded(DeviceIndex device, const LogHit& hit, const LogSeen& log) {
  if (hit.rule->id.find(success_rule) == std::string::npos || hit.source.empty()) return;
  std::ptrdiff_t failures = 0;
  for (const auto& [key, times] : counted_) {
    const LogRule* rule = key.second == hit.source ? matcher_.find(key.first) : nullptr;
    if (!rule || rule->cause != Cause::unauthorised_access) continue;
    failures = std::max(
        failures, std::ranges::count_if(times, [&](Time at) { return now - at <= limits::success_within; }));
  }
  if (failures < failures_before_success) return;
  Reason reason = line_reason(site_, device, hit, log.line, hit.source, now);
  reason.code = "login_after_failures";
  reason.values["row"] = "3d";
  const int incident = open_misconduct(device, Cause::unauthorised_access, 3, hit.source, std::move(reason));
  keep_counted(incident, hit.source);
  keep_evidence(incident,
                {site_.devices[device].name, log.file, log.offset, log.line, hit.rule->id, hit.source});
}

int Engine::Mind::open_misconduct(DeviceIndex device, Cause cause, int level, const std::string& source,
                                  Reason reason) {
  const std::string& name = site_.devices[device].name;
  for (auto& [number, incident] : book.all()) {
    IncidentPicture& picture = incident.picture;
    const Diagnosis& known = picture.now.diagnosis;
    if (incident.is_failure() || !incident.is_open() || known.cause != cause ||
        now - incident.last_event > limits::misconduct_joins)
      continue;
    const bool same_source = std::ranges::any_of(known.evidence, [&](const Reason& r) {
      const auto value = r.values.find("source");
      return value != r.values.end() && value->second == source;
    });
    if (!same_source && known.location.device != name) continue;
    // A counting rule that is still over its limit adds nothing new each time; a kept reason a minute is
    // enough.
    const bool raised = level > picture.now.threat_level.value_or(1);
    const Reason& last = known.evidence.back();
    const bool repeats = reason.code == "misconduct_count" && last.code == reason.code &&
                         last.values.at("source") == source && last.time &&
                         now - *last.time < std::chrono::minutes(1);
    if (!raised && (repeats || known.evidence.size() >= limits::misconduct_reasons)) return number;
    IncidentUpdated update;
    update.diagnosis = known;
    update.diagnosis->evidence.push_back(std::move(reason));
    if (name != known.location.device && std::ranges::count(known.affected, name) == 0) {
      update.diagnosis->affected.push_back(name);
      std::ranges::sort(update.diagnosis->affected);
    }
    if (raised) update.threat_level = level;
    if (level == 3 && picture.now.severity != Severity::stopped) update.severity = Severity::stopped;
    emit(number, std::move(update));
    if (raised) tell_paged(incident, NotificationKind::revised, true);
    syslog(incident, true, level >= 3 ? 2 : 4, "MISCONDUCT-UPDATED");
    return number;
  }
  IncidentOpened opened;
  opened.procedure = ProcedureKind::misconduct;
  opened.severity = level >= 3 ? Severity::stopped : Severity::at_risk;
  opened.threat_level = level;
  opened.diagnosis.category = Category::misconduct;
  opened.diagnosis.cause = cause;
  opened.diagnosis.location.device = name;
  if (const auto room = site_.devices[device].room) opened.diagnosis.location.room = site_.rooms[*room].name;
  opened.diagnosis.confidence = 0.9;
  opened.threat_rows = reason.values["row"];
  opened.diagnosis.evidence.push_back(std::move(reason));
  for (const auto& [number, earlier] : book.all())
    if (!earlier.is_failure() && earlier.picture.now.diagnosis.cause == cause &&
        earlier.picture.now.diagnosis.location == opened.diagnosis.location)
      opened.earlier.push_back(number);
  const int number = book.next_number();
  emit(number, std::move(opened));
  Incident& incident = *book.find(number);
  page(incident);
  syslog(incident, true, level >= 3 ? 2 : 4, "MISCONDUCT-OPENED");
  return number;
}

}  // namespace nethealth
