#pragma once
// One ICMP socket for every device of one address family: the system calls of echo and nothing else.

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "config/result.hpp"
#include "probes/icmp_packet.hpp"

namespace nethealth {

using Address = boost::asio::ip::address;

/// The address as a packet holds it.
[[nodiscard]] RawAddress raw(const Address& address);
using SteadyTime = std::chrono::steady_clock::time_point;

enum class IcmpFamily : std::uint8_t { ipv4, ipv6 };

/// How we may ask: through a raw socket (CAP_NET_RAW), through a datagram "ping" socket
/// (net.ipv4.ping_group_range).
enum class IcmpAccess : std::uint8_t { none, raw, datagram };

struct IcmpArrival {
  std::variant<EchoAnswer, EchoRefusal, IcmpDrop> what = IcmpDrop::malformed;
  Address from;  ///< who sent it
  bool own_host =
      false;        ///< a refusal that this host made itself: nobody answered ARP or neighbour discovery
  SteadyTime at{};  ///< when the kernel received it, however late it is read
};

class IcmpSocket {
 public:
  /// What to do with a packet that could not be sent.
  enum class Sent : std::uint8_t {
    yes,
    again,  ///< buffers are full or a rule of this host refused: try later, it says nothing of the device
    unreachable,  ///< this host has no route or its interface is down
    impossible,   ///< the kernel refuses the address; asking again would not help
  };

  explicit IcmpSocket(IcmpFamily family);
  ~IcmpSocket();
  IcmpSocket(const IcmpSocket&) = delete;
  IcmpSocket& operator=(const IcmpSocket&) = delete;

  /// Raw if allowed, else datagram. The failure says what to do.
  Result<IcmpAccess> open();
  [[nodiscard]] IcmpAccess access() const { return access_; }

  /// `hop_limit`: routers that may pass it on, before one of them must say who it is; 0 for the system's own.
  Sent send(const Address& to, std::uint16_t sequence, const EchoTag& tag, int hop_limit = 0);

  /// Hands on what has arrived, at most `drain_batches` batches, without waiting. True when more may be
  /// there.
  bool drain(const std::function<void(const IcmpArrival&)>& arrived);

  /// Packets the kernel had to throw away because we read too slowly: our loss, never a device's. A total.
  [[nodiscard]] std::uint32_t overflows();

  static constexpr unsigned batch_packets = 64;
  static constexpr unsigned drain_batches = 16;

 private:
  struct Batch;
  void configure();
  [[nodiscard]] IcmpArrival interpret(const Batch& batch, unsigned index) const;
  [[nodiscard]] bool is_ours(std::uint16_t identifier) const;
  void drain_errors(const std::function<void(const IcmpArrival&)>& arrived);

  IcmpFamily family_;
  IcmpAccess access_ = IcmpAccess::none;
  std::uint16_t identifier_ = 0;  ///< of a raw socket's echoes; the kernel chooses a datagram socket's
  int descriptor_ = -1;
  std::unique_ptr<Batch> batch_;
};

}  // namespace nethealth
