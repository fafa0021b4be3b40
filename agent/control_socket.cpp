#include "agent/control_socket.hpp"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <vector>

#include "agent/accepting.hpp"

namespace nethealth {
namespace {

namespace asio = boost::asio;
using Stream = asio::local::stream_protocol;
using boost::system::error_code;

constexpr mode_t owner_and_group_only = 0117;
constexpr std::size_t account_buffer_bytes = 16 * 1024;

/// May ask a directory server and so take long; runs in the pool.
std::string account_name(uid_t user) {
  std::vector<char> buffer(account_buffer_bytes);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_name;
}

bool somebody_answers(const std::string& path) {
  asio::io_context io;
  Stream::socket probe(io);
  error_code error;
  probe.connect(Stream::endpoint(path), error);
  return !error || error == asio::error::would_block || error == asio::error::try_again;
}

/// Clears the way for bind: an empty result when the path is free now.
std::optional<Failure> make_room(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return Failure{path, "a control socket's path has 1 to " +
                             std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes"};
  std::error_code folder_error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), folder_error);
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISSOCK(status.st_mode))
    return Failure{path, "exists and is not a socket; remove it or choose another --socket"};
  if (somebody_answers(path)) return Failure{path, "another nethealth is running and answers here"};
  if (unlink(path.c_str()) != 0)
    return Failure{path, std::string("cannot remove the old socket: ") + std::strerror(errno)};
  return std::nullopt;
}

}  // namespace

class ControlSocket::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, std::string path, Handler handler, ControlLimits limits)
      : io_(io),
        acceptor_(io),
        pause_(io),
        path_(std::move(path)),
        handler_(std::move(handler)),
        limits_(limits) {}

  std::optional<Failure> listen() {
    if (auto problem = make_room(path_)) return problem;
    error_code error;
    acceptor_.open(Stream(), error);
    const mode_t mask = umask(owner_and_group_only);
    if (!error) acceptor_.bind(Stream::endpoint(path_), error);
    umask(mask);
    if (!error) acceptor_.listen(waiting_connections, error);
    if (error) return Failure{path_, "cannot listen: " + error.message()};
    listening_ = true;
    accept();
    return std::nullopt;
  }

  void stop() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    if (std::exchange(listening_, false)) unlink(path_.c_str());
    const auto connections = connections_;
    for (const auto& connection : connections) end(connection);
    pool_.join();
  }

 private:
  struct Connection {
    explicit Connection(Stream::socket accepted)
        : socket(std::move(accepted)), timer(socket.get_executor()) {}
    Stream::socket socket;
    asio::steady_timer timer;
    std::string input;
    bool large = false;  ///< it has one of the few places for long requests
    std::string output;
    Peer peer;
    bool answered = false;
  };
  using Shared = std::shared_ptr<Connection>;

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, Stream::socket socket) {
      if (!self->listening_) return;
      if (error) return self->accept_later();
      self->begin(std::move(socket));
      self->accept();
    });
  }

  /// Out of descriptors, most likely: trying again at once would spin.
  void accept_later() {
    pause_.expires_after(pause_after_a_failed_accept);
    pause_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->listening_) self->accept();
    });
  }

  void begin(Stream::socket socket) {
    if (connections_.size() >= limits_.connections) return;
    const auto connection = std::make_shared<Connection>(std::move(socket));
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (getsockopt(connection->socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
      return;
    connection->peer.user = credentials.uid;
    connections_.insert(connection);
    limit(connection, limits_.to_send_the_request);
    read_line(connection, control_request_limit_bytes);
  }

  void read_line(const Shared& connection, std::size_t limit_bytes) {
    asio::async_read_until(connection->socket, asio::dynamic_buffer(connection->input, limit_bytes), '\n',
                           [self = shared_from_this(), connection](error_code error, std::size_t bytes) {
                             self->received(connection, error, bytes);
                           });
  }

  /// Requests that bring files are long; only a few at a time, so that the memory they take is bounded.
  bool has_room_for_more(Connection& connection) {
    if (connection.large || large_ >= limits_.large_requests) return false;
    ++large_;
    return connection.large = true;
  }

  void limit(const Shared& connection, Milliseconds time) {
    connection->timer.expires_after(time);
    connection->timer.async_wait([self = shared_from_this(), connection](error_code error) {
      if (!error) self->end(connection);
    });
  }

  void received(const Shared& connection, error_code error, std::size_t bytes) {
    if (!connections_.contains(connection)) return;
    if (error == asio::error::not_found && has_room_for_more(*connection))
      return read_line(connection, control_large_request_limit_bytes);
    connection->timer.cancel();
    if (error == asio::error::not_found)
      return reply(connection, {2, "",
                                "nethealth: the request is longer than " +
                                    std::to_string(connection->large ? control_large_request_limit_bytes
                                                                     : control_request_limit_bytes) +
                                    " bytes\n"});
    if (error) return end(connection);
    const Result<ControlRequest> request =
        request_from_line(std::string_view(connection->input).substr(0, bytes - 1));
    connection->input = {};
    if (!request)
      return reply(connection, {2, "", "nethealth: bad request: " + request.error().text() + "\n"});
    if (!request->acts()) return handle(connection, *request);
    asio::post(pool_, [self = shared_from_this(), connection, request = *request] {
      asio::post(self->io_, [self, connection, request, account = account_name(connection->peer.user)] {
        connection->peer.account = account;
        self->handle(connection, request);
      });
    });
  }

  void handle(const Shared& connection, const ControlRequest& request) {
    if (!connections_.contains(connection)) return;
    limit(connection, limits_.to_be_answered);
    handler_(request, connection->peer, [weak = weak_from_this(), connection](ControlReply answer) {
      if (const auto self = weak.lock()) self->reply(connection, answer);
    });
  }

  void reply(const Shared& connection, const ControlReply& answer) {
    if (!connections_.contains(connection) || std::exchange(connection->answered, true)) return;
    connection->output = to_line(answer);
    limit(connection, limits_.to_take_the_reply);
    asio::async_write(
        connection->socket, asio::buffer(connection->output),
        [self = shared_from_this(), connection](error_code, std::size_t) { self->end(connection); });
  }

  void end(const Shared& connection) {
    if (connections_.erase(connection) > 0 && connection->large) --large_;
    connection->timer.cancel();
    error_code ignored;
    connection->socket.close(ignored);
  }

  asio::io_context& io_;
  Stream::acceptor acceptor_;
  asio::steady_timer pause_;
  std::string path_;
  Handler handler_;
  ControlLimits limits_;
  bool listening_ = false;
  std::size_t large_ = 0;
  std::set<Shared> connections_;
  asio::thread_pool pool_{1};
};

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(asio::io_context& io, const std::string& path,
                                                           Handler handler, ControlLimits limits) {
  auto impl = std::make_shared<Impl>(io, path, std::move(handler), limits);
  if (auto problem = impl->listen()) return tl::unexpected(*problem);
  return std::unique_ptr<ControlSocket>(new ControlSocket(std::move(impl)));
}

ControlSocket::ControlSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlSocket::~ControlSocket() {
  stop();
}
void ControlSocket::stop() {
  impl_->stop();
}

}  // namespace nethealth
