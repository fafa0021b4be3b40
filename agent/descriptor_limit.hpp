#pragma once
// How many files and sockets this process may have open (RLIMIT_NOFILE).

#include <cstddef>

namespace nethealth {

/// Raises the limit as far as this process may, at most to 65,536. Returns how many it is then.
std::size_t raise_descriptor_limit();

}  // namespace nethealth
