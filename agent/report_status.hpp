#pragma once
// `nethealth status`: the network now, worst first.

#include "agent/channel_state.hpp"
#include "agent/control_message.hpp"
#include "agent/log_source_watch.hpp"
#include "agent/report_text.hpp"
#include "probes/dropped_count.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// Something is broken now: a device is at fault or cut off, or an incident is open.
bool has_fault(const Picture& picture);

/// One line a device. Exit code 0 healthy, 1 fault.
ControlReply status_report(const Picture& picture, const Site& site, Time now, const ReportStyle& style,
                           const std::vector<DroppedCount>& dropped = {},
                           const std::vector<LogSourceState>& log_sources = {},
                           const std::vector<ChannelState>& channels = {});
/// The same as one JSON value.
ControlReply status_json(const Picture& picture, const Site& site, Time now, Language language,
                         const std::vector<DroppedCount>& dropped = {},
                         const std::vector<LogSourceState>& log_sources = {},
                         const std::vector<ChannelState>& channels = {});

}  // namespace nethealth
