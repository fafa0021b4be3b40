#pragma once
// A record in the Common Event Format (ArcSight CEF, version 0), as security teams' collectors read it:
// `CEF:0|vendor|product|version|what|name|severity|key=value ...`. Pure.
//
// In the header a backslash and a bar are escaped, in the extension a backslash and an equals sign; nothing
// in it can begin another field or another record.

#include <cstddef>
#include <string>

#include "rules/event.hpp"

namespace nethealth {

/// At most `limit` bytes; whole fields are left out at the end where it does not suffice.
std::string cef_event(const SyslogQueued& queued, std::size_t limit);

/// 0 to 10 from RFC 5424's 7 to 0.
int cef_severity(int syslog_severity);

}  // namespace nethealth
