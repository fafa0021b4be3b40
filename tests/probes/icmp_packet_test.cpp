#include "probes/icmp_packet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace nethealth;

namespace {

using Bytes = std::vector<std::uint8_t>;

const Echo our_echo{0x1234, 0xfffe, {0x0102030405060708, 77, 9}};

/// Written apart from the product's, so that both cannot be wrong in the same way.
std::uint16_t sum(const Bytes& bytes) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) total += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
  while (total > 0xffff) total = total % 0x10000 + total / 0x10000;
  return static_cast<std::uint16_t>(0xffff - total);
}

void seal(Bytes& message) {
  message[2] = message[3] = 0;
  const auto value = sum(message);
  message[2] = static_cast<std::uint8_t>(value / 256);
  message[3] = static_cast<std::uint8_t>(value % 256);
}

Bytes ipv4(const Bytes& message, std::uint8_t protocol = 1) {
  const auto total = static_cast<std::uint8_t>(20 + message.size());
  Bytes packet{0x45, 0, 0, total, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 9, 192, 0, 2, 10};
  packet.insert(packet.end(), message.begin(), message.end());
  return packet;
}

Bytes ipv6(const Bytes& message) {
  Bytes packet(40);
  packet[0] = 0x60;
  packet[5] = static_cast<std::uint8_t>(message.size());
  packet[6] = 58;
  packet[8 + 15] = 1;
  packet[24 + 15] = 2;
  packet.insert(packet.end(), message.begin(), message.end());
  return packet;
}

Bytes request4() {
  const auto packet = make_echo_ipv4(our_echo);
  return {packet.begin(), packet.end()};
}

Bytes request6() {
  const auto packet = make_echo_ipv6(our_echo);
  return {packet.begin(), packet.end()};
}

Bytes answer4() {
  auto message = request4();
  message[0] = 0;
  seal(message);
  return message;
}

Bytes error(std::uint8_t type, std::uint8_t code, const Bytes& quoted) {
  Bytes message{type, code, 0, 0, 0, 0, 0, 0};
  message.insert(message.end(), quoted.begin(), quoted.end());
  seal(message);
  return message;
}

}  // namespace

TEST_CASE("an IPv4 echo carries a right checksum and its answer brings the whole tag back") {
  CHECK(sum(request4()) == 0);
  const auto read = parse_ipv4(ipv4(answer4()));
  REQUIRE(read);
  const auto& echo = std::get<EchoAnswer>(*read).echo;
  CHECK(echo.identifier == our_echo.identifier);
  CHECK(echo.sequence == our_echo.sequence);
  CHECK(echo.tag == our_echo.tag);
}

TEST_CASE("an IPv6 echo answer brings the whole tag back") {
  auto message = request6();
  message[0] = 129;
  const auto read = parse_icmpv6(message);
  REQUIRE(read);
  CHECK(std::get<EchoAnswer>(*read).echo.tag == our_echo.tag);
}

TEST_CASE("an error that quotes our whole echo names addresses and tag and what it says") {
  const auto read = parse_ipv4(ipv4(error(3, 1, ipv4(request4()))));
  REQUIRE(read);
  const auto& refusal = std::get<EchoRefusal>(*read);
  CHECK(refusal.type == "host_unreachable");
  CHECK(refusal.tag == our_echo.tag);
  CHECK(refusal.quoted_source[3] == 9);
  CHECK(refusal.quoted_destination[3] == 10);
  const auto over_ipv6 = parse_icmpv6(error(1, 0, ipv6(request6())));
  REQUIRE(over_ipv6);
  CHECK(std::get<EchoRefusal>(*over_ipv6).type == "network_unreachable");
  CHECK(std::get<EchoRefusal>(*over_ipv6).quoted_destination[15] == 2);
}

TEST_CASE("an error that quotes only eight bytes of our echo still names its sequence") {
  auto quoted = ipv4(request4());
  quoted.resize(28);
  auto read = parse_ipv4(ipv4(error(11, 0, quoted)));
  REQUIRE(read);
  CHECK(std::get<EchoRefusal>(*read).sequence == our_echo.sequence);
  CHECK_FALSE(std::get<EchoRefusal>(*read).tag);
  quoted.resize(128);  // RFC 4884 pads with zeros, which are no tag
  read = parse_ipv4(ipv4(error(11, 0, quoted)));
  REQUIRE(read);
  CHECK_FALSE(std::get<EchoRefusal>(*read).tag);
}

TEST_CASE("errors about anything but an echo request are not ours") {
  CHECK(parse_ipv4(ipv4(error(3, 3, ipv4(request4(), 6)))).error() == IcmpDrop::other_type);
  auto answer = ipv4(answer4());
  CHECK(parse_ipv4(ipv4(error(3, 3, answer))).error() == IcmpDrop::other_type);
  auto fragment = ipv4(request4());
  fragment[7] = 1;
  CHECK(parse_ipv4(ipv4(error(3, 3, fragment))).error() == IcmpDrop::other_type);
  CHECK(parse_ipv4(ipv4(error(5, 0, ipv4(request4())))).error() == IcmpDrop::other_type);
}

TEST_CASE("header lengths that lie are malformed") {
  auto packet = ipv4(answer4());
  packet[0] = 0x44;
  CHECK(parse_ipv4(packet).error() == IcmpDrop::malformed);
  packet = ipv4(answer4());
  packet[3] = 255;
  CHECK(parse_ipv4(packet).error() == IcmpDrop::malformed);
  auto quoted = ipv4(request4());
  quoted[0] = 0x4f;
  quoted.resize(59);
  CHECK(parse_ipv4(ipv4(error(3, 1, quoted))).error() == IcmpDrop::malformed);
  quoted[0] = 0x65;
  CHECK(parse_ipv4(ipv4(error(3, 1, quoted))).error() == IcmpDrop::malformed);
}

TEST_CASE("no flipped bit of an IPv4 answer passes") {
  const auto whole = ipv4(answer4());
  for (std::size_t bit = 20 * 8; bit < whole.size() * 8; ++bit) {
    auto packet = whole;
    packet[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK(parse_ipv4(packet).error() == IcmpDrop::bad_checksum);
  }
}

TEST_CASE("no cut of a packet passes as an answer or is read beyond its end") {
  const auto answer = ipv4(answer4());
  const auto refusal = error(1, 3, ipv6(request6()));
  for (std::size_t size = 0; size < answer.size(); ++size) {
    CHECK_FALSE(parse_ipv4(Bytes(answer.begin(), answer.begin() + static_cast<long>(size))));
  }
  for (std::size_t size = 0; size < refusal.size(); ++size) {
    const auto read = parse_icmpv6(Bytes(refusal.begin(), refusal.begin() + static_cast<long>(size)));
    if (read) CHECK_FALSE(std::get<EchoRefusal>(*read).tag);
    if (size < 8 + 40 + 8) CHECK_FALSE(read);
  }
}

TEST_CASE("an answer to another program is foreign") {
  auto message = answer4();
  message[30] = 'x';
  seal(message);
  CHECK(parse_icmpv4(message).error() == IcmpDrop::foreign);
  message = answer4();
  message.push_back(0);
  CHECK(parse_icmpv4(message).error() == IcmpDrop::foreign);
}

TEST_CASE("bytes at random are read without harm") {
  std::mt19937 random(20261124);
  for (int i = 0; i < 200'000; ++i) {
    Bytes packet(random() % 120);
    std::generate(packet.begin(), packet.end(), [&] { return static_cast<std::uint8_t>(random()); });
    if (!packet.empty() && i % 2 == 0) packet[0] = i % 4 == 0 ? 3 : 1;
    (void)parse_ipv4(packet);
    (void)parse_icmpv6(packet);
    (void)parse_own_echo(packet);
    CHECK_FALSE(parse_icmpv4(packet)
                    .map([](const auto& read) {
                      const auto* refusal = std::get_if<EchoRefusal>(&read);
                      return refusal == nullptr || refusal->tag.has_value();
                    })
                    .value_or(false));
  }
}

TEST_CASE("unreachable codes are told apart") {
  CHECK(refusal_type_ipv4(3, 0) == "network_unreachable");
  CHECK(refusal_type_ipv4(3, 1) == "host_unreachable");
  CHECK(refusal_type_ipv4(3, 3) == "port_unreachable");
  CHECK(refusal_type_ipv4(3, 10) == "prohibited");
  CHECK(refusal_type_ipv4(3, 13) == "prohibited");
  CHECK(refusal_type_ipv4(3, 200) == "unreachable");
  CHECK(refusal_type_ipv4(11, 0) == "time_exceeded");
  CHECK(refusal_type_ipv4(0, 0).empty());
  CHECK(refusal_type_ipv6(1, 0) == "network_unreachable");
  CHECK(refusal_type_ipv6(1, 1) == "prohibited");
  CHECK(refusal_type_ipv6(1, 3) == "host_unreachable");
  CHECK(refusal_type_ipv6(3, 0) == "time_exceeded");
  CHECK(refusal_type_ipv6(128, 0).empty());
}
