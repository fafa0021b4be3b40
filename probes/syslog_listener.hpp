#pragma once
// Hears what devices send by syslog: UDP (RFC 5426), TCP in both ways of framing (RFC 6587) and TLS (RFC
// 5425), from the addresses of known devices. Everything else is dropped and counted by reason; nothing that
// arrives can delay others. A message counts as a line of a log of its device.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/result.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// Taken of one device: a burst, and then so many a second. A storm beyond it is dropped and counted.
inline constexpr double syslog_burst = 5'000;
inline constexpr double syslog_per_second = 1'000;
/// Connections at the same time, of one address and of all.
inline constexpr std::size_t syslog_connections_per_source = 8;
inline constexpr std::size_t syslog_connections = 512;
/// A connection that says nothing for so long is closed; the sender opens another.
inline constexpr Milliseconds syslog_idle{3'600'000};

/// Shaking hands takes no longer, or the connection is closed.
inline constexpr Milliseconds syslog_handshake{10'000};

/// Who may send where.
struct SyslogSource {
  std::string listen;   ///< LogSource::syslog
  std::string address;  ///< of the device, numeric
  DeviceIndex device = 0;
  std::string encoding;
  std::vector<std::string> rules;
  SyslogSeal seal{};  ///< of a tls:// place
};
std::vector<SyslogSource> syslog_sources(const Site& site);

/// Totals since start.
struct SyslogCounters {
  std::uint64_t taken = 0;
  std::uint64_t dropped_unknown_source = 0;
  std::uint64_t dropped_storm = 0;
  std::uint64_t dropped_framing = 0;      ///< connections closed for bytes that are no syslog
  std::uint64_t dropped_tls = 0;          ///< connections whose handshake failed
  std::uint64_t dropped_connections = 0;  ///< refused because there were too many
};

class SyslogListener {
 public:
  /// `listen` is the SyslogSource's.
  using Heard = std::function<void(DeviceIndex device, const std::string& listen, LogSeen line)>;

  /// What cannot be opened is told in `problems`, one line each; the rest is heard.
  SyslogListener(boost::asio::io_context& io, const std::vector<SyslogSource>& sources, Heard heard,
                 std::vector<std::string>& problems);
  /// No callback comes after this.
  ~SyslogListener();
  SyslogListener(const SyslogListener&) = delete;
  SyslogListener& operator=(const SyslogListener&) = delete;

  [[nodiscard]] const SyslogCounters& counters() const;
  /// The port of the n-th of `listen`, in the order of its first appearance; for tests that let the kernel
  /// choose. 0 when it could not be opened.
  [[nodiscard]] std::uint16_t port(std::size_t n) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
