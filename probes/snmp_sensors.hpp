#pragma once
// From what was read to what it means: readings and packs in, sensors out. Pure.

#include <cstddef>
#include <vector>

#include "probes/sensor_pack.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// Sensors kept of one device.
inline constexpr std::size_t max_sensors_per_device = 4'096;

/// The sensors of the rules, in rule order and row order, each name once (a second of the same name carries
/// its index). A row with neither a status nor a value is no sensor; values not listed are unknown, which is
/// never a failure.
std::vector<SensorSeen> sensors_of(const std::vector<const SensorRule*>& rules, const SnmpReadings& readings);

}  // namespace nethealth
