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

/// Asks the daemon and waits, at most `patience`, for its answer.
tl::expected<ControlReply, NoAnswer> ask_daemon(const std::string& socket_path, const ControlRequest& request,
                                                Milliseconds patience);

/// A sentence that says why nobody answered and what to do about it.
std::string no_answer_text(const std::string& socket_path, const NoAnswer& problem, Language language);

}  // namespace nethealth
