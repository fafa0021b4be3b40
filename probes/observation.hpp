#pragma once
// What one look at one device showed (contract, section Observations). A value: probes make it, rules read
// it.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/time.hpp"

namespace nethealth {

/// How a look ended. `blind`: we could not look, which says nothing about the device.
enum class Outcome : std::uint8_t { ok, refused, timeout, unreachable, tls_error, auth_error, error, blind };

/// An ICMP error instead of an answer, and which router said so (RFC 792, RFC 4443).
struct IcmpError {
  std::string type;  ///< host_unreachable, network_unreachable, prohibited, time_exceeded ...
  std::string from;
  std::optional<double> rtt_ms{};  ///< from the request to the error; only a path trace keeps it
};

struct IcmpSeen {
  int sent = 0;
  int received = 0;
  std::optional<double> rtt_ms;  ///< mean of the answers
  std::optional<double> jitter_ms;
  std::optional<IcmpError> error;
  bool blind = false;
  bool management = false;  ///< the management controller was asked, not the device
};

/// One row of ifTable/ifXTable (RFC 2863). Counters are totals.
struct InterfaceSeen {
  std::string name;
  std::string description;
  std::optional<int> index;
  bool admin_up = true;
  bool oper_up = true;
  std::uint64_t in_errors = 0;
  std::uint64_t out_errors = 0;
  std::optional<std::uint64_t> speed_mbps;
  std::optional<bool> full_duplex;
};

enum class SensorClass : std::uint8_t {
  fan,
  power,
  temperature,
  voltage,
  disk,
  memory,
  battery,
  humidity,
  smoke,
  water,
  door,
  other
};
enum class SensorStatus : std::uint8_t { ok, warning, failed, absent, unknown };

struct SensorSeen {
  std::string name;
  SensorClass sensor_class = SensorClass::other;
  SensorStatus status = SensorStatus::unknown;
  std::optional<double> value;
  std::string unit;
  std::string text;   ///< a value in words, such as "battery"; what the vendor said goes here too
  std::string oid{};  ///< the object and row it was read from, as dotted numbers; empty when not from SNMP
};

struct SnmpSeen {
  Outcome status = Outcome::ok;  ///< ok, timeout, auth_error, error, blind
  std::optional<double> uptime_s;
  std::vector<InterfaceSeen> interfaces;
  std::vector<SensorSeen> sensors;
  bool management = false;
};

struct ServiceSeen {
  std::string probe;  ///< tcp, http; also dns, ntp, smtp, plugin
  std::string service;
  Outcome status = Outcome::ok;
  std::optional<int> code;  ///< the HTTP status
  std::optional<double> duration_ms;
  std::string text{};  ///< what a plugin or a server said, or what is wrong with its answer; one line
  std::map<std::string, std::string> performance{};  ///< a plugin's figures: label to value with unit
};

struct LogSeen {
  std::string file;
  std::uint64_t offset = 0;        ///< of the line's first byte
  std::vector<std::string> rules;  ///< packs to match; all when empty
  std::string line;                ///< UTF-8, without its line end
};

struct TrapSeen {
  std::string oid{};
  std::map<std::string, std::string> varbinds;
};

/// The monitor's own place: its network card, its nearest router or switch, and whether its journal can be
/// written.
struct MonitorSeen {
  std::optional<bool> carrier;
  std::optional<bool> gateway_ok;
  std::optional<bool> storage_ok;
  std::string storage_error;
};

/// What is known of a source of log lines itself: whether it still writes, and how far its writer's clock is
/// from ours.
struct LogSourceSeen {
  std::string source;                    ///< as the site names it: a path, a pattern, "udp://..."
  bool silent = false;                   ///< no line for longer than is expected of it
  std::optional<Time> last;              ///< when the last line was read
  std::optional<Milliseconds> expected;  ///< a line at least so often
  bool learned = false;                  ///< `expected` is not configured but learned from how it wrote
  std::optional<Milliseconds> ahead;     ///< its lines' own time minus ours, the delivery's delay in it
  bool clock_off = false;                ///< that is further than the site allows
};

/// Who answered at one distance of a path; nobody when `from` is empty.
struct TraceHop {
  std::string from{};
  std::optional<double> rtt_ms{};
};

/// The way to a device, one router after the other, from the nearest; silent ones at its end are left out.
struct TraceSeen {
  /// ok: the last hop is the device; unreachable: the last hop says so; timeout: beyond it nobody answers;
  /// blind: no routers to ask, or no way to ask them.
  Outcome status = Outcome::timeout;
  std::string target{};  ///< the address that was traced
  std::vector<TraceHop> hops{};
};

/// Whether anybody has the device's address on the monitor's own wire (ARP, neighbour discovery). A system
/// that hangs or filters often still answers this.
struct ArpSeen {
  Outcome status = Outcome::timeout;  ///< ok, timeout; blind: not on this wire, or no way to ask
  std::string mac{};                  ///< who answers, as aa:bb:cc:dd:ee:ff; empty when not known
};

/// A probe this version does not know; kept so that it can be counted.
struct OtherSeen {
  std::string probe;
};

struct Observation {
  Time time;
  std::string device;
  std::variant<IcmpSeen, SnmpSeen, ServiceSeen, LogSeen, TrapSeen, MonitorSeen, LogSourceSeen, TraceSeen,
               ArpSeen, OtherSeen>
      seen;
};

}  // namespace nethealth
