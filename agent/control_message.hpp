#pragma once
// What the command line and the daemon say to each other over the control socket: one line of JSON each way.
// The daemon makes the text, because only it has the incidents and the site at hand; the client prints it.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  incident_open,
  incident_step,
  incident_note,
  incident_reclassify,
  incident_measure,
  incident_paper,
  procedure_graph,
  incident_why,
  why_not,
  incident_pass,
  silence_add,
  silence_list,
  silence_confirm,
  silence_end,
  drill_start,
  drill_show,
  drill_answer,
  incident_evidence
};

struct ControlRequest {
  ControlVerb verb = ControlVerb::status;
  std::optional<Language> language;  ///< the site's when empty
  bool json = false;
  bool colour = false;  ///< the answer goes to a terminal
  int incident = 0;
  std::string device;  ///< why_not
  std::string as;      ///< acts: the person, when it is not the peer's own account
  std::string reason;  ///< acts
  int number = 0;      ///< of a silence or drill; 0: the last drill
  /// What the verbs of the procedure, of answers and of silences take besides.
  std::map<std::string, std::vector<std::string>> values = {};

  /// Changes something, so it needs a person.
  [[nodiscard]] bool acts() const {
    switch (verb) {
      case ControlVerb::incident_ack:
      case ControlVerb::incident_close:
      case ControlVerb::incident_open:
      case ControlVerb::incident_step:
      case ControlVerb::incident_note:
      case ControlVerb::incident_reclassify:
      case ControlVerb::incident_pass:
      case ControlVerb::silence_add:
      case ControlVerb::silence_confirm:
      case ControlVerb::silence_end:
      case ControlVerb::drill_start:
      case ControlVerb::drill_answer:
      case ControlVerb::incident_evidence:
        return true;
      case ControlVerb::incident_measure:
        return values.contains("measure");
      default:
        return false;
    }
  }
  [[nodiscard]] std::string value(const std::string& key) const {
    const auto found = values.find(key);
    return found == values.end() || found->second.empty() ? "" : found->second.back();
  }
};

struct ControlReply {
  int exit_code = 0;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error
};

inline constexpr std::size_t control_request_limit_bytes = 64 * 1024;
/// With files in it.
inline constexpr std::size_t control_large_request_limit_bytes = std::size_t{12} * 1024 * 1024;
inline constexpr std::size_t control_reply_limit_bytes = 64 * 1024 * 1024;

/// Both end with a newline and contain no other.
std::string to_line(const ControlRequest& request);
std::string to_line(const ControlReply& reply);

/// The failure's text says what was wrong with the line.
Result<ControlRequest> request_from_line(std::string_view line);
Result<ControlReply> reply_from_line(std::string_view line);

}  // namespace nethealth
