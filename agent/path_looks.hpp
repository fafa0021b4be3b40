#pragma once
// The looks that the engine asks for only on suspicion: a path trace to a device behind routers, and ARP for
// one on the monitor's own wire. Bounded: so many at once, so many waiting, each device and kind at most once
// at a time; what is beyond is dropped and counted, and the engine decides without it.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "agent/looker.hpp"

namespace nethealth {

enum class PathLook : std::uint8_t { trace, arp };

class PathLooks {
 public:
  static constexpr std::size_t max_running = 8;
  static constexpr std::size_t max_waiting = 256;

  using Report = std::function<void(DeviceIndex, Seen)>;
  /// `site` and the prober must outlive this. `seen` is never called from inside want().
  PathLooks(boost::asio::io_context& io, const Site& site, IcmpProber& icmp, Report seen);
  /// No callback comes after this.
  ~PathLooks();
  PathLooks(const PathLooks&) = delete;
  PathLooks& operator=(const PathLooks&) = delete;

  /// Of a device with several addresses each is asked, and the answer that says most counts.
  void want(DeviceIndex device, PathLook look);
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Of answers about several addresses of one device the one that says more.
TraceSeen better(const TraceSeen& a, const TraceSeen& b);
ArpSeen better(const ArpSeen& a, const ArpSeen& b);

}  // namespace nethealth
