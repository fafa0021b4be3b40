#pragma once
// `nethealth incident why N` and `nethealth why-not DEVICE`.

#include "agent/control_message.hpp"
#include "agent/report_text.hpp"
#include "rules/engine.hpp"

namespace nethealth {

/// The whole reasoning of one incident. Exit code 1 when there is no such incident.
ControlReply why_report(const Engine& engine, const Site& site, int incident, Language language,
                        bool as_json);

/// Why nothing is said of a device, or what is. Exit code 1 when the configuration has no such device.
ControlReply why_not_report(const Engine& engine, const Site& site, const std::string& device,
                            Language language, bool as_json);

}  // namespace nethealth
