#pragma once
// Asks whether a TCP port takes connections. One connection, nothing sent, closed in order.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "config/time.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct TcpRequest {
  boost::asio::ip::address address;
  std::uint16_t port = 0;
  std::string service;  ///< the service's name, handed on
  Milliseconds timeout{3'000};
};

/// The callback comes later, once, on the io_context, with ok, refused, timeout, unreachable, or blind when
/// this host could not ask (no descriptors, ports or memory left, an own firewall rule).
///
/// After `ok` the connection is closed without a reset: what the service still says is read and thrown away,
/// at most `tcp_drain_bytes` within `tcp_drain_time`, so that it does not log an error at every look.
void tcp_look(boost::asio::io_context& io, TcpRequest request, std::function<void(ServiceSeen)> callback);

inline constexpr Milliseconds tcp_drain_time{500};
inline constexpr std::size_t tcp_drain_bytes = 64 * 1024;

}  // namespace nethealth
