#pragma once
// Proved rules as text, so that a start need neither read YAML nor search the patterns for what they need.
// Made by the build (prepare/log_packs.cpp) and read by the same version; no format for anybody else.

#include <optional>
#include <string>
#include <string_view>

#include "rules/log_pack.hpp"

namespace nethealth {

/// Empty when a text holds one of the control characters that part the fields.
std::optional<std::string> write_prepared(const PreparedLogRules& rules);

/// Empty when the text is none that write_prepared() wrote. The rules have no nodes.
std::optional<PreparedLogRules> read_prepared(std::string_view text);

/// Reads, proves and prepares packs. Mistakes are problems with their places. `needs` are those of the same
/// packs from an earlier time, where there are; finding them is most of the work.
std::optional<PreparedLogRules> prepare_log_packs(const std::vector<Node>& packs, Language language,
                                                  Problems& problems, std::vector<LineNeed> needs = {});

}  // namespace nethealth
