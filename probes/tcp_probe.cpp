#include "probes/tcp_probe.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

namespace nethealth {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

Outcome outcome_of(const error_code& error) {
  switch (error.value()) {
    case 0:
      return Outcome::ok;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
      return Outcome::refused;
    case ETIMEDOUT:
      return Outcome::timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case EPROTO:
    case ENOPROTOOPT:
      return Outcome::unreachable;
    default:
      return Outcome::blind;  // no descriptor, port, memory or permission: this host's fault
  }
}

/// One connection from its beginning to its orderly end. The handlers keep it alive.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::io_context& io, TcpRequest request, std::function<void(ServiceSeen)> callback)
      : io_(io), socket_(io), timer_(io), request_(std::move(request)), callback_(std::move(callback)) {}

  void begin() {
    const tcp::endpoint endpoint(request_.address, request_.port);
    error_code error;
    socket_.open(endpoint.protocol(), error);
    if (error) {
      boost::asio::post(io_, [self = shared_from_this(), error] { self->answer(outcome_of(error)); });
      return;
    }
    timer_.expires_after(request_.timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& ended) {
      if (ended || !self->callback_) return;
      self->answer(Outcome::timeout);
      self->close();
    });
    socket_.async_connect(endpoint,
                          [self = shared_from_this()](const error_code& failed) { self->connected(failed); });
  }

 private:
  void connected(const error_code& failed) {
    if (!callback_) return;
    timer_.cancel();
    answer(outcome_of(failed));
    if (failed) return close();
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    timer_.expires_after(tcp_drain_time);
    timer_.async_wait([self = shared_from_this()](const error_code& ended) {
      if (!ended) self->close();
    });
    drain();
  }

  /// Closing with unread bytes would send a reset (RFC 2525, 2.17).
  void drain() {
    socket_.async_read_some(boost::asio::buffer(unread_),
                            [self = shared_from_this()](const error_code& ended, std::size_t size) {
                              self->drained_ += size;
                              if (ended || self->drained_ >= tcp_drain_bytes) return self->close();
                              self->drain();
                            });
  }

  void answer(Outcome outcome) {
    ServiceSeen seen;
    seen.probe = "tcp";
    seen.service = request_.service;
    seen.status = outcome;
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun_;
    if (outcome != Outcome::blind) seen.duration_ms = took.count();
    std::exchange(callback_, nullptr)(std::move(seen));
  }

  void close() {
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

  boost::asio::io_context& io_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  TcpRequest request_;
  std::function<void(ServiceSeen)> callback_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::array<char, 4096> unread_{};
  std::size_t drained_ = 0;
};

}  // namespace

void tcp_look(boost::asio::io_context& io, TcpRequest request, std::function<void(ServiceSeen)> callback) {
  std::make_shared<Connection>(io, std::move(request), std::move(callback))->begin();
}

}  // namespace nethealth
