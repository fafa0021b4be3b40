#include "agent/syslog_cef.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "agent/syslog_message.hpp"

namespace nethealth {
namespace {

constexpr std::size_t cef_value_limit_bytes = 1'023;  ///< of most keys in CEF's dictionary
constexpr std::size_t name_limit_bytes = 512;
constexpr int most_custom_strings = 6;

std::string escaped(std::string_view text, std::string_view unfit) {
  std::string out;
  for (const char byte : text) {
    if (unfit.find(byte) != std::string_view::npos) out += '\\';
    out += byte;
  }
  return out;
}

std::string in_header(std::string_view text, std::size_t limit) {
  return escaped(syslog_printable(text, limit), "\\|");
}

std::string field(std::string_view key, std::string_view value) {
  return std::string(key) + "=" + escaped(syslog_printable(value, cef_value_limit_bytes), "\\=");
}

/// Our values under the dictionary's keys; what has none goes into the custom strings with a label.
std::vector<std::string> extension(const SyslogQueued& queued) {
  static const std::map<std::string, std::string_view, std::less<>> known{
      {"device", "dvchost"}, {"category", "cat"}, {"person", "suser"}, {"source", "shost"}};
  std::vector<std::string> fields{field("externalId", queued.id), field("msg", queued.message)};
  int custom = 1;
  for (const auto& [key, value] : queued.values) {
    if (const auto found = known.find(key); found != known.end()) {
      fields.push_back(field(found->second, value));
    } else if (custom <= most_custom_strings) {
      const std::string name = "cs" + std::to_string(custom);
      fields.push_back(field(name + "Label", key) + " " + field(name, value));
      ++custom;
    }
  }
  return fields;
}

}  // namespace

int cef_severity(int syslog_severity) {
  static constexpr std::array<int, 8> severities{10, 10, 9, 8, 6, 4, 2, 0};
  return severities.at(static_cast<std::size_t>(std::clamp(syslog_severity, 0, 7)));
}

std::string cef_event(const SyslogQueued& queued, std::size_t limit) {
  std::string out = "CEF:0|nethealth|nethealth|1|" + in_header(queued.message_id, name_limit_bytes) + "|" +
                    in_header(queued.message, name_limit_bytes) + "|" +
                    std::to_string(cef_severity(queued.severity)) + "|";
  bool first = true;
  for (const std::string& next : extension(queued)) {
    if (out.size() + next.size() + 1 > limit) break;
    if (!std::exchange(first, false)) out += ' ';
    out += next;
  }
  return out;
}

}  // namespace nethealth
