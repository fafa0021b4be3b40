// What the kernel answers of routes and neighbours, by rtnetlink.

#include <cstdint>
#include <span>

#include "probes/netlink_routes.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const NetlinkSaid said = read_netlink({data, size});
  constexpr std::size_t header_bytes = 16, route_bytes = 12, neighbour_bytes = 12, mac_text = 17;
  must(said.routes.size() * (header_bytes + route_bytes) +
               said.neighbours.size() * (header_bytes + neighbour_bytes) <=
           size,
       "every route and neighbour had a message of its own");
  for (const Route& route : said.routes)
    if (route.gateway && route.gateway->is_v6() && route.gateway->to_v6().scope_id() != 0)
      must(route.gateway->to_v6().is_link_local(), "only a link-local gateway names an interface");
  for (const NeighbourState& one : said.neighbours)
    must(one.mac.empty() || one.mac.size() == mac_text, "a hardware address is whole or missing");
  return 0;
}
