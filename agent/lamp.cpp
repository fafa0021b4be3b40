#include "agent/lamp.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "agent/url_below.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

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

/// Of what a tower says: 0 off, 1 on, everything above one of its ways to flash.
Light tier_of(std::int64_t value) {
  if (value <= 0) return Light::off;
  return value == 1 ? Light::on : Light::flash;
}

Light sound_of(std::int64_t value) {
  return value <= 0 ? Light::off : Light::on;
}

/// Letters and digits alone, small: models write "Status1", "status_1", "Buzzer Pattern".
std::string plain_key(std::string_view key) {
  std::string plain;
  for (const char letter : key) {
    if (letter >= 'A' && letter <= 'Z')
      plain += static_cast<char>(letter - 'A' + 'a');
    else if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9'))
      plain += letter;
  }
  return plain;
}

/// A number, or one digit as text.
std::optional<std::int64_t> number_in(const json::value& value) {
  if (const auto* number = value.if_int64()) return *number;
  const auto* text = value.if_string();
  if (text == nullptr || text->size() != 1 || text->front() < '0' || text->front() > '9') return {};
  return text->front() - '0';
}

std::string_view light_text(Light light, Language language) {
  switch (light) {
    case Light::off:
      return Phrase{"消灯", "off"}.in(language);
    case Light::on:
      return Phrase{"点灯", "on"}.in(language);
    default:
      return Phrase{"点滅", "flashing"}.in(language);
  }
}

std::string head_of(PnsCategory category, char identifier, char length) {
  const std::string product = category == PnsCategory::xx ? "XX" : "AB";
  return product + identifier + std::string(2, '\0') + length;
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

std::string lamp_text(const LampPattern& pattern, Language language) {
  const Phrase sound = pattern.buzzer == Light::off ? Phrase{"停止", "silent"} : Phrase{"鳴動", "sounding"};
  const auto part = [language](Phrase name, std::string_view state) {
    return std::string(name.in(language)) + std::string(state);
  };
  return part({"赤", "red "}, light_text(pattern.red, language)) +
         part({"、黄", ", amber "}, light_text(pattern.amber, language)) +
         part({"、ブザー", ", buzzer "}, sound.in(language));
}

bool shows_as_told(const LampPattern& told, const LampPattern& shown) {
  return told.red == shown.red && told.amber == shown.amber &&
         (told.buzzer == Light::off) == (shown.buzzer == Light::off);
}

std::string lamp_address(const std::string& url, const LampPattern& pattern) {
  std::string address = url_below(url, "/api/control?alert=");
  for (const Light light : in_order(pattern)) address += static_cast<char>('0' + static_cast<int>(light));
  return address;
}

bool lamp_accepts(std::string_view answer) {
  return !answer.starts_with("Error");
}

std::string lamp_state_address(const std::string& url) {
  return url_below(url, "/api/status?format=json");
}

std::optional<LampPattern> lamp_state(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return {};
  std::map<std::string, std::int64_t> numbers;
  for (const auto& [key, part] : value.get_object())
    if (const auto number = number_in(part)) numbers[plain_key(key)] = *number;
  const auto red = numbers.find("status1");
  const auto amber = numbers.find("status2");
  const auto buzzer = numbers.find("buzzerpattern");
  if (red == numbers.end() || amber == numbers.end() || buzzer == numbers.end()) return {};
  return LampPattern{tier_of(red->second), tier_of(amber->second), sound_of(buzzer->second)};
}

std::string pns_command(const LampPattern& pattern, PnsCategory category) {
  std::string bytes = head_of(category, 'S', 6);
  for (const Light light : in_order(pattern)) bytes += static_cast<char>(light);
  return bytes;
}

std::string pns_question(PnsCategory category) {
  return head_of(category, 'G', 0);
}

std::optional<LampPattern> pns_state(std::string_view answer) {
  if (answer.size() == pns_long_state_bytes) {
    constexpr std::size_t mode = 8;  // 0: each light by itself; 1: a programme of the tower's own
    if (answer[mode] != 0) return {};
    answer.remove_prefix(mode + 1);
  }
  if (answer.size() != pns_state_bytes) return {};
  return LampPattern{tier_of(answer[0]), tier_of(answer[1]), sound_of(answer[5])};
}

}  // namespace nethealth
