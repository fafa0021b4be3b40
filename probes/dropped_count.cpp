#include "probes/dropped_count.hpp"

namespace nethealth {

std::vector<DroppedCount> dropped_counts(const SnmpCounters* snmp, const TrapCounters* traps,
                                         const SyslogCounters* syslog, const IcmpCounters* icmp) {
  std::vector<DroppedCount> all;
  const auto add = [&](std::string_view probe, std::string_view reason, std::uint64_t count) {
    if (count > 0) all.push_back({probe, reason, count});
  };
  if (snmp != nullptr) {
    add("snmp", "undecodable", snmp->dropped_undecodable);
    add("snmp", "oversize", snmp->dropped_oversize);
    add("snmp", "unknown_id", snmp->dropped_unknown_id);
    add("snmp", "wrong_source", snmp->dropped_wrong_source);
    add("snmp", "wrong_version", snmp->dropped_wrong_version);
    add("snmp", "unsafe", snmp->dropped_unsafe);
    add("snmp", "stale", snmp->dropped_stale);
    // Not thrown away but cut short: an agent that goes in circles, or never ends.
    add("snmp", "walk_backwards", snmp->walks_not_increasing);
    add("snmp", "walk_cut", snmp->walks_cut);
    add("snmp", "look_cut", snmp->looks_cut);
  }
  if (traps != nullptr) {
    add("trap", "undecodable", traps->dropped_undecodable);
    add("trap", "oversize", traps->dropped_oversize);
    add("trap", "unknown_source", traps->dropped_unknown_source);
    add("trap", "wrong_community", traps->dropped_wrong_community);
    add("trap", "unsafe", traps->dropped_unsafe);
    add("trap", "stale", traps->dropped_stale);
    add("trap", "storm", traps->dropped_storm);
  }
  if (syslog != nullptr) {
    add("syslog", "unknown_source", syslog->dropped_unknown_source);
    add("syslog", "storm", syslog->dropped_storm);
    add("syslog", "framing", syslog->dropped_framing);
    add("syslog", "tls", syslog->dropped_tls);
    add("syslog", "connections", syslog->dropped_connections);
  }
  if (icmp != nullptr) {
    // What is late, or of another program's pings, is everyday life and not told.
    add("icmp", "malformed", icmp->malformed);
    add("icmp", "bad_checksum", icmp->bad_checksum);
    add("icmp", "wrong_source", icmp->wrong_source);
    add("icmp", "duplicate", icmp->duplicate);
  }
  return all;
}

}  // namespace nethealth
