#pragma once
// The monitor's own place: does its network card have a link, does its nearest router answer. Lost links of
// our own must never be read as dead devices.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "config/result.hpp"
#include "probes/icmp_prober.hpp"
#include "probes/observation.hpp"

namespace nethealth {

class MonitorProbe {
 public:
  MonitorProbe(boost::asio::io_context& io, IcmpProber& prober);
  ~MonitorProbe();

  /// Carrier: true when one interface in use has a link; false when none has one, or no route to any target
  /// is left; empty when there is nothing to reach or the kernel could not be asked. In use are the
  /// interfaces towards the targets (at most `max_targets` of them, evenly taken). The loopback counts only
  /// when every target is this host itself.
  ///
  /// Gateway: whether the default route's gateway answers ICMP; without a default route, the first gateway
  /// towards the targets. False when it has answered before and does not now, or when nobody answers ARP for
  /// it. Empty when there is none, when it has never answered (routers may be told not to), or when we could
  /// not ask.
  ///
  /// storage_ok is not this probe's to say: it stays empty.
  ///
  /// The callback comes later, once, on the io_context; not at all once the probe or the prober is destroyed.
  void look(std::vector<Address> targets, std::function<void(MonitorSeen)> callback);

  static constexpr std::size_t max_targets = 64;
  static constexpr IcmpRequest gateway_request{2, Milliseconds(100), Milliseconds(1'000)};

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

/// Calls back on the io_context when a link or an address of this host changes, so that the monitor can be
/// looked at before the silence of devices is judged. Several changes at once may be one call; a call may
/// find nothing changed.
class LinkWatch {
 public:
  LinkWatch(boost::asio::io_context& io, std::function<void()> changed);
  ~LinkWatch();
  LinkWatch(const LinkWatch&) = delete;
  LinkWatch& operator=(const LinkWatch&) = delete;

  Result<void> open();

  static constexpr Milliseconds least_gap{200};  ///< between two calls, however wildly a link flaps

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace nethealth
