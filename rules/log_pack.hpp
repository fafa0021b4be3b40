#pragma once
// A pack of log rules, from its YAML document (format: rules/log/README.md).

#include <string>
#include <vector>

#include "config/language.hpp"
#include "config/node.hpp"
#include "rules/log_matcher.hpp"
#include "rules/log_patterns.hpp"

namespace nethealth {

/// A rule and where its parts stand in the file, for what is found out later.
struct LogRuleDraft {
  LogRule rule;
  bool broad = false;                 ///< covers many kinds of message: a rule of one kind leads it
  bool general = false;               ///< says little: speaks only where no other rule does
  std::vector<std::string> unless;    ///< a line that one of them matches is not meant
  std::vector<std::string> patterns;  ///< each alone is enough
  std::vector<Node> pattern_nodes, unless_nodes, example_nodes, counter_example_nodes;
};

/// Rules whose packs were proved, with what their patterns need: all that matching takes.
struct PreparedLogRules {
  std::vector<LogRuleDraft> rules;
  std::vector<LineNeed> needs;  ///< of every pattern of every rule, in their order
  std::string everyday;         ///< lines without meaning, folded (log_shape.hpp): what is common in logs
};

struct LogPackDraft {
  std::vector<LogRuleDraft> rules;
  std::vector<Node> ordinary;  ///< everyday lines that no rule may take for a fault or misconduct
};

/// Appends what one document holds; rules with an error are left out.
void read_log_pack(const Node& document, Language language, LogPackDraft& draft, Problems& problems);

}  // namespace nethealth
