#pragma once
// One line of a scenario as words that know their columns.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/time.hpp"

namespace nethealth {

struct ScenarioToken {
  std::string text;
  bool quoted = false;
  int column = 0;  ///< from 1, in characters
};

/// Splits at white space; `>`, `,`, `;`, `(` and `)` stand alone, except inside quotation marks; `#` begins a
/// comment. `unclosed` is set to the column of a quotation mark without its partner.
std::vector<ScenarioToken> scenario_tokens(std::string_view line, int& unclosed);

/// `09:00`, `09:00:00`, `09:00:00.250`: since midnight.
std::optional<Milliseconds> scenario_time(std::string_view text);

/// A time as an expectation writes it: each digit may be an x; seconds may be left out.
bool is_time_pattern(std::string_view text);

/// Whether HH:MM:SS lies at the pattern, or from one pattern to another (x counts as 0 there, and as 9).
bool time_matches(std::string_view clock, const std::string& from, const std::string& until);

}  // namespace nethealth
