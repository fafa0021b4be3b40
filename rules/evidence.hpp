#pragma once
// From a verdict to the diagnosis that people read: place, belief, reasons for and against, alternatives.

#include "rules/diagnosis.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// Where the belief of half or more lies in another category than the cheapest fault's, the likeliest rival
/// of that category is named first, so that category, cause and place agree.
Diagnosis explain_verdict(const World& world, const Verdict& verdict);

/// A reason that names a device.
Reason reason_about(const Site& site, std::string code, DeviceIndex device, std::optional<Time> time = {});

/// What one bad sign says.
Reason reason_of(const World& world, SignIndex sign);

/// What one good sign says.
Reason well_of(const World& world, SignIndex sign);

}  // namespace nethealth
