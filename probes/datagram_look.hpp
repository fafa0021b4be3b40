#pragma once
// One question by UDP: sent, repeated once, answered or not. The callback comes later, once.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/time.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct DatagramRequest {
  boost::asio::ip::udp::endpoint to;
  std::string question;
  Milliseconds timeout{3'000};  ///< for both tries
};

/// What an answer says, or empty when it is none of ours: then it is waited on for another.
struct DatagramVerdict {
  Outcome outcome = Outcome::ok;
  std::string text;
};
using ReadDatagram = std::function<std::optional<DatagramVerdict>(std::string_view bytes)>;

/// `refused` where the far end says that nobody listens, `timeout` where nothing of ours comes back.
void datagram_look(boost::asio::io_context& io, DatagramRequest request, ReadDatagram read,
                   std::function<void(DatagramVerdict, Milliseconds took)> callback);

/// What a failed system call of a look says: of the far end, or (blind) of this host.
Outcome outcome_of_error(int error);

}  // namespace nethealth
