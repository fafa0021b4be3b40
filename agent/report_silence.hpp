#pragma once
// Silences and drills for the terminal, and as JSON.

#include "agent/control_message.hpp"
#include "config/site.hpp"
#include "rules/picture.hpp"

namespace nethealth {

ControlReply silence_list_report(const Picture& picture, const Site& site, Language language);
ControlReply silence_list_json(const Picture& picture, const Site& site);

/// Who answered, by what and how fast, and who did not. `number` 0 is the last one. The exit code says how it
/// stands: 0 all answered (of a test: every channel took its message), 1 not.
ControlReply drill_report(const Picture& picture, const Site& site, int number, Language language);
ControlReply drill_json(const Picture& picture, const Site& site, int number, Time now, Language language);

}  // namespace nethealth
