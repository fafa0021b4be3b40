#pragma once
// The addresses of the host that the agent runs on.

#include <string>
#include <vector>

namespace nethealth {

/// IPv4 and IPv6, numeric, of every interface, the loopback's too. Empty when the kernel does not say.
std::vector<std::string> host_addresses();

}  // namespace nethealth
