#include "probes/icmp_prober.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cmath>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nethealth {
namespace {

using Clock = std::chrono::steady_clock;
using FloatMilliseconds = std::chrono::duration<double, std::milli>;

constexpr int drains_per_tick = 16;  // together more than the receive buffer holds
constexpr int max_doublings = 6;
constexpr unsigned margin = 2;  // on top of RFC 6298: a device under load is slow, not dead

enum class PacketState : std::uint8_t { unsent, waiting, answered, refused, given_up };

struct Packet {
  std::uint16_t sequence = 0;
  PacketState state = PacketState::unsent;
  SteadyTime sent{};
  FloatMilliseconds round_trip{};
};

/// What is known of an address from its earlier answers (RFC 6298, section 2).
struct Target {
  std::uint16_t next_sequence = 0;
  std::optional<FloatMilliseconds> smoothed;
  FloatMilliseconds variation{};
  int doublings = 0;
  std::vector<std::uint32_t> looks;  ///< slots of those under way

  void learn(FloatMilliseconds round_trip) {
    if (!smoothed) {
      smoothed = round_trip;
      variation = round_trip / 2;
      return;
    }
    const FloatMilliseconds off{std::abs((*smoothed - round_trip).count())};
    variation = 0.75 * variation + 0.25 * off;
    smoothed = 0.875 * *smoothed + 0.125 * round_trip;
  }

  [[nodiscard]] Clock::duration timeout(Milliseconds longest) const {
    if (!smoothed) return longest;
    const FloatMilliseconds least(IcmpProber::least_timeout);
    const auto estimate = std::max(least, margin * (*smoothed + 4 * variation)) * (1 << doublings);
    return std::chrono::duration_cast<Clock::duration>(std::min(FloatMilliseconds(longest), estimate));
  }
};

struct Look {
  bool active = false;
  std::uint32_t round = 0;
  Address address;
  IcmpRequest request;
  IcmpProber::Callback callback;
  Target* target = nullptr;  ///< of the address; stays while it has a look
  std::vector<Packet> packets;
  std::size_t next = 0;  ///< the first packet not yet sent or given up
  Clock::duration timeout{};
  std::optional<SteadyTime> trying_since;
  std::unique_ptr<IcmpError> error;  ///< seldom there, and looks are many
  std::uint32_t overflows = 0;       ///< of the socket when the look began

  [[nodiscard]] bool settled() const {
    return next == packets.size() && std::none_of(packets.begin(), packets.end(), [](const Packet& packet) {
             return packet.state == PacketState::waiting;
           });
  }
  [[nodiscard]] int count(PacketState state) const {
    return static_cast<int>(std::count_if(packets.begin(), packets.end(),
                                          [state](const Packet& packet) { return packet.state == state; }));
  }
};

/// When a look wants to be looked after: to send its next packet, or to end.
struct Due {
  SteadyTime at;
  std::uint32_t slot = 0;
  std::uint32_t round = 0;

  friend bool operator>(const Due& left, const Due& right) { return left.at > right.at; }
};

Address address_from(const RawAddress& bytes, IcmpFamily family) {
  if (family == IcmpFamily::ipv6) return boost::asio::ip::address_v6(bytes);
  return boost::asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

void measure(const Look& look, IcmpSeen& seen) {
  FloatMilliseconds total{};
  FloatMilliseconds differences{};
  const Packet* before = nullptr;
  for (const auto& packet : look.packets) {
    if (packet.state != PacketState::answered) continue;
    total += packet.round_trip;
    if (before != nullptr)
      differences += FloatMilliseconds{std::abs((packet.round_trip - before->round_trip).count())};
    before = &packet;
  }
  if (seen.received > 0) seen.rtt_ms = total.count() / seen.received;
  if (seen.received > 1) seen.jitter_ms = differences.count() / (seen.received - 1);
}

std::string_view word(IcmpAccess access) {
  switch (access) {
    case IcmpAccess::raw:
      return "raw";
    case IcmpAccess::datagram:
      return "datagram";
    case IcmpAccess::none:
      break;
  }
  return "none";
}

}  // namespace

std::string IcmpOpened::text() const {
  return "IPv4 " + std::string(word(ipv4)) + ", IPv6 " + std::string(word(ipv6));
}

class IcmpProber::Core : public std::enable_shared_from_this<Core> {
 public:
  explicit Core(boost::asio::io_context& io)
      : io_(io), timer_(io), sockets_{IcmpSocket(IcmpFamily::ipv4), IcmpSocket(IcmpFamily::ipv6)} {
    std::random_device random;
    cookie_ = (static_cast<std::uint64_t>(random()) << 32) | random();
    first_sequence_ = static_cast<std::uint16_t>(random());
  }

  Result<IcmpOpened> open() {
    const auto ipv4 = sockets_[0].open();
    const auto ipv6 = sockets_[1].open();
    if (!ipv4 && !ipv6) return tl::unexpected(ipv4.error());
    return IcmpOpened{ipv4.value_or(IcmpAccess::none), ipv6.value_or(IcmpAccess::none)};
  }

  void look(const Address& address, const IcmpRequest& request, Callback callback) {
    if (socket(address).access() == IcmpAccess::none) return answer_blind(std::move(callback));
    if (under_way_ >= max_looks) {
      ++counters_.looks_over_limit;
      return answer_blind(std::move(callback));
    }
    const std::uint32_t slot = free_slot();
    Look& look = looks_[slot];
    auto packets = std::move(look.packets);  // keeps its memory
    look = Look{};
    look.packets = std::move(packets);
    look.active = true;
    look.round = ++round_;
    look.address = address;
    look.request = request;
    look.callback = std::move(callback);
    look.packets.assign(static_cast<std::size_t>(std::clamp(request.packets, 1, max_packets)), Packet{});
    Target& target = remember(address);
    look.target = &target;
    for (auto& packet : look.packets) packet.sequence = target.next_sequence++;
    look.timeout = request.hop_limit > 0 ? Clock::duration(request.timeout) : target.timeout(request.timeout);
    target.looks.push_back(slot);
    ++under_way_;
    ++of_family_[index(family_of(address))];
    want(Clock::now(), slot);
  }

  [[nodiscard]] const IcmpCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t under_way() const { return under_way_; }

 private:
  static std::size_t index(IcmpFamily family) { return family == IcmpFamily::ipv4 ? 0 : 1; }
  static IcmpFamily family_of(const Address& address) {
    return address.is_v4() ? IcmpFamily::ipv4 : IcmpFamily::ipv6;
  }
  IcmpSocket& socket(const Address& address) { return sockets_[index(family_of(address))]; }

  /// Told later, in one go: the owner may ask again, or destroy us, from inside its callback.
  void tell(Callback callback, IcmpSeen seen) {
    told_.push_back({std::move(callback), std::move(seen)});
    if (told_.size() > 1) return;
    boost::asio::post(io_, [weak = weak_from_this()] {
      std::vector<Told> told;
      if (const auto core = weak.lock()) told.swap(core->told_);
      for (Told& one : told)
        if (!weak.expired()) one.callback(std::move(one.seen));
    });
  }

  void answer_blind(Callback callback) {
    IcmpSeen seen;
    seen.blind = true;
    tell(std::move(callback), std::move(seen));
  }

  std::uint32_t free_slot() {
    if (!free_.empty()) {
      const std::uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    looks_.emplace_back();
    return static_cast<std::uint32_t>(looks_.size() - 1);
  }

  Target& remember(const Address& address) {
    if (targets_.size() >= max_remembered && !targets_.contains(address)) {
      std::erase_if(targets_, [](const auto& entry) { return entry.second.looks.empty(); });
    }
    const auto [entry, is_new] = targets_.try_emplace(address);
    if (is_new) entry->second.next_sequence = first_sequence_;
    return entry->second;
  }

  void want(SteadyTime at, std::uint32_t slot) {
    due_.push({at, slot, looks_[slot].round});
    arm();
  }

  /// One timer for all, so that work comes in batches: what has arrived is read every `tick` while anything
  /// is waited for, and nothing is done sooner than `shortest_tick` after the last time.
  void arm() {
    if (in_tick_) return;
    drop_settled();
    if (due_.empty()) return;
    SteadyTime at = due_.top().at;
    if (waiting_ > 0) at = std::min(at, last_tick_ + tick);
    at = std::max(at, last_tick_ + shortest_tick);
    if (armed_ && *armed_ <= at) return;
    armed_ = at;
    timer_.expires_at(at);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto core = weak.lock();
      if (core && !error) core->on_tick();
    });
  }

  /// Looks that were answered have nothing to wait for, so nobody should wake for them.
  void drop_settled() {
    while (!due_.empty() && !is_current(due_.top())) due_.pop();
  }

  [[nodiscard]] bool is_current(const Due& due) const {
    return looks_[due.slot].active && looks_[due.slot].round == due.round;
  }

  void on_tick() {
    armed_.reset();
    in_tick_ = true;
    last_tick_ = Clock::now();
    drop_settled();
    if (!due_.empty()) read_everything();
    std::size_t sent = 0;
    while (!due_.empty() && due_.top().at <= last_tick_ && sent < max_sent_per_tick) {
      const Due due = due_.top();
      due_.pop();
      if (!is_current(due)) continue;
      const Look& look = looks_[due.slot];
      if (look.next == look.packets.size()) {
        finish(due.slot);
      } else {
        ++sent;
        send_next(due.slot);
      }
    }
    in_tick_ = false;
    arm();
  }

  /// What has arrived counts, even if we come late to read it.
  void read_everything() {
    for (const auto family : {IcmpFamily::ipv4, IcmpFamily::ipv6}) {
      if (of_family_[index(family)] == 0) continue;
      for (int i = 0; i < drains_per_tick && drain(family); ++i) {
      }
      overflows_[index(family)] = sockets_[index(family)].overflows();
    }
  }

  bool drain(IcmpFamily family) {
    return sockets_[index(family)].drain(
        [this, family](const IcmpArrival& arrival) { take(arrival, family); });
  }

  void send_next(std::uint32_t slot) {
    Look& look = looks_[slot];
    Packet& packet = look.packets[look.next];
    const SteadyTime now = Clock::now();
    if (look.next == 0 && !look.trying_since) look.overflows = overflows_[index(family_of(look.address))];
    packet.sent = now;
    switch (socket(look.address)
                .send(look.address, packet.sequence, {cookie_, slot, look.round}, look.request.hop_limit)) {
      case IcmpSocket::Sent::yes:
        ++counters_.sent;
        packet.state = PacketState::waiting;
        ++waiting_;
        break;
      case IcmpSocket::Sent::unreachable:
        packet.state = PacketState::refused;
        if (!look.error) look.error = std::make_unique<IcmpError>(IcmpError{"local_unreachable", ""});
        break;
      case IcmpSocket::Sent::again:
        if (!look.trying_since) look.trying_since = now;
        if (now - *look.trying_since < send_patience) return want(now + tick, slot);
        [[fallthrough]];
      case IcmpSocket::Sent::impossible:
        ++counters_.send_failures;
        packet.state = PacketState::given_up;
        break;
    }
    look.trying_since.reset();
    ++look.next;
    if (look.settled()) return finish(slot);
    want(now + (look.next < look.packets.size() ? Clock::duration(look.request.spacing) : look.timeout),
         slot);
  }

  void take(const IcmpArrival& arrival, IcmpFamily family) {
    if (const auto* answer = std::get_if<EchoAnswer>(&arrival.what)) return take_answer(*answer, arrival);
    if (const auto* refusal = std::get_if<EchoRefusal>(&arrival.what))
      return take_refusal(*refusal, arrival, family);
    switch (std::get<IcmpDrop>(arrival.what)) {
      case IcmpDrop::malformed:
        ++counters_.malformed;
        break;
      case IcmpDrop::bad_checksum:
        ++counters_.bad_checksum;
        break;
      case IcmpDrop::other_type:
        ++counters_.other_type;
        break;
      case IcmpDrop::foreign:
        ++counters_.foreign;
        break;
    }
  }

  /// The slot that a tag names, if the tag is ours and its look is still under way.
  std::optional<std::uint32_t> slot_of(const EchoTag& tag) {
    if (tag.cookie != cookie_) {
      ++counters_.foreign;
      return std::nullopt;
    }
    if (tag.slot >= looks_.size() || !looks_[tag.slot].active || looks_[tag.slot].round != tag.round) {
      ++counters_.late;
      return std::nullopt;
    }
    return tag.slot;
  }

  static Packet* find(Look& look, std::uint16_t sequence) {
    const auto found =
        std::find_if(look.packets.begin(), look.packets.end(), [sequence](const Packet& packet) {
          return packet.sequence == sequence && packet.state != PacketState::unsent;
        });
    return found == look.packets.end() ? nullptr : &*found;
  }

  void take_answer(const EchoAnswer& answer, const IcmpArrival& arrival) {
    const auto slot = slot_of(answer.echo.tag);
    if (!slot) return;
    Look& look = looks_[*slot];
    if (raw(arrival.from) != raw(look.address) || arrival.from.is_v4() != look.address.is_v4()) {
      ++counters_.wrong_source;
      return;
    }
    Packet* packet = find(look, answer.echo.sequence);
    if (packet == nullptr) {
      ++counters_.foreign;
      return;
    }
    if (packet->state == PacketState::answered) {
      ++counters_.duplicate;
      return;
    }
    ++counters_.answered;
    if (packet->state == PacketState::waiting) --waiting_;
    packet->state = PacketState::answered;
    packet->round_trip = std::max(FloatMilliseconds{}, FloatMilliseconds(arrival.at - packet->sent));
    look.target->learn(packet->round_trip);
    if (look.settled()) finish(*slot);
  }

  /// By the tag; where the sender quoted too little for that, by the address asked and the sequence.
  std::optional<std::uint32_t> slot_of(const EchoRefusal& refusal, IcmpFamily family) {
    if (refusal.tag) {
      const auto slot = slot_of(*refusal.tag);
      if (slot && raw(looks_[*slot].address) == refusal.quoted_destination) return slot;
      if (slot) ++counters_.wrong_source;
      return std::nullopt;
    }
    const auto target = targets_.find(address_from(refusal.quoted_destination, family));
    if (target != targets_.end()) {
      for (const std::uint32_t slot : target->second.looks) {
        if (find(looks_[slot], refusal.sequence) != nullptr) return slot;
      }
    }
    ++counters_.foreign;
    return std::nullopt;
  }

  void take_refusal(const EchoRefusal& refusal, const IcmpArrival& arrival, IcmpFamily family) {
    const auto slot = slot_of(refusal, family);
    if (!slot) return;
    Look& look = looks_[*slot];
    Packet* packet = find(look, refusal.sequence);
    if (packet == nullptr || packet->state != PacketState::waiting) return;
    ++counters_.refused;
    packet->state = PacketState::refused;
    --waiting_;
    if (!arrival.own_host && (!look.error || look.error->from.empty())) {
      look.error =
          std::make_unique<IcmpError>(IcmpError{std::string(refusal.type), arrival.from.to_string()});
      if (look.request.hop_limit > 0)
        look.error->rtt_ms = std::max(0.0, FloatMilliseconds(arrival.at - packet->sent).count());
    } else if (arrival.own_host && !look.error) {
      const bool is_silent = refusal.type == "host_unreachable";
      look.error =
          std::make_unique<IcmpError>(IcmpError{is_silent ? "neighbour_silent" : "local_unreachable", ""});
    }
    if (look.settled()) finish(*slot);
  }

  void finish(std::uint32_t slot) {
    Look& look = looks_[slot];
    Target& target = *look.target;
    const int unanswered = look.count(PacketState::waiting);
    const bool ours = unanswered > 0 && socket(look.address).overflows() != look.overflows;
    IcmpSeen seen;
    seen.received = look.count(PacketState::answered);
    seen.sent = seen.received + look.count(PacketState::refused) + (ours ? 0 : unanswered);
    seen.blind = seen.sent == 0;
    if (look.error) seen.error = std::move(*look.error);
    measure(look, seen);
    if (look.request.hop_limit > 0) {
      // Silence at a distance says nothing of the device's own speed.
    } else if (unanswered > 0 && !ours) {
      target.doublings = std::min(target.doublings + 1, max_doublings);
    } else if (seen.received > 0) {
      target.doublings = 0;
    }
    std::erase(target.looks, slot);
    waiting_ -= static_cast<std::size_t>(unanswered);
    look.active = false;
    free_.push_back(slot);
    --under_way_;
    --of_family_[index(family_of(look.address))];
    tell(std::exchange(look.callback, nullptr), std::move(seen));
  }

  struct Told {
    Callback callback;
    IcmpSeen seen;
  };

  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
  std::vector<Told> told_;  ///< not yet
  std::array<IcmpSocket, 2> sockets_;
  std::array<std::uint32_t, 2> overflows_{};
  std::uint64_t cookie_ = 0;
  std::uint16_t first_sequence_ = 0;
  std::uint32_t round_ = 0;
  std::deque<Look> looks_;  ///< by slot
  std::vector<std::uint32_t> free_;
  std::size_t under_way_ = 0;
  std::size_t waiting_ = 0;                 ///< packets
  std::array<std::size_t, 2> of_family_{};  ///< looks under way
  std::unordered_map<Address, Target> targets_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::optional<SteadyTime> armed_;
  SteadyTime last_tick_{};
  bool in_tick_ = false;
  IcmpCounters counters_;
};

IcmpProber::IcmpProber(boost::asio::io_context& io) : core_(std::make_shared<Core>(io)) {}
IcmpProber::~IcmpProber() = default;

Result<IcmpOpened> IcmpProber::open() {
  return core_->open();
}

void IcmpProber::look(const Address& address, const IcmpRequest& request, Callback callback) {
  core_->look(address, request, std::move(callback));
}

const IcmpCounters& IcmpProber::counters() const {
  return core_->counters();
}
std::size_t IcmpProber::looks_under_way() const {
  return core_->under_way();
}

}  // namespace nethealth
