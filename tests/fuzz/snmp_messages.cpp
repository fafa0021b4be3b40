// What an SNMP agent, or anybody in its name, sends: the envelope that is read before any key is used, the
// message as versions 1, 2c and 3 protect it, and the walk that goes on from what it says.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "probes/ber_reader.hpp"
#include "probes/log_decode.hpp"
#include "probes/snmp_codec.hpp"
#include "probes/snmp_walk.hpp"
#include "tests/fuzz/must.hpp"

namespace {

using namespace nethealth;

constexpr std::chrono::steady_clock::time_point epoch{};
constexpr std::size_t longest_engine_id = 32;  // RFC 3411
constexpr std::size_t longest_oid = 128;       // RFC 3416

/// SHA-1 and AES-128, with keys that the sender does not know.
Credential credential_for(SnmpVersion version, bool with_keys) {
  Credential credential;
  credential.version = version;
  credential.community = Secret("public");
  credential.user = "nobody";
  if (!with_keys) return credential;
  credential.auth = AuthProtocol::sha1;
  credential.auth_passphrase = Secret("authentication phrase");
  credential.privacy = PrivacyProtocol::aes128;
  credential.privacy_passphrase = Secret("privacy phrase");
  return credential;
}

void look_at(const SnmpResponse& response, std::size_t size) {
  SnmpWalk walk({{1, 3, 6, 1, 2, 1, 2, 2, 1, 2}, {1, 3, 6, 1, 2, 1, 2, 2, 1, 8}}, SnmpVersion::v2c);
  SnmpReadings readings;
  if (walk.next()) walk.accept(response, size, readings);
  for (const auto& [oid, value] : readings) {
    must(!oid.empty() && oid.size() <= longest_oid, "an identifier has 1 to 128 numbers");
    must(is_valid_utf8(printable(value.text())), "what is shown is UTF-8");
    static_cast<void>(value.whole());
  }
}

void decode(std::string_view bytes, const SnmpEnvelope& envelope, bool with_keys) {
  const Credential credential = credential_for(envelope.version, with_keys);
  UsmEngine engine;
  engine.id = envelope.engine_id;
  const bool secured = envelope.version == SnmpVersion::v3 && with_keys;
  if (secured && !localise_keys(engine, credential)) return;
  const SnmpAnswer answer = decode_snmp(bytes, envelope.id, credential, engine, epoch);
  if (secured) must(!answer.authentic, "nobody proves a key that he does not have");
  if (secured) must(engine.boots == 0 && engine.time_s == 0, "only who proves the key sets the clock");
  look_at(answer.response, bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > max_snmp_message_bytes) return 0;
  must(open_snmp_library().has_value(), "the library opens");
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  BerReader reader(bytes);
  while (const auto field = reader.next())
    if (const auto value = ber_value(*field)) must(is_valid_utf8(printable(value->text())), "text is UTF-8");
  const auto envelope = open_envelope(bytes);
  if (!envelope) return 0;
  must(envelope->engine_id.size() <= longest_engine_id, "an engine's id has its limit");
  decode(bytes, *envelope, false);
  decode(bytes, *envelope, true);
  return 0;
}
