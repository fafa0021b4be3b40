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

/// What a message says besides its kind (Notification::about).
namespace about {
inline constexpr std::string_view answer_expires =
    "answer_expires";                                            ///< reminder: take a step, or it goes on
inline constexpr std::string_view taken_over = "taken_over";     ///< handover: somebody else has it now
inline constexpr std::string_view counter = "counter";           ///< what the counter can tell citizens
inline constexpr std::string_view measure = "measure:";          ///< and its name: it is past its due date
inline constexpr std::string_view no_answer = "no_answer:";      ///< and the step that wants several answers
inline constexpr std::string_view undelivered = "undelivered:";  ///< and the id of what reached nobody
}  // namespace about

/// In the site's language. `notification` has its kind, role, person, round, about and answer_by set.
Message compose(const Site& site, const Incident& incident, const Notification& notification,
                Detail detail = Detail::full);

/// The last lines of one that waits for an answer, after an empty one; nothing of another.
std::string how_to_answer(const Site& site, int incident, const Notification& told);

/// `lost` reached its reader by none of their channels: somebody must tell them by voice.
Message compose_undelivered(const Site& site, const Incident& incident, const NotificationPicture& lost,
                            Detail detail);

/// The monitoring did not run: from when to when, and what that means.
Message compose_was_down(const Site& site, Time from, Time until);

/// A drill (訓練), or the test of one person's channels: `test`. Says how to answer.
Message compose_drill(const Site& site, const Notification& notification, bool test);

/// A planned drill is over: who answered, by what and how fast, and who did not.
Message compose_drill_result(const Site& site, const Drill& drill);

/// A planned drill was not held, because there was an emergency or the monitoring did not run.
Message compose_drill_left_out(const Site& site, Time due);

}  // namespace nethealth
