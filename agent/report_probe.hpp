#pragma once
// `nethealth probe DEVICE`: what one look saw, and what it means, a sentence each.

#include <string>
#include <vector>

#include "agent/control_message.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"

namespace nethealth {

enum class Finding : std::uint8_t { healthy, fault, unknown };

/// One thing that was looked at.
struct ProbeStatement {
  Finding finding = Finding::unknown;
  std::string seen;   ///< "ICMP: 3 of 3 answered, 0.41 ms"
  std::string means;  ///< "The device can be reached."
};

/// A log source of the device: could its files be read?
struct LogLook {
  std::string path;
  std::size_t files = 0;
  std::string trouble;  ///< empty when every file could be read
};

std::vector<ProbeStatement> statements(const Observation& observation, const Device& device,
                                       Language language);
ProbeStatement statement(const LogLook& look, Language language);

/// Exit code: 0 healthy, 1 fault, 4 unknown (nothing could be looked at).
ControlReply probe_report(const Device& device, const std::vector<Observation>& observations,
                          const std::vector<LogLook>& logs, Language language);
/// One JSON object: the device, its state, the observations as the contract writes them, and the sentences.
ControlReply probe_json(const Device& device, const std::vector<Observation>& observations,
                        const std::vector<LogLook>& logs, Language language, const Zone& zone);

}  // namespace nethealth
