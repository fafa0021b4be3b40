#pragma once
// Carries one look out: asks every address or service that the task means and says what was seen. Shared by
// the daemon, which looks again and again, and `probe`, which looks once.
//
// A device with several addresses answers if any of them does: all are asked by ICMP and TCP and the best
// answer counts; SNMP asks them one after the other until one answers.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "agent/scheduler.hpp"
#include "config/site.hpp"
#include "probes/curl_worker.hpp"
#include "probes/icmp_prober.hpp"
#include "probes/observation.hpp"
#include "probes/snmp_prober.hpp"

namespace nethealth {

/// `snmp` is null where no UDP socket could be had: then every SNMP look is blind.
struct Probers {
  IcmpProber& icmp;
  CurlWorker& curl;
  SnmpProber* snmp = nullptr;
};

using Seen = decltype(Observation::seen);

class Looker {
 public:
  static constexpr Milliseconds packet_spacing{100};
  /// A wanted look is in a hurry: the engine waits for it before it decides.
  static constexpr Milliseconds wanted_packet_spacing{60};
  static constexpr int wanted_packets = 3;
  static constexpr Milliseconds wanted_snmp_timeout{1'000};
  static constexpr int wanted_snmp_retries = 1;

  /// `site` and the probers must outlive the looker.
  Looker(boost::asio::io_context& io, const Site& site, Probers probers);
  /// No callback comes after this.
  ~Looker();
  Looker(const Looker&) = delete;
  Looker& operator=(const Looker&) = delete;

  /// `seen` comes once for ICMP and SNMP and once a service for TCP and HTTP, then `finished`. Never from
  /// inside.
  void look(const LookTask& task, bool wanted, std::function<void(Seen)> seen,
            std::function<void()> finished);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Every address of the site's devices that can be read as one.
std::vector<Address> addresses_of(const Site& site);

/// The more an outcome says of the device, the higher.
int outcome_weight(Outcome outcome);

/// Of several answers to the same question the one that counts.
IcmpSeen better(const IcmpSeen& a, const IcmpSeen& b);
ServiceSeen better(const ServiceSeen& a, const ServiceSeen& b);

}  // namespace nethealth
