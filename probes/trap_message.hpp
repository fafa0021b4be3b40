#pragma once
// Traps and informs of SNMP versions 1 and 2c as bytes (RFC 1157, RFC 3416). What a version 1 trap says is
// put into the words of version 2 (RFC 3584, 3.1), so that nobody else has to know two kinds. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/site.hpp"
#include "probes/observation.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// Variable bindings of one trap that are kept; real ones have some twenty.
inline constexpr std::size_t max_trap_varbinds = 128;

struct TrapMessage {
  SnmpVersion version = SnmpVersion::v2c;
  std::string community;
  bool inform = false;
  Oid trap;                       ///< snmpTrapOID.0
  std::vector<VarBind> varbinds;  ///< without sysUpTime.0 and snmpTrapOID.0
};

/// Empty when the bytes are no trap or inform of version 1 or 2c.
std::optional<TrapMessage> read_trap(std::string_view bytes);

/// The answer that an inform of version 2c wants: the same message as a Response-PDU (RFC 3416, 4.2.7).
std::string inform_answer(std::string_view inform);

/// Takes snmpTrapOID.0 out of the bindings of a version 2 notification; empty when it is not among them.
std::optional<Oid> take_trap_oid(std::vector<VarBind>& varbinds);

TrapSeen trap_seen(const Oid& trap, const std::vector<VarBind>& varbinds);

}  // namespace nethealth
