#pragma once
// A program of this host as a channel (a modem, a printer, a loudspeaker). No shell sees anything of the
// message: the program and its arguments are fixed by the configuration, the text goes to its standard input,
// and who and what is told by environment variables:
//
//   NETHEALTH_ADDRESS, NETHEALTH_SUBJECT, NETHEALTH_ID, NETHEALTH_KIND, NETHEALTH_RESEND (1 for a repeat)
//
// Exit 0 is accepted, 75 (EX_TEMPFAIL of sysexits.h) is tried again, anything else is refused. A program that
// does not end within courier_attempt_limit is killed with its children, and what it did is unknown.

#include <boost/asio/io_context.hpp>
#include <memory>

#include "agent/courier.hpp"
#include "config/site.hpp"

namespace nethealth {

class CommandCourier : public Courier {
 public:
  CommandCourier(boost::asio::io_context& io, const Channel& channel,
                 Milliseconds limit = courier_attempt_limit);
  ~CommandCourier() override;
  void deliver(const Letter& letter, DeliveryFlags flags, Done done) override;

  static constexpr std::size_t most_at_once = 8;  ///< programs that run; more wait for the next try

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
