#pragma once
// What the curl worker is asked to do, and whether it can be right: pure, before anything is sent.

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/time.hpp"

namespace nethealth {

struct CurlHttp {
  std::string method = "GET";
  std::string url;                   ///< http:// or https://
  std::vector<std::string> headers;  ///< "Name: value"
  std::string body;                  ///< sent when the method is not GET or HEAD
  bool verify = true;                ///< the server's certificate, against the host's certificate store
};

struct CurlMail {
  /// smtps:// is encrypted and the server's certificate is verified. smtp:// promises nothing: it encrypts
  /// when the server offers STARTTLS, without knowing to whom, and sends in clear otherwise (RFC 7435).
  std::string server;
  std::string from;             ///< an address without angle brackets
  std::vector<std::string> to;  ///< the message counts as accepted only if every one was
  std::string message;          ///< complete RFC 5322 text; line ends are made CRLF, leading dots are doubled
  /// Nothing leaves in clear, and the server's certificate is verified, with smtp:// too (STARTTLS).
  bool encryption_required = false;
  std::string user;      ///< signs in when not empty; needs encryption
  std::string password;  ///< never part of a reason
};

/// One exchange with a mailbox by IMAP (RFC 9051) or POP3 (RFC 1939); never in clear, the server's
/// certificate is verified. The reply's body is what was fetched, or the lines that answer the command.
struct CurlMailbox {
  std::string url;      ///< imaps://, imap://, pop3s:// or pop3:// with folder and message as RFC 5092 has it
  std::string command;  ///< instead of fetching what the URL names
  bool has_lines = true;  ///< the answer to `command` has lines (POP3 needs to know)
  std::string user;
  std::string password;               ///< never part of a reason
  std::string certificate_authority;  ///< a file of those trusted; the host's own when empty
};

struct CurlJob {
  std::variant<CurlHttp, CurlMail, CurlMailbox> what;
  Milliseconds timeout{20'000};                ///< for the whole job, name look-up included
  std::size_t max_response_bytes = 64 * 1024;  ///< of the body; the rest is not read
};

inline constexpr std::size_t max_request_bytes = 8 * 1024 * 1024;  ///< of a body or a message

/// Why a job cannot be right, in English: a foreign protocol, a control character that could smuggle a second
/// command, no mail address, too long. Empty when it can.
std::string fault_of(const CurlJob& job);

/// SMTP knows no line end but CRLF, and a bare one can hide a second message in the first. Ends with one.
std::string with_crlf(std::string_view text);

/// What a stranger wrote, fit for one line of ours: printable ASCII, at most `max_said_bytes`.
std::string printable_line(std::string_view text);
inline constexpr std::size_t max_said_bytes = 256;

}  // namespace nethealth
