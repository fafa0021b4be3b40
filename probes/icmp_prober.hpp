#pragma once
// Asks devices by ICMP echo: any number of looks at once over one socket a family, paced by one tick, at
// which answers are read too (their times are the kernel's).
//
// Everything happens on the one thread that runs the io_context. Late work of our own never counts against a
// device: what has arrived is read before anything is declared lost, and answers that the kernel had to throw
// away make a look blind instead of lossy.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/result.hpp"
#include "config/time.hpp"
#include "probes/icmp_socket.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct IcmpRequest {
  int packets = 3;              ///< 1 to IcmpProber::max_packets
  Milliseconds spacing{100};    ///< between the packets of one look
  Milliseconds timeout{1'000};  ///< the longest wait for one answer
  /// Of a path trace: routers that may pass the packet on; 0 for the system's own limit. Such a look says
  /// nothing of how fast the device answers, and is not remembered.
  int hop_limit = 0;
};

/// Totals since the start, for status: what was done and what was thrown away, by reason.
struct IcmpCounters {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;           ///< ICMP errors about our packets
  std::uint64_t send_failures = 0;     ///< packets given up because this host could not send them
  std::uint64_t looks_over_limit = 0;  ///< looks refused because `max_looks` were under way
  std::uint64_t malformed = 0;
  std::uint64_t bad_checksum = 0;
  std::uint64_t other_type = 0;
  std::uint64_t foreign = 0;       ///< of another program, or forged: the tag is not ours
  std::uint64_t wrong_source = 0;  ///< our tag, from an address that we did not ask
  std::uint64_t late = 0;          ///< after its look had ended
  std::uint64_t duplicate = 0;
};

/// The socket that each family got.
struct IcmpOpened {
  IcmpAccess ipv4 = IcmpAccess::none;
  IcmpAccess ipv6 = IcmpAccess::none;

  [[nodiscard]] std::string text() const;  ///< "IPv4 raw, IPv6 datagram"
};

class IcmpProber {
 public:
  using Callback = std::function<void(IcmpSeen)>;

  explicit IcmpProber(boost::asio::io_context& io);
  /// Drops the callbacks of looks under way.
  ~IcmpProber();
  IcmpProber(const IcmpProber&) = delete;
  IcmpProber& operator=(const IcmpProber&) = delete;

  /// Opens the sockets; call it before privileges are dropped. A failure (no family can be asked) says what
  /// to do; looks are then blind. A family without a socket is blind as well.
  Result<IcmpOpened> open();

  /// Asks one address. The callback comes later, once, on the io_context: as soon as every packet is answered
  /// or refused, else when the last packet's time is over.
  ///
  /// A packet's time is `timeout`, or less where the address has answered before: twice the RFC 6298
  /// estimate, at least `least_timeout`, doubled by each look that lost something.
  ///
  /// IcmpSeen::error, besides the words of icmp_packet.hpp with the router's address in `from`:
  ///
  /// - local_unreachable: this host has no route to it, its interface is down, or a rule of its own refuses
  /// - neighbour_silent: nobody answered ARP or neighbour discovery for the device or its gateway
  ///
  /// Both are no router's word, so their `from` is empty.
  ///
  /// Packets that this host could not send at all (full buffers, an own firewall rule) are missing from
  /// `sent`; when nothing could be sent the look is blind.
  void look(const Address& address, const IcmpRequest& request, Callback callback);

  [[nodiscard]] const IcmpCounters& counters() const;
  [[nodiscard]] std::size_t looks_under_way() const;

  static constexpr int max_packets = 20;
  static constexpr std::size_t max_looks = 65'536;        ///< at the same time
  static constexpr std::size_t max_remembered = 131'072;  ///< addresses with a history of round trips
  static constexpr std::size_t max_sent_per_tick = 100;   ///< the smallest receive buffer holds more answers
  static constexpr Milliseconds tick{5};  ///< between two readings while anything is waited for
  static constexpr Milliseconds shortest_tick{
      4};  ///< a tick of others that comes a little early is no second one
  static constexpr Milliseconds least_timeout{250};
  static constexpr Milliseconds send_patience{200};  ///< how long a packet is tried when buffers are full

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace nethealth
