#pragma once
// What a message's incident is, in fields, for the channels that carry fields beside the text. Pure.

#include "agent/courier.hpp"
#include "config/site.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// Its channel carries fields.
bool wants_facts(const Notification& notification, const Site& site);

/// The letter with its incident as it stands, and with the detail that its reader may see.
Letter with_facts(Letter letter, const Picture& picture, const Site& site);

}  // namespace nethealth
