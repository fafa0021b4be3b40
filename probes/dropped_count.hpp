#pragma once
// What arrived from outside and was thrown away or cut short, by reason, for `status`.

#include <cstdint>
#include <string_view>
#include <vector>

#include "probes/icmp_prober.hpp"
#include "probes/snmp_requester.hpp"
#include "probes/syslog_listener.hpp"
#include "probes/trap_listener.hpp"

namespace nethealth {

struct DroppedCount {
  std::string_view probe;   ///< snmp, trap, syslog, mail, path, icmp
  std::string_view reason;  ///< one word
  std::uint64_t count = 0;
};

/// Only what was dropped at all. Any may be null.
std::vector<DroppedCount> dropped_counts(const SnmpCounters* snmp, const TrapCounters* traps,
                                         const SyslogCounters* syslog = nullptr,
                                         const IcmpCounters* icmp = nullptr);

}  // namespace nethealth
