#pragma once
// `nethealth run`: the wiring of everything, started in one straight line and stopped in reverse.

#include "agent/command_line.hpp"

namespace nethealth {

/// Runs until SIGTERM or SIGINT. Exit code: 0 clean stop, 1 bad configuration or a start that was not
/// possible. SIGHUP reads the configuration anew; a bad one is told in the log and the old one stays.
int run_daemon(const CommandLine& line);

}  // namespace nethealth
