#pragma once
// Syslog messages out of bytes (RFC 3164, RFC 5424, RFC 6587). Pure.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace nethealth {

/// Kept of one message; the rest is counted in a mark at its end.
inline constexpr std::size_t most_syslog_message_bytes = 64 * 1024;

/// A message without its priority ("<134>"), the line end behind it and a byte order mark before its text.
std::string_view syslog_text(std::string_view message);

/// Messages of one TCP connection, in both ways of framing (RFC 6587, section 3.4), told apart at each
/// message: octet counting begins with a digit, the other ends by a newline.
class SyslogSplitter {
 public:
  using OnMessage = std::function<void(std::string_view message, std::size_t left_out)>;

  /// The next bytes. False when they can be no syslog (a count that is none): the connection is to be closed.
  [[nodiscard]] bool feed(std::string_view bytes, const OnMessage& on_message);
  /// The connection ended: what stands there is the last message where no count was given.
  void finish(const OnMessage& on_message);

 private:
  enum class State : std::size_t { begin, count, counted, line };
  void keep(std::string_view bytes);
  void hand_over(const OnMessage& on_message);

  State state_ = State::begin;
  std::size_t missing_ = 0;  ///< of a counted message, in bytes
  std::string kept_;
  std::size_t left_out_ = 0;
};

}  // namespace nethealth
