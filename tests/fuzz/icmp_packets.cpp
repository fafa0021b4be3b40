// What arrives at the ICMP sockets: answers and errors, of both families, raw and not.

#include <algorithm>
#include <cstdint>
#include <span>

#include "probes/icmp_packet.hpp"
#include "tests/fuzz/must.hpp"

namespace {

using namespace nethealth;
using Bytes = std::span<const std::uint8_t>;

/// Every byte of an answer was in the packet: nothing is read from beyond it, and nothing made up.
void look_at(const IcmpParsed<IcmpMessage>& parsed, Bytes packet, bool ipv6) {
  if (!parsed) return;
  if (const auto* refusal = std::get_if<EchoRefusal>(&*parsed)) {
    must(!refusal->type.empty(), "an error has a word");
    must(packet.size() >= 8, "an error quotes a header");
    return;
  }
  const Echo& echo = std::get<EchoAnswer>(*parsed).echo;
  EchoPacket sent = ipv6 ? make_echo_ipv6(echo) : make_echo_ipv4(echo);
  must(packet.size() >= sent.size(), "an answer holds all that was sent");
  const Bytes message = packet.last(sent.size());
  must(std::equal(sent.begin() + 4, sent.end(), message.begin() + 4), "an answer brings back what was sent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes packet(data, size);
  look_at(parse_icmpv4(packet), packet, false);
  look_at(parse_icmpv6(packet), packet, true);
  if (const auto raw = parse_ipv4(packet)) {
    must(packet.size() >= 28, "a raw packet has both headers");
    if (const auto* answer = std::get_if<EchoAnswer>(&*raw)) {
      // The header's length counts, not what the kernel handed over behind it.
      const std::size_t total = packet[2] * 256U + packet[3];
      look_at(IcmpMessage(*answer), packet.first(total), false);
    }
  }
  if (const auto own = parse_own_echo(packet)) must(packet.size() >= echo_bytes, "our own echo is whole");
  return 0;
}
