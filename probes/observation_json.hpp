#pragma once
// Observations as lines of JSON (contract, section Observations): what `replay` reads and `run` can record.

#include <cstddef>
#include <string>
#include <string_view>

#include "config/language.hpp"
#include "config/result.hpp"
#include "probes/observation.hpp"

namespace nethealth {

inline constexpr std::size_t observation_line_limit_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t observation_depth_limit = 32;

/// One line, with or without its line end. Unknown keys are ignored; an unknown probe is OtherSeen. A failure
/// names the key (`where`), its value and what was expected. Any bytes may be given. Thread-safe.
Result<Observation> parse_observation(std::string_view line, Language language = Language::en);

/// The reverse, without a line end; parsing it gives the same observation (numbers to 15 digits). Text that
/// is no UTF-8 is mended with U+FFFD.
std::string observation_line(const Observation& observation, const Zone& zone);

}  // namespace nethealth
