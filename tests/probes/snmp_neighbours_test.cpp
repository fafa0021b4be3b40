// Neighbours and learned addresses: tables to meaning, and a real walk over an agent with them.

#include <doctest/doctest.h>

#include "probes/snmp_neighbours.hpp"
#include "tests/probes/snmp_lab.hpp"

using namespace nethealth;
using namespace snmp_lab;

namespace {

const Oid remote{1, 0, 8802, 1, 1, 2, 1, 4, 1, 1};
const Oid local{1, 0, 8802, 1, 1, 2, 1, 3, 7, 1};
const Oid names{1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 1};
const Oid base{1, 3, 6, 1, 2, 1, 17, 1, 4, 1, 2};
const Oid by_bridge{1, 3, 6, 1, 2, 1, 17, 4, 3, 1};
const Oid by_vlan{1, 3, 6, 1, 2, 1, 17, 7, 1, 2, 2, 1};
const std::string mac("\x00\x00\x5E\x00\x53\x01", 6);

Oid at(const Oid& front, const Oid& back) {
  return joined(front, back);
}

/// Bridge port 7 is interface 10107, "Gi1/0/7"; behind it is sw-2f, port 24, and two terminals in VLAN 20.
SnmpReadings access_switch() {
  SnmpReadings all;
  all[at(names, {10'107})] = SnmpValue::of(std::string("Gi1/0/7"));
  all[at(base, {7})] = SnmpValue::of(std::int64_t{10'107});
  all[at(remote, {4, 0, 7, 1})] = SnmpValue::of(std::int64_t{4});
  all[at(remote, {5, 0, 7, 1})] = SnmpValue::of(mac);
  all[at(remote, {6, 0, 7, 1})] = SnmpValue::of(std::int64_t{7});
  all[at(remote, {7, 0, 7, 1})] = SnmpValue::of(std::string("24"));
  all[at(remote, {9, 0, 7, 1})] = SnmpValue::of(std::string("SW-2F.example.lg.jp"));
  all[at(by_vlan, {2, 20, 0, 0, 0x5E, 0, 0x53, 2})] = SnmpValue::of(std::int64_t{7});
  all[at(by_vlan, {3, 20, 0, 0, 0x5E, 0, 0x53, 2})] = SnmpValue::of(std::int64_t{3});
  all[at(by_vlan, {2, 20, 0, 0, 0x5E, 0, 0x53, 9})] = SnmpValue::of(std::int64_t{7});
  all[at(by_vlan, {3, 20, 0, 0, 0x5E, 0, 0x53, 9})] = SnmpValue::of(std::int64_t{4});  // self
  return all;
}

}  // namespace

TEST_CASE("a neighbour is told with our port by name its port and its address") {
  const NeighboursSeen seen = neighbours_of(access_switch());
  REQUIRE(seen.lldp.size() == 1);
  CHECK(seen.lldp[0].port == "Gi1/0/7");
  CHECK(seen.lldp[0].port_names == std::vector<std::string>{"Gi1/0/7", "7"});
  CHECK(seen.ports == std::vector<std::string>{"Gi1/0/7"});
  CHECK(seen.lldp[0].name == "SW-2F.example.lg.jp");
  CHECK(seen.lldp[0].remote_port == "24");
  CHECK(seen.lldp[0].chassis == "00:00:5e:00:53:01");
}

TEST_CASE("the name that LLDP gives a port goes before the number of a bridge port") {
  SnmpReadings all = access_switch();
  all[at(local, {2, 7})] = SnmpValue::of(std::int64_t{5});
  all[at(local, {3, 7})] = SnmpValue::of(std::string("GigabitEthernet1/0/7"));
  CHECK(neighbours_of(all).lldp.at(0).port == "GigabitEthernet1/0/7");
  // An agent that writes the number and keeps the name for the description.
  all[at(local, {2, 7})] = SnmpValue::of(std::int64_t{7});
  all[at(local, {3, 7})] = SnmpValue::of(std::string("7"));
  all[at(local, {4, 7})] = SnmpValue::of(std::string("port 7"));
  CHECK(neighbours_of(all).lldp.at(0).port == "port 7");
}

TEST_CASE("a neighbour without our port in its index is told without one") {
  SnmpReadings all;
  all[at(remote, {5, 8})] = SnmpValue::of(std::string("64:D1:54:00:53:01"));
  const NeighboursSeen seen = neighbours_of(all);
  REQUIRE(seen.lldp.size() == 1);
  CHECK(seen.lldp[0].port.empty());
  CHECK(seen.lldp[0].chassis == "64:D1:54:00:53:01");
}

TEST_CASE("learned addresses are told by port and VLAN and the device's own are left out") {
  const NeighboursSeen seen = neighbours_of(access_switch());
  REQUIRE(seen.learned.size() == 1);
  CHECK(seen.learned[0].port == "Gi1/0/7");
  CHECK(seen.learned[0].address == "00:00:5e:00:53:02");
  CHECK(seen.learned[0].vlan == 20);
}

TEST_CASE("the older table is read where the newer one is missing and nonsense in it is left out") {
  SnmpReadings all;
  all[at(by_bridge, {2, 0, 0, 0x5E, 0, 0x53, 3})] = SnmpValue::of(std::int64_t{2});
  all[at(by_bridge, {3, 0, 0, 0x5E, 0, 0x53, 3})] = SnmpValue::of(std::int64_t{3});
  all[at(by_bridge, {2, 0, 0, 0x5E, 0, 0x53, 4})] = SnmpValue::of(std::int64_t{0});     // no port is known
  all[at(by_bridge, {2, 0, 0, 0x5E, 0, 0x53})] = SnmpValue::of(std::int64_t{2});        // too short
  all[at(by_bridge, {2, 0, 0, 0x5E, 0, 0x53, 900})] = SnmpValue::of(std::int64_t{2});   // no byte
  all[at(by_bridge, {2, 0, 0, 0x5E, 0, 0x53, 5})] = SnmpValue::of(std::string("two"));  // no number
  const NeighboursSeen seen = neighbours_of(all);
  REQUIRE(seen.learned.size() == 1);
  CHECK(seen.learned[0].port == "2");
  CHECK_FALSE(seen.learned[0].vlan);
}

namespace {

/// The next rows after each identifier of a request, as an agent with these values gives them.
std::string next_rows(const Request& request, const std::map<Oid, std::string>& values) {
  std::vector<Binding> bindings;
  for (const Oid& oid : request.oids) {
    const auto found = values.upper_bound(oid);
    if (found == values.end())
      bindings.emplace_back(oid, std::string("\x82\x00", 2));  // endOfMibView
    else
      bindings.emplace_back(*found);
  }
  return response(request.version, request.id, bindings);
}

}  // namespace

TEST_CASE("the tables of an agent are walked to their ends") {
  boost::asio::io_context io;
  std::map<Oid, std::string> values;
  for (const auto& [oid, value] : access_switch())
    values[oid] = value.kind == SnmpValue::Kind::octets
                      ? ber::field(0x04, value.octets)
                      : ber::integer(static_cast<std::int32_t>(value.integer));
  Impostor agent(io, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    self.send(next_rows(parsed(bytes), values), from);
  });
  auto requester = SnmpRequester::open(io);
  REQUIRE(requester);
  auto peer = std::make_shared<SnmpPeer>();
  peer->endpoint = {boost::asio::ip::address_v4::loopback(), agent.port()};
  peer->credential = community("public");
  std::optional<NeighboursSeen> seen;
  look_neighbours(**requester, peer, [&](NeighboursSeen all) { seen = std::move(all); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  CHECK(seen->status == Outcome::ok);
  CHECK_FALSE(seen->cut);
  CHECK(seen->lldp.size() == 1);
  CHECK(seen->learned.size() == 1);
}

TEST_CASE("neighbours of a silent agent are a time-out and not an empty list") {
  boost::asio::io_context io;
  Impostor agent(io, [](Impostor&, const std::string&, const udp::endpoint&) {});
  auto requester = SnmpRequester::open(io);
  REQUIRE(requester);
  auto peer = std::make_shared<SnmpPeer>();
  peer->endpoint = {boost::asio::ip::address_v4::loopback(), agent.port()};
  peer->credential = community("public");
  peer->timeout = Milliseconds(50);
  std::optional<NeighboursSeen> seen;
  look_neighbours(**requester, peer, [&](NeighboursSeen all) { seen = std::move(all); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  CHECK(seen->status == Outcome::timeout);
}
