#pragma once
// The verbs of the written procedure at the control socket: a request becomes an act, its outcome a reply
// that says what comes next.

#include "agent/control_desk.hpp"

namespace nethealth {

void answer_procedure(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
                      Language language, const ControlSocket::Answer& answer);

}  // namespace nethealth
