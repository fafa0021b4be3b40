#pragma once
// SNMP messages to bytes and back (RFC 1157, 3416, 3412, 3414, 3826, 7860). net-snmp does the encoding,
// version 3 and the cryptography and is seen by snmp_codec.cpp alone; sockets, waiting, retries and engine
// discovery are ours, because the library's own session blocks its caller while it discovers an SNMPv3
// engine.
//
// The library keeps global tables: call from one thread only.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/result.hpp"
#include "config/site.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// The largest message taken from an agent, bytes; SNMPv3 agents are told so.
inline constexpr std::size_t max_snmp_message_bytes = 16'384;
/// What a request may make an agent answer, bytes: one Ethernet frame.
inline constexpr std::size_t wanted_snmp_answer_bytes = 1'400;

/// Prepares the library: no configuration file, no MIB file and no persistent file is read or written,
/// nothing is logged. Once per process; later calls return the first outcome. The library also reads the
/// environment, so call it before other threads start.
Result<void> open_snmp_library();

/// Why this credential cannot be used with the installed library, in words for people; empty when it can be.
std::string why_unusable(const Credential& credential, Language language);

enum class SnmpVerb : std::uint8_t { get, get_next, get_bulk, inform, trap };

/// What an inform or a trap of version 2 tells (RFC 3416, 4.2.6); sysUpTime.0 and snmpTrapOID.0 are put
/// before the bindings, whose values are integers, unsigned 32-bit numbers, octets or identifiers.
struct SnmpNotice {
  Oid trap;
  std::uint32_t uptime_hundredths = 0;
  std::vector<VarBind> varbinds;
};

struct SnmpRequest {
  SnmpVerb verb = SnmpVerb::get;
  std::vector<Oid> oids;
  int max_repetitions = 0;  ///< of get_bulk; every identifier repeats
  SnmpNotice notice = {};   ///< of inform and trap
};

/// error-status of a Response-PDU (RFC 3416, 3); others are kept as their number.
namespace snmp_error {
inline constexpr int none = 0, too_big = 1, no_such_name = 2, general = 5, no_access = 6, authorization = 16;
}

struct SnmpResponse {
  int error_status = snmp_error::none;
  int error_index = 0;  ///< from 1; 0 when the agent does not say
  std::vector<VarBind> varbinds;
};

/// The counter that a Report-PDU carries (SNMP-USER-BASED-SM-MIB, 1.3.6.1.6.3.15.1.1).
enum class UsmReport : std::uint8_t {
  unsupported_security_level,
  not_in_time_window,
  unknown_user,
  unknown_engine,
  wrong_digest,
  decryption_error,
  other
};

struct UsmUser;  ///< the library's localised keys of one user at one engine

/// What the User-based Security Model knows of one agent: filled by discovery, kept between looks.
struct UsmEngine {
  std::string id;  ///< snmpEngineID; empty: not discovered
  std::uint32_t boots = 0;
  std::uint32_t time_s = 0;  ///< at as_of
  std::chrono::steady_clock::time_point as_of;
  std::shared_ptr<UsmUser> user;

  [[nodiscard]] std::uint32_t time_now(std::chrono::steady_clock::time_point now) const;
};

/// Makes the keys for the engine just discovered. The first use of a passphrase costs 2 to 6 ms (RFC 3414,
/// A.2); its key is kept for all engines.
Result<void> localise_keys(UsmEngine& engine, const Credential& credential);

/// Forgets the keys made from passphrases, for a reload of the configuration.
void forget_snmp_keys();

/// The bytes of a request. For SNMPv3 `engine` must be discovered and hold keys; for a trap it is our own.
Result<std::string> encode_snmp(const SnmpRequest& request, std::int32_t id, const Credential& credential,
                                const UsmEngine& engine, std::chrono::steady_clock::time_point now);

/// The bytes of an SNMPv3 discovery message (RFC 3414, 4): empty engine and user, to be answered by a report.
Result<std::string> encode_discovery(std::int32_t id);

/// What can be read of an answer before any key is used: enough to find whom it answers.
struct SnmpEnvelope {
  SnmpVersion version = SnmpVersion::v2c;
  std::int32_t id = 0;    ///< request-id; of SNMPv3 the msgID
  std::string engine_id;  ///< SNMPv3: msgAuthoritativeEngineID ...
  std::uint32_t boots = 0;
  std::uint32_t time_s = 0;
};

/// Empty if the bytes are no SNMP message.
std::optional<SnmpEnvelope> open_envelope(std::string_view bytes);

struct SnmpAnswer {
  enum class Kind : std::uint8_t {
    response,
    report,
    notification,  ///< SNMPv3: a trap, protected as the credential says; nobody asked for it
    inform,        ///< SNMPv3: the same, and its sender waits for an answer
    stale,         ///< SNMPv3: authentic, but its boots or time lie before what we hold (RFC 3414, 3.2.7b)
    unsafe,        ///< SNMPv3: wrong digest, not decryptable, or less protected than the request was
    undecodable
  };
  Kind kind = Kind::undecodable;
  SnmpResponse response;
  UsmReport report = UsmReport::other;
  bool authentic = false;  ///< the digest was right
};

/// Reads an answer of version 1 or 2c to the request of this id. Without the library: it sets aside a
/// kilobyte for each value, which was most of the cost of reading tables.
SnmpAnswer read_community_answer(std::string_view bytes, std::int32_t id, SnmpVersion version);

/// Reads an answer whose envelope named this agent's outstanding request. Adopts newer boots and time into
/// `engine`.
SnmpAnswer decode_snmp(std::string_view bytes, std::int32_t id, const Credential& credential,
                       UsmEngine& engine, std::chrono::steady_clock::time_point now);

/// What this host makes of an SNMPv3 inform. For informs it is the authoritative engine (RFC 3414, 1.5.1):
/// its own engine id, boots and time count, and what does not fit them is told by a report.
struct SnmpInform {
  /// `inform` with `response`; `stale` outside the time window, which the report puts right; `unsafe` for a
  /// wrong user, digest or level; else `undecodable`.
  SnmpAnswer::Kind kind = SnmpAnswer::Kind::undecodable;
  SnmpResponse response;
  std::string answer;         ///< to be sent back: a response or a report; empty for nothing
  bool user_unknown = false;  ///< of another credential, perhaps
};

/// `own` holds this host's id, boots and time, and the credential's keys at it.
SnmpInform take_inform(std::string_view bytes, const SnmpEnvelope& envelope, const Credential& credential,
                       const UsmEngine& own, std::chrono::steady_clock::time_point now);

/// The report that tells a sender of informs this host's engine id, boots and time; `count` is
/// usmStatsUnknownEngineIDs.
Result<std::string> encode_engine_report(std::int32_t message_id, const UsmEngine& own, std::uint32_t count,
                                         std::chrono::steady_clock::time_point now);

}  // namespace nethealth
