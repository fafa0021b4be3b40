#pragma once
// This host as an SNMPv3 engine, the authoritative one of the traps that it sends and of the informs that it
// hears (RFC 3414, 1.5.1): one id, one count of boots and one time for both (RFC 3411, 3.1.1).

#include <optional>
#include <string_view>

#include "config/site.hpp"
#include "probes/snmp_codec.hpp"

namespace nethealth {

/// The id is the one that a channel of the site gives, else made of the installation. The boots grow at every
/// start without a record of their own: the seconds since 2020, and more than those of the journal's last
/// sign of life, should the clock have gone back. The engine's time begins with the call.
UsmEngine own_engine(const Site& site, std::string_view installation, Time now, std::optional<Time> alive);

}  // namespace nethealth
