#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "agent/syslog_link.hpp"
#include "agent/syslog_message.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
namespace tls = boost::asio::ssl;

class TlsLink : public SyslogLink, public std::enable_shared_from_this<TlsLink> {
 public:
  TlsLink(boost::asio::io_context& io, const SyslogTarget& target)
      : target_(target), resolver_(io), context_(tls::context::tls_client), stream_(io, prepared()) {}

  void open(Done opened, Done ended) override {
    opened_ = std::move(opened);
    ended_ = std::move(ended);
    resolver_.async_resolve(target_.host, std::to_string(target_.port),
                            [weak = weak_from_this()](const error_code& error, const auto& found) {
                              const auto self = weak.lock();
                              if (!self) return;
                              if (!self->unfit_.empty()) return self->opened_(self->unfit_);
                              if (error) return self->opened_(error.message());
                              self->connect(found);
                            });
  }

  void write(std::vector<std::string> messages, Done written) override {
    buffer_.clear();
    for (const std::string& message : messages)
      buffer_ += syslog_frame(message, SyslogFraming::octet_counting);  // RFC 5425 4.3 knows no other
    boost::asio::async_write(
        stream_, boost::asio::buffer(buffer_),
        [weak = weak_from_this(), written = std::move(written)](const error_code& error, std::size_t size) {
          const auto self = weak.lock();
          if (!self) return;
          self->written_ += size;
          written(error ? error.message() : std::string());
        });
  }

  std::string trouble() override {
    if (!over_.empty()) return over_;
    char byte = 0;
    const auto size = ::recv(stream_.lowest_layer().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (size == 0) return closed_text;
    if (size < 0 && errno != EAGAIN && errno != EINTR)
      return error_code(errno, boost::system::system_category()).message();
    return {};
  }

  [[nodiscard]] std::uint64_t written_bytes() const override { return written_; }

  /// In bytes of the encrypted stream, so a little more than what is really open.
  [[nodiscard]] std::uint64_t unconfirmed_bytes() const override {
    int pending = 0;
    // The descriptor is only lent: native_handle() of a const socket does not exist.
    const int descriptor = const_cast<tls::stream<tcp::socket>&>(stream_).lowest_layer().native_handle();
    if (::ioctl(descriptor, SIOCOUTQ, &pending) != 0 || pending < 0) return 0;
    return static_cast<std::uint64_t>(pending);
  }

 private:
  static constexpr const char* closed_text = "the other side closed the connection";

  /// Certificates are read anew for each connection, so that a renewed one counts.
  tls::context& prepared() {
    error_code error;
    context_.set_options(tls::context::default_workarounds | tls::context::no_tlsv1 |
                         tls::context::no_tlsv1_1);
    if (target_.certificate_authority.empty())
      context_.set_default_verify_paths(error);
    else
      context_.load_verify_file(target_.certificate_authority, error);
    if (error) unfit_ = target_.certificate_authority + ": " + error.message();
    if (target_.certificate.empty()) return context_;
    context_.use_certificate_chain_file(target_.certificate, error);
    if (error) unfit_ = target_.certificate + ": " + error.message();
    context_.use_private_key_file(target_.key_file, tls::context::pem, error);
    if (error) unfit_ = target_.key_file + ": " + error.message();
    return context_;
  }

  void connect(const tcp::resolver::results_type& found) {
    boost::asio::async_connect(stream_.lowest_layer(), found,
                               [weak = weak_from_this()](const error_code& error, const auto&) {
                                 const auto self = weak.lock();
                                 if (!self) return;
                                 if (error) return self->opened_(error.message());
                                 self->shake_hands();
                               });
  }

  void shake_hands() {
    error_code ignored;
    stream_.lowest_layer().set_option(boost::asio::socket_base::keep_alive(true), ignored);
    stream_.set_verify_mode(tls::verify_peer, ignored);
    stream_.set_verify_callback(tls::host_name_verification(target_.host), ignored);
    (void)SSL_set_tlsext_host_name(stream_.native_handle(), target_.host.c_str());
    stream_.async_handshake(tls::stream_base::client, [weak = weak_from_this()](const error_code& error) {
      const auto self = weak.lock();
      if (!self) return;
      if (error) return self->opened_("no encrypted connection: " + error.message());
      self->watch();
      self->opened_({});
    });
  }

  /// A receiver says nothing; what can be read is the end. TLS 1.3 refuses our certificate only here.
  void watch() {
    stream_.async_read_some(
        boost::asio::buffer(heard_), [weak = weak_from_this()](const error_code& error, std::size_t) {
          const auto self = weak.lock();
          if (!self) return;
          if (!error) return self->watch();
          const bool closed = error == boost::asio::error::eof || error == tls::error::stream_truncated;
          self->over_ = closed ? closed_text : error.message();
          self->ended_(self->over_);
        });
  }

  const SyslogTarget target_;
  std::string unfit_;  ///< why no connection can be made at all
  tcp::resolver resolver_;
  tls::context context_;
  tls::stream<tcp::socket> stream_;
  Done opened_;
  Done ended_;
  std::string over_;
  std::string buffer_;
  std::array<char, 512> heard_{};
  std::uint64_t written_ = 0;
};

}  // namespace

std::shared_ptr<SyslogLink> tls_syslog_link(boost::asio::io_context& io, const SyslogTarget& target) {
  return std::make_shared<TlsLink>(io, target);
}

std::shared_ptr<SyslogLink> syslog_link(boost::asio::io_context& io, const SyslogTarget& target) {
  switch (target.transport) {
    case SyslogTransport::udp:
      return udp_syslog_link(io, target);
    case SyslogTransport::tcp:
      return tcp_syslog_link(io, target);
    case SyslogTransport::tls:
      break;
  }
  return tls_syslog_link(io, target);
}

}  // namespace nethealth
