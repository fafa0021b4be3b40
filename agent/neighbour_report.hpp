#pragma once
// `nethealth probe DEVICE --neighbours`: who is connected where, as the device itself says it, and how the
// recorded cables differ from that. The records are what a diagnosis builds on, so a wrong one is worth
// finding before it is needed.

#include <string>
#include <vector>

#include "agent/control_message.hpp"
#include "config/site.hpp"
#include "probes/snmp_neighbours.hpp"

namespace nethealth {

/// One neighbour that the record puts elsewhere, or nowhere.
struct CableDifference {
  std::string port;                         ///< of the device, where the neighbour was heard
  DeviceIndex heard = 0;                    ///< who was heard there
  std::vector<DeviceIndex> recorded_there;  ///< whom the record has at that port
  std::string recorded_port;  ///< where the record has the one that was heard; empty when nowhere
};

/// The device of the site that a neighbour's own name means: by name or label, in any case, with or without a
/// domain.
std::optional<DeviceIndex> device_called(const Site& site, const std::string& system_name);

/// Pure. Neighbours that the site does not know are no difference: their name may only be another one. Hubs,
/// and switches that cannot be asked, may pass the frames on, so whoever hangs behind one is where the record
/// says.
std::vector<CableDifference> cable_differences(const Site& site, DeviceIndex device,
                                               const NeighboursSeen& seen);

/// A recorded cable of the device that no neighbour spoke of: it may be right or wrong.
struct UntoldCable {
  std::string port;  ///< as recorded; may be empty
  DeviceIndex to = 0;
};
std::vector<UntoldCable> untold_cables(const Site& site, DeviceIndex device, const NeighboursSeen& seen);

/// Exit code: 0 nothing differs, 1 a cable differs, 4 the device could not be asked.
ControlReply neighbour_report(const Site& site, DeviceIndex device, const NeighboursSeen& seen,
                              Language language);
ControlReply neighbour_json(const Site& site, DeviceIndex device, const NeighboursSeen& seen,
                            Language language);

/// Asks the device once; `blind` when it has no address or no credential.
NeighboursSeen ask_for_neighbours(const Site& site, DeviceIndex device);

}  // namespace nethealth
