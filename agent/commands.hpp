#pragma once
// What each verb does, once the command line is read.

#include "agent/command_line.hpp"

namespace nethealth {

/// Does it, prints to standard output and error, and returns the exit code (contract, section Command line).
int execute(const CommandLine& line);

}  // namespace nethealth
