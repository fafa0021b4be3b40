#pragma once
// What a gateway for SMS or voice reports of a message, and the key that its reader pressed: POST
// /callback/CHANNEL/TOKEN, or /callback/CHANNEL with the token among the parts of its body (JSON or a form).
// The gateway shows the channel's secret ("Authorization: Bearer", the password of Basic, or
// X-Nethealth-Secret), never in the address, which is kept in logs. Only a key answers: a call that was
// taken, by a person or a machine, is no more than delivered. The same report again changes nothing.

#include "agent/control_desk.hpp"
#include "agent/web_server.hpp"

namespace nethealth {

/// False, without an answer, when the channel takes no reports or the secret is wrong: the caller says so and
/// counts the guess. The answer comes when what was reported is in the journal.
bool take_callback(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer);

}  // namespace nethealth
