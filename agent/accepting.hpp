#pragma once
// What the servers of this program share: the control socket and the web page.

#include "config/time.hpp"

namespace nethealth {

/// That the kernel keeps until they are taken (listen(2)).
inline constexpr int waiting_connections = 128;
/// Without a free descriptor every attempt fails at once.
inline constexpr Milliseconds pause_after_a_failed_accept{500};

}  // namespace nethealth
