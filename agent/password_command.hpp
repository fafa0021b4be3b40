#pragma once
// `nethealth password`: what goes into password_file or token_file.

#include "agent/command_line.hpp"

namespace nethealth {

int make_password(const CommandLine& line);

}  // namespace nethealth
