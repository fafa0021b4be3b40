#pragma once
// One UDP socket per address family carries the requests to all agents: sends, repeats, matches answers to
// requests, discovers SNMPv3 engines. Nothing here waits: a dead agent costs a timer.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "config/result.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"
#include "probes/snmp_codec.hpp"

namespace nethealth {

/// Requests under way at all agents together; beyond it a request ends as blind.
inline constexpr std::size_t snmp_requests_in_flight = 20'000;
/// Datagrams read before other work gets its turn.
inline constexpr int snmp_datagrams_per_turn = 64;
/// An SNMPv3 engine whose boots or time went back is believed once in this time; otherwise it may be a
/// replay.
inline constexpr std::chrono::minutes snmp_time_step_back_every{5};

/// Totals since start. What is dropped is dropped silently otherwise.
struct SnmpCounters {
  std::uint64_t requests = 0;
  std::uint64_t repeats = 0;
  std::uint64_t answers = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t not_sent = 0;        ///< the kernel refused; our trouble, not the agent's
  std::uint64_t discoveries = 0;     ///< SNMPv3 engines asked for
  std::uint64_t engine_changes = 0;  ///< a device answered with another engine id: replaced or reset
  std::uint64_t time_resyncs = 0;    ///< notInTimeWindows, answered by taking the agent's time
  std::uint64_t dropped_undecodable = 0;
  std::uint64_t dropped_oversize = 0;
  std::uint64_t dropped_unknown_id = 0;  ///< late, repeated or forged
  std::uint64_t dropped_wrong_source = 0;
  std::uint64_t dropped_wrong_version = 0;
  std::uint64_t dropped_unsafe = 0;  ///< SNMPv3: wrong digest, or less protected than asked
  std::uint64_t dropped_stale = 0;   ///< SNMPv3: older than the time window
  std::uint64_t walks_not_increasing = 0;
  std::uint64_t walks_cut = 0;  ///< rows, bytes or time over the limit
  std::uint64_t looks_cut = 0;  ///< over the deadline or the readings of a look
};

/// One agent as the requester knows it; kept between looks by whoever owns the device's memory.
struct SnmpPeer {
  boost::asio::ip::udp::endpoint endpoint;
  Credential credential;
  Milliseconds timeout{2'000};
  int retries = 1;
  UsmEngine engine;
  std::optional<std::chrono::steady_clock::time_point> stepped_back;  ///< when its time was last let go back
};

struct SnmpReply {
  Outcome outcome = Outcome::timeout;  ///< ok: `response` holds; timeout, auth_error, error or blind
  SnmpResponse response;
  std::size_t bytes = 0;
};

class SnmpRequester {
 public:
  using Done = std::function<void(SnmpReply)>;

  static Result<std::unique_ptr<SnmpRequester>> open(boost::asio::io_context& io);
  /// Requests under way end without their callback.
  ~SnmpRequester();
  SnmpRequester(const SnmpRequester&) = delete;
  SnmpRequester& operator=(const SnmpRequester&) = delete;

  /// Sends, repeats `retries` times after `timeout` each, and calls `done` once, never from within. For
  /// SNMPv3 an unknown engine is discovered first and a time out of its window taken over; each may happen
  /// once a request.
  void request(std::shared_ptr<SnmpPeer> peer, SnmpRequest request, Done done);

  /// A trap leaves once, and nobody answers it: success says that this host's network took it. For SNMPv3
  /// `peer.engine` is our own, with its keys.
  Result<void> send_trap(const SnmpPeer& peer, const SnmpNotice& notice);

  [[nodiscard]] SnmpCounters& counters();

 private:
  class Impl;
  explicit SnmpRequester(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
