// Feeds every parser of SNMP bytes from outside with changed and made-up messages: fuzz_snmp SECONDS [SEED].
// Meant for a build with the address and undefined behaviour sanitizers, which end it at the first mistake.
// Also a libFuzzer target
// (-DNETHEALTH_LIBFUZZER, -fsanitize=fuzzer).

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "probes/ber_reader.hpp"
#include "probes/snmp_codec.hpp"
#include "probes/snmp_walk.hpp"
#include "probes/trap_message.hpp"

using namespace nethealth;

namespace {

const auto epoch = std::chrono::steady_clock::time_point{};

/// What the prober, the walks and the trap listener do with a datagram.
void parse(std::string_view bytes) {
  static_cast<void>(open_snmp_library());
  if (const auto trap = read_trap(bytes)) static_cast<void>(trap_seen(trap->trap, trap->varbinds));
  static_cast<void>(inform_answer(bytes));
  BerReader reader(bytes);
  while (const auto field = reader.next()) static_cast<void>(ber_value(*field));
  const auto envelope = open_envelope(bytes);
  if (!envelope) return;
  Credential credential;
  credential.version = envelope->version;
  credential.community = Secret("public");
  credential.user = "nobody";
  UsmEngine engine;
  engine.id = envelope->engine_id;
  const SnmpAnswer answer = decode_snmp(bytes, envelope->id, credential, engine, epoch);
  SnmpWalk walk({{1, 3, 6, 1, 2, 1, 2, 2, 1, 2}, {1, 3, 6, 1, 2, 1, 2, 2, 1, 8}}, SnmpVersion::v2c);
  SnmpReadings readings;
  if (walk.next()) walk.accept(answer.response, bytes.size(), readings);
  for (const auto& [oid, value] : readings) {
    static_cast<void>(value.text());
    static_cast<void>(value.whole());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parse({reinterpret_cast<const char*>(data), size});
  return 0;
}

#ifndef NETHEALTH_LIBFUZZER

namespace {

constexpr std::size_t longest_message = 2'000;

std::string tlv(std::uint8_t tag, const std::string& body) {
  std::string whole(1, static_cast<char>(tag));
  if (body.size() < 128) {
    whole += static_cast<char>(body.size());
  } else {
    whole += '\x82';
    whole += static_cast<char>(body.size() >> 8);
    whole += static_cast<char>(body.size());
  }
  return whole + body;
}

std::string number(std::uint8_t value) {
  return tlv(ber::integer, std::string(1, static_cast<char>(value)));
}

/// Messages that are right, to start from.
std::vector<std::string> right_messages() {
  const std::string name = tlv(ber::oid, std::string("\x2B\x06\x01\x02\x01\x02\x02\x01\x02\x01", 10));
  std::string list;
  for (const std::uint8_t tag : {0x02, 0x04, 0x05, 0x06, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x80, 0x82})
    list += tlv(ber::sequence, name + tlv(tag, tag == 0x05 || tag >= 0x80 ? "" : "\x2B\x06\x01\x02"));
  std::vector<std::string> all;
  for (const std::uint8_t version : {0, 1}) {
    for (const std::uint8_t pdu : {0xA2, 0xA4, 0xA6, 0xA7, 0xA8}) {
      all.push_back(
          tlv(ber::sequence, number(version) + tlv(ber::octets, "public") +
                                 tlv(pdu, number(1) + number(0) + number(0) + tlv(ber::sequence, list))));
    }
  }
  const auto discovery = encode_discovery(7);
  if (discovery) all.push_back(*discovery);
  return all;
}

std::string changed(std::string message, const std::vector<std::string>& all, std::mt19937_64& random) {
  for (std::uint64_t changes = 1 + random() % 8; changes > 0; --changes) {
    const std::size_t at = message.empty() ? 0 : random() % message.size();
    switch (random() % 6) {
      case 0:
        if (!message.empty()) message[at] = static_cast<char>(random());
        break;
      case 1:
        if (!message.empty()) message[at] = static_cast<char>(message[at] ^ (1 << (random() % 8)));
        break;
      case 2:
        message.resize(at);
        break;
      case 3:
        message.insert(at, std::string(1 + random() % 16, static_cast<char>(random())));
        break;
      case 4: {
        const std::string& other = all[random() % all.size()];
        message.insert(at, other.substr(random() % other.size()));
        break;
      }
      default:
        if (!message.empty()) message.erase(at, 1 + random() % 16);
        break;
    }
    if (message.size() > longest_message) message.resize(longest_message);
  }
  return message;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "fuzz_snmp SECONDS [SEED]\n";
    return 2;
  }
  if (!open_snmp_library()) return 1;
  const std::vector<std::string> all = right_messages();
  std::mt19937_64 random(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  std::uint64_t messages = 0;
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 1'000; ++i, ++messages) parse(changed(all[random() % all.size()], all, random));
  }
  std::cout << "TOTAL messages=" << messages << " mistakes=0\n";
  return 0;
}

#endif
