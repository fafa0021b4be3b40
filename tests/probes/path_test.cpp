#include <doctest/doctest.h>

#include <optional>

#include "own_network.hpp"
#include "probes/icmp_trace.hpp"
#include "probes/mac_text.hpp"
#include "probes/neighbour_look.hpp"
#include "run_until.hpp"

using namespace nethealth;

namespace {

IcmpSeen answered() {
  IcmpSeen seen;
  seen.sent = 2;
  seen.received = 1;
  seen.rtt_ms = 1.5;
  return seen;
}

IcmpSeen silent() {
  IcmpSeen seen;
  seen.sent = 2;
  return seen;
}

IcmpSeen says(const std::string& type, const std::string& from) {
  IcmpSeen seen = silent();
  seen.error = IcmpError{type, from, 0.5};
  return seen;
}

IcmpSeen blind() {
  IcmpSeen seen;
  seen.blind = true;
  return seen;
}

std::string hops_of(const TraceSeen& trace) {
  std::string text;
  for (const TraceHop& hop : trace.hops) text += (hop.from.empty() ? "*" : hop.from) + " ";
  return text;
}

const TraceRequest quick_trace{4, 2, Milliseconds(20), Milliseconds(400)};
const NeighbourRequest quick_look{2, Milliseconds(50), Milliseconds(300)};

/// Here 10.9.0.9 on a cable to a router 10.9.0.1, behind which 10.9.1.0/24 is.
bool router_behind_cable(const Neighbour& router) {
  return router.made() && run_command("ip link set lo up") &&
         run_command("ip link add near type veth peer name far netns " + router.id()) &&
         run_command("ip addr add 10.9.0.9/24 dev near") && run_command("ip link set near up") &&
         router.run("ip link set lo up") && router.run("ip link set far address 02:00:5e:00:53:07") &&
         router.run("ip addr add 10.9.0.1/24 dev far") && router.run("ip link set far up") &&
         router.run("ip link add inside type veth peer name end") &&
         router.run("ip addr add 10.9.1.1/24 dev inside") && router.run("ip link set inside up") &&
         router.run("ip link set end up") && router.run("sysctl -qw net.ipv4.ip_forward=1") &&
         run_command("ip route add 10.9.1.0/24 via 10.9.0.1");
}

std::string trace_to(const std::string& address) {
  boost::asio::io_context io{1};
  IcmpProber prober{io};
  if (!prober.open()) return "no ICMP";
  std::optional<TraceSeen> seen;
  trace_path(prober, boost::asio::ip::make_address(address), quick_trace,
             [&seen](TraceSeen what) { seen = std::move(what); });
  run_until(io, [&seen] { return seen.has_value(); });
  return seen ? std::to_string(static_cast<int>(seen->status)) + " " + hops_of(*seen) : "no end";
}

std::string who_has(const std::string& address) {
  boost::asio::io_context io{1};
  std::optional<ArpSeen> seen;
  neighbour_look(io, boost::asio::ip::make_address(address), quick_look,
                 [&seen](ArpSeen what) { seen = std::move(what); });
  run_until(io, [&seen] { return seen.has_value(); });
  return seen ? std::to_string(static_cast<int>(seen->status)) + " " + seen->mac : "no end";
}

std::string word(Outcome outcome) {
  return std::to_string(static_cast<int>(outcome)) + " ";
}

}  // namespace

TEST_CASE("a trace ends at the last router that answers") {
  const TraceSeen trace = trace_of("192.0.2.9", {says("time_exceeded", "192.0.2.1"), silent(),
                                                 says("time_exceeded", "198.51.100.1"), silent(), silent()});
  CHECK(trace.status == Outcome::timeout);
  CHECK(hops_of(trace) == "192.0.2.1 * 198.51.100.1 ");
  CHECK(trace.hops[0].rtt_ms == 0.5);
}

TEST_CASE("a trace that arrives ends at the device and asks nothing of what lies beyond") {
  const TraceSeen trace =
      trace_of("192.0.2.9", {says("time_exceeded", "192.0.2.1"), answered(), answered(), answered()});
  CHECK(trace.status == Outcome::ok);
  CHECK(hops_of(trace) == "192.0.2.1 192.0.2.9 ");
}

TEST_CASE("a router that cannot deliver is named once and ends the trace") {
  const TraceSeen trace =
      trace_of("192.0.2.9", {says("time_exceeded", "192.0.2.1"), says("host_unreachable", "192.0.2.1"),
                             says("host_unreachable", "192.0.2.1")});
  CHECK(trace.status == Outcome::unreachable);
  CHECK(hops_of(trace) == "192.0.2.1 ");
}

TEST_CASE("a trace without an answer or a way to ask names nobody") {
  CHECK(trace_of("192.0.2.9", {silent(), silent()}).status == Outcome::timeout);
  CHECK(trace_of("192.0.2.9", {silent(), silent()}).hops.empty());
  CHECK(trace_of("192.0.2.9", {blind(), blind()}).status == Outcome::blind);
}

TEST_CASE("a real trace names the router and stops where nobody answers") {
  if (skipped_without_root()) return;
  const std::string wrong = in_own_network([]() -> std::string {
    const Neighbour router;
    if (!router_behind_cable(router)) return "no network";
    return differs(trace_to("10.9.1.5"), word(Outcome::timeout) + "10.9.0.1 ") +
           differs(trace_to("10.9.1.1"), word(Outcome::ok) + "10.9.1.1 ") +
           differs(trace_to("10.77.0.1"), word(Outcome::unreachable));
  });
  CHECK(wrong == "");
}

TEST_CASE("ARP tells who has an address and that nobody has one and that a router is between") {
  if (skipped_without_root()) return;
  const std::string wrong = in_own_network([]() -> std::string {
    const Neighbour router;
    if (!router_behind_cable(router)) return "no network";
    // It drops every packet of IP and answers ARP all the same, as a system does that hangs or filters.
    if (!router.run("nft 'add table ip quiet; add chain ip quiet heard { type filter hook input priority 0; "
                    "policy drop; }'"))
      return "no filter";
    return differs(who_has("10.9.0.1"), word(Outcome::ok) + "02:00:5e:00:53:07") +
           differs(who_has("10.9.0.77"), word(Outcome::timeout)) +
           differs(who_has("10.9.1.1"), word(Outcome::blind)) +
           differs(who_has("10.9.0.9"), word(Outcome::blind));
  });
  CHECK(wrong == "");
}

TEST_CASE("a MAC address is shown the same whatever its bytes come in") {
  CHECK(mac_text(MacAddress{0, 0x0a, 0x5e, 0x9f, 0xff, 1}) == "00:0a:5e:9f:ff:01");
  CHECK(mac_text(std::string("\x02\x00\x5e\x80\xff\x07", 6)) == "02:00:5e:80:ff:07");
  CHECK(mac_text(std::vector<std::uint32_t>{2, 0, 0x5e, 0, 0x53, 255}) == "02:00:5e:00:53:ff");
}

TEST_CASE("only an ARP packet from the wanted address names its owner") {
  const auto wanted = boost::asio::ip::make_address_v4("192.0.2.9");
  const auto own = boost::asio::ip::make_address_v4("192.0.2.1");
  const MacAddress mac{2, 0, 0x5e, 0, 0x53, 1};
  const ArpPacket request = make_arp_request(mac, own, wanted);
  CHECK_FALSE(arp_owner(request, wanted).has_value());
  CHECK(arp_owner(request, own) == mac);
  ArpPacket answer = make_arp_request(mac, wanted, own);
  answer[7] = 2;
  CHECK(arp_owner(answer, wanted) == mac);
  for (std::size_t size = 0; size < answer.size(); ++size)
    CHECK_FALSE(arp_owner({answer.data(), size}, wanted).has_value());
  answer[7] = 3;  // reverse ARP
  CHECK_FALSE(arp_owner(answer, wanted).has_value());
  CHECK_FALSE(arp_owner(make_arp_request(MacAddress{}, wanted, own), wanted).has_value());
}
