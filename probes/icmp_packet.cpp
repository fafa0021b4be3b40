#include "probes/icmp_packet.hpp"

#include <algorithm>

namespace nethealth {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t icmp_header_bytes = 8;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t ipv4_header_bytes = 20;
constexpr std::size_t ipv6_header_bytes = 40;
constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_icmpv6 = 58;
constexpr std::uint8_t echo_reply_v4 = 0;
constexpr std::uint8_t echo_request_v4 = 8;
constexpr std::uint8_t echo_request_v6 = 128;
constexpr std::uint8_t echo_reply_v6 = 129;
constexpr std::string_view signature = "nethealth echo\r\n";
static_assert(icmp_header_bytes + tag_bytes + signature.size() == echo_bytes);

template <class Number>
Number read(Bytes bytes, std::size_t at) {
  Number value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) value = static_cast<Number>((value << 8) | bytes[at + i]);
  return value;
}

template <class Number>
void write(EchoPacket& packet, std::size_t at, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    packet[at + i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(Number) - 1 - i)));
  }
}

/// RFC 1071. Zero over a message whose checksum field is right.
std::uint16_t checksum(Bytes bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += read<std::uint16_t>(bytes, i);
  if (bytes.size() % 2 != 0) sum += static_cast<std::uint64_t>(bytes.back()) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

EchoPacket make_echo(std::uint8_t type, const Echo& echo) {
  EchoPacket packet{};
  packet[0] = type;
  write(packet, 4, echo.identifier);
  write(packet, 6, echo.sequence);
  write(packet, 8, echo.tag.cookie);
  write(packet, 16, echo.tag.slot);
  write(packet, 20, echo.tag.round);
  std::copy(signature.begin(), signature.end(), packet.begin() + icmp_header_bytes + tag_bytes);
  return packet;
}

/// The tag, if the message is whole and bears our text. Some senders cut a quotation and pad it with zeros
/// (RFC 4884).
std::optional<EchoTag> read_tag(Bytes message) {
  if (message.size() < echo_bytes) return std::nullopt;
  const auto text = message.subspan(icmp_header_bytes + tag_bytes, signature.size());
  const auto same = [](std::uint8_t byte, char letter) { return byte == static_cast<std::uint8_t>(letter); };
  if (!std::equal(text.begin(), text.end(), signature.begin(), same)) return std::nullopt;
  return EchoTag{.cookie = read<std::uint64_t>(message, 8),
                 .slot = read<std::uint32_t>(message, 16),
                 .round = read<std::uint32_t>(message, 20)};
}

IcmpParsed<IcmpMessage> read_answer(Bytes message) {
  const auto tag = read_tag(message);
  if (!tag || message.size() != echo_bytes) return tl::unexpected(IcmpDrop::foreign);
  return EchoAnswer{{read<std::uint16_t>(message, 4), read<std::uint16_t>(message, 6), *tag}};
}

/// `quoted` begins with the echo request's ICMP header.
IcmpParsed<IcmpMessage> read_quoted_echo(Bytes quoted, std::uint8_t request_type, EchoRefusal refusal) {
  if (quoted.size() < icmp_header_bytes) return tl::unexpected(IcmpDrop::malformed);
  if (quoted[0] != request_type) return tl::unexpected(IcmpDrop::other_type);
  refusal.identifier = read<std::uint16_t>(quoted, 4);
  refusal.sequence = read<std::uint16_t>(quoted, 6);
  refusal.tag = read_tag(quoted);
  return refusal;
}

void copy_address(Bytes from, std::size_t at, std::size_t size, RawAddress& to) {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), size, to.begin());
}

IcmpParsed<IcmpMessage> read_refusal_ipv4(Bytes quoted, std::string_view type) {
  if (quoted.size() < ipv4_header_bytes || quoted[0] >> 4 != 4) return tl::unexpected(IcmpDrop::malformed);
  const std::size_t header = (quoted[0] & 0x0fU) * 4U;
  if (header < ipv4_header_bytes || header > quoted.size()) return tl::unexpected(IcmpDrop::malformed);
  const bool later_fragment = (read<std::uint16_t>(quoted, 6) & 0x1fff) != 0;
  if (quoted[9] != protocol_icmp || later_fragment) return tl::unexpected(IcmpDrop::other_type);
  EchoRefusal refusal;
  refusal.type = type;
  copy_address(quoted, 12, 4, refusal.quoted_source);
  copy_address(quoted, 16, 4, refusal.quoted_destination);
  return read_quoted_echo(quoted.subspan(header), echo_request_v4, refusal);
}

IcmpParsed<IcmpMessage> read_refusal_ipv6(Bytes quoted, std::string_view type) {
  if (quoted.size() < ipv6_header_bytes || quoted[0] >> 4 != 6) return tl::unexpected(IcmpDrop::malformed);
  if (quoted[6] != protocol_icmpv6) return tl::unexpected(IcmpDrop::other_type);
  EchoRefusal refusal;
  refusal.type = type;
  copy_address(quoted, 8, 16, refusal.quoted_source);
  copy_address(quoted, 24, 16, refusal.quoted_destination);
  return read_quoted_echo(quoted.subspan(ipv6_header_bytes), echo_request_v6, refusal);
}

}  // namespace

EchoPacket make_echo_ipv4(const Echo& echo) {
  EchoPacket packet = make_echo(echo_request_v4, echo);
  write(packet, 2, checksum(packet));
  return packet;
}

EchoPacket make_echo_ipv6(const Echo& echo) {
  return make_echo(echo_request_v6, echo);
}

IcmpParsed<IcmpMessage> parse_ipv4(std::span<const std::uint8_t> packet) {
  if (packet.size() < ipv4_header_bytes || packet[0] >> 4 != 4) return tl::unexpected(IcmpDrop::malformed);
  const std::size_t header = (packet[0] & 0x0fU) * 4U;
  const std::size_t total = read<std::uint16_t>(packet, 2);
  if (header < ipv4_header_bytes || total < header + icmp_header_bytes || total > packet.size()) {
    return tl::unexpected(IcmpDrop::malformed);
  }
  if (packet[9] != protocol_icmp) return tl::unexpected(IcmpDrop::other_type);
  const auto message = packet.subspan(header, total - header);
  if (checksum(message) != 0) return tl::unexpected(IcmpDrop::bad_checksum);
  return parse_icmpv4(message);
}

IcmpParsed<IcmpMessage> parse_icmpv4(std::span<const std::uint8_t> message) {
  if (message.size() < icmp_header_bytes) return tl::unexpected(IcmpDrop::malformed);
  if (message[0] == echo_reply_v4) return read_answer(message);
  const auto type = refusal_type_ipv4(message[0], message[1]);
  if (type.empty()) return tl::unexpected(IcmpDrop::other_type);
  return read_refusal_ipv4(message.subspan(icmp_header_bytes), type);
}

IcmpParsed<IcmpMessage> parse_icmpv6(std::span<const std::uint8_t> message) {
  if (message.size() < icmp_header_bytes) return tl::unexpected(IcmpDrop::malformed);
  if (message[0] == echo_reply_v6) return read_answer(message);
  const auto type = refusal_type_ipv6(message[0], message[1]);
  if (type.empty()) return tl::unexpected(IcmpDrop::other_type);
  return read_refusal_ipv6(message.subspan(icmp_header_bytes), type);
}

IcmpParsed<Echo> parse_own_echo(std::span<const std::uint8_t> message) {
  const auto tag = read_tag(message);
  if (!tag || message.size() != echo_bytes) return tl::unexpected(IcmpDrop::foreign);
  if (message[0] != echo_request_v4 && message[0] != echo_request_v6)
    return tl::unexpected(IcmpDrop::other_type);
  return Echo{read<std::uint16_t>(message, 4), read<std::uint16_t>(message, 6), *tag};
}

std::string_view refusal_type_ipv4(std::uint8_t type, std::uint8_t code) {
  if (type == 11) return "time_exceeded";
  if (type == 12) return "parameter_problem";
  if (type != 3) return {};
  switch (code) {
    case 0:
    case 6:
    case 11:
      return "network_unreachable";
    case 1:
    case 7:
    case 8:
    case 12:
      return "host_unreachable";
    case 2:
      return "protocol_unreachable";
    case 3:
      return "port_unreachable";
    case 4:
      return "fragmentation_needed";
    case 5:
      return "source_route_failed";
    case 9:
    case 10:
    case 13:
    case 14:
    case 15:
      return "prohibited";
    default:
      return "unreachable";
  }
}

std::string_view refusal_type_ipv6(std::uint8_t type, std::uint8_t code) {
  if (type == 3) return "time_exceeded";
  if (type == 4) return "parameter_problem";
  if (type != 1) return {};
  switch (code) {
    case 0:
    case 2:
      return "network_unreachable";
    case 1:
    case 5:
    case 6:
      return "prohibited";
    case 3:
      return "host_unreachable";
    case 4:
      return "port_unreachable";
    default:
      return "unreachable";
  }
}

}  // namespace nethealth
