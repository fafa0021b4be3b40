#pragma once
// A message as a notification of packaging/mibs/NETHEALTH-MIB.txt. Pure.

#include "agent/courier.hpp"
#include "config/language.hpp"
#include "config/time.hpp"
#include "probes/snmp_codec.hpp"

namespace nethealth {

/// `uptime` is the sender's, which sysUpTime.0 tells.
SnmpNotice snmp_notice(const Letter& letter, DeliveryFlags flags, Milliseconds uptime, const Zone& zone,
                       Language language);

}  // namespace nethealth
