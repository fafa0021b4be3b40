#pragma once
// What the command line and the daemon say to each other over the control socket: one line of JSON each way.
// The daemon makes the text, because only it has the incidents and the site at hand; the client prints it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/language.hpp"
#include "config/result.hpp"

namespace nethealth {

enum class ControlVerb : std::uint8_t {
  status,
  incident_list,
  incident_show,
  incident_ack,
  incident_close,
  verify,
  incident_why,
  why_not
};

struct ControlRequest {
  ControlVerb verb = ControlVerb::status;
  std::optional<Language> language;  ///< the site's when empty
  bool json = false;
  bool colour = false;  ///< the answer goes to a terminal
  int incident = 0;
  std::string device;  ///< why_not
  std::string as;      ///< acts: the person, when it is not the peer's own account
  std::string reason;  ///< incident close

  /// Changes something, so it needs a person.
  [[nodiscard]] bool acts() const {
    return verb == ControlVerb::incident_ack || verb == ControlVerb::incident_close;
  }
};

struct ControlReply {
  int exit_code = 0;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error
};

inline constexpr std::size_t control_request_limit_bytes = 64 * 1024;
inline constexpr std::size_t control_reply_limit_bytes = 64 * 1024 * 1024;

/// Both end with a newline and contain no other.
std::string to_line(const ControlRequest& request);
std::string to_line(const ControlReply& reply);

/// The failure's text says what was wrong with the line.
Result<ControlRequest> request_from_line(std::string_view line);
Result<ControlReply> reply_from_line(std::string_view line);

}  // namespace nethealth
