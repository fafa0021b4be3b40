#pragma once
// Files that ship inside the binary: sensor packs, log rules and procedures (embed.cmake).

#include <string>
#include <vector>

namespace nethealth {

struct EmbeddedFile {
  std::string name;
  std::string text;
};

std::vector<EmbeddedFile> sensor_packs();        ///< probes/packs/*.yaml
std::vector<EmbeddedFile> log_packs();           ///< rules/log/*.yaml
std::vector<EmbeddedFile> procedure_files();     ///< rules/procedures/*.yaml
std::vector<EmbeddedFile> log_rules_prepared();  ///< one: rules/log/*.yaml proved and prepared by the build
std::vector<EmbeddedFile> web_files();           ///< agent/openapi.json

}  // namespace nethealth
