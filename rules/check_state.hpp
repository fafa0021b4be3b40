#pragma once
// What is known of every single thing that can be looked at: one Sign each (a device's ping, a port, a
// sensor, a service), with its latest samples. Observations are folded in here; nothing is decided here.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "config/site.hpp"
#include "probes/observation.hpp"
#include "rules/log_matcher.hpp"
#include "rules/topology.hpp"

namespace nethealth {

enum class SignKind : std::uint8_t {
  ping,         ///< bad: no answer to any echo request
  snmp,         ///< bad: the agent is silent while the device answers
  access,       ///< bad: the agent refuses our credential
  service,      ///< index: the service
  port,         ///< index: the cable; device: the end whose port it is; bad: administratively up and down
  port_errors,  ///< the same; bad: error counters rise
  sensor,
  on_battery,
  log,
  carrier,
  gateway,
  storage,
  management,  ///< ping of the management controller
  log_silent,  ///< name: the source of log lines; bad: nothing comes for longer than is expected
  log_clock,   ///< the same; bad: its writer's clock is off
  arp,         ///< bad: nobody has its address on the monitor's own wire, asked while it was silent
  path,        ///< never bad; good: it answered as a hop of a path trace, so the way to it works
};

using SignIndex = std::uint32_t;

struct Sign {
  SignKind kind = SignKind::ping;
  DeviceIndex device = 0;
  std::uint32_t index = 0;
  std::string name;  ///< of a sensor, log rule and component

  bool known = false;  ///< has a sample
  bool bad = false;    ///< by the last sample
  int bad_count = 0;   ///< consecutive
  int good_count = 0;
  std::optional<Time> last_good;
  std::optional<Time> first_bad;  ///< of the present run of bad samples
  Time last_sample;

  Outcome outcome = Outcome::ok;  ///< of snmp and service
  std::optional<int> code;
  SensorSeen sensor;
  std::uint64_t errors = 0;                 ///< the last total of a port's error counters
  std::optional<std::uint64_t> speed_mbps;  ///< of a port
  bool speed_fell = false;                  ///< of a port that stays up: by its last change
  std::uint64_t error_growth = 0;           ///< since the run of bad samples began
  const LogRule* rule = nullptr;
  std::string component;
  std::string line;      ///< the last matching line, cut
  LogSourceSeen source;  ///< of log_silent and log_clock
  std::string mac;       ///< of arp: who answers

  void sample(Time time, bool is_bad);
  /// A log line that names a loop or a storm.
  [[nodiscard]] bool tells_of_loop() const {
    return kind == SignKind::log && rule && rule->cause == Cause::loop;
  }
  void forget();  ///< back to "not looked at yet"; what it had been stays in last_good
};

/// The last path trace to a device, kept while it is silent.
struct Traced {
  Time time;
  TraceSeen seen;
  std::optional<DeviceIndex> last_known;  ///< of the hops that answered, the last that is in the inventory
};

/// A sample that was folded in.
struct Touch {
  SignIndex sign = 0;
  bool bad = false;
  bool turned = false;  ///< the first of its kind after the other
};

class CheckStates {
 public:
  CheckStates(const Site& site, const Topology& topology);

  /// Folds one observation in. Log lines and traps are the engine's; see log_hit and port_sample.
  std::vector<Touch> observe(DeviceIndex device, const Observation& observation);
  Touch log_hit(DeviceIndex device, const LogRule& rule, const std::string& component, Time time,
                const std::string& line);
  /// A linkDown or linkUp trap names its port; empty when no recorded cable is there.
  std::optional<Touch> port_sample(DeviceIndex device, const std::string& port, Time time, bool up);
  Touch battery_sample(DeviceIndex ups, Time time, bool on_battery);
  /// A log sign without further lines is over.
  Touch quieten(SignIndex log_sign, Time now) { return sample(log_sign, now, false); }

  [[nodiscard]] const Sign& operator[](SignIndex sign) const { return signs_[sign]; }
  [[nodiscard]] std::size_t size() const { return signs_.size(); }
  [[nodiscard]] std::optional<SignIndex> ping(DeviceIndex device) const { return ping_[device]; }
  [[nodiscard]] std::optional<SignIndex> snmp(DeviceIndex device) const { return snmp_[device]; }
  [[nodiscard]] std::optional<SignIndex> management(DeviceIndex device) const;
  [[nodiscard]] std::optional<SignIndex> service(DeviceIndex device, std::size_t service) const;
  /// The port sign of a cable at one end, when that end is named and polled.
  [[nodiscard]] std::optional<SignIndex> port(CableIndex cable, DeviceIndex end, SignKind kind) const;
  [[nodiscard]] std::optional<SignIndex> find(SignKind kind, DeviceIndex device,
                                              const std::string& name) const;
  [[nodiscard]] std::optional<SignIndex> arp(DeviceIndex device) const { return arp_[device]; }
  [[nodiscard]] std::optional<SignIndex> path(DeviceIndex device) const { return path_[device]; }
  /// It is about to be asked for by ARP: from here on that is a look that can be waited for.
  void expect_arp(DeviceIndex device);
  /// Null when no trace was run since the device was last heard.
  [[nodiscard]] const Traced* traced(DeviceIndex device) const;
  /// It was asked for by ARP and is not on the monitor's own wire.
  [[nodiscard]] bool is_routed(DeviceIndex device) const { return routed_[device]; }
  /// All signs of a device.
  [[nodiscard]] const std::vector<SignIndex>& of(DeviceIndex device) const { return by_device_[device]; }
  /// How often a living thing does not answer one whole look of this kind (ping, snmp or service): learned
  /// from silences that ended at once, and from the share of echo packets that are lost.
  [[nodiscard]] double false_silence_rate(SignKind kind) const;

 private:
  SignIndex add(SignKind kind, DeviceIndex device, std::uint32_t index, std::string name);
  SignIndex at(SignKind kind, DeviceIndex device, const std::string& name);
  Touch sample(SignIndex sign, Time time, bool bad);
  void icmp(DeviceIndex device, Time time, const IcmpSeen& seen, std::vector<Touch>& touches);
  void snmp(DeviceIndex device, Time time, const SnmpSeen& seen, std::vector<Touch>& touches);
  void ports(DeviceIndex device, Time time, const SnmpSeen& seen, std::vector<Touch>& touches);
  void errors(SignIndex sign, Time time, const InterfaceSeen& row, bool restarted,
              std::vector<Touch>& touches);
  void sensors(DeviceIndex device, Time time, const SnmpSeen& seen, std::vector<Touch>& touches);
  void service(DeviceIndex device, Time time, const ServiceSeen& seen, std::vector<Touch>& touches);
  void log_source(DeviceIndex device, Time time, const LogSourceSeen& seen, std::vector<Touch>& touches);
  void monitor(DeviceIndex device, Time time, const MonitorSeen& seen, std::vector<Touch>& touches);
  void arp(DeviceIndex device, Time time, const ArpSeen& seen, std::vector<Touch>& touches);
  void trace(DeviceIndex device, Time time, const TraceSeen& seen, std::vector<Touch>& touches);

  const Site& site_;
  const Topology& topology_;
  std::vector<Sign> signs_;
  std::vector<std::optional<SignIndex>> ping_, snmp_;
  std::vector<std::optional<SignIndex>> arp_, path_;  // made when first needed
  std::vector<bool> routed_;
  std::map<DeviceIndex, Traced> traced_;
  std::map<std::string, DeviceIndex> by_address_;
  std::vector<std::vector<SignIndex>> by_device_;
  std::map<std::tuple<SignKind, DeviceIndex, std::string>, SignIndex> by_name_;
  std::map<std::tuple<CableIndex, DeviceIndex, SignKind>, SignIndex> by_cable_;
  std::vector<double> uptime_s_;
  struct Silences {
    double looks = 0;
    double false_ones = 0;
  };
  [[nodiscard]] Silences& silences(SignKind kind);
  void learn(SignKind kind, const Sign& before, bool silent);
  Silences ping_silences_, snmp_silences_, service_silences_;
  Silences packets_;  // echo packets of devices that answered at all
};

}  // namespace nethealth
