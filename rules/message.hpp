#pragma once
// The text of a message to a person: subject and first lines say what, where and since when on a phone's
// screen.

#include <string>

#include "config/site.hpp"
#include "rules/incident.hpp"

namespace nethealth {

struct Message {
  std::string subject;
  std::string body;
};

/// In the site's language. `notification` has its kind, role, person and answer_by set.
Message compose(const Site& site, const Incident& incident, const Notification& notification);

}  // namespace nethealth
