#pragma once
// Files that ship inside the binary: sensor packs and log rules (embed.cmake).

#include <string>
#include <vector>

namespace nethealth {

struct EmbeddedFile {
  std::string name;
  std::string text;
};

std::vector<EmbeddedFile> sensor_packs();  ///< probes/packs/*.yaml
std::vector<EmbeddedFile> log_packs();     ///< rules/log/*.yaml

}  // namespace nethealth
