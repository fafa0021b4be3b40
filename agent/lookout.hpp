#pragma once
// Keeps looking: the scheduler says when, the looker how, and what is seen goes to one callback as
// Observations. Also watches the monitor's own place, on a timer of its own and whenever one of this host's
// links changes.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "agent/looker.hpp"
#include "agent/system_clock.hpp"
#include "probes/observation.hpp"
#include "rules/event.hpp"

namespace nethealth {

struct LookoutOptions {
  Milliseconds monitor_interval{2'000};
  /// Looks that fall due within this time start together: one wake-up instead of many.
  Milliseconds grain{10};
};

class Lookout {
 public:
  Lookout(boost::asio::io_context& io, SystemClock& clock, const Site& site, Probers probers,
          std::function<void(const Observation&)> seen, LookoutOptions options = {});
  /// No callback comes after this.
  ~Lookout();
  Lookout(const Lookout&) = delete;
  Lookout& operator=(const Lookout&) = delete;

  /// A failure says what the lookout must do without.
  Result<void> start();

  /// The engine asks. What cannot be looked at is ignored. May be called from inside `seen`.
  void want(const ProbeWanted& wanted);

  /// A whole SNMP look at the device, now: it said by itself that something happened.
  void poll_now(DeviceIndex device);

  [[nodiscard]] std::uint64_t skipped_polls() const;
  /// Asked looks at ways and neighbours (path_looks.hpp) that were too many.
  [[nodiscard]] std::uint64_t dropped_path_looks() const;
  /// Things that are looked at again and again.
  [[nodiscard]] std::size_t tasks() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
