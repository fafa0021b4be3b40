#pragma once
// Hears traps and informs: versions 1, 2c and 3, from the addresses of known devices, with the credential
// that the device is polled with. Everything else is dropped and counted by reason; nothing that arrives can
// delay others.
//
// Informs are answered. Those of version 3 make this host the authoritative engine (RFC 3414, 1.5.1): it has
// an engine id of its own, tells it to who asks, and puts a sender's idea of its time right by a report.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// Taken of one device: a burst, and then so many a second. A storm beyond it is dropped and counted.
inline constexpr double trap_burst = 50;
inline constexpr double traps_per_second = 10;
/// Datagrams read before other work gets its turn.
inline constexpr int trap_datagrams_per_turn = 64;
/// SNMPv3 engines remembered of one address; a device has one.
inline constexpr std::size_t trap_engines_per_source = 4;

/// Who may send: one for each address of a device.
struct TrapSource {
  std::string address;  ///< IPv4 or IPv6, numeric
  DeviceIndex device = 0;
  std::vector<Credential> credentials;  ///< any of them is taken
};

struct UsmEngine;

/// An engine id made of a text that is this installation's own.
std::string engine_id_of(std::string_view installation);

/// Totals since start.
struct TrapCounters {
  std::uint64_t taken = 0;
  std::uint64_t engine_asked = 0;  ///< senders of informs that asked for our engine id
  std::uint64_t dropped_undecodable = 0;
  std::uint64_t dropped_oversize = 0;
  std::uint64_t dropped_unknown_source = 0;
  std::uint64_t dropped_wrong_community = 0;
  std::uint64_t dropped_unsafe = 0;  ///< SNMPv3: wrong user, digest or level
  std::uint64_t dropped_stale = 0;   ///< SNMPv3: older than the time window
  std::uint64_t dropped_storm = 0;   ///< over the rate of a device

  [[nodiscard]] std::uint64_t dropped() const;
};

class TrapListener {
 public:
  /// `device` and what it sent. Called on the io_context.
  using Heard = std::function<void(DeviceIndex device, TrapSeen trap)>;

  /// `own`: this host as an SNMPv3 engine; its id is the same after every restart, and its boots more, or
  /// senders take our answers for replays. `listen`: "ADDRESS:PORT" each. Fails when none of them can be had,
  /// with the first reason.
  static Result<std::unique_ptr<TrapListener>> open(boost::asio::io_context& io,
                                                    const std::vector<std::string>& listen,
                                                    std::vector<TrapSource> sources, UsmEngine own,
                                                    Heard heard);
  /// No callback comes after this.
  ~TrapListener();
  TrapListener(const TrapListener&) = delete;
  TrapListener& operator=(const TrapListener&) = delete;

  [[nodiscard]] const TrapCounters& counters() const;
  /// The port of the first socket, for tests that let the kernel choose.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  explicit TrapListener(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
