#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "agent/syslog_link.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

/// A connected socket: an ICMP error comes back as the error of the next call.
class UdpLink : public SyslogLink, public std::enable_shared_from_this<UdpLink> {
 public:
  UdpLink(boost::asio::io_context& io, const SyslogTarget& target)
      : target_(target), resolver_(io), socket_(io) {}

  void open(Done opened, Done) override {
    resolver_.async_resolve(
        target_.host, std::to_string(target_.port),
        [weak = weak_from_this(), opened = std::move(opened)](const error_code& error, const auto& found) {
          const auto self = weak.lock();
          if (!self) return;
          opened(error ? error.message() : self->connect(found));
        });
  }

  void write(std::vector<std::string> messages, Done written) override {
    messages_ = std::move(messages);
    next_ = 0;
    written_done_ = std::move(written);
    send_rest();
  }

  std::string trouble() override {
    char byte = 0;
    error_code error;
    socket_.receive(boost::asio::buffer(&byte, 1), 0, error);
    return error && error != boost::asio::error::would_block ? error.message() : std::string();
  }

  [[nodiscard]] std::uint64_t written_bytes() const override { return written_; }
  [[nodiscard]] std::uint64_t unconfirmed_bytes() const override { return 0; }

 private:
  std::string connect(const udp::resolver::results_type& found) {
    error_code error = boost::asio::error::host_not_found;
    for (const auto& entry : found) {
      error_code ignored;
      socket_.close(ignored);
      socket_.open(entry.endpoint().protocol(), error);
      if (!error) socket_.connect(entry.endpoint(), error);
      if (!error) socket_.non_blocking(true, error);
      if (!error) return {};
    }
    return error.message();
  }

  void send_rest() {
    error_code error;
    while (next_ < messages_.size() && !error) {
      written_ += socket_.send(boost::asio::buffer(messages_[next_]), 0, error);
      if (!error) ++next_;
    }
    if (error == boost::asio::error::would_block) {
      socket_.async_wait(udp::socket::wait_write, [weak = weak_from_this()](const error_code& ended) {
        const auto self = weak.lock();
        if (self && !ended) self->send_rest();
      });
      return;
    }
    const std::string text = error ? error.message() : std::string();
    boost::asio::post(socket_.get_executor(), [weak = weak_from_this(), text] {
      if (const auto self = weak.lock()) self->written_done_(text);
    });
  }

  const SyslogTarget target_;
  udp::resolver resolver_;
  udp::socket socket_;
  std::vector<std::string> messages_;
  std::size_t next_ = 0;
  Done written_done_;
  std::uint64_t written_ = 0;
};

}  // namespace

std::shared_ptr<SyslogLink> udp_syslog_link(boost::asio::io_context& io, const SyslogTarget& target) {
  return std::make_shared<UdpLink>(io, target);
}

}  // namespace nethealth
