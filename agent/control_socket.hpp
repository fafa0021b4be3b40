#pragma once
// The daemon's end of the control socket: a unix stream socket, mode 0660; one request line, one reply line,
// then it is closed. Clients cannot hurt: requests are bounded, slow ones are cut off, the number of
// connections is limited, and nothing here waits for anybody. Who speaks is known from the kernel
// (SO_PEERCRED, unix(7)).

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "agent/control_message.hpp"
#include "config/result.hpp"
#include "config/time.hpp"

namespace nethealth {

struct Peer {
  uid_t user = 0;
  std::string
      account;  ///< the account's name; only looked up for requests that act, empty when there is none
  std::string person = {};  ///< over HTTP, where no account speaks: who showed a token or has a session
  std::string way = "socket";
};

struct ControlLimits {
  std::size_t connections = 64;
  std::size_t large_requests = 4;  ///< of more than control_request_limit_bytes, at one time
  Milliseconds to_send_the_request{5'000};
  Milliseconds to_be_answered{600'000};  ///< the check of a whole journal takes its time
  Milliseconds to_take_the_reply{10'000};
};

class ControlSocket {
 public:
  using Answer = std::function<void(ControlReply)>;
  /// Called on the io_context. `answer` may be called later, once, on the io_context.
  using Handler = std::function<void(const ControlRequest&, const Peer&, Answer answer)>;

  /// Makes the socket's folder if it can, and takes over a socket that nobody answers any more. Fails when a
  /// daemon answers there, and when the path is something else than a socket.
  static Result<std::unique_ptr<ControlSocket>> open(boost::asio::io_context& io, const std::string& path,
                                                     Handler handler, ControlLimits limits = {});
  /// As stop().
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Removes the socket and cuts every connection off.
  void stop();

 private:
  class Impl;
  explicit ControlSocket(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
