#pragma once
// The command line's end of the control socket.

#include <optional>
#include <string>

#include "agent/control_message.hpp"
#include "config/time.hpp"

namespace nethealth {

/// What stands between the command and an answer.
struct NoAnswer {
  std::string why;
};

/// For what the daemon has at hand.
inline constexpr Milliseconds answer_patience{30'000};

/// Asks the daemon and waits, at most `patience`, for its answer.
tl::expected<ControlReply, NoAnswer> ask_daemon(const std::string& socket_path, const ControlRequest& request,
                                                Milliseconds patience);

/// Writes it to both outputs. The exit code is the reply's, or 1 when a full disk or a closed pipe took
/// nothing.
int print(const ControlReply& reply);

/// A sentence that says why nobody answered and what to do about it.
std::string no_answer_text(const std::string& socket_path, const NoAnswer& problem, Language language);

}  // namespace nethealth
