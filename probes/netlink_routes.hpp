#pragma once
// What the kernel's tables say of the way out of this host, asked by rtnetlink (RFC 3549, rtnetlink(7)). The
// answers are those of the calling thread's network namespace. Asking does not wait for anything outside the
// kernel.

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/result.hpp"

namespace nethealth {

/// How this host would reach an address.
struct Route {
  unsigned interface = 0;  ///< its index
  std::optional<boost::asio::ip::address>
      gateway;         ///< empty when the address is on the interface's own network
  bool local = false;  ///< the address is this host's own
};

/// The route to an address; empty when there is none or it leads nowhere (blackhole, prohibit). Here and
/// below a failure means that the kernel could not be asked (no descriptor left), which says nothing of the
/// network.
Result<std::optional<Route>> route_to(const boost::asio::ip::address& address);

/// What the kernel knows of who has an address on one of its wires.
struct NeighbourState {
  bool failed = false;                           ///< nobody answered when it was last asked for
  std::chrono::milliseconds confirmed_before{};  ///< so long ago somebody was last known to have it
  std::string mac;                               ///< aa:bb:cc:dd:ee:ff; empty where there is none
};

/// Empty when the kernel has no entry.
Result<std::optional<NeighbourState>> neighbour(const boost::asio::ip::address& address, unsigned interface);

/// The main table's route for everything that has no better one, IPv4 before IPv6, the smallest metric first.
Result<std::optional<Route>> default_route();

/// What the bytes of an answer say; what is cut or makes no sense is left out. Pure.
struct NetlinkSaid {
  std::vector<Route> routes;
  std::vector<NeighbourState> neighbours;
  bool ended = false;  ///< the last message of an answer was among them
};
NetlinkSaid read_netlink(std::span<const std::uint8_t> answer);

/// Up and with a link. False for an interface that does not exist.
Result<bool> has_carrier(unsigned interface);

}  // namespace nethealth
