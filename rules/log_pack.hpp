#pragma once
// A pack of log rules, from its YAML document (format: rules/log/README.md).

#include <string>
#include <vector>

#include "config/language.hpp"
#include "config/node.hpp"
#include "rules/log_matcher.hpp"

namespace nethealth {

/// A rule and where its parts stand in the file, for what is found out later.
struct LogRuleDraft {
  LogRule rule;
  bool general = false;               ///< says little: reported after every other hit of a line
  std::vector<std::string> patterns;  ///< each alone is enough
  std::vector<Node> pattern_nodes, example_nodes, counter_example_nodes;
};

/// Appends the rules of one document; rules with an error are left out.
void read_log_pack(const Node& document, Language language, std::vector<LogRuleDraft>& rules,
                   Problems& problems);

}  // namespace nethealth
