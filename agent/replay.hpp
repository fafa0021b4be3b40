#pragma once
// Runs the engine over recorded observations in virtual time (contract, section Replay). The output depends
// only on the version, the configuration, the observations and the language, byte for byte.

#include <cstdint>
#include <iosfwd>
#include <string>

#include "agent/line_reader.hpp"
#include "config/language.hpp"
#include "config/site.hpp"
#include "rules/engine.hpp"

namespace nethealth {

/// An engine that asks to be woken more often than this at one moment is broken.
inline constexpr int max_wakes_at_one_moment = 10'000;

struct ReplayCount {
  std::uint64_t lines = 0;
  std::uint64_t bad = 0;  ///< not read, too long, older than the one before, or of no device of the site
  bool broken = false;    ///< the input ended in a failure, or the engine did not come to rest
};

/// Prints every event as one JSON object a line to `out`, and what is wrong with the input as `name:line:
/// message` to `err`. A queued message counts as delivered at once; nobody answers; virtual time ends at the
/// last line.
ReplayCount replay(LineReader& reader, const std::string& name, const Site& site, Engine& engine,
                   Language language, std::ostream& out, std::ostream& err);

}  // namespace nethealth
