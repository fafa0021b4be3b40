#include "agent/courier_snmp_trap.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "agent/snmp_notice.hpp"
#include "config/reader.hpp"
#include "probes/snmp_requester.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::udp;
using Error = boost::system::error_code;
using Kind = DeliveryResult::Kind;

DeliveryResult judge(const SnmpReply& reply, bool asked_for_engine_only) {
  switch (reply.outcome) {
    case Outcome::ok:
      if (reply.response.error_status == snmp_error::none) return {Kind::accepted, {}};
      return {Kind::refused, "the manager answers with error " + std::to_string(reply.response.error_status)};
    case Outcome::auth_error:
      return {Kind::refused, "the manager does not know the SNMPv3 user, or other keys of it"};
    case Outcome::blind:
      return {Kind::failed_temporarily, "it could not be sent"};
    default:
      if (asked_for_engine_only)
        return {Kind::failed_temporarily, "the manager does not tell its SNMPv3 engine"};
      return {Kind::unknown, "the manager did not confirm it"};
  }
}

}  // namespace

class SnmpTrapCourier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, const Channel& channel, const Credential& credential,
       const UsmEngine& own, const Zone& zone, Language language, Milliseconds patience)
      : io_(io),
        resolver_(io),
        zone_(zone),
        language_(language),
        informs_(channel.inform),
        started_(own.as_of),
        peer_(std::make_shared<SnmpPeer>()),
        unusable_(why_unusable(credential, language)) {
    if (const auto parts = split_url(channel.url)) {
      host_ = parts->host;
      port_ = std::to_string(parts->port.value_or(snmp_trap_port));
    }
    peer_->credential = credential;
    peer_->timeout = patience;
    // A repeat of the requester's would be a copy that does not say so; the outbox repeats.
    peer_->retries = 0;
    if (!informs_ && credential.version == SnmpVersion::v3 && unusable_.empty()) become_engine(own);
  }

  void deliver(const Letter& letter, DeliveryFlags flags, Done done) {
    if (!unusable_.empty()) return later(std::move(done), {Kind::refused, unusable_});
    if (!open()) return later(std::move(done), {Kind::failed_temporarily, "no UDP socket"});
    SnmpNotice notice = snmp_notice(letter, flags, uptime(), zone_, language_);
    resolver_.async_resolve(host_, port_,
                            [weak = weak_from_this(), notice = std::move(notice), done = std::move(done)](
                                const Error& error, const udp::resolver::results_type& found) {
                              const auto self = weak.lock();
                              if (!self) return;
                              if (error || found.empty())
                                return done({Kind::failed_temporarily, error.message()});
                              self->send(found.begin()->endpoint(), notice, done);
                            });
  }

  void stop() {
    resolver_.cancel();
    requester_.reset();
  }

 private:
  bool open() {
    if (requester_) return true;
    auto opened = SnmpRequester::open(io_);
    if (opened) requester_ = std::move(*opened);
    return requester_ != nullptr;
  }

  /// The sender of a trap is its authoritative engine (RFC 3414, 1.5.1).
  void become_engine(const UsmEngine& own) {
    peer_->engine = own;
    if (const auto keys = localise_keys(peer_->engine, peer_->credential); !keys)
      unusable_ = keys.error().text();
  }

  void send(const udp::endpoint& to, const SnmpNotice& notice, const Done& done) {
    if (to != peer_->endpoint) {
      // Requests under way keep the peer they were made for.
      peer_ = std::make_shared<SnmpPeer>(*peer_);
      peer_->endpoint = to;
      if (informs_) peer_->engine = UsmEngine{};
    }
    if (!informs_) {
      const auto sent = requester_->send_trap(*peer_, notice);
      return done(sent ? DeliveryResult{} : DeliveryResult{Kind::failed_temporarily, sent.error().text()});
    }
    SnmpRequest request;
    request.verb = SnmpVerb::inform;
    request.notice = notice;
    requester_->request(peer_, std::move(request), [done, peer = peer_](const SnmpReply& reply) {
      const bool engine_only = peer->credential.version == SnmpVersion::v3 && peer->engine.id.empty();
      done(judge(reply, engine_only));
    });
  }

  void later(Done done, DeliveryResult result) {
    boost::asio::post(io_, [done = std::move(done), result = std::move(result)] { done(result); });
  }

  [[nodiscard]] Milliseconds uptime() const {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - started_);
  }

  boost::asio::io_context& io_;
  udp::resolver resolver_;
  const Zone zone_;
  const Language language_;
  const bool informs_;
  const std::chrono::steady_clock::time_point started_;
  std::string host_;
  std::string port_;
  std::shared_ptr<SnmpPeer> peer_;
  std::string unusable_;
  std::unique_ptr<SnmpRequester> requester_;
};

SnmpTrapCourier::SnmpTrapCourier(boost::asio::io_context& io, const Channel& channel,
                                 const Credential& credential, const UsmEngine& own, const Zone& zone,
                                 Language language, Milliseconds patience)
    : impl_(std::make_shared<Impl>(io, channel, credential, own, zone, language, patience)) {}

SnmpTrapCourier::~SnmpTrapCourier() {
  impl_->stop();
}

void SnmpTrapCourier::deliver(const Letter& letter, DeliveryFlags flags, Done done) {
  impl_->deliver(letter, flags, std::move(done));
}

}  // namespace nethealth
