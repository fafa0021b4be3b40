// Traps and informs: bytes to meaning, every cut and flipped bit, and a listener with real sockets.

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdlib>
#include <future>
#include <random>

#include "probes/dropped_count.hpp"
#include "probes/snmp_codec.hpp"
#include "probes/trap_listener.hpp"
#include "probes/trap_message.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
using boost::asio::ip::udp;

namespace {

std::string tlv(char tag, const std::string& body) {
  return std::string(1, tag) + static_cast<char>(body.size()) + body;
}

const std::string trap_oid_name("\x2B\x06\x01\x06\x03\x01\x01\x04\x01\x00", 10);
const std::string link_down("\x2B\x06\x01\x06\x03\x01\x01\x05\x03", 9);
const std::string if_index_3("\x2B\x06\x01\x02\x01\x02\x02\x01\x01\x03", 10);
const std::string uptime_name("\x2B\x06\x01\x02\x01\x01\x03\x00", 8);

std::string binding(const std::string& name, const std::string& value) {
  return tlv('\x30', tlv('\x06', name) + value);
}

/// linkDown of port 3 by version 2c; `tag` A7 is a trap, A6 an inform.
std::string version_2(char tag, const std::string& community) {
  const std::string list = binding(uptime_name, tlv('\x43', "\x05")) +
                           binding(trap_oid_name, tlv('\x06', link_down)) +
                           binding(if_index_3, tlv('\x02', "\x03"));
  const std::string pdu = tlv('\x02', "\x2A") + tlv('\x02', std::string(1, '\0')) +
                          tlv('\x02', std::string(1, '\0')) + tlv('\x30', list);
  return tlv('\x30', tlv('\x02', "\x01") + tlv('\x04', community) + tlv(tag, pdu));
}

std::string version_1(char generic, char specific, const std::string& enterprise) {
  const std::string pdu = tlv('\x06', enterprise) + tlv('\x40', "\x7F\x01\x01\x01") +
                          tlv('\x02', std::string(1, generic)) + tlv('\x02', std::string(1, specific)) +
                          tlv('\x43', "\x05") + tlv('\x30', binding(if_index_3, tlv('\x02', "\x03")));
  return tlv('\x30', tlv('\x02', std::string(1, '\0')) + tlv('\x04', "public") + tlv('\xA4', pdu));
}

Credential credential_of(const std::string& text) {
  Credential credential;
  credential.community = Secret(text);
  return credential;
}

UsmEngine own_engine() {
  UsmEngine own;
  own.id = engine_id_of("a test");
  own.boots = 7;
  own.as_of = std::chrono::steady_clock::now();
  return own;
}

/// A listener on a port of the kernel's choice, and what it heard.
struct Hearing {
  explicit Hearing(std::vector<TrapSource> sources) {
    auto opened = TrapListener::open(io, {"127.0.0.1:0"}, std::move(sources), own_engine(),
                                     [this](DeviceIndex device, TrapSeen trap) {
                                       devices.push_back(device);
                                       heard.push_back(std::move(trap));
                                     });
    REQUIRE(opened);
    listener = std::move(*opened);
    sender.open(udp::v4());
    sender.bind(udp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
  }
  void send(const std::string& bytes) {
    sender.send_to(boost::asio::buffer(bytes),
                   udp::endpoint(boost::asio::ip::make_address("127.0.0.1"), listener->port()));
  }
  template <class Condition>
  void until(Condition condition) {
    REQUIRE(run_until(io, condition));
  }

  boost::asio::io_context io;
  std::unique_ptr<TrapListener> listener;
  udp::socket sender{io};
  std::vector<DeviceIndex> devices;
  std::vector<TrapSeen> heard;
};

}  // namespace

TEST_CASE("a trap of version 2c says which and about what") {
  const auto trap = read_trap(version_2('\xA7', "public"));
  REQUIRE(trap);
  CHECK(trap->community == "public");
  CHECK_FALSE(trap->inform);
  const TrapSeen seen = trap_seen(trap->trap, trap->varbinds);
  CHECK(seen.oid == "1.3.6.1.6.3.1.1.5.3");
  CHECK(seen.varbinds == std::map<std::string, std::string>{{"1.3.6.1.2.1.2.2.1.1.3", "3"}});
}

TEST_CASE("a trap of version 1 is told in the words of version 2") {
  const std::string ups_mib("\x2B\x06\x01\x02\x01\x21\x02", 7);
  const auto generic = read_trap(version_1('\x02', '\0', ups_mib));
  REQUIRE(generic);
  CHECK(oid_text(generic->trap) == "1.3.6.1.6.3.1.1.5.3");
  CHECK(generic->version == SnmpVersion::v1);
  const auto specific = read_trap(version_1('\x06', '\x01', ups_mib));
  REQUIRE(specific);
  CHECK(oid_text(specific->trap) == "1.3.6.1.2.1.33.2.0.1");
  CHECK_FALSE(read_trap(version_1('\x07', '\x01', ups_mib)));
}

TEST_CASE("the answer to an inform is the same message as a response") {
  const std::string inform = version_2('\xA6', "public");
  const auto read = read_trap(inform);
  REQUIRE(read);
  CHECK(read->inform);
  CHECK(inform_answer(inform) == version_2('\xA2', "public"));
}

TEST_CASE("no cut or flipped bit of a trap does harm") {
  const std::string whole = version_2('\xA7', "public");
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(read_trap(whole.substr(0, size)));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    if (const auto read = read_trap(changed)) trap_seen(read->trap, read->varbinds);
    inform_answer(changed);
  }
  std::mt19937 random(7);
  for (int i = 0; i < 2'000; ++i) {
    std::string noise(random() % 200, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    if (!noise.empty()) noise[0] = '\x30';
    static_cast<void>(read_trap(noise));
  }
}

TEST_CASE("a listener hears a known device with its community and counts everything else by reason") {
  Hearing hearing({{"127.0.0.1", 7, {credential_of("city")}}});
  hearing.send(version_2('\xA7', "guess"));
  hearing.send("no trap at all");
  hearing.send(version_2('\xA7', "city"));
  hearing.until([&] { return hearing.heard.size() == 1; });
  CHECK(hearing.devices == std::vector<DeviceIndex>{7});
  CHECK(hearing.heard[0].oid == "1.3.6.1.6.3.1.1.5.3");
  const TrapCounters& counters = hearing.listener->counters();
  CHECK(counters.taken == 1);
  CHECK(counters.dropped_wrong_community == 1);
  CHECK(counters.dropped_undecodable == 1);
  CHECK(counters.dropped() == 2);
  const auto told = dropped_counts(nullptr, &counters);
  REQUIRE(told.size() == 2);
  CHECK(told[0].reason == "undecodable");
  CHECK(told[1].reason == "wrong_community");
}

TEST_CASE("an inform is answered") {
  Hearing hearing({{"127.0.0.1", 0, {credential_of("city")}}});
  hearing.send(version_2('\xA6', "city"));
  hearing.until([&] { return hearing.heard.size() == 1; });
  std::string answer(512, '\0');
  udp::endpoint from;
  answer.resize(hearing.sender.receive_from(boost::asio::buffer(answer), from));
  CHECK(answer == version_2('\xA2', "city"));
}

TEST_CASE("an unknown address is not heard") {
  Hearing hearing({{"127.0.0.2", 0, {credential_of("city")}}});
  hearing.send(version_2('\xA7', "city"));
  hearing.until([&] { return hearing.listener->counters().dropped_unknown_source == 1; });
  CHECK(hearing.heard.empty());
}

TEST_CASE("of a storm of traps only a burst is taken") {
  Hearing hearing({{"127.0.0.1", 0, {credential_of("city")}}});
  constexpr std::uint64_t storm = 400;
  for (std::uint64_t i = 0; i < storm; ++i) hearing.send(version_2('\xA7', "city"));
  const TrapCounters& counters = hearing.listener->counters();
  hearing.until([&] { return counters.taken + counters.dropped() == storm; });
  CHECK(counters.taken >= static_cast<std::uint64_t>(trap_burst));
  CHECK(counters.dropped_storm > 0);
}

namespace {

Credential version_3_user() {
  Credential servers;
  servers.version = SnmpVersion::v3;
  servers.user = "nethealth";
  servers.auth = AuthProtocol::sha256;
  servers.auth_passphrase = Secret("authentication");
  servers.privacy = PrivacyProtocol::aes128;
  servers.privacy_passphrase = Secret("encryption-key");
  return servers;
}

bool have(const std::string& program) {
  if (std::system(("command -v " + program + " > /dev/null").c_str()) == 0) return true;
  MESSAGE("skipped: needs net-snmp's " << program);
  return false;
}

/// net-snmp's snmpinform: linkDown of port 3, protected by `keys`. It ends with 0 once it was answered.
std::future<int> inform(std::uint16_t port, const std::string& keys) {
  const std::string command =
      "SNMPCONFPATH=/dev/null SNMP_PERSISTENT_DIR=/dev/null/none MIBS= snmpinform -v 3 -t 1 -r 1 " + keys +
      " udp:127.0.0.1:" + std::to_string(port) +
      " '' 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.3 i 3 2>/dev/null";
  return std::async(std::launch::async, [command] { return std::system(command.c_str()); });
}

const std::string right_keys =
    "-u nethealth -l authPriv -a SHA-256 -A authentication -x AES -X encryption-key";

}  // namespace

TEST_CASE("an inform of version 3 is answered by an engine of our own") {
  if (!have("snmpinform")) return;
  Hearing hearing({{"127.0.0.1", 4, {credential_of("city"), version_3_user()}}});
  auto sender = inform(hearing.listener->port(), right_keys);
  hearing.until([&] { return sender.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  CHECK(sender.get() == 0);
  REQUIRE(hearing.heard.size() == 1);
  CHECK(hearing.devices == std::vector<DeviceIndex>{4});
  CHECK(hearing.heard[0].oid == "1.3.6.1.6.3.1.1.5.3");
  CHECK(hearing.heard[0].varbinds.at("1.3.6.1.2.1.2.2.1.1.3") == "3");
  CHECK(hearing.listener->counters().engine_asked > 0);
}

TEST_CASE("an inform of version 3 with wrong keys or a wrong user or too little protection is not taken") {
  if (!have("snmpinform")) return;
  Hearing hearing({{"127.0.0.1", 4, {version_3_user()}}});
  for (const char* keys :
       {"-u nethealth -l authPriv -a SHA-256 -A wrong-passphrase -x AES -X encryption-key",
        "-u somebody -l authPriv -a SHA-256 -A authentication -x AES -X encryption-key",
        "-u nethealth -l authNoPriv -a SHA-256 -A authentication", "-u nethealth -l noAuthNoPriv"}) {
    auto sender = inform(hearing.listener->port(), keys);
    const auto before = hearing.listener->counters().dropped_unsafe;
    hearing.until([&] { return sender.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    INFO(keys);
    CHECK(sender.get() != 0);
    CHECK(hearing.listener->counters().dropped_unsafe > before);
  }
  CHECK(hearing.heard.empty());
}

TEST_CASE("an inform of before our last start is answered with our time and is not taken") {
  // What a device holds that asked us for our engine before a restart: boots 6, and we are at 7.
  REQUIRE(open_snmp_library());
  const Credential user = version_3_user();
  const auto now = std::chrono::steady_clock::now();
  UsmEngine own = own_engine();
  REQUIRE(localise_keys(own, user));
  UsmEngine before = own;
  before.boots = 6;
  const auto old = encode_snmp({SnmpVerb::get, {{1, 3, 6, 1}}, 0}, 9, user, before, now);
  REQUIRE(old);
  const auto envelope = open_envelope(*old);
  REQUIRE(envelope);
  const SnmpInform taken = take_inform(*old, *envelope, user, own, now);
  CHECK(taken.kind == SnmpAnswer::Kind::stale);
  const auto report = open_envelope(taken.answer);
  REQUIRE(report);
  CHECK(report->id == 9);
  CHECK(report->boots == 7);
  UsmEngine learns = before;
  const SnmpAnswer read = decode_snmp(taken.answer, 9, user, learns, now);
  CHECK(read.kind == SnmpAnswer::Kind::report);
  CHECK(read.report == UsmReport::not_in_time_window);
  CHECK(read.authentic);
  CHECK(learns.boots == 7);
  // As the authoritative engine we learn nothing from others: boots or a time ahead of ours are as wrong.
  for (const auto& [boots, time] : {std::pair{8U, 0U}, std::pair{7U, 400U}}) {
    UsmEngine ahead = own;
    ahead.boots = boots;
    ahead.time_s = time;
    const auto early = encode_snmp({SnmpVerb::get, {{1, 3, 6, 1}}, 0}, 10, user, ahead, now);
    REQUIRE(early);
    CHECK(take_inform(*early, *open_envelope(*early), user, own, now).kind == SnmpAnswer::Kind::stale);
  }
}

TEST_CASE("a trap of version 3 is taken with the right keys only") {
  const Credential servers = version_3_user();
  if (std::system("command -v snmptrap > /dev/null") != 0) {
    MESSAGE("skipped: needs net-snmp's snmptrap");
    return;
  }
  Hearing hearing({{"127.0.0.1", 4, {servers}}});
  const std::string to = " udp:127.0.0.1:" + std::to_string(hearing.listener->port()) +
                         " '' 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.1.3 i 3";
  const std::string user =
      "SNMPCONFPATH=/dev/null SNMP_PERSISTENT_DIR=/dev/null/none MIBS= snmptrap -v 3 "
      "-e 0x8000000001020304 -u nethealth -l authPriv -a SHA-256 -x AES ";
  REQUIRE(std::system((user + "-A authentication -X encryption-key" + to + " 2>/dev/null").c_str()) == 0);
  hearing.until([&] { return hearing.heard.size() == 1; });
  CHECK(hearing.devices == std::vector<DeviceIndex>{4});
  CHECK(hearing.heard[0].oid == "1.3.6.1.6.3.1.1.5.3");
  CHECK(hearing.heard[0].varbinds.at("1.3.6.1.2.1.2.2.1.1.3") == "3");
  REQUIRE(std::system((user + "-A wrong-passphrase -X encryption-key" + to + " 2>/dev/null").c_str()) == 0);
  hearing.until([&] { return hearing.listener->counters().dropped() == 1; });
  CHECK(hearing.listener->counters().dropped_unsafe == 1);
  CHECK(hearing.heard.size() == 1);
}
