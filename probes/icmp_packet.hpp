#pragma once
// The bytes of ICMP echo, and nothing else: no sockets, no clocks (RFC 792, RFC 4443, RFC 4884). Every byte
// that is parsed here came from the network and may have been written by an attacker.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>

namespace nethealth {

/// An address as the packet holds it: four bytes of IPv4 and twelve zeros, or sixteen of IPv6.
using RawAddress = std::array<std::uint8_t, 16>;

/// What our echo carries so that its answer is recognised. An answer must bring all of it back.
struct EchoTag {
  std::uint64_t cookie = 0;  ///< random, one a process; whoever cannot see our packets cannot know it
  std::uint32_t slot = 0;    ///< of the look in the prober's table
  std::uint32_t round = 0;   ///< tells the slot's present look from its earlier ones

  friend bool operator==(const EchoTag&, const EchoTag&) = default;
};

/// Header (8), tag (16) and a text by which people know our packets in a capture (16).
inline constexpr std::size_t echo_bytes = 40;
using EchoPacket = std::array<std::uint8_t, echo_bytes>;

struct Echo {
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  EchoTag tag;
};

/// The request with its checksum.
EchoPacket make_echo_ipv4(const Echo& echo);
/// The request without a checksum: for ICMPv6 the kernel writes it (RFC 3542, 3.1).
EchoPacket make_echo_ipv6(const Echo& echo);

struct EchoAnswer {
  Echo echo;
};

/// An ICMP error that quotes an echo request.
struct EchoRefusal {
  std::string_view type;  ///< see refusal_type_*
  RawAddress quoted_source{};
  RawAddress quoted_destination{};
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
  std::optional<EchoTag> tag;  ///< empty when the sender quotes only the eight bytes that RFC 792 demands
};

using IcmpMessage = std::variant<EchoAnswer, EchoRefusal>;

/// Why a packet was not read.
enum class IcmpDrop : std::uint8_t {
  malformed,  ///< too short, or lengths that contradict each other
  bad_checksum,
  other_type,  ///< sound, but neither an answer nor an error about an echo
  foreign,     ///< an answer to an echo of another program
};

template <class T>
using IcmpParsed = tl::expected<T, IcmpDrop>;

/// A packet of a raw IPv4 socket: with its IP header. The kernel has not verified the ICMP checksum.
IcmpParsed<IcmpMessage> parse_ipv4(std::span<const std::uint8_t> packet);
/// An ICMP message of an IPv4 ping socket: without IP header, verified by the kernel.
IcmpParsed<IcmpMessage> parse_icmpv4(std::span<const std::uint8_t> message);
/// An ICMPv6 message: without IP header, verified by the kernel.
IcmpParsed<IcmpMessage> parse_icmpv6(std::span<const std::uint8_t> message);
/// Our own echo request as an error queue gives it back.
IcmpParsed<Echo> parse_own_echo(std::span<const std::uint8_t> message);

/// The words of IcmpError::type: host_unreachable, network_unreachable, protocol_unreachable,
/// port_unreachable, fragmentation_needed, source_route_failed, prohibited, unreachable, time_exceeded,
/// parameter_problem. Empty when the type is no error about our packet.
std::string_view refusal_type_ipv4(std::uint8_t type, std::uint8_t code);
std::string_view refusal_type_ipv6(std::uint8_t type, std::uint8_t code);

}  // namespace nethealth
