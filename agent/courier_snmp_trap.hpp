#pragma once
// Sends a notification as an SNMP inform or trap of NETHEALTH-MIB to a network management system.
//
// An inform is accepted when the manager confirmed it; one that nobody confirms may have arrived all the
// same, so its outcome is unknown and the next copy says so (nhMessageRepeated). A trap is never confirmed:
// "accepted" then means that this host's network took it, and no more.

#include <boost/asio/io_context.hpp>
#include <memory>

#include "agent/courier.hpp"
#include "config/language.hpp"
#include "config/site.hpp"

namespace nethealth {

inline constexpr std::uint16_t snmp_trap_port = 162;

struct UsmEngine;

class SnmpTrapCourier : public Courier {
 public:
  /// `channel` is of type snmp_trap, `own` this host (own_engine.hpp). One inform waits `patience` for its
  /// confirmation; with SNMPv3 the manager's engine is asked for first, with the same patience.
  SnmpTrapCourier(boost::asio::io_context& io, const Channel& channel, const Credential& credential,
                  const UsmEngine& own, const Zone& zone, Language language,
                  Milliseconds patience = Milliseconds{5'000});
  ~SnmpTrapCourier() override;
  void deliver(const Letter& letter, DeliveryFlags flags, Done done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
