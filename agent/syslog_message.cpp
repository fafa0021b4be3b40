#include "agent/syslog_message.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "agent/syslog_cef.hpp"
#include "probes/json_text.hpp"

namespace nethealth {
namespace {

constexpr std::size_t hostname_limit = 255;
constexpr std::size_t process_id_limit = 128;
constexpr std::size_t message_id_limit = 32;
constexpr std::size_t name_limit = 32;
constexpr std::size_t value_limit_bytes = 512;    ///< of one structured value, as it is written
constexpr std::size_t message_share_bytes = 400;  ///< kept free of structured data for the message
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Control, bidirectional, zero-width and other invisible characters, and the line separators.
bool is_hidden(char32_t code) {
  struct Range {
    char32_t first, last;
  };
  static constexpr std::array<Range, 11> ranges{{{0x0000, 0x001F},
                                                 {0x007F, 0x009F},
                                                 {0x00AD, 0x00AD},
                                                 {0x061C, 0x061C},
                                                 {0x180E, 0x180E},
                                                 {0x200B, 0x200F},
                                                 {0x2028, 0x202E},
                                                 {0x2060, 0x206F},

                                                 {0xFEFF, 0xFEFF},
                                                 {0xFFF9, 0xFFFB},
                                                 {0xE0000, 0xE007F}}};
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const Range& range) { return code >= range.first && code <= range.last; });
}

std::string code_text(char32_t code) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), code > 0xFFFF ? "\\U%08X" : "\\u%04X", static_cast<unsigned>(code));
  return text.data();
}

/// Needs neither care nor an escape.
bool is_plain(char byte) {
  return byte >= ' ' && byte < '\x7F' && byte != '"' && byte != '\\' && byte != ']';
}

/// Valid UTF-8 without anything that could hide or forge, at most `limit` bytes, cut between characters. A
/// value is escaped too (RFC 5424 6.3.3).
std::string harmless(std::string_view text, std::size_t limit, bool is_value) {
  std::string out;
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    if (out.size() + plain >= limit) return out.append(text.substr(0, limit - out.size()));
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Character character = first_character(text);
    std::string piece(text.substr(0, character.length));
    if (!character.valid) piece = "\xEF\xBF\xBD";
    if (is_hidden(character.code)) piece = code_text(character.code);
    std::string escaped;
    for (const char byte : piece) {
      if (is_value && (byte == '"' || byte == '\\' || byte == ']')) escaped += '\\';
      escaped += byte;
    }
    if (out.size() + escaped.size() > limit) break;
    out += escaped;
    text.remove_prefix(character.length);
  }
  return out;
}

/// A header field: printable ASCII without spaces, or "-".
std::string field(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char byte : text.substr(0, limit)) {
    if (byte > ' ' && byte < '\x7F') out += byte;
  }
  return out.empty() ? "-" : out;
}

/// A parameter's name (RFC 5424 6.3.2).
std::string name(std::string_view text) {
  std::string out;
  for (const char byte : text.substr(0, name_limit)) {
    const bool good = byte > ' ' && byte < '\x7F' && byte != '=' && byte != ']' && byte != '"';
    out += good ? byte : '_';
  }
  return out.empty() ? "_" : out;
}

std::string parameter(std::string_view key, std::string_view value) {
  return " " + name(key) + "=\"" + harmless(value, value_limit_bytes, true) + "\"";
}

/// As many of the values as fit; the record's id always does.
std::string structured_data(const SyslogQueued& queued, std::uint32_t sequence, std::size_t limit) {
  std::string data = "[meta sequenceId=\"" + std::to_string(sequence) + "\"][nethealth@32473";
  data += parameter("id", queued.id);
  for (const auto& [key, value] : queued.values) {
    if (key == "id") continue;
    const std::string next = parameter(key, value);
    if (data.size() + next.size() + 1 <= limit) data += next;
  }
  return data + "]";
}

}  // namespace

std::string syslog_message(const SyslogQueued& queued, Time time, std::uint32_t sequence,
                           const SyslogTarget& target, const SyslogIdentity& identity, const Zone& zone) {
  const std::size_t limit =
      target.transport == SyslogTransport::udp ? syslog_udp_limit_bytes : syslog_tcp_limit_bytes;
  const int priority = std::clamp(target.facility, 0, 23) * 8 + std::clamp(queued.severity, 0, 7);
  std::string text = "<" + std::to_string(priority) + ">1 " + format_time(time, zone) + " " +
                     field(identity.hostname, hostname_limit) + " nethealth " +
                     field(identity.process_id, process_id_limit) + " " +
                     field(queued.message_id, message_id_limit) + " ";
  const bool cef = target.format == SyslogFormat::cef;
  if (cef)
    text += "[meta sequenceId=\"" + std::to_string(sequence) + "\"]";
  else
    text += structured_data(queued, sequence, limit - message_share_bytes - text.size());
  text += " ";
  if (target.bom) text += byte_order_mark;
  if (cef) return text + cef_event(queued, limit - text.size());
  text += harmless(queued.message, limit - text.size(), false);
  return text;
}

std::string syslog_printable(std::string_view text, std::size_t limit) {
  return harmless(text, limit, false);
}

std::string syslog_frame(std::string_view message, SyslogFraming framing) {
  if (framing == SyslogFraming::newline) return std::string(message) + "\n";
  return std::to_string(message.size()) + " " + std::string(message);
}

}  // namespace nethealth
