#pragma once
// Asks the services that every network leans on: names (DNS), time (NTP), mail (SMTP). One question each.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/time.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// Where and how long; the rest is the service's own.
struct ServiceAsk {
  boost::asio::ip::address address;
  std::uint16_t port = 0;
  std::string service;  ///< the service's name, handed on
  Milliseconds timeout{3'000};
};
using ServiceCallback = std::function<void(ServiceSeen)>;

/// `error` when the server says that there is no such name, has no address for it, or gives none of
/// `expected` (canonical texts; any when empty). Asked for an IPv6 address only when all of `expected` are.
void dns_look(boost::asio::io_context& io, ServiceAsk ask, std::string name,
              std::vector<std::string> expected, ServiceCallback callback);

/// `error` when the server does not know the time itself or differs from our clock by more than `offset`.
void ntp_look(boost::asio::io_context& io, ServiceAsk ask, Milliseconds offset, ServiceCallback callback);

/// Waits for the greeting and takes leave by QUIT. `error` when the server greets by another code than 220
/// (RFC 5321, section 4.2) or by something else.
void smtp_look(boost::asio::io_context& io, ServiceAsk ask, ServiceCallback callback);

}  // namespace nethealth
