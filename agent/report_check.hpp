#pragma once
// `nethealth check`.

#include "agent/configuration.hpp"
#include "agent/control_message.hpp"

namespace nethealth {

/// Every problem as `file:line:column: message`. Exit code 0 good (warnings are no errors), 1 bad.
ControlReply check_report(const LoadedConfiguration& loaded);
ControlReply check_json(const LoadedConfiguration& loaded);

}  // namespace nethealth
