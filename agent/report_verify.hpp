#pragma once
// `nethealth verify`.

#include "agent/control_message.hpp"
#include "agent/store.hpp"

namespace nethealth {

/// Exit code 0 whole, 1 broken.
ControlReply verify_report(const JournalVerdict& verdict, Language language, bool as_json);

}  // namespace nethealth
