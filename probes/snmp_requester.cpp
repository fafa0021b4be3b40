#include "probes/snmp_requester.hpp"

#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <random>
#include <unordered_map>
#include <utility>

#include "probes/datagram_buffer.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::udp;
using Clock = std::chrono::steady_clock;

/// One request on its way, with the discovery and the resynchronisation it may need.
struct Flight {
  Flight(boost::asio::io_context& io, std::shared_ptr<SnmpPeer> to, SnmpRequest wanted,
         SnmpRequester::Done then)
      : peer(std::move(to)), request(std::move(wanted)), done(std::move(then)), timer(io) {}

  std::shared_ptr<SnmpPeer> peer;
  SnmpRequest request;
  SnmpRequester::Done done;
  boost::asio::steady_timer timer;
  std::int32_t id = 0;
  std::string packet;
  int repeats_left = 0;
  bool discovering = false;
  bool rediscovered = false;
  bool resynced = false;
  bool left_this_host = false;
  bool answered_badly = false;  ///< something came that cannot be used: then it is no time-out
};

using FlightPointer = std::shared_ptr<Flight>;

struct Family {
  explicit Family(boost::asio::io_context& io) : socket(io) {}
  udp::socket socket;
  bool open = false;
};

bool open_family(Family& family, const udp& protocol, boost::system::error_code& error) {
  family.socket.open(protocol, error);
  if (error) return false;
  family.socket.non_blocking(true, error);
  if (error) return false;
  boost::system::error_code ignored;  // a smaller buffer loses answers sooner, which retries mend
  family.socket.set_option(boost::asio::socket_base::receive_buffer_size(datagram_buffer_bytes), ignored);
  if (protocol == udp::v6()) family.socket.set_option(boost::asio::ip::v6_only(true), ignored);
  family.socket.bind(udp::endpoint(protocol, 0), error);
  family.open = !error;
  return family.open;
}

}  // namespace

class SnmpRequester::Impl : public std::enable_shared_from_this<SnmpRequester::Impl> {
 public:
  explicit Impl(boost::asio::io_context& io) : io_(io), v4_(io), v6_(io), random_(std::random_device{}()) {}

  Result<void> open() {
    boost::system::error_code v4_error;
    boost::system::error_code v6_error;
    if (open_family(v4_, udp::v4(), v4_error)) wait(v4_);
    if (open_family(v6_, udp::v6(), v6_error)) wait(v6_);
    if (!v4_.open && !v6_.open) return failure("snmp", "no UDP socket: " + v4_error.message());
    return {};
  }

  void close() {
    boost::system::error_code ignored;
    v4_.socket.close(ignored);
    v6_.socket.close(ignored);
    auto flights = std::exchange(flights_, {});
    for (auto& [id, flight] : flights) flight->timer.cancel();
  }

  void start(std::shared_ptr<SnmpPeer> peer, SnmpRequest request, Done done) {
    auto flight = std::make_shared<Flight>(io_, std::move(peer), std::move(request), std::move(done));
    if (flights_.size() >= snmp_requests_in_flight) {
      finish_later(flight, Outcome::blind);
      return;
    }
    ++counters_.requests;
    launch(flight);
  }

  Result<void> send_trap(const SnmpPeer& peer, const SnmpNotice& notice) {
    SnmpRequest request;
    request.verb = SnmpVerb::trap;
    request.notice = notice;
    const auto packet = encode_snmp(request, free_id(), peer.credential, peer.engine, Clock::now());
    if (!packet) return tl::unexpected(packet.error());
    const auto error = put(*packet, peer.endpoint);
    if (error) return failure("", error.message());
    return {};
  }

  SnmpCounters counters_;

 private:
  static bool needs_discovery(const SnmpPeer& peer) {
    return peer.credential.version == SnmpVersion::v3 && (peer.engine.id.empty() || !peer.engine.user);
  }

  void launch(const FlightPointer& flight) {
    SnmpPeer& peer = *flight->peer;
    flight->discovering = needs_discovery(peer);
    flight->id = free_id();
    auto packet = flight->discovering
                      ? encode_discovery(flight->id)
                      : encode_snmp(flight->request, flight->id, peer.credential, peer.engine, Clock::now());
    if (!packet) {
      finish_later(flight, Outcome::blind);
      return;
    }
    if (flight->discovering) ++counters_.discoveries;
    flight->packet = std::move(*packet);
    flight->repeats_left = peer.retries;
    flights_.emplace(flight->id, flight);
    send(flight);
  }

  std::int32_t free_id() {
    std::uniform_int_distribution<std::int32_t> any(1, INT32_MAX);
    std::int32_t id = any(random_);
    while (flights_.contains(id)) id = any(random_);
    return id;
  }

  boost::system::error_code put(const std::string& packet, const udp::endpoint& to) {
    Family& family = to.address().is_v6() ? v6_ : v4_;
    boost::system::error_code error = boost::asio::error::address_family_not_supported;
    if (family.open) family.socket.send_to(boost::asio::buffer(packet), to, 0, error);
    if (error) ++counters_.not_sent;
    return error;
  }

  void send(const FlightPointer& flight) {
    if (!put(flight->packet, flight->peer->endpoint)) flight->left_this_host = true;
    flight->timer.expires_after(flight->peer->timeout);
    flight->timer.async_wait([weak = weak_from_this(), flight](boost::system::error_code cancelled) {
      const auto self = weak.lock();
      if (self && !cancelled) self->time_out(flight);
    });
  }

  void time_out(const FlightPointer& flight) {
    // The wait may have ended in the same turn as the answer came.
    const auto found = flights_.find(flight->id);
    if (found == flights_.end() || found->second != flight || flight->timer.expiry() > Clock::now()) return;
    if (flight->repeats_left > 0) {
      --flight->repeats_left;
      ++counters_.repeats;
      send(flight);
      return;
    }
    ++counters_.timeouts;
    if (flight->answered_badly) {
      finish(flight, Outcome::error);
    } else {
      finish(flight, flight->left_this_host ? Outcome::timeout : Outcome::blind);
    }
  }

  void finish(const FlightPointer& flight, Outcome outcome, SnmpResponse response = {},
              std::size_t bytes = 0) {
    flight->timer.cancel();
    flights_.erase(flight->id);
    const Done done = std::move(flight->done);
    done(SnmpReply{outcome, std::move(response), bytes});
  }

  void finish_later(const FlightPointer& flight, Outcome outcome) {
    boost::asio::post(io_, [weak = weak_from_this(), flight, outcome] {
      if (const auto self = weak.lock()) self->finish(flight, outcome);
    });
  }

  /// The same request again, as a new message.
  void again(const FlightPointer& flight) {
    flight->timer.cancel();
    flights_.erase(flight->id);
    launch(flight);
  }

  void wait(Family& family) {
    family.socket.async_wait(udp::socket::wait_read,
                             [weak = weak_from_this(), &family](boost::system::error_code error) {
                               const auto self = weak.lock();
                               if (!self || error) return;
                               self->read(family);
                               if (family.socket.is_open()) self->wait(family);
                             });
  }

  void read(Family& family) {
    for (int i = 0; i < snmp_datagrams_per_turn; ++i) {
      udp::endpoint from;
      boost::system::error_code error;
      const std::size_t size = family.socket.receive_from(boost::asio::buffer(buffer_), from, 0, error);
      if (error == boost::asio::error::would_block || error == boost::asio::error::bad_descriptor) return;
      if (error) continue;  // an old datagram's ICMP error, not this read's
      if (size > max_snmp_message_bytes) {
        ++counters_.dropped_oversize;
        continue;
      }
      receive(std::string_view(buffer_.data(), size), from);
      if (!family.socket.is_open()) return;
    }
  }

  void receive(std::string_view bytes, const udp::endpoint& from) {
    const auto envelope = open_envelope(bytes);
    if (!envelope) {
      ++counters_.dropped_undecodable;
      return;
    }
    const auto found = flights_.find(envelope->id);
    if (found == flights_.end()) {
      ++counters_.dropped_unknown_id;
      return;
    }
    const FlightPointer flight = found->second;
    if (from != flight->peer->endpoint) {
      ++counters_.dropped_wrong_source;
      return;
    }
    if (envelope->version != flight->peer->credential.version) {
      drop(*flight, counters_.dropped_wrong_version);
      return;
    }
    if (flight->discovering) {
      discovered(flight, *envelope, bytes);
    } else {
      answered(flight, *envelope, bytes);
    }
  }

  static void drop(Flight& flight, std::uint64_t& counter) {
    flight.answered_badly = true;
    ++counter;
  }

  void discovered(const FlightPointer& flight, const SnmpEnvelope& envelope, std::string_view bytes) {
    Credential nobody;
    nobody.version = SnmpVersion::v3;
    UsmEngine engine;
    engine.id = envelope.engine_id;
    engine.boots = envelope.boots;
    engine.time_s = envelope.time_s;
    engine.as_of = Clock::now();
    const SnmpAnswer answer = decode_snmp(bytes, flight->id, nobody, engine, engine.as_of);
    if (answer.kind != SnmpAnswer::Kind::report || engine.id.empty()) {
      drop(*flight, counters_.dropped_undecodable);
      return;
    }
    ++counters_.answers;
    // The boots and time of this report are not authentic; a wrong one is put right by notInTimeWindows.
    if (!localise_keys(engine, flight->peer->credential)) {
      finish(flight, Outcome::blind);
      return;
    }
    flight->peer->engine = std::move(engine);
    again(flight);
  }

  void answered(const FlightPointer& flight, const SnmpEnvelope& envelope, std::string_view bytes) {
    SnmpPeer& peer = *flight->peer;
    SnmpAnswer answer = decode_snmp(bytes, flight->id, peer.credential, peer.engine, Clock::now());
    switch (answer.kind) {
      case SnmpAnswer::Kind::response:
        ++counters_.answers;
        finish(flight, Outcome::ok, std::move(answer.response), bytes.size());
        return;
      case SnmpAnswer::Kind::report:
        ++counters_.answers;
        reported(flight, envelope, answer);
        return;
      case SnmpAnswer::Kind::stale:
        if (!resync(flight, envelope)) drop(*flight, counters_.dropped_stale);
        return;
      case SnmpAnswer::Kind::unsafe:
        drop(*flight, counters_.dropped_unsafe);
        return;
      case SnmpAnswer::Kind::notification:
      case SnmpAnswer::Kind::inform:
      case SnmpAnswer::Kind::undecodable:
        drop(*flight, counters_.dropped_undecodable);
        return;
    }
  }

  void reported(const FlightPointer& flight, const SnmpEnvelope& envelope, const SnmpAnswer& answer) {
    switch (answer.report) {
      case UsmReport::not_in_time_window:
        if (!resync(flight, envelope)) finish(flight, Outcome::error);
        return;
      case UsmReport::unknown_engine:
        if (flight->rediscovered) {
          finish(flight, Outcome::error);
          return;
        }
        ++counters_.engine_changes;
        flight->rediscovered = true;
        flight->peer->engine = UsmEngine{};
        again(flight);
        return;
      case UsmReport::unsupported_security_level:
      case UsmReport::unknown_user:
      case UsmReport::wrong_digest:
      case UsmReport::decryption_error:
        finish(flight, Outcome::auth_error);
        return;
      case UsmReport::other:
        finish(flight, Outcome::error);
        return;
    }
  }

  /// Takes the agent's boots and time over and asks again; false when that may not be.
  bool resync(const FlightPointer& flight, const SnmpEnvelope& envelope) {
    SnmpPeer& peer = *flight->peer;
    const auto now = Clock::now();
    if (flight->resynced || envelope.engine_id != peer.engine.id) return false;
    const bool back =
        std::pair(envelope.boots, envelope.time_s) < std::pair(peer.engine.boots, peer.engine.time_s);
    if (back) {
      // Many cheap switches do not store their boots, so a restart looks like a replay.
      if (peer.stepped_back && now - *peer.stepped_back < snmp_time_step_back_every) return false;
      peer.stepped_back = now;
    }
    ++counters_.time_resyncs;
    flight->resynced = true;
    peer.engine.boots = envelope.boots;
    peer.engine.time_s = envelope.time_s;
    peer.engine.as_of = now;
    again(flight);
    return true;
  }

  boost::asio::io_context& io_;
  Family v4_;
  Family v6_;
  std::mt19937_64 random_;
  std::unordered_map<std::int32_t, FlightPointer> flights_;
  std::array<char, max_snmp_message_bytes + 1> buffer_{};
};

SnmpRequester::SnmpRequester(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
SnmpRequester::~SnmpRequester() {
  impl_->close();
}

Result<std::unique_ptr<SnmpRequester>> SnmpRequester::open(boost::asio::io_context& io) {
  if (const auto library = open_snmp_library(); !library) return tl::unexpected(library.error());
  auto impl = std::make_shared<Impl>(io);
  if (const auto opened = impl->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<SnmpRequester>(new SnmpRequester(std::move(impl)));
}

void SnmpRequester::request(std::shared_ptr<SnmpPeer> peer, SnmpRequest request, Done done) {
  impl_->start(std::move(peer), std::move(request), std::move(done));
}

Result<void> SnmpRequester::send_trap(const SnmpPeer& peer, const SnmpNotice& notice) {
  return impl_->send_trap(peer, notice);
}

SnmpCounters& SnmpRequester::counters() {
  return impl_->counters_;
}

}  // namespace nethealth
