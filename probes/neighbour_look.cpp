#include "probes/neighbour_look.hpp"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <memory>
#include <utility>

#include "probes/mac_text.hpp"
#include "probes/netlink_routes.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::address_v4;
using boost::system::error_code;

constexpr std::array<std::uint8_t, 6> ethernet_ipv4{0, 1, 0x08, 0, 6, 4};
constexpr std::size_t operation_at = 6, sender_mac_at = 8, sender_at = 14, wanted_at = 24;
constexpr std::uint8_t request_operation = 1, reply_operation = 2;
/// A wire may carry more ARP than ours; what comes beyond this in one wake-up waits for the next.
constexpr int most_packets_a_wake = 64;
/// The kernel asks three times, a second apart, before it calls a neighbour failed.
constexpr Milliseconds table_patience{4'000};
constexpr Milliseconds table_step{200};

/// The address that this host would ask from.
std::optional<address_v4> own_address(boost::asio::io_context& io, const address_v4& towards) {
  error_code error;
  boost::asio::ip::udp::socket socket(io);
  socket.open(boost::asio::ip::udp::v4(), error);
  if (!error) socket.connect({towards, 9}, error);
  if (error) return std::nullopt;
  const auto local = socket.local_endpoint(error);
  if (error || !local.address().is_v4()) return std::nullopt;
  return local.address().to_v4();
}

class NeighbourLook : public std::enable_shared_from_this<NeighbourLook> {
 public:
  NeighbourLook(boost::asio::io_context& io, const boost::asio::ip::address& address,
                const NeighbourRequest& request, std::function<void(ArpSeen)> callback)
      : io_(io),
        descriptor_(io),
        timer_(io),
        address_(address),
        request_(request),
        callback_(std::move(callback)) {}

  void begin() {
    const auto route = route_to(address_);
    if (!route || !*route || (*route)->gateway || (*route)->local) return answer_later(Outcome::blind);
    interface_ = (*route)->interface;
    if (address_.is_v4() && open(interface_)) {
      listen();
      return ask();
    }
    began_ = std::chrono::steady_clock::now();
    look_into_table();
  }

 private:
  bool open(unsigned interface) {
    const int descriptor = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ARP));
    if (descriptor < 0) return false;
    error_code error;
    descriptor_.assign(descriptor, error);
    if (error) {
      ::close(descriptor);
      return false;
    }
    sockaddr_ll own{};
    own.sll_family = AF_PACKET;
    own.sll_protocol = htons(ETH_P_ARP);
    own.sll_ifindex = static_cast<int>(interface);
    socklen_t size = sizeof own;
    const bool bound = ::bind(descriptor, reinterpret_cast<sockaddr*>(&own), sizeof own) == 0 &&
                       ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0;
    const auto from = own_address(io_, address_.to_v4());
    if (!bound || own.sll_hatype != ARPHRD_ETHER || own.sll_halen != own_mac_.size() || !from) return false;
    std::copy_n(own.sll_addr, own_mac_.size(), own_mac_.begin());
    own_ = *from;
    return true;
  }

  void ask() {
    const ArpPacket packet = make_arp_request(own_mac_, own_, address_.to_v4());
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_protocol = htons(ETH_P_ARP);
    to.sll_ifindex = static_cast<int>(interface_);
    to.sll_halen = static_cast<unsigned char>(own_mac_.size());
    std::fill_n(to.sll_addr, own_mac_.size(), std::uint8_t{0xff});
    const bool sent = ::sendto(descriptor_.native_handle(), packet.data(), packet.size(), 0,
                               reinterpret_cast<const sockaddr*>(&to), sizeof to) >= 0;
    any_sent_ = any_sent_ || sent;
    const bool last = ++asked_ >= request_.tries;
    after(last ? request_.timeout : request_.spacing, [last](NeighbourLook& look) {
      if (!last) return look.ask();
      look.answer(look.any_sent_ ? Outcome::timeout : Outcome::blind);
    });
  }

  void listen() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [self = shared_from_this()](const error_code& error) {
                             if (error || !self->callback_) return;
                             self->read();
                             if (self->callback_) self->listen();
                           });
  }

  void read() {
    std::array<std::uint8_t, 128> packet{};
    for (int i = 0; i < most_packets_a_wake && callback_; ++i) {
      const auto size = ::recv(descriptor_.native_handle(), packet.data(), packet.size(), 0);
      if (size < 0) return;
      const auto owner = arp_owner({packet.data(), static_cast<std::size_t>(size)}, address_.to_v4());
      if (owner && *owner != own_mac_) answer(Outcome::ok, mac_text(*owner));
    }
  }

  /// Our pings make the kernel ask; only what it learned since counts.
  void look_into_table() {
    const auto found = neighbour(address_, interface_);
    if (!found) return answer_later(Outcome::blind);
    const auto age = std::chrono::steady_clock::now() - began_;
    if (*found && (*found)->failed) return answer_later(Outcome::timeout);
    if (*found && (*found)->confirmed_before <= age) return answer_later(Outcome::ok, (*found)->mac);
    if (age >= table_patience) return answer_later(Outcome::blind);
    after(table_step, [](NeighbourLook& look) { look.look_into_table(); });
  }

  template <class Next>
  void after(Milliseconds wait, Next next) {
    timer_.expires_after(wait);
    timer_.async_wait([self = shared_from_this(), next](const error_code& error) {
      if (!error && self->callback_) next(*self);
    });
  }

  void answer_later(Outcome status, std::string mac = {}) {
    boost::asio::post(
        io_, [self = shared_from_this(), status, mac = std::move(mac)] { self->answer(status, mac); });
  }

  void answer(Outcome status, std::string mac = {}) {
    const auto callback = std::exchange(callback_, nullptr);
    if (!callback) return;
    timer_.cancel();
    error_code ignored;
    descriptor_.close(ignored);
    callback(ArpSeen{status, std::move(mac)});
  }

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  boost::asio::ip::address address_;
  NeighbourRequest request_;
  std::function<void(ArpSeen)> callback_;
  unsigned interface_ = 0;
  MacAddress own_mac_{};
  address_v4 own_;
  int asked_ = 0;
  bool any_sent_ = false;
  std::chrono::steady_clock::time_point began_;
};

}  // namespace

ArpPacket make_arp_request(const MacAddress& own_mac, const address_v4& own, const address_v4& wanted) {
  ArpPacket packet{};
  std::ranges::copy(ethernet_ipv4, packet.begin());
  packet[operation_at + 1] = request_operation;
  std::ranges::copy(own_mac, packet.begin() + sender_mac_at);
  std::ranges::copy(own.to_bytes(), packet.begin() + sender_at);
  std::ranges::copy(wanted.to_bytes(), packet.begin() + wanted_at);
  return packet;
}

std::optional<MacAddress> arp_owner(std::span<const std::uint8_t> packet, const address_v4& wanted) {
  if (packet.size() < arp_bytes || !std::equal(ethernet_ipv4.begin(), ethernet_ipv4.end(), packet.begin()))
    return std::nullopt;
  const unsigned operation = packet[operation_at] * 256U + packet[operation_at + 1];
  if (operation != request_operation && operation != reply_operation) return std::nullopt;
  if (!std::ranges::equal(packet.subspan(sender_at, 4), wanted.to_bytes())) return std::nullopt;
  MacAddress mac{};
  std::copy_n(packet.begin() + sender_mac_at, mac.size(), mac.begin());
  if (std::ranges::all_of(mac, [](std::uint8_t byte) { return byte == 0; })) return std::nullopt;
  return mac;
}

void neighbour_look(boost::asio::io_context& io, const boost::asio::ip::address& address,
                    const NeighbourRequest& request, std::function<void(ArpSeen)> callback) {
  std::make_shared<NeighbourLook>(io, address, request, std::move(callback))->begin();
}

}  // namespace nethealth
