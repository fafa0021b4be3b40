#pragma once
// A mail that somebody sent us, as values (RFC 5322, 2045-2047, 3462-3464, 3834). Pure. What a stranger
// writes can be anything: depth, parts and sizes are bounded, and what cannot be decoded is said to be so.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nethealth {

/// What a mail system says became of a message (RFC 3464); of several recipients the worst.
struct DeliveryReport {
  enum class Action : std::uint8_t { failed, delayed, other };
  Action action = Action::other;
  std::string reason;  ///< the status and what the far end said; printable
};

struct IncomingMail {
  std::string from;                     ///< the bare address in lower case; empty when there is none
  std::vector<std::string> recipients;  ///< of every header that names one, in lower case
  std::vector<std::string> references;  ///< In-Reply-To and References, without angle brackets
  std::string message_id;               ///< without angle brackets
  std::string subject;                  ///< UTF-8
  /// Written by a program: by RFC 3834, by the older marks of vacation programs and lists, or by its empty
  /// return path.
  bool automatic = false;
  bool forged = false;  ///< the receiving server's own checks say that the sender is not who it seems
  std::optional<DeliveryReport> report;
  std::vector<std::string> reported;  ///< Message-IDs inside the returned part of a report or an old bounce
  std::string text;                   ///< UTF-8, the first readable part; empty when there is none
  bool garbled = false;               ///< a text was there and could not be decoded
};

IncomingMail read_mail(std::string_view bytes);

namespace mail_limits {
inline constexpr std::size_t depth = 8;
inline constexpr std::size_t parts = 64;
inline constexpr std::size_t headers = 500;
inline constexpr std::size_t header_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t text_bytes = std::size_t{64} * 1024;
inline constexpr std::size_t identifiers = 100;
}  // namespace mail_limits

/// Text of a named charset in UTF-8; empty when the charset is not known or the bytes are none of it.
std::optional<std::string> text_in_utf8(std::string_view bytes, std::string_view charset);

}  // namespace nethealth
