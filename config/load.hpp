#pragma once
// From files to a Site, or to every reason why not.

#include <optional>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "config/site.hpp"

namespace nethealth {

enum class Secrets : std::uint8_t {
  required,  ///< a `*_file` that is missing, or readable by others, is an error
  optional   ///< replay and tests: a missing one is read as empty
};

struct Loaded {
  std::optional<Site> site;        ///< only when no problem is an error
  Problems problems;               ///< all of them, in order of file, line and column; warnings too
  std::vector<std::string> files;  ///< read, the main file first
};

/// Reads the main file and its includes, resolves every name, checks everything. `log_packs` are the packs of
/// log rules that exist, for the check of `logs[].rules`.
Loaded load_site(const std::string& path, Language language, Secrets secrets,
                 const std::vector<std::string>& log_packs);

}  // namespace nethealth
