// What arrives at the packet socket that asks who has an address.

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <cstdint>
#include <span>

#include "probes/neighbour_look.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::span<const std::uint8_t> packet(data, size);
  const boost::asio::ip::address_v4 wanted({192, 0, 2, 10});
  const auto owner = arp_owner(packet, wanted);
  if (!owner) return 0;
  must(size >= arp_bytes, "an answer is a whole packet");
  must(std::any_of(owner->begin(), owner->end(), [](std::uint8_t byte) { return byte != 0; }),
       "an owner has an address");
  must(std::equal(owner->begin(), owner->end(), packet.begin() + 8), "the owner stands in the packet");
  const ArpPacket asked = make_arp_request(*owner, wanted, wanted);
  must(arp_owner(asked, wanted) == owner, "who asks for itself has the address");
  return 0;
}
