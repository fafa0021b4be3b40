#pragma once
// The verb `test`: users' own scenarios.

#include "agent/command_line.hpp"

namespace nethealth {

/// Plays each file of the command line; 0 when all hold, 1 when one fails or cannot be read.
int test_scenarios(const CommandLine& line);

}  // namespace nethealth
