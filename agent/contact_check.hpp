#pragma once
// Whether the contact chains reach somebody at every minute of the coming days.

#include "agent/configuration.hpp"

namespace nethealth {

inline constexpr std::chrono::days reach_checked{60};

/// Adds an error for each chain that reaches nobody at some minute from `now` on, with the first such minute;
/// there is no configuration then.
void check_reach(LoadedConfiguration& loaded, Time now);

}  // namespace nethealth
