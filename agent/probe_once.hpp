#pragma once
// `nethealth probe DEVICE`: one look at one device by all its probes, without the daemon.

#include <string>
#include <vector>

#include "agent/configuration.hpp"
#include "agent/report_probe.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// The whole look takes no longer; what has not come by then is missing.
inline constexpr Milliseconds probe_once_limit{60'000};

struct ProbedOnce {
  std::vector<Observation> observations;
  std::vector<LogLook> logs;
};

ProbedOnce probe_once(const Configuration& configuration, DeviceIndex device);

}  // namespace nethealth
