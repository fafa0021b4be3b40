#pragma once
// Everything that is read and compiled before anything runs: the site, the log rules, the sensor packs.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/site.hpp"
#include "probes/sensor_pack.hpp"
#include "rules/log_matcher.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

struct Configuration {
  Site site;
  LogMatcher matcher;
  std::vector<SensorPack> sensor_packs;
  Procedures procedures;
  std::map<std::string, std::string> digests = {};  ///< SHA-256 of each file read, by path
};

struct LoadedConfiguration {
  std::unique_ptr<Configuration> configuration;  ///< only when no problem is an error
  Problems problems;                             ///< warnings too
  std::vector<std::string> files;                ///< of the site, the main file first
  Language language = Language::en;              ///< that of the problems
};

/// Reads and compiles it all. Problems are told in `wanted`, else in the language the main file asks for,
/// else in `fallback`.
LoadedConfiguration load_configuration(const std::string& path, std::optional<Language> wanted,
                                       Language fallback, Secrets secrets);

}  // namespace nethealth
