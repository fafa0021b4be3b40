#pragma once
// One message as the bytes that a mail relay takes (RFC 5322, RFC 2045, RFC 2047, RFC 3834). Pure.

#include <string>
#include <string_view>

#include "config/language.hpp"
#include "config/time.hpp"

namespace nethealth {

struct MailMessage {
  std::string from;
  std::string to;
  std::string subject;        ///< UTF-8
  std::string body;           ///< UTF-8, lines ended by LF
  std::string message_id;     ///< without angle brackets; see message_id()
  std::string reply_to = {};  ///< where answers go; empty: to `from`
  std::string thread_id;      ///< the incident's, or empty: mail programs show its messages together
  Time date;
  bool important = false;    ///< a page
  bool resend = false;       ///< it may have arrived before
  bool unjournaled = false;  ///< it could not be written to the journal
  Language language = Language::ja;
  /// "iso-2022-jp" where every letter fits into it, for telephones that know nothing else; else UTF-8.
  std::string charset = "utf-8";
};

/// The whole message with CRLF line ends. No field can begin another header or end the header: control
/// characters become spaces, and text that is no UTF-8 is mended.
std::string mail_text(const MailMessage& message, const Zone& zone);

/// `nethealth.{installation}.{notification}[.{seal}]@{domain of from}`: the same for every try of one
/// notification. The seal is there when replies are read: they name the mail that they reply to.
std::string message_id(std::string_view installation, std::string_view notification, std::string_view from,
                       std::string_view seal = {});

/// The common root of an incident's messages; empty when `incident` is 0.
std::string thread_id(std::string_view installation, int incident, std::string_view from);

/// The subject with what its reader must know of this copy: 【再送】, 【記録不可】.
std::string marked_subject(std::string_view subject, bool resend, bool unjournaled, Language language);

/// The bare address, fit for an SMTP envelope; empty when it is no address.
std::string clean_address(std::string_view address);

}  // namespace nethealth
