#include "agent/mail_reading.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "probes/curl_job.hpp"
#include "probes/json_text.hpp"
#include "probes/log_decode.hpp"

namespace nethealth {
namespace {

using Header = std::pair<std::string, std::string>;  // name in lower case, raw value unfolded

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

/// The next line without its end; `rest` begins after it.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Takes the header lines off the front of `rest`.
std::vector<Header> take_headers(std::string_view& rest) {
  std::vector<Header> headers;
  std::size_t bytes = 0;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    if (line.empty()) break;
    bytes += line.size();
    if (bytes > mail_limits::header_bytes || headers.size() >= mail_limits::headers) continue;
    if ((line.front() == ' ' || line.front() == '\t') && !headers.empty()) {
      headers.back().second += std::string(" ") + std::string(trimmed(line));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.emplace_back(lowered(trimmed(line.substr(0, colon))),
                         std::string(trimmed(line.substr(colon + 1))));
  }
  return headers;
}

std::string_view value_of(const std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Header::first);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

bool has(const std::vector<Header>& headers, std::string_view name) {
  return std::ranges::find(headers, name, &Header::first) != headers.end();
}

/// A parameter of a structured value such as Content-Type; in lower case unless it is a boundary.
std::string header_parameter(std::string_view value, std::string_view name) {
  const std::string low = lowered(value);
  for (std::size_t at = low.find(';'); at != std::string::npos; at = low.find(';', at + 1)) {
    std::size_t start = low.find_first_not_of(" \t", at + 1);
    if (start == std::string::npos || low.compare(start, name.size(), name) != 0) continue;
    start = low.find_first_not_of(" \t", start + name.size());
    if (start == std::string::npos || low[start] != '=') continue;
    start = low.find_first_not_of(" \t", start + 1);
    if (start == std::string::npos) return {};
    if (low[start] == '"') {
      const std::size_t end = low.find('"', start + 1);
      return std::string(value.substr(start + 1, end == std::string::npos ? end : end - start - 1));
    }
    return std::string(trimmed(value.substr(start, low.find_first_of("; \t", start) - start)));
  }
  return {};
}

int base64_value(char letter) {
  static constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = letters.find(letter);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// As mail programs read it: other letters are skipped, a missing end does not matter.
std::string of_base64(std::string_view text, std::size_t limit) {
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char letter : text) {
    if (letter == '=' || out.size() >= limit) break;
    const int value = base64_value(letter);
    if (value < 0) continue;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU);
  }
  return out;
}

int hex_value(char letter) {
  const char low = lower(letter);
  if (low >= '0' && low <= '9') return low - '0';
  if (low >= 'a' && low <= 'f') return low - 'a' + 10;
  return -1;
}

/// RFC 2045 6.7; in headers an underscore is a space (RFC 2047 4.2).
std::string of_quoted_printable(std::string_view text, bool in_header, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < limit; ++i) {
    if (in_header && text[i] == '_') {
      out += ' ';
    } else if (text[i] != '=') {
      out += text[i];
    } else if (i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else if (const std::size_t end = text.find('\n', i);
               end != std::string_view::npos && trimmed(text.substr(i + 1, end - i - 1)).empty()) {
      i = end;  // a soft line break
    } else {
      out += '=';
    }
  }
  return out;
}

/// Bytes of no named charset: as a log line of unknown make.
std::string guessed(std::string_view bytes) {
  if (const auto utf8 = text_in_utf8(bytes, "utf-8")) return *utf8;
  if (bytes.find('\x1B') != std::string_view::npos)
    if (const auto old = text_in_utf8(bytes, "iso-2022-jp")) return *old;
  return text_in_utf8(bytes, "cp932").value_or("");
}

struct EncodedWord {
  std::string charset, bytes;
  std::size_t length = 0;  ///< in the header; 0: there is none
};

EncodedWord encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return {};
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
    return {};
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return {};
  const std::string_view inside = text.substr(begin, end - begin);
  EncodedWord word;
  word.charset = lowered(text.substr(2, text.find_first_of("?*", 2) - 2));
  word.length = end + 2;
  const char how = lower(text[charset_end + 1]);
  if (how == 'b')
    word.bytes = of_base64(inside, mail_limits::header_bytes);
  else if (how == 'q')
    word.bytes = of_quoted_printable(inside, true, mail_limits::header_bytes);
  else
    return {};
  return word;
}

/// Neighbouring words of one charset belong together: many programs cut them inside a character.
std::string header_in_utf8(std::string_view raw) {
  std::string out;
  std::string plain;
  EncodedWord open;
  const auto flush_word = [&] {
    if (!open.bytes.empty()) out += text_in_utf8(open.bytes, open.charset).value_or("");
    open = {};
  };
  for (std::size_t i = 0; i < raw.size();) {
    const EncodedWord word = encoded_word(raw.substr(i));
    if (word.length == 0) {
      plain += raw[i++];
      continue;
    }
    const bool joins = !open.charset.empty() && open.charset == word.charset && trimmed(plain).empty();
    if (!joins) {
      const bool between_words = !open.charset.empty() && trimmed(plain).empty();
      flush_word();
      if (!between_words) out += guessed(plain);
      open.charset = word.charset;
    }
    open.bytes += word.bytes;
    plain.clear();
    i += word.length;
  }
  flush_word();
  return mend_utf8(out + guessed(plain));
}

/// Every address in a header; encoded words and quoted names hold none.
std::vector<std::string> addresses_in(std::string_view value) {
  std::vector<std::string> found;
  std::string word;
  bool quoted = false;
  const auto end_word = [&] {
    const std::size_t at = word.find('@');
    const bool good =
        at != std::string::npos && at > 0 && at + 1 < word.size() && found.size() < mail_limits::identifiers;
    if (good) found.push_back(lowered(word));
    word.clear();
  };
  for (const char letter : value) {
    if (letter == '"') quoted = !quoted;
    constexpr std::string_view between = " \t<>,;()\"";
    if (quoted || between.find(letter) != std::string_view::npos)
      end_word();
    else
      word += letter;
  }
  end_word();
  return found;
}

/// What stands in angle brackets.
void identifiers_in(std::string_view value, std::vector<std::string>& into) {
  for (std::size_t open = value.find('<'); open != std::string_view::npos; open = value.find('<', open + 1)) {
    const std::size_t close = value.find('>', open);
    if (close == std::string_view::npos || into.size() >= mail_limits::identifiers) return;
    into.emplace_back(value.substr(open + 1, close - open - 1));
  }
}

bool is_automatic(const std::vector<Header>& headers, const std::string& from) {
  const std::string submitted = lowered(value_of(headers, "auto-submitted"));
  if (!submitted.empty() && !submitted.starts_with("no")) return true;
  for (const std::string_view name : {"x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply",
                                      "x-vacation", "list-id", "list-unsubscribe", "x-failed-recipients"})
    if (has(headers, name)) return true;
  const std::string precedence = lowered(value_of(headers, "precedence"));
  for (const std::string_view word : {"bulk", "junk", "list", "auto_reply", "auto-reply"})
    if (precedence == word) return true;
  if (has(headers, "return-path") && trimmed(value_of(headers, "return-path")) == "<>") return true;
  for (const std::string_view name :
       {"mailer-daemon@", "postmaster@", "mail-daemon@", "no-reply@", "noreply@"})
    if (from.starts_with(name)) return true;
  return false;
}

/// Subjects of programs that leave no other mark (old Notes, Exchange, carriers' answering services).
bool reads_automatic(const std::string& subject) {
  const std::string low = lowered(subject);
  for (const std::string_view start :
       {"out of office", "automatic reply", "autoreply", "auto-reply", "auto:", "自動応答", "自動返信",
        "不在通知", "不在自動", "vacation", "undeliver", "returned mail", "delivery status notification",
        "mail delivery failed", "failure notice", "mail system error"})
    if (low.starts_with(start)) return true;
  return low.find("自動応答") != std::string::npos || low.find("自動返信") != std::string::npos;
}

bool is_forged(const std::vector<Header>& headers) {
  // Only what the nearest server wrote counts; it stands first.
  const std::string results = lowered(value_of(headers, "authentication-results"));
  for (const std::string_view verdict : {"dmarc=fail", "spf=fail", "spf=softfail"})
    if (results.find(verdict) != std::string::npos) return true;
  return false;
}

/// Letters of a page of HTML without its marks; enough to find the first words.
std::string without_marks(std::string_view html) {
  std::string out;
  const std::string low = lowered(html);
  for (std::size_t i = 0; i < html.size();) {
    if (html[i] != '<') {
      out += html[i++];
      continue;
    }
    const std::size_t end = html.find('>', i);
    if (end == std::string_view::npos) break;
    const std::string mark = low.substr(i + 1, std::min<std::size_t>(end - i - 1, 10));
    i = end + 1;
    for (const std::string_view hidden : {"style", "script", "head", "blockquote"}) {
      if (!mark.starts_with(hidden)) continue;
      i = std::min(low.find("</" + std::string(hidden), i), html.size());
    }
    for (const std::string_view breaks : {"br", "p", "/p", "div", "/div", "/tr", "li"})
      if (mark.starts_with(breaks)) out += '\n';
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> names{
      {{"&nbsp;", " "}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}}};
  for (const auto& [name, letter] : names)
    for (std::size_t at = out.find(name); at != std::string::npos; at = out.find(name, at + 1))
      out.replace(at, name.size(), letter);
  return out;
}

class Reading {
 public:
  explicit Reading(IncomingMail& mail) : mail_(mail) {}

  void read_part(std::string_view bytes, std::size_t depth) {
    if (depth > mail_limits::depth || ++parts_ > mail_limits::parts) return;
    const std::vector<Header> headers = take_headers(bytes);
    read_body(headers, bytes, depth);
  }

  void read_body(const std::vector<Header>& headers, std::string_view body, std::size_t depth) {
    const std::string_view content = value_of(headers, "content-type");
    std::string type = lowered(trimmed(content.substr(0, content.find(';'))));
    if (type.empty()) type = "text/plain";
    if (type.starts_with("multipart/")) return read_parts(body, header_parameter(content, "boundary"), depth);
    if (type == "message/delivery-status" || type == "message/global-delivery-status")
      return read_status(decoded(headers, body));
    if (type == "message/rfc822" || type == "text/rfc822-headers" || type == "message/global")
      return read_returned(decoded(headers, body));
    const bool attached = lowered(value_of(headers, "content-disposition")).starts_with("attachment");
    if (!attached && (type == "text/plain" || type == "text/html"))
      read_text(headers, body, header_parameter(content, "charset"), type == "text/html");
  }

  void finish() {
    if (mail_.text.empty() && !html_.empty()) mail_.text = without_marks(html_);
  }

 private:
  static std::string decoded(const std::vector<Header>& headers, std::string_view body) {
    const std::string how = lowered(value_of(headers, "content-transfer-encoding"));
    if (how == "base64") return of_base64(body, mail_limits::text_bytes);
    if (how == "quoted-printable") return of_quoted_printable(body, false, mail_limits::text_bytes);
    return std::string(body.substr(0, mail_limits::text_bytes));
  }

  void read_parts(std::string_view body, const std::string& boundary, std::size_t depth) {
    if (boundary.empty()) {
      mail_.garbled = true;
      return;
    }
    const std::string mark = "--" + boundary;
    std::string_view rest = body;
    const char* begin = nullptr;
    while (!rest.empty()) {
      const char* at = rest.data();
      const std::string_view line = trimmed(next_line(rest));
      const bool ends = line == mark + "--";
      if (line != mark && !ends) continue;
      if (begin != nullptr) read_part({begin, static_cast<std::size_t>(at - begin)}, depth + 1);
      begin = ends ? nullptr : rest.data();
      if (ends) return;
    }
    // A mail that was cut off, or whose last boundary is missing.
    const char* end = body.data() + body.size();
    if (begin != nullptr && begin < end) read_part({begin, static_cast<std::size_t>(end - begin)}, depth + 1);
  }

  void read_text(const std::vector<Header>& headers, std::string_view body, const std::string& charset,
                 bool html) {
    std::string& target = html ? html_ : mail_.text;
    if (!trimmed(target).empty()) return;
    const std::string bytes = decoded(headers, body);
    const auto text = charset.empty() ? std::optional(guessed(bytes)) : text_in_utf8(bytes, charset);
    if (!text || (text->empty() && !trimmed(bytes).empty()))
      mail_.garbled = true;
    else
      target = *text;
  }

  /// Fields of each recipient, in groups after those of the message.
  void read_status(const std::string& text) {
    DeliveryReport worst = mail_.report.value_or(DeliveryReport{});
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::vector<Header> fields = take_headers(rest);
      const std::string action = lowered(value_of(fields, "action"));
      if (action.empty()) continue;
      if (action.starts_with("failed")) {
        worst.action = DeliveryReport::Action::failed;
        std::string_view said = value_of(fields, "diagnostic-code");
        if (const auto kind = said.find(';'); kind != std::string_view::npos) said.remove_prefix(kind + 1);
        worst.reason = printable_line(
            trimmed(std::string(value_of(fields, "status")) + " " + std::string(trimmed(said))));
      } else if (action.starts_with("delayed") && worst.action == DeliveryReport::Action::other) {
        worst.action = DeliveryReport::Action::delayed;
      }
    }
    mail_.report = worst;
  }

  void read_returned(const std::string& text) {
    std::string_view rest = text;
    const std::vector<Header> headers = take_headers(rest);
    identifiers_in(value_of(headers, "message-id"), mail_.reported);
  }

  IncomingMail& mail_;
  std::string html_;
  std::size_t parts_ = 0;
};

/// Bounces of before RFC 3464 quote the message as text.
void read_old_bounce(IncomingMail& mail) {
  const std::string low = lowered(mail.text);
  for (std::size_t at = low.find("message-id:"); at != std::string::npos;
       at = low.find("message-id:", at + 1))
    identifiers_in(std::string_view(mail.text).substr(at, mail.text.find('\n', at) - at), mail.reported);
}

}  // namespace

std::optional<std::string> text_in_utf8(std::string_view bytes, std::string_view charset) {
  std::string name = lowered(charset);
  // What calls itself so is Microsoft's in practice: ① and 髙 occur.
  if (name == "shift_jis" || name == "shift-jis" || name == "sjis" || name == "x-sjis" ||
      name == "windows-31j" || name == "ms_kanji")
    name = "cp932";
  if (name == "us-ascii" || name == "ascii" || name == "unknown-8bit" || name == "default")
    name = is_valid_utf8(bytes) ? "utf-8" : "cp932";
  if (name == "euc-jp" || name == "x-euc-jp") name = "euc-jp-ms";
  if (name == "utf-8" || name == "utf8")
    return is_valid_utf8(bytes) ? std::optional(std::string(bytes)) : std::nullopt;
  const iconv_t converter = iconv_open("UTF-8", name.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) return {};
  std::string out(bytes.size() * 4 + 16, '\0');
  std::string input(bytes);
  char* from = input.data();
  std::size_t left = input.size();
  char* to = out.data();
  std::size_t room = out.size();
  const bool good = iconv(converter, &from, &left, &to, &room) != static_cast<std::size_t>(-1);
  iconv_close(converter);
  if (!good) return {};
  out.resize(out.size() - room);
  return out;
}

IncomingMail read_mail(std::string_view bytes) {
  IncomingMail mail;
  const std::vector<Header> headers = take_headers(bytes);
  if (const auto from = addresses_in(value_of(headers, "from")); !from.empty()) mail.from = from.front();
  for (const std::string_view name : {"to", "cc", "delivered-to", "x-original-to", "envelope-to"})
    for (const Header& header : headers)
      if (header.first == name)
        for (std::string& address : addresses_in(header.second))
          if (mail.recipients.size() < mail_limits::identifiers)
            mail.recipients.push_back(std::move(address));
  identifiers_in(value_of(headers, "in-reply-to"), mail.references);
  identifiers_in(value_of(headers, "references"), mail.references);
  std::vector<std::string> own;
  identifiers_in(value_of(headers, "message-id"), own);
  if (!own.empty()) mail.message_id = printable_line(own.front());
  mail.subject = header_in_utf8(value_of(headers, "subject"));
  mail.automatic = is_automatic(headers, mail.from) || reads_automatic(mail.subject);
  mail.forged = is_forged(headers);
  const std::string_view content = value_of(headers, "content-type");
  if (lowered(content).starts_with("multipart/report")) {
    // Also when it only tells that the mail was opened (RFC 8098).
    mail.automatic = true;
    if (lowered(header_parameter(content, "report-type")) != "disposition-notification")
      mail.report.emplace();
  }
  Reading reading(mail);
  reading.read_body(headers, bytes, 0);
  reading.finish();
  const bool from_a_server = mail.from.empty() || mail.from.starts_with("mailer-daemon@") ||
                             mail.from.starts_with("postmaster@") || mail.from.starts_with("mail-daemon@");
  // A person may send our mail back whole; that is no bounce.
  if (!mail.report && !from_a_server) mail.reported.clear();
  if (mail.automatic && !mail.report && from_a_server) read_old_bounce(mail);
  return mail;
}

}  // namespace nethealth
