#pragma once
// The HTTP server on the daemon's loop (RFC 9112): TLS or plain, one request after the other on each
// connection. Clients cannot hurt: head, body, time and connections are bounded, the slow and the garbled are
// answered if they can be, counted and cut off, and nothing here waits for anybody. What a request means is
// decided elsewhere.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/result.hpp"
#include "config/site.hpp"
#include "config/time.hpp"

namespace nethealth {

struct WebRequest {
  std::string method;
  std::string path;                            ///< percent-decoded, without the query
  std::map<std::string, std::string> query;    ///< decoded; the last of a name counts
  std::map<std::string, std::string> headers;  ///< names in lower case; the last of a name counts
  std::string body;
  std::string address;  ///< the client's
  bool encrypted = false;

  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

/// The parts of a form (application/x-www-form-urlencoded), decoded. What cannot be decoded, or has a control
/// character, is left out; the last of a name counts.
std::map<std::string, std::string> form_parts(std::string_view body);

struct WebReply {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct WebLimits {
  std::size_t connections = 256;
  std::size_t connections_of_one_address = 32;
  std::size_t head_bytes = std::size_t{16} * 1024;
  std::size_t large_bodies = 4;                           ///< at one time
  std::size_t small_body_bytes = std::size_t{64} * 1024;  ///< more is a large one
  std::size_t requests_of_one_connection = 1'000;
  Milliseconds to_shake_hands{10'000};
  Milliseconds to_send_the_head{10'000};  ///< also how long a connection may be idle before its next request
  Milliseconds to_send_the_body{60'000};
  Milliseconds to_be_answered{600'000};
  Milliseconds to_take_the_reply{60'000};
  Milliseconds to_go{2'000};  ///< after a refusal, until what still arrives is cut off
};

/// Since the start.
struct WebCounters {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t turned_away = 0;  ///< too many at once
  std::uint64_t garbled = 0;      ///< no HTTP, or over a limit
  std::uint64_t slow = 0;         ///< a time limit was over
  std::uint64_t no_tls = 0;       ///< the handshake failed
};

class WebServer {
 public:
  using Answer = std::function<void(WebReply)>;
  struct Handlers {
    /// Called on the io_context. `answer` may be called later, once, on the io_context.
    std::function<void(const WebRequest&, Answer)> request;
    /// How long a body this head may bring, in bytes.
    std::function<std::size_t(const WebRequest&)> body_limit;
  };

  /// Port 0 takes any. A failure says what of the address or the certificate does not work.
  static Result<std::unique_ptr<WebServer>> open(boost::asio::io_context& io, const HttpServer& where,
                                                 Handlers handlers, WebLimits limits = {});
  /// Cuts every connection off; nothing is called after it.
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] const WebCounters& counters() const;

 private:
  class Impl;
  explicit WebServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
