#pragma once
// Looks at devices by SNMP: uptime, interfaces, and the warning lamps of sensor packs.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/result.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"
#include "probes/sensor_pack.hpp"
#include "probes/snmp_requester.hpp"

namespace nethealth {

/// A look that is still at work after this ends with what it has; never less than two rounds of the target's
/// own time-outs.
inline constexpr Milliseconds snmp_look_deadline{20'000};
/// Values kept of one look, some 8 MB of them: many endless tables are no more than one.
inline constexpr std::size_t snmp_look_readings = 40'000;
/// How long a table or object that a device was found not to have is left alone.
inline constexpr Milliseconds snmp_absent_recheck{3'600'000};
/// How long names, classes and limits are kept before they are read again.
inline constexpr Milliseconds snmp_fixed_recheck{3'600'000};
/// Looks at one agent at a time; further ones wait, and beyond the waiting limit end as blind.
inline constexpr std::size_t snmp_looks_per_agent = 2;
inline constexpr std::size_t snmp_waiting_looks_per_agent = 16;
/// Agents whose engine, packs and absent tables are remembered; beyond it the idle ones are forgotten.
inline constexpr std::size_t snmp_remembered_agents = 65'536;

struct SnmpTarget {
  std::string address;  ///< IPv4 or IPv6, numeric
  std::uint16_t port = 161;
  Credential credential;
  Milliseconds timeout{2'000};
  int retries = 1;
};

/// The outcome of a look: `ok` once the agent has answered anything, however little of the rest came before
/// the deadline; `timeout` only if nothing answered at all (a wrong community looks the same: agents keep
/// silent); `auth_error` when the agent refuses the user, the keys or the access, or shows nothing at all;
/// `error` when it answers, but with nothing that can be used; `blind` when no request could leave this host.
///
/// `uptime_s` is hrSystemUptime (the host's, HOST-RESOURCES-MIB) where the agent has it, else sysUpTime
/// (SNMPv2-MIB; on hosts the agent's own). It does not fall when its 32 bits of hundredths wrap after 497
/// days, as long as this prober has watched the wrap.
class SnmpProber {
 public:
  using Done = std::function<void(SnmpSeen)>;

  /// Fails where no UDP socket can be had. One per process and io_context; all calls on its thread.
  static Result<std::unique_ptr<SnmpProber>> open(boost::asio::io_context& io, std::vector<SensorPack> packs);
  /// Looks under way end without their callback.
  ~SnmpProber();
  SnmpProber(const SnmpProber&) = delete;
  SnmpProber& operator=(const SnmpProber&) = delete;

  /// Everything: uptime, interfaces, sensors. `done` is called once, never from within.
  void look(const SnmpTarget& target, Done done);
  /// Uptime and the status of interfaces only, for a quick confirmation.
  void look_interfaces(const SnmpTarget& target, Done done);

  [[nodiscard]] const SnmpCounters& counters() const;
  /// For a reload: keys, engines, packs' findings and absent tables are learnt anew.
  void forget();

 private:
  class Impl;
  explicit SnmpProber(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
