#pragma once
// Objects that several parts ask for (SNMPv2-MIB, RFC 3418; IF-MIB, RFC 2863).

#include "probes/oid.hpp"

namespace nethealth::snmp_object {

inline const Oid sys_up_time{1, 3, 6, 1, 2, 1, 1, 3, 0};
inline const Oid snmp_trap_oid{1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};
inline const Oid if_descr{1, 3, 6, 1, 2, 1, 2, 2, 1, 2};
inline const Oid if_name{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1};
inline const Oid enterprises{1, 3, 6, 1, 4, 1};

}  // namespace nethealth::snmp_object
