#include <iostream>

#include "agent/command_line.hpp"
#include "agent/commands.hpp"

int main(int argc, char** argv) {
  const auto read = nethealth::parse_command_line(argc, argv, nethealth::environment_language());
  if (const auto* farewell = std::get_if<nethealth::Farewell>(&read)) {
    (farewell->exit_code == 0 ? std::cout : std::cerr) << farewell->text;
    return farewell->exit_code;
  }
  return nethealth::execute(std::get<nethealth::CommandLine>(read));
}
