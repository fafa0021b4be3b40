#pragma once
// `drill` and `test-page`: begins one in the daemon, waits until everybody answered or the time is over, and
// prints the result.

#include "agent/command_line.hpp"
#include "agent/control_message.hpp"

namespace nethealth {

/// `request` has what the command line said. The exit code: 0 all answered (of a test: every channel took its
/// message), 1 not, 3 no daemon.
int run_drill(const CommandLine& line, ControlRequest request);

}  // namespace nethealth
