#include "agent/lamp.hpp"

#include <algorithm>

namespace nethealth {
namespace {

bool lights(const Channel& channel, Severity severity) {
  return std::find(channel.on.begin(), channel.on.end(), word(severity)) != channel.on.end();
}

/// Flashing is stronger than steady.
void raise(Light& light, Light to) {
  if (light == Light::off || (light == Light::on && to == Light::flash)) light = to;
}

bool called_in_vain(const IncidentPicture& incident) {
  return std::any_of(incident.notifications.begin(), incident.notifications.end(),
                     [](const NotificationPicture& told) { return told.notification.round > 0; });
}

std::array<Light, 6> in_order(const LampPattern& pattern) {
  return {pattern.red, pattern.amber, Light::keep, Light::keep, Light::keep, pattern.buzzer};
}

}  // namespace

LampPattern lamp_pattern(const std::vector<IncidentPicture>& incidents, const Channel& channel) {
  LampPattern pattern;
  for (const IncidentPicture& incident : incidents) {
    const Severity severity = incident.now.severity;
    if (incident.state != IncidentState::open || !incident.now.paged || !lights(channel, severity)) continue;
    const bool waits = !incident.acknowledged_by;
    raise(severity == Severity::stopped ? pattern.red : pattern.amber, waits ? Light::flash : Light::on);
    if (!waits || severity != Severity::stopped) continue;
    if (called_in_vain(incident))
      pattern.buzzer = Light::louder;
    else if (pattern.buzzer == Light::off)
      pattern.buzzer = Light::on;
  }
  return pattern;
}

std::string lamp_address(const std::string& url, const LampPattern& pattern) {
  std::string address = url;
  while (address.ends_with('/')) address.pop_back();
  address += "/api/control?alert=";
  for (const Light light : in_order(pattern)) address += static_cast<char>('0' + static_cast<int>(light));
  return address;
}

std::array<std::uint8_t, pns_command_bytes> pns_command(const LampPattern& pattern) {
  std::array<std::uint8_t, pns_command_bytes> bytes{'X', 'X', 'S', 0, 0, 6};
  const auto lights = in_order(pattern);
  for (std::size_t i = 0; i < lights.size(); ++i) bytes.at(6 + i) = static_cast<std::uint8_t>(lights.at(i));
  return bytes;
}

}  // namespace nethealth
