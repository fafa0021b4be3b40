#include "probes/trap_listener.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <chrono>
#include <list>
#include <map>
#include <utility>

#include "probes/datagram_buffer.hpp"
#include "probes/rate_allowance.hpp"
#include "probes/snmp_codec.hpp"
#include "probes/trap_message.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::udp;
using Clock = std::chrono::steady_clock;

/// An SNMPv3 engine that sends from an address, with its keys.
struct SenderEngine {
  std::size_t credential = 0;
  UsmEngine engine;
};

struct TrapSender {
  DeviceIndex device = 0;
  std::vector<Credential> credentials;
  std::list<SenderEngine> engines;  ///< the latest first
  std::vector<UsmEngine> own;  ///< this host's engine with each credential's keys; made when first needed
  RateAllowance allowance{trap_burst, traps_per_second};
};

std::optional<udp::endpoint> endpoint_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  const std::string digits = text.substr(colon + 1);
  const bool number = !digits.empty() && digits.size() <= 5 &&
                      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (error || !number || std::stoul(digits) > UINT16_MAX) return std::nullopt;
  return udp::endpoint(address, static_cast<std::uint16_t>(std::stoul(digits)));
}

}  // namespace

std::string engine_id_of(std::string_view installation) {
  // The first bit set, the enterprise number 32473 that RFC 5612 keeps for everybody, then octets of our own
  // choice.
  constexpr std::string_view front("\x80\x00\x7E\xD9\x05", 5);
  constexpr std::size_t longest = 32 - front.size();
  return std::string(front) + std::string(installation.substr(0, longest));
}

std::uint64_t TrapCounters::dropped() const {
  return dropped_undecodable + dropped_oversize + dropped_unknown_source + dropped_wrong_community +
         dropped_unsafe + dropped_stale + dropped_storm;
}

class TrapListener::Impl : public std::enable_shared_from_this<TrapListener::Impl> {
 public:
  Impl(boost::asio::io_context& io, std::vector<TrapSource> sources, UsmEngine own, Heard heard)
      : io_(io), heard_(std::move(heard)), own_(std::move(own)) {
    for (TrapSource& source : sources) {
      boost::system::error_code error;
      const auto address = boost::asio::ip::make_address(source.address, error);
      if (error) continue;
      TrapSender& sender = senders_[address];
      sender.device = source.device;
      for (Credential& credential : source.credentials) sender.credentials.push_back(std::move(credential));
    }
  }

  Result<void> open(const std::vector<std::string>& listen) {
    if (const auto library = open_snmp_library(); !library) return tl::unexpected(library.error());
    std::string why = "nothing to listen to";
    for (const std::string& text : listen) {
      const auto endpoint = endpoint_of(text);
      if (!endpoint) {
        why = text + ": not ADDRESS:PORT";
        continue;
      }
      if (const auto opened = open_socket(*endpoint); !opened) {
        if (sockets_.empty()) why = text + ": " + opened.error().text();
      }
    }
    if (sockets_.empty()) return failure("traps", why);
    return {};
  }

  void close() {
    closed_ = true;
    boost::system::error_code ignored;
    for (udp::socket& socket : sockets_) socket.close(ignored);
  }

  [[nodiscard]] std::uint16_t port() const {
    boost::system::error_code ignored;
    return sockets_.front().local_endpoint(ignored).port();
  }

  TrapCounters counters_;

 private:
  Result<void> open_socket(const udp::endpoint& endpoint) {
    boost::system::error_code error;
    boost::system::error_code ignored;
    udp::socket socket(io_);
    socket.open(endpoint.protocol(), error);
    if (!error) socket.non_blocking(true, error);
    if (!error && endpoint.address().is_v6()) socket.set_option(boost::asio::ip::v6_only(true), ignored);
    // A smaller buffer loses traps sooner, and looks find out what they would have said.
    if (!error)
      socket.set_option(boost::asio::socket_base::receive_buffer_size(datagram_buffer_bytes), ignored);
    if (!error) socket.bind(endpoint, error);
    if (error) return failure("", error.message());
    sockets_.push_back(std::move(socket));
    wait(sockets_.back());
    return {};
  }

  void wait(udp::socket& socket) {
    socket.async_wait(udp::socket::wait_read,
                      [weak = weak_from_this(), &socket](boost::system::error_code error) {
                        const auto self = weak.lock();
                        if (!self || error || self->closed_) return;
                        self->read(socket);
                        if (!self->closed_) self->wait(socket);
                      });
  }

  void read(udp::socket& socket) {
    for (int i = 0; i < trap_datagrams_per_turn && !closed_; ++i) {
      udp::endpoint from;
      boost::system::error_code error;
      const std::size_t size = socket.receive_from(boost::asio::buffer(buffer_), from, 0, error);
      if (error == boost::asio::error::would_block || error == boost::asio::error::bad_descriptor) return;
      if (error) continue;  // an old answer's ICMP error, not this read's
      if (size > max_snmp_message_bytes) {
        ++counters_.dropped_oversize;
        continue;
      }
      receive(socket, std::string_view(buffer_.data(), size), from);
    }
  }

  void receive(udp::socket& socket, std::string_view bytes, const udp::endpoint& from) {
    const auto found = senders_.find(from.address());
    if (found == senders_.end()) {
      ++counters_.dropped_unknown_source;
      return;
    }
    TrapSender& sender = found->second;
    const auto now = Clock::now();
    if (!sender.allowance.take(now)) {
      ++counters_.dropped_storm;
      return;
    }
    if (const auto message = read_trap(bytes)) {
      take(socket, bytes, *message, sender, from);
      return;
    }
    const auto envelope = open_envelope(bytes);
    if (!envelope || envelope->version != SnmpVersion::v3) {
      ++counters_.dropped_undecodable;
      return;
    }
    if (envelope->engine_id.empty())
      tell_engine(socket, *envelope, from, now);
    else if (envelope->engine_id == own_.id)
      take_inform_3(socket, bytes, *envelope, sender, from, now);
    else
      take_version_3(socket, bytes, *envelope, sender, from, now);
  }

  void take(udp::socket& socket, std::string_view bytes, const TrapMessage& message, const TrapSender& sender,
            const udp::endpoint& from) {
    const bool known =
        std::any_of(sender.credentials.begin(), sender.credentials.end(), [&](const Credential& credential) {
          return credential.version != SnmpVersion::v3 && credential.community.reveal() == message.community;
        });
    if (!known) {
      ++counters_.dropped_wrong_community;
      return;
    }
    if (message.inform) {
      answer(socket, inform_answer(bytes), from);
    }
    hear(sender.device, trap_seen(message.trap, message.varbinds));
  }

  static void answer(udp::socket& socket, const std::string& bytes, const udp::endpoint& to) {
    boost::system::error_code ignored;  // the device asks again
    if (!bytes.empty()) socket.send_to(boost::asio::buffer(bytes), to, 0, ignored);
  }

  /// How an inform begins, or goes on when its sender believes in an engine that we are not.
  void tell_engine(udp::socket& socket, const SnmpEnvelope& envelope, const udp::endpoint& from,
                   Clock::time_point now) {
    const auto count = static_cast<std::uint32_t>(++counters_.engine_asked);
    answer(socket, encode_engine_report(envelope.id, own_, count, now).value_or(""), from);
  }

  void take_inform_3(udp::socket& socket, std::string_view bytes, const SnmpEnvelope& envelope,
                     TrapSender& sender, const udp::endpoint& from, Clock::time_point now) {
    SnmpInform refused;
    refused.kind = SnmpAnswer::Kind::unsafe;
    for (std::size_t at = 0; at < sender.credentials.size(); ++at) {
      const UsmEngine* keys = own_keys(sender, at);
      if (keys == nullptr) continue;
      SnmpInform taken = take_inform(bytes, envelope, sender.credentials[at], *keys, now);
      const auto trap =
          taken.kind == SnmpAnswer::Kind::inform ? take_trap_oid(taken.response.varbinds) : std::nullopt;
      if (trap) {
        answer(socket, taken.answer, from);
        return hear(sender.device, trap_seen(*trap, taken.response.varbinds));
      }
      if (refused.answer.empty() || !taken.user_unknown) refused = std::move(taken);
    }
    count_refused(refused.kind);
    answer(socket, refused.answer, from);
  }

  const UsmEngine* own_keys(TrapSender& sender, std::size_t at) const {
    if (sender.credentials[at].version != SnmpVersion::v3) return nullptr;
    sender.own.resize(sender.credentials.size());
    UsmEngine& keys = sender.own[at];
    if (!keys.user) {
      keys = own_;
      if (!localise_keys(keys, sender.credentials[at])) return nullptr;
    }
    return &keys;
  }

  void count_refused(SnmpAnswer::Kind kind) {
    ++(kind == SnmpAnswer::Kind::stale    ? counters_.dropped_stale
       : kind == SnmpAnswer::Kind::unsafe ? counters_.dropped_unsafe
                                          : counters_.dropped_undecodable);
  }

  void take_version_3(udp::socket& socket, std::string_view bytes, const SnmpEnvelope& envelope,
                      TrapSender& sender, const udp::endpoint& from, Clock::time_point now) {
    SnmpAnswer::Kind worst = SnmpAnswer::Kind::unsafe;
    for (std::size_t at = 0; at < sender.credentials.size(); ++at) {
      const Credential& credential = sender.credentials[at];
      if (credential.version != SnmpVersion::v3) continue;
      SenderEngine* known = engine_of(sender, at, envelope.engine_id);
      if (known == nullptr) continue;
      SnmpAnswer said = decode_snmp(bytes, 0, credential, known->engine, now);
      if (said.kind == SnmpAnswer::Kind::inform) return tell_engine(socket, envelope, from, now);
      if (said.kind == SnmpAnswer::Kind::notification) {
        const auto trap = take_trap_oid(said.response.varbinds);
        if (!trap) break;
        hear(sender.device, trap_seen(*trap, said.response.varbinds));
        return;
      }
      worst = said.kind;
    }
    count_refused(worst);
  }

  /// The keys of a credential at an engine are made once; of an address that shows ever new engines only the
  /// latest are kept.
  static SenderEngine* engine_of(TrapSender& sender, std::size_t credential, const std::string& id) {
    for (SenderEngine& known : sender.engines) {
      if (known.credential == credential && known.engine.id == id) return &known;
    }
    SenderEngine made;
    made.credential = credential;
    made.engine.id = id;
    made.engine.as_of = Clock::now();
    if (!localise_keys(made.engine, sender.credentials[credential])) return nullptr;
    sender.engines.push_front(std::move(made));
    if (sender.engines.size() > trap_engines_per_source) sender.engines.pop_back();
    return &sender.engines.front();
  }

  void hear(DeviceIndex device, TrapSeen seen) {
    ++counters_.taken;
    heard_(device, std::move(seen));
  }

  boost::asio::io_context& io_;
  Heard heard_;
  const UsmEngine own_;
  std::map<boost::asio::ip::address, TrapSender> senders_;
  std::list<udp::socket> sockets_;
  std::array<char, max_snmp_message_bytes + 1> buffer_{};
  bool closed_ = false;
};

TrapListener::TrapListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrapListener::~TrapListener() {
  impl_->close();
}

Result<std::unique_ptr<TrapListener>> TrapListener::open(boost::asio::io_context& io,
                                                         const std::vector<std::string>& listen,
                                                         std::vector<TrapSource> sources, UsmEngine own,
                                                         Heard heard) {
  auto impl = std::make_shared<Impl>(io, std::move(sources), std::move(own), std::move(heard));
  if (const auto opened = impl->open(listen); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<TrapListener>(new TrapListener(std::move(impl)));
}

const TrapCounters& TrapListener::counters() const {
  return impl_->counters_;
}
std::uint16_t TrapListener::port() const {
  return impl_->port();
}

}  // namespace nethealth
