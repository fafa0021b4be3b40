// Agents that lie, loop and shout: the prober stays well, and other devices are looked at meanwhile.

#include <doctest/doctest.h>

#include "probes/dropped_count.hpp"
#include "tests/probes/snmp_lab.hpp"

using namespace nethealth;
using namespace snmp_lab;

namespace {

constexpr unsigned char get_request = 0xA0;

std::string gauge(std::uint32_t value) {
  std::string content(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) content += static_cast<char>(value >> shift & 0xFF);
  return ber::field(0x42, content);
}

/// The honest answer to the first question of a look.
std::string identity(const Request& request) {
  std::vector<Binding> bindings;
  for (const Oid& oid : request.oids)
    bindings.emplace_back(oid, ber::field(0x43, std::string("\x01\x00", 2)));
  return response(request.version, request.id, bindings);
}

/// A version 3 message without authentication or privacy, in the name of an engine and a user.
std::string unprotected(std::int32_t id, const std::string& user_name, const std::string& pdu) {
  const std::string engine("\x80\x00\x1F\x88\x04test", 9);
  const std::string global =
      ber::integer(id) + ber::integer(1'400) + ber::field(0x04, std::string(1, '\0')) + ber::integer(3);
  const std::string security = ber::field(0x04, engine) + ber::integer(1) + ber::integer(100) +
                               ber::field(0x04, user_name) + ber::field(0x04, "") + ber::field(0x04, "");
  const std::string scoped = ber::field(0x04, engine) + ber::field(0x04, "") + pdu;
  return ber::field(0x30, ber::integer(3) + ber::field(0x30, global) +
                              ber::field(0x04, ber::field(0x30, security)) + ber::field(0x30, scoped));
}

std::string pdu_of(unsigned char type, std::int32_t id, const Binding& binding) {
  const std::string list =
      ber::field(0x30, ber::field(0x30, ber::identifier(binding.first) + binding.second));
  return ber::field(type, ber::integer(id) + ber::integer(0) + ber::integer(0) + list);
}

/// The msgID of a version 3 request.
std::int32_t message_id(const std::string& bytes) {
  ber::Reader message{ber::Reader{bytes}.next().second};
  message.number();
  return ber::Reader{message.next().second}.number();
}

/// Looks at an agent that answers gets honestly and everything else by `walk`.
std::optional<SnmpSeen> look_at(Bench& bench, const Impostor::Answer& walk) {
  Impostor agent(bench.io, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    const Request request = parsed(bytes);
    if (request.type == get_request) {
      self.send(identity(request), from);
    } else {
      walk(self, bytes, from);
    }
  });
  return bench.look(target(agent.port(), community("public")));
}

}  // namespace

TEST_CASE("a message with the wrong id from another address or of another version is no answer") {
  Bench bench;
  Impostor agent(bench.io, [](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    const Request request = parsed(bytes);
    self.send(response(request.version, request.id ^ 1, {}), from);
    self.send_from_elsewhere(identity(request), from);
  });
  const auto seen = bench.look(target(agent.port(), community("public")));
  REQUIRE(seen);
  CHECK(seen->status == Outcome::timeout);
  CHECK(bench.prober->counters().dropped_unknown_id == 2);
  CHECK(bench.prober->counters().dropped_wrong_source == 2);

  Impostor old(bench.io, [](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    self.send(response(0, parsed(bytes).id, {}), from);
  });
  CHECK(bench.look(target(old.port(), community("public")))->status == Outcome::error);
  CHECK(bench.prober->counters().dropped_wrong_version == 2);
}

TEST_CASE("garbage of every kind is dropped and counted") {
  Bench bench;
  std::string nested = "\x05";
  for (int i = 0; i < 5'000; ++i) nested = ber::field(0x30, nested.substr(0, 12'000));
  std::vector<std::string> garbage{"",
                                   std::string(1, '\0'),
                                   std::string("\x30\x84\xFF\xFF\xFF\xFF", 6),
                                   std::string("\x30\x80", 2),
                                   "hello",
                                   std::string(1'400, '\x30'),
                                   nested,
                                   std::string("\x30\x03\x02\x81\x7F", 5),
                                   std::string("\x30\x0B\x02\x01\x01\x04\x82\xFF\xFF\x41\x42\x43\x44", 13)};
  std::size_t sent = 0;
  Impostor agent(bench.io, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    for (const std::string& one : garbage) self.send(one, from);
    self.send(std::string(max_snmp_message_bytes + 1, '\x30'), from);
    sent += garbage.size();
    self.send(bytes, from);  // our own request, back again
    ++sent;
  });
  const auto seen = bench.look(target(agent.port(), community("public")));
  REQUIRE(seen);
  CHECK(seen->status == Outcome::timeout);
  CHECK(bench.prober->counters().dropped_undecodable == sent);
  CHECK(bench.prober->counters().dropped_oversize == 2);
}

TEST_CASE("every cut and every flipped byte of a real answer leaves the prober alive") {
  Bench bench;
  Impostor agent(bench.io, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    const std::string whole = identity(parsed(bytes));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      self.send(whole.substr(0, i), from);
      std::string flipped = whole;
      flipped[i] = static_cast<char>(~flipped[i]);
      self.send(flipped, from);
    }
  });
  const auto seen = bench.look(target(agent.port(), community("public")));
  REQUIRE(seen);
  CHECK(bench.prober->counters().dropped_undecodable > 20);
}

TEST_CASE("an endless walk is cut and the rest of the look still counts") {
  Bench bench;
  std::uint32_t row = 0;
  const auto seen = look_at(bench, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    const Request request = parsed(bytes);
    std::vector<Binding> bindings;
    for (int i = 0; i < 40; ++i) {
      ++row;
      for (const Oid& oid : request.oids) {
        // Sorted below the first number after the column: it grows for ever.
        const std::size_t column = oid[7] == 2 ? 10 : std::min<std::size_t>(oid.size(), 11);
        Oid next(oid.begin(), oid.begin() + static_cast<std::ptrdiff_t>(std::min(column, oid.size())));
        next.push_back(row);
        bindings.emplace_back(next, gauge(1));
      }
    }
    self.send(response(request.version, request.id, bindings), from);
  });
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  CHECK(seen->uptime_s);
  CHECK(bench.prober->counters().walks_cut >= 1);
  CHECK(bench.prober->counters().looks_cut == 1);
  CHECK(row < 2 * snmp_look_readings);
}

TEST_CASE("a walk that goes backwards repeats itself or is empty ends at once") {
  Bench bench;
  int asked = 0;
  const auto repeating =
      look_at(bench, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
        ++asked;
        const Request request = parsed(bytes);
        std::vector<Binding> bindings;
        for (int i = 0; i < 3; ++i) {
          for (const Oid& oid : request.oids) bindings.emplace_back(joined(oid, {5}), gauge(1));
        }
        self.send(response(request.version, request.id, bindings), from);
      });
  REQUIRE(repeating);
  CHECK(repeating->status == Outcome::ok);
  CHECK(bench.prober->counters().walks_not_increasing >= 1);
  CHECK(asked < 100);
  asked = 0;
  const auto empty = look_at(bench, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    ++asked;
    const Request request = parsed(bytes);
    self.send(response(request.version, request.id, {}), from);
  });
  REQUIRE(empty);
  CHECK(empty->status == Outcome::ok);
  CHECK(empty->interfaces.empty());
  CHECK(asked < 100);
}

TEST_CASE("an agent that falls silent in the middle gives what it gave and is not called dead") {
  Bench bench;
  const auto seen = look_at(bench, [](Impostor&, const std::string&, const udp::endpoint&) {});
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  CHECK(seen->uptime_s);
  CHECK(seen->interfaces.empty());
}

TEST_CASE("a refusal by the agent is a configuration fault") {
  Bench bench;
  Impostor agent(bench.io, [](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    const Request request = parsed(bytes);
    self.send(response(request.version, request.id, {}, 16, 0), from);
  });
  CHECK(bench.look(target(agent.port(), community("public")))->status == Outcome::auth_error);
}

TEST_CASE("an agent that shouts does not keep others from being looked at") {
  Daemon honest("rocommunity public 127.0.0.1\n");
  Bench bench;
  REQUIRE(bench.look_when_up(target(honest.port(), community("public"))));
  Impostor loud(bench.io, [](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    const Request request = parsed(bytes);
    for (int i = 0; i < 2'000; ++i) self.send(response(request.version, request.id + 1 + i, {}), from);
  });
  std::optional<SnmpSeen> shouted;
  bench.prober->look(target(loud.port(), community("public")),
                     [&](SnmpSeen seen) { shouted = std::move(seen); });
  const auto seen = bench.look(target(honest.port(), community("public")));
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  REQUIRE(run_until(bench.io, [&] { return shouted.has_value(); }));
  CHECK(shouted->status == Outcome::timeout);
}

TEST_CASE("a false engine in place of discovery neither crashes nor counts as silence of others") {
  Bench bench;
  Impostor agent(bench.io, [](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
    self.send(bytes, from);  // a version 3 message with an empty engine
    for (std::size_t i = 1; i < bytes.size(); i += 3) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(~flipped[i]);
      self.send(flipped, from);
    }
  });
  const auto seen =
      bench.look(target(agent.port(), user("u", AuthProtocol::sha256, PrivacyProtocol::aes128)));
  REQUIRE(seen);
  CHECK(seen->status != Outcome::ok);
}

TEST_CASE("an unprotected answer to a protected question is not believed") {
  constexpr unsigned char response_pdu = 0xA2, report_pdu = 0xA8;
  const Oid unknown_engines{1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0};
  const Oid uptime{1, 3, 6, 1, 2, 1, 1, 3, 0};
  const auto look_as = [&](Bench& bench, const Credential& credential) {
    int questions = 0;
    Impostor agent(bench.io, [&](Impostor& self, const std::string& bytes, const udp::endpoint& from) {
      const std::int32_t id = message_id(bytes);
      const bool discovery = questions++ == 0;
      const std::string pdu = discovery ? pdu_of(report_pdu, id, {unknown_engines, gauge(1)})
                                        : pdu_of(response_pdu, id, {uptime, ber::field(0x43, "\x01")});
      self.send(unprotected(id, discovery ? "" : "u", pdu), from);
    });
    return bench.look(target(agent.port(), credential));
  };
  Bench bench;
  const auto forged = look_as(bench, user("u", AuthProtocol::sha256, PrivacyProtocol::aes128));
  REQUIRE(forged);
  CHECK(forged->status == Outcome::error);
  CHECK_FALSE(forged->uptime_s);
  CHECK(bench.prober->counters().dropped_unsafe == 2);
  // The same answer to a question without protection is fine, so it was not the form that was refused.
  const auto open = look_as(bench, user("u", AuthProtocol::none, PrivacyProtocol::none));
  REQUIRE(open);
  CHECK(open->status == Outcome::ok);
  CHECK(open->uptime_s);
}

TEST_CASE("what hostile agents send is told by reason and what everyday life brings is not") {
  SnmpCounters snmp;
  snmp.dropped_undecodable = 3;
  snmp.dropped_wrong_source = 2;
  snmp.walks_not_increasing = 1;
  snmp.walks_cut = 4;
  snmp.timeouts = 9;
  IcmpCounters icmp;
  icmp.malformed = 5;
  icmp.wrong_source = 6;
  icmp.late = 7;
  icmp.foreign = 8;
  std::string told;
  for (const DroppedCount& one : dropped_counts(&snmp, nullptr, nullptr, &icmp))
    told += std::string(one.probe) + ' ' + std::string(one.reason) + ' ' + std::to_string(one.count) + '\n';
  CHECK(told ==
        "snmp undecodable 3\nsnmp wrong_source 2\nsnmp walk_backwards 1\nsnmp walk_cut 4\nicmp malformed 5\n"
        "icmp wrong_source 6\n");
}
