#pragma once
// Whether anybody has an address on the monitor's own wire: a device that answers this and no ping is there
// and has power, so that it hangs or filters. IPv4 is asked by ARP (RFC 826) where packet sockets are
// allowed (CAP_NET_RAW); else, and for IPv6, what the kernel's neighbour table says after our pings counts.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "config/time.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct NeighbourRequest {
  int tries = 3;
  Milliseconds spacing{200};
  Milliseconds timeout{400};  ///< after the last try
};

/// The callback comes later, once. Blind: the address is reached through a router, or is this host's own, or
/// the interface knows no such addresses, or nothing can be said.
void neighbour_look(boost::asio::io_context& io, const boost::asio::ip::address& address,
                    const NeighbourRequest& request, std::function<void(ArpSeen)> callback);

using MacAddress = std::array<std::uint8_t, 6>;
inline constexpr std::size_t arp_bytes = 28;
using ArpPacket = std::array<std::uint8_t, arp_bytes>;

/// "Who has `wanted`? Tell `own`."
ArpPacket make_arp_request(const MacAddress& own_mac, const boost::asio::ip::address_v4& own,
                           const boost::asio::ip::address_v4& wanted);
/// The sender of an ARP packet that says it has the address; empty for any other packet.
std::optional<MacAddress> arp_owner(std::span<const std::uint8_t> packet,
                                    const boost::asio::ip::address_v4& wanted);

}  // namespace nethealth
