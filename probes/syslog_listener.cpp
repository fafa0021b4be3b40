#include "probes/syslog_listener.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <utility>

#include "probes/datagram_buffer.hpp"
#include "probes/log_decode.hpp"
#include "probes/moment_offset.hpp"
#include "probes/rate_allowance.hpp"
#include "probes/syslog_framing.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;
using boost::system::error_code;
namespace ssl = boost::asio::ssl;
using Clock = std::chrono::steady_clock;

/// Datagrams read before other work gets its turn.
constexpr int datagrams_per_turn = 64;

struct Place {
  bool stream = false, sealed = false;
  boost::asio::ip::address address;
  std::uint16_t port = 0;
};

/// "udp://ADDRESS:PORT", "tcp://..." or "tls://...", IPv6 in brackets.
std::optional<Place> place_in(std::string_view text) {
  Place place;
  place.sealed = text.starts_with("tls://");
  place.stream = place.sealed || text.starts_with("tcp://");
  if (!place.stream && !text.starts_with("udp://")) return std::nullopt;
  text.remove_prefix(6);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  error_code error;
  place.address = boost::asio::ip::make_address(std::string(host), error);
  const auto [end, fault] = std::from_chars(port.data(), port.data() + port.size(), place.port);
  if (error || fault != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  return place;
}

/// IPv4 as it comes to a socket of both families.
boost::asio::ip::address plain(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  return address;
}

struct SyslogSender {
  DeviceIndex device = 0;
  std::string listen;
  LogEncoding encoding = LogEncoding::automatic;
  std::vector<std::string> rules;
  std::size_t connections = 0;
  RateAllowance allowance{syslog_burst, syslog_per_second};
};

/// One place that is heard, and who may send there.
struct Ear {
  std::string listen;
  std::optional<udp::socket> datagrams;
  std::optional<tcp::acceptor> streams;
  std::optional<ssl::context> seal;
  std::map<boost::asio::ip::address, SyslogSender> senders;
};

struct Stream {
  explicit Stream(tcp::socket connected) : socket(std::move(connected)), idle(socket.get_executor()) {}
  tcp::socket socket;
  std::optional<ssl::stream<tcp::socket&>> sealed;
  boost::asio::steady_timer idle;
  SyslogSender* sender = nullptr;
  boost::asio::ip::address from;  ///< kept: a socket whose peer has reset it no longer knows
  SyslogSplitter splitter;
  std::array<char, 16 * 1024> room{};
};

}  // namespace

std::vector<SyslogSource> syslog_sources(const Site& site) {
  std::vector<SyslogSource> sources;
  for (DeviceIndex index = 0; index < site.devices.size(); ++index) {
    const Device& device = site.devices[index];
    std::vector<std::string> addresses = device.addresses;
    if (device.management) addresses.push_back(device.management->address);
    for (const LogSource& log : device.logs)
      if (!log.syslog.empty())
        for (const std::string& address : addresses)
          sources.push_back({log.syslog, address, index, log.encoding, log.rules, log.seal});
  }
  return sources;
}

class SyslogListener::Impl : public std::enable_shared_from_this<SyslogListener::Impl> {
 public:
  Impl(boost::asio::io_context& io, Heard heard) : io_(io), heard_(std::move(heard)) {}

  void open(const std::vector<SyslogSource>& sources, std::vector<std::string>& problems) {
    for (const SyslogSource& source : sources) {
      auto ear = std::find_if(ears_.begin(), ears_.end(),
                              [&](const Ear& one) { return one.listen == source.listen; });
      if (ear == ears_.end()) {
        ear = ears_.emplace(ears_.end());
        ear->listen = source.listen;
        if (const std::string trouble = open(*ear, source.seal); !trouble.empty())
          problems.push_back(source.listen + ": " + trouble);
      }
      error_code error;
      const auto address = boost::asio::ip::make_address(source.address, error);
      if (error) continue;
      SyslogSender& sender = ear->senders[plain(address)];
      sender.device = source.device;
      sender.listen = source.listen;
      sender.encoding = log_encoding(source.encoding).value_or(LogEncoding::automatic);
      sender.rules = source.rules;
    }
  }

  void close() {
    closed_ = true;
    error_code ignored;
    for (Ear& ear : ears_) {
      if (ear.datagrams) ear.datagrams->close(ignored);
      if (ear.streams) ear.streams->close(ignored);
    }
    for (const auto& stream : streams_) {
      stream->socket.close(ignored);
      stream->idle.cancel();
    }
  }

  [[nodiscard]] std::uint16_t port(std::size_t n) const {
    error_code ignored;
    const Ear& ear = *std::next(ears_.begin(), static_cast<std::ptrdiff_t>(n));
    if (ear.datagrams) return ear.datagrams->local_endpoint(ignored).port();
    return ear.streams ? ear.streams->local_endpoint(ignored).port() : std::uint16_t{0};
  }

  SyslogCounters counters;

 private:
  /// Why not; empty when it is open.
  std::string open(Ear& ear, const SyslogSeal& seal) {
    const auto place = place_in(ear.listen);
    if (!place) return "not udp://ADDRESS:PORT, tcp://ADDRESS:PORT or tls://ADDRESS:PORT";
    if (place->sealed)
      if (const std::string trouble = prepare(ear.seal.emplace(ssl::context::tls_server), seal);
          !trouble.empty())
        return trouble;
    error_code error;
    place->stream ? open_streams(ear, *place, error) : open_datagrams(ear, *place, error);
    return error ? error.message() : "";
  }

  static std::string prepare(ssl::context& context, const SyslogSeal& seal) {
    error_code error;
    context.set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 |
                            ssl::context::no_tlsv1_1 | ssl::context::no_compression,
                        error);
    context.use_certificate_chain_file(seal.certificate, error);
    if (error) return seal.certificate + ": " + error.message();
    context.use_private_key_file(seal.key_file, ssl::context::pem, error);
    if (error) return seal.key_file + ": " + error.message();
    if (seal.certificate_authority.empty()) return {};
    context.load_verify_file(seal.certificate_authority, error);
    if (error) return seal.certificate_authority + ": " + error.message();
    context.set_verify_mode(
        ssl::verify_peer | (seal.certificate_required ? ssl::verify_fail_if_no_peer_cert : 0), error);
    return error ? error.message() : "";
  }

  void open_datagrams(Ear& ear, const Place& place, error_code& error) {
    error_code ignored;
    udp::socket socket(io_);
    const udp::endpoint endpoint(place.address, place.port);
    socket.open(endpoint.protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (!error && place.address.is_v6()) socket.set_option(boost::asio::ip::v6_only(true), ignored);
    if (!error)
      socket.set_option(boost::asio::socket_base::receive_buffer_size(datagram_buffer_bytes), ignored);
    if (!error) socket.bind(endpoint, error);
    if (error) return;
    ear.datagrams.emplace(std::move(socket));
    wait_for_datagrams(ear);
  }

  void open_streams(Ear& ear, const Place& place, error_code& error) {
    error_code ignored;
    tcp::acceptor acceptor(io_);
    const tcp::endpoint endpoint(place.address, place.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), ignored);
    if (!error && place.address.is_v6()) acceptor.set_option(boost::asio::ip::v6_only(true), ignored);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) return;
    ear.streams.emplace(std::move(acceptor));
    accept(ear);
  }

  SyslogSender* sender_of(Ear& ear, const boost::asio::ip::address& address) {
    const auto found = ear.senders.find(plain(address));
    if (found != ear.senders.end()) return &found->second;
    ++counters.dropped_unknown_source;
    return nullptr;
  }

  void wait_for_datagrams(Ear& ear) {
    ear.datagrams->async_wait(udp::socket::wait_read,
                              [weak = weak_from_this(), &ear](const error_code& error) {
                                const auto self = weak.lock();
                                if (!self || error || self->closed_) return;
                                self->read_datagrams(ear);
                                if (!self->closed_) self->wait_for_datagrams(ear);
                              });
  }

  void read_datagrams(Ear& ear) {
    for (int i = 0; i < datagrams_per_turn && !closed_; ++i) {
      udp::endpoint from;
      error_code error;
      const std::size_t length = ear.datagrams->receive_from(boost::asio::buffer(room_), from, 0, error);
      if (error) return;
      if (SyslogSender* sender = sender_of(ear, from.address()))
        take(*sender, plain(from.address()), std::string_view(room_.data(), length), 0);
    }
  }

  void accept(Ear& ear) {
    ear.streams->async_accept([weak = weak_from_this(), &ear](const error_code& error, tcp::socket socket) {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      if (error == boost::asio::error::operation_aborted) return;
      if (!error) self->accepted(ear, std::move(socket));
      if (error) return self->accept_later(ear);
      self->accept(ear);
    });
  }

  /// Without descriptors accepting fails at once, again and again.
  void accept_later(Ear& ear) {
    const auto timer = std::make_shared<boost::asio::steady_timer>(io_, std::chrono::seconds(1));
    timer->async_wait([weak = weak_from_this(), timer, &ear](const error_code& error) {
      const auto self = weak.lock();
      if (self && !error && !self->closed_) self->accept(ear);
    });
  }

  void accepted(Ear& ear, tcp::socket socket) {
    error_code error;
    const tcp::endpoint from = socket.remote_endpoint(error);
    if (error) return;
    SyslogSender* sender = sender_of(ear, from.address());
    if (sender == nullptr) return;
    if (streams_.size() >= syslog_connections || sender->connections >= syslog_connections_per_source) {
      ++counters.dropped_connections;
      return;
    }
    auto stream = std::make_shared<Stream>(std::move(socket));
    stream->sender = sender;
    stream->from = plain(from.address());
    ++sender->connections;
    streams_.push_back(stream);
    if (!ear.seal) return read(stream);
    close_after(stream, syslog_handshake);
    stream->sealed.emplace(stream->socket, *ear.seal);
    stream->sealed->async_handshake(ssl::stream_base::server,
                                    [weak = weak_from_this(), stream](const error_code& failed) {
                                      const auto self = weak.lock();
                                      if (!self || self->closed_) return;
                                      if (!failed) return self->read(stream);
                                      ++self->counters.dropped_tls;
                                      self->end(stream);
                                    });
  }

  static void close_after(const std::shared_ptr<Stream>& stream, Milliseconds limit) {
    stream->idle.expires_after(limit);
    stream->idle.async_wait([weak = std::weak_ptr(stream)](const error_code& error) {
      error_code ignored;
      if (const auto idle = weak.lock(); idle && !error) idle->socket.close(ignored);
    });
  }

  void read(const std::shared_ptr<Stream>& stream) {
    close_after(stream, syslog_idle);
    auto on_bytes = [weak = weak_from_this(), stream](const error_code& error, std::size_t bytes) {
      const auto self = weak.lock();
      if (self && !self->closed_) self->came(stream, error, bytes);
    };
    if (stream->sealed)
      stream->sealed->async_read_some(boost::asio::buffer(stream->room), std::move(on_bytes));
    else
      stream->socket.async_read_some(boost::asio::buffer(stream->room), std::move(on_bytes));
  }

  void end(const std::shared_ptr<Stream>& stream) {
    error_code ignored;
    stream->socket.close(ignored);
    stream->idle.cancel();
    --stream->sender->connections;
    std::erase(streams_, stream);
  }

  void came(const std::shared_ptr<Stream>& stream, const error_code& error, std::size_t bytes) {
    const auto on_message = [&](std::string_view message, std::size_t left_out) {
      if (!closed_) take(*stream->sender, stream->from, message, left_out);
    };
    const bool good = stream->splitter.feed(std::string_view(stream->room.data(), bytes), on_message);
    if (closed_) return;
    if (!good) ++counters.dropped_framing;
    if (!error && good) return read(stream);
    if (good) stream->splitter.finish(on_message);
    end(stream);
  }

  void take(SyslogSender& sender, const boost::asio::ip::address& from, std::string_view message,
            std::size_t left_out) {
    if (!sender.allowance.take(Clock::now())) {
      ++counters.dropped_storm;
      return;
    }
    const std::string_view text = syslog_text(message);
    if (text.empty()) return;
    ++counters.taken;
    LogSeen seen;
    seen.file = "syslog from " + from.to_string();
    seen.offset =
        offsets_.of(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                   std::chrono::system_clock::now().time_since_epoch())
                                                   .count()));
    seen.rules = sender.rules;
    seen.line = decode_log_line(text, sender.encoding, left_out > 0) + left_out_mark(left_out);
    heard_(sender.device, sender.listen, std::move(seen));
  }

  boost::asio::io_context& io_;
  Heard heard_;
  std::list<Ear> ears_;  ///< addresses stay
  std::vector<std::shared_ptr<Stream>> streams_;
  std::array<char, most_syslog_message_bytes> room_{};
  MomentOffset offsets_;
  bool closed_ = false;
};

SyslogListener::SyslogListener(boost::asio::io_context& io, const std::vector<SyslogSource>& sources,
                               Heard heard, std::vector<std::string>& problems)
    : impl_(std::make_shared<Impl>(io, std::move(heard))) {
  impl_->open(sources, problems);
}

SyslogListener::~SyslogListener() {
  impl_->close();
}
const SyslogCounters& SyslogListener::counters() const {
  return impl_->counters;
}
std::uint16_t SyslogListener::port(std::size_t n) const {
  return impl_->port(n);
}

}  // namespace nethealth
