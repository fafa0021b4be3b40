#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "agent/syslog_link.hpp"
#include "agent/syslog_message.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

class TcpLink : public SyslogLink, public std::enable_shared_from_this<TcpLink> {
 public:
  TcpLink(boost::asio::io_context& io, const SyslogTarget& target)
      : target_(target), resolver_(io), socket_(io) {}

  void open(Done opened, Done ended) override {
    ended_ = std::move(ended);
    resolver_.async_resolve(
        target_.host, std::to_string(target_.port),
        [weak = weak_from_this(), opened = std::move(opened)](const error_code& error, const auto& found) {
          const auto self = weak.lock();
          if (!self) return;
          if (error) return opened(error.message());
          boost::asio::async_connect(self->socket_, found,
                                     [weak, opened](const error_code& refused, const auto&) {
                                       if (const auto link = weak.lock()) link->connected(refused, opened);
                                     });
        });
  }

  void write(std::vector<std::string> messages, Done written) override {
    buffer_.clear();
    for (const std::string& message : messages) buffer_ += syslog_frame(message, target_.framing);
    boost::asio::async_write(
        socket_, boost::asio::buffer(buffer_),
        [weak = weak_from_this(), written = std::move(written)](const error_code& error, std::size_t size) {
          const auto self = weak.lock();
          if (!self) return;
          self->written_ += size;
          written(error ? error.message() : std::string());
        });
  }

  std::string trouble() override {
    char byte = 0;
    const auto size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size == 0) return closed_text;
    if (size < 0 && errno != EAGAIN && errno != EINTR) {
      return error_code(errno, boost::system::system_category()).message();
    }
    return {};
  }

  [[nodiscard]] std::uint64_t written_bytes() const override { return written_; }

  [[nodiscard]] std::uint64_t unconfirmed_bytes() const override {
    int pending = 0;
    // The descriptor is only lent: native_handle() of a const socket does not exist.
    const int descriptor = const_cast<tcp::socket&>(socket_).native_handle();
    if (::ioctl(descriptor, SIOCOUTQ, &pending) != 0 || pending < 0) return 0;
    return static_cast<std::uint64_t>(pending);
  }

 private:
  static constexpr const char* closed_text = "the other side closed the connection";

  void connected(const error_code& error, const Done& opened) {
    if (error) return opened(error.message());
    error_code ignored;
    socket_.set_option(boost::asio::socket_base::keep_alive(true), ignored);
    watch();
    opened({});
  }

  /// A receiver says nothing; what can be read is the end.
  void watch() {
    socket_.async_read_some(boost::asio::buffer(heard_),
                            [weak = weak_from_this()](const error_code& error, std::size_t) {
                              const auto self = weak.lock();
                              if (!self) return;
                              if (!error) return self->watch();
                              const bool closed = error == boost::asio::error::eof;
                              self->ended_(closed ? closed_text : error.message());
                            });
  }

  const SyslogTarget target_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  Done ended_;
  std::string buffer_;
  std::array<char, 512> heard_{};
  std::uint64_t written_ = 0;
};

}  // namespace

std::shared_ptr<SyslogLink> tcp_syslog_link(boost::asio::io_context& io, const SyslogTarget& target) {
  return std::make_shared<TcpLink>(io, target);
}

}  // namespace nethealth
