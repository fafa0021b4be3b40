#include "agent/mail_message.hpp"

#include <iconv.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "agent/digest.hpp"
#include "probes/json_text.hpp"

namespace nethealth {
namespace {

constexpr std::size_t body_line_characters = 76;  ///< RFC 2045 6.8
constexpr std::size_t word_bytes = 39;  ///< in base64 52 characters: a line with its frame and name below 76
constexpr std::size_t subject_limit_bytes = 900;
constexpr std::size_t body_limit_bytes = 512 * 1024;
constexpr std::size_t address_limit_bytes = 254;  ///< RFC 5321 4.5.3.1.3

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

/// Mended, and on one line.
std::string one_line(std::string_view text) {
  std::string out;
  const std::string mended = mend_utf8(text);
  for (std::string_view rest = mended; !rest.empty();) {
    const Utf8Character character = first_character(rest);
    if (is_control(character.code)) {
      out += ' ';
    } else {
      out += rest.substr(0, character.length);
    }
    rest.remove_prefix(character.length);
  }
  return out;
}

bool is_plain(std::string_view text) {
  for (const char byte : text) {
    if (static_cast<std::uint8_t>(byte) >= 0x7F) return false;
  }
  return text.find("=?") == std::string_view::npos && text.size() < body_line_characters - 10;
}

/// ISO-2022-JP (RFC 1468), ending in ASCII; empty when a letter has no place in it.
std::optional<std::string> in_old_japanese(std::string_view utf8) {
  const iconv_t converter = iconv_open("ISO-2022-JP", "UTF-8");
  if (converter == reinterpret_cast<iconv_t>(-1)) return {};
  std::string out(utf8.size() * 2 + 16, '\0');
  std::string input(utf8);
  char* from = input.data();
  std::size_t left = input.size();
  char* to = out.data();
  std::size_t room = out.size();
  const auto failed = static_cast<std::size_t>(-1);
  // The second call writes the return to ASCII.
  const bool fits = iconv(converter, &from, &left, &to, &room) != failed &&
                    iconv(converter, nullptr, nullptr, &to, &room) != failed;
  iconv_close(converter);
  if (!fits) return {};
  out.resize(out.size() - room);
  return out;
}

/// The value of a header that holds text: as it is, or as encoded words (RFC 2047), folded.
std::string header_text(std::string_view text, bool old_japanese) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    std::string_view part = cut_utf8(text, word_bytes);
    if (!out.empty()) out += "\r\n ";
    if (old_japanese)
      out += "=?ISO-2022-JP?B?" + base64(in_old_japanese(part).value_or("")) + "?=";
    else
      out += "=?UTF-8?B?" + base64(part) + "?=";
    text.remove_prefix(part.size());
  }
  return out;
}

/// RFC 5322 3.3; the names are English whatever the language.
std::string date_text(Time time, const Zone& zone) {
  static constexpr std::array<const char*, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const LocalTime local = zone.local(time);
  const auto seconds = static_cast<int>(local.since_midnight.count() / 1000);
  const auto offset = static_cast<int>(zone.offset(time).count() / 60);
  const int size = offset < 0 ? -offset : offset;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d %c%02d%02d",
                day_names.at(local.weekday.c_encoding()), static_cast<unsigned>(local.day.day()),
                month_names.at(static_cast<unsigned>(local.day.month()) - 1),
                static_cast<int>(local.day.year()), seconds / 3600, seconds / 60 % 60, seconds % 60,
                offset < 0 ? '-' : '+', size / 60, size % 60);
  return text.data();
}

/// Letters that may stand in a Message-ID (RFC 5322 3.2.3); the rest becomes an underscore.
std::string identifier(std::string_view text) {
  std::string out;
  for (const char byte : text.substr(0, address_limit_bytes)) {
    const bool good = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                      (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_';
    out += good ? byte : '_';
  }
  return out;
}

/// `<identifier>`, whatever is handed in.
std::string in_angles(std::string_view id) {
  std::string out = "<";
  for (const char byte : id) {
    if (byte > ' ' && byte < '\x7F' && byte != '<' && byte != '>') out += byte;
  }
  return out + ">";
}

std::string domain_of(std::string_view address) {
  const std::string clean = clean_address(address);
  const auto at = clean.rfind('@');
  const std::string domain = at == std::string::npos ? "" : identifier(clean.substr(at + 1));
  return domain.empty() ? "nethealth.invalid" : domain;
}

/// Both the subject and the text fit into the old set.
bool fits_old_japanese(const MailMessage& message, const std::string& subject) {
  return message.charset == "iso-2022-jp" && in_old_japanese(one_line(subject)) &&
         in_old_japanese(mend_utf8(cut_utf8(message.body, body_limit_bytes)));
}

std::string body_text(std::string_view body, bool old_japanese) {
  std::string text;
  const std::string mended = mend_utf8(cut_utf8(body, body_limit_bytes));
  for (const char letter : mended) {
    if (letter == '\r' || letter == '\0') continue;
    if (letter == '\n') text += '\r';
    text += letter;
  }
  if (text.empty() || text.back() != '\n') text += "\r\n";
  const std::string encoded = base64(old_japanese ? in_old_japanese(text).value_or("") : text);
  std::string lines;
  for (std::size_t i = 0; i < encoded.size(); i += body_line_characters) {
    lines += encoded.substr(i, body_line_characters) + "\r\n";
  }
  return lines;
}

}  // namespace

std::string clean_address(std::string_view address) {
  const std::string line = one_line(address);
  std::string_view rest = line;
  // "Name <address>" is allowed in a configuration.
  if (const auto open = rest.rfind('<'); open != std::string_view::npos) {
    rest.remove_prefix(open + 1);
    rest = rest.substr(0, rest.find('>'));
  }
  std::string clean;
  for (const char byte : rest) {
    static constexpr std::string_view unfit = " <>()[],;:\\\"";
    // Relays that take other letters in an address are not to be counted on (RFC 6531).
    if (static_cast<std::uint8_t>(byte) >= 0x7F) return {};
    if (unfit.find(byte) == std::string_view::npos) clean += byte;
  }
  const auto at = clean.find('@');
  const bool good = at != std::string::npos && at > 0 && at + 1 < clean.size() && clean.rfind('@') == at &&
                    clean.size() <= address_limit_bytes;
  return good ? clean : std::string();
}

std::string message_id(std::string_view installation, std::string_view notification, std::string_view from,
                       std::string_view seal) {
  return "nethealth." + identifier(installation) + "." + identifier(notification) +
         (seal.empty() ? "" : "." + identifier(seal)) + "@" + domain_of(from);
}

std::string thread_id(std::string_view installation, int incident, std::string_view from) {
  if (incident == 0) return {};
  return "nethealth." + identifier(installation) + ".incident." + std::to_string(incident) + "@" +
         domain_of(from);
}

std::string marked_subject(std::string_view subject, bool resend, bool unjournaled, Language language) {
  std::string marks;
  if (resend) marks += Phrase{"【再送】", "[resend] "}.in(language);
  if (unjournaled) marks += Phrase{"【記録不可】", "[not journaled] "}.in(language);
  return marks + std::string(subject);
}

std::string mail_text(const MailMessage& message, const Zone& zone) {
  const std::string subject =
      marked_subject(message.subject, message.resend, message.unjournaled, message.language);
  std::string text;
  const auto header = [&](std::string_view name, std::string_view value) {
    text += std::string(name) + ": " + std::string(value) + "\r\n";
  };
  header("Date", date_text(message.date, zone));
  header("From", clean_address(message.from));
  header("To", clean_address(message.to));
  if (!message.reply_to.empty()) header("Reply-To", clean_address(message.reply_to));
  header("Message-ID", in_angles(message.message_id));
  if (!message.thread_id.empty()) {
    header("In-Reply-To", in_angles(message.thread_id));
    header("References", in_angles(message.thread_id));
  }
  const bool old_japanese = fits_old_japanese(message, subject);
  header("Subject", header_text(cut_utf8(one_line(subject), subject_limit_bytes), old_japanese));
  header("Auto-Submitted", "auto-generated");
  if (message.important) {
    header("Importance", "high");
    header("X-Priority", "1");
  }
  header("MIME-Version", "1.0");
  header("Content-Type", std::string("text/plain; charset=") + (old_japanese ? "ISO-2022-JP" : "UTF-8"));
  header("Content-Transfer-Encoding", "base64");
  return text + "\r\n" + body_text(message.body, old_japanese);
}

}  // namespace nethealth
