#pragma once
// Several messages to one person by one channel as one. Pure.

#include <vector>

#include "agent/courier.hpp"
#include "config/language.hpp"

namespace nethealth {

/// Under the id of the most urgent one; the subjects of all come first, then the texts, as many as fit.
/// `letters` is not empty. All are to the same person by the same channel.
Letter digest_of(const std::vector<Letter>& letters, Language language);

inline constexpr std::size_t digest_limit_bytes = 64 * 1024;

}  // namespace nethealth
