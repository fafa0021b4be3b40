#pragma once
// /metrics in Prometheus's text form (exposition format 0.0.4): counts only, no name of a device or a person,
// so that it may be read without a log-in.

#include <string>

#include "agent/control_desk.hpp"
#include "agent/web_server.hpp"

namespace nethealth {

std::string metrics_text(const ControlDesk& desk, const WebCounters& web, std::size_t sessions,
                         bool storage_failing);

}  // namespace nethealth
