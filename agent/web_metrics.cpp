#include "agent/web_metrics.hpp"

#include <array>
#include <map>
#include <utility>
#include <vector>

namespace nethealth {
namespace {

/// One family: its samples follow its two lines.
class Metrics {
 public:
  void family(const std::string& name, const std::string& type, const std::string& help) {
    name_ = "nethealth_" + name;
    text_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
  }
  using Labels = std::vector<std::pair<std::string, std::string>>;
  void sample(const Labels& labels, std::uint64_t value) {
    text_ += name_;
    for (std::size_t i = 0; i < labels.size(); ++i)
      text_ += (i == 0 ? "{" : ",") + labels[i].first + "=\"" + labels[i].second + "\"";
    text_ += (labels.empty() ? " " : "} ") + std::to_string(value) + "\n";
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

void add_devices(Metrics& metrics, const Picture& picture) {
  std::map<std::string, std::uint64_t> count;
  for (int health = 0; health <= static_cast<int>(DeviceHealth::maintenance); ++health)
    count[std::string(word(static_cast<DeviceHealth>(health)))] = 0;
  for (const DevicePicture& device : picture.devices) ++count[std::string(word(device.health))];
  metrics.family("devices", "gauge", "Devices by how they are now.");
  for (const auto& [state, number] : count) metrics.sample({{"state", state}}, number);
}

void add_incidents(Metrics& metrics, const Picture& picture) {
  std::map<std::array<std::string, 3>, std::uint64_t> count;
  std::uint64_t unanswered = 0;
  for (const char* procedure : {"failure", "misconduct"})
    for (const char* severity : {"stopped", "at_risk"})
      for (const char* state : {"open", "restored", "closed", "merged"})
        count[{procedure, severity, state}] = 0;
  std::map<std::string, std::uint64_t> told{{"sent", 0}, {"failed", 0}, {"waiting", 0}};
  for (const IncidentPicture& incident : picture.incidents) {
    ++count[{std::string(word(incident.now.procedure)), std::string(word(incident.now.severity)),
             std::string(word(incident.state))}];
    if (incident.state == IncidentState::open && incident.now.paged && !incident.acknowledged_by)
      ++unanswered;
    for (const NotificationPicture& message : incident.notifications)
      ++told[message.sent || message.acknowledged ? "sent" : message.failure.empty() ? "waiting" : "failed"];
  }
  metrics.family("incidents", "gauge", "Incidents since the journal began, by what they are now.");
  for (const auto& [key, number] : count)
    metrics.sample({{"procedure", key[0]}, {"severity", key[1]}, {"state", key[2]}}, number);
  metrics.family("incidents_unanswered", "gauge", "Open incidents that nobody has taken in hand.");
  metrics.sample({}, unanswered);
  metrics.family("notifications", "gauge", "Messages to people since the journal began, by their outcome.");
  for (const auto& [outcome, number] : told) metrics.sample({{"outcome", outcome}}, number);
}

void add_web(Metrics& metrics, const WebCounters& web, std::size_t sessions) {
  metrics.family("http_connections_total", "counter", "Connections to this server.");
  metrics.sample({}, web.connections);
  metrics.family("http_requests_total", "counter", "Whole requests to this server.");
  metrics.sample({}, web.requests);
  metrics.family("http_dropped_total", "counter", "Connections and requests that were cut off, by reason.");
  metrics.sample({{"reason", "too_many"}}, web.turned_away);
  metrics.sample({{"reason", "garbled"}}, web.garbled);
  metrics.sample({{"reason", "slow"}}, web.slow);
  metrics.sample({{"reason", "no_tls"}}, web.no_tls);
  metrics.family("http_sessions", "gauge", "Sessions of people who logged in.");
  metrics.sample({}, sessions);
}

}  // namespace

std::string metrics_text(const ControlDesk& desk, const WebCounters& web, std::size_t sessions,
                         bool storage_failing) {
  const Picture picture = desk.engine.picture();
  Metrics metrics;
  metrics.family("build_info", "gauge", "The version that runs.");
  metrics.sample({{"version", NETHEALTH_VERSION}}, 1);
  add_devices(metrics, picture);
  add_incidents(metrics, picture);
  metrics.family("journal_records_total", "counter", "Records in the journal.");
  metrics.sample({}, desk.store.head().records);
  metrics.family("journal_writable", "gauge", "1 while the journal can be written.");
  metrics.sample({}, storage_failing ? 0 : 1);
  metrics.family("dropped_total", "counter", "What arrived from devices and was thrown away, by reason.");
  for (const DroppedCount& dropped : desk.dropped)
    metrics.sample({{"probe", std::string(dropped.probe)}, {"reason", std::string(dropped.reason)}},
                   dropped.count);
  add_web(metrics, web, sessions);
  return std::move(metrics).text();
}

}  // namespace nethealth
