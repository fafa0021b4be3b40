// What can be read of a message without any key (RFC 1157, RFC 3416, RFC 3412 6).

#include <utility>

#include "probes/ber_reader.hpp"
#include "probes/snmp_codec.hpp"

namespace nethealth {
namespace {

/// RFC 3411, SnmpEngineID.
constexpr std::size_t max_engine_id_bytes = 32;

std::optional<std::int32_t> as_id(std::optional<std::int64_t> number) {
  if (!number || *number < INT32_MIN || *number > INT32_MAX) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}

std::optional<std::uint32_t> as_count(std::optional<std::int64_t> number) {
  if (!number || *number < 0 || *number > INT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// Of a message; none where the bytes are no sequence.
BerReader fields_of(std::string_view bytes) {
  return BerReader(BerReader(bytes).next(ber::sequence).value_or(std::string_view()));
}

std::optional<SnmpEnvelope> open_version_3(BerReader fields) {
  const auto global = fields.next(ber::sequence);
  const auto security = fields.next(ber::octets);
  if (!global || !security) return std::nullopt;
  const auto id = as_id(BerReader(*global).integer());
  BerReader outer(*security);
  const auto parameters = outer.next(ber::sequence);
  if (!id || !parameters) return std::nullopt;
  BerReader usm(*parameters);
  const auto engine = usm.next(ber::octets);
  const auto boots = as_count(usm.integer());
  const auto time = as_count(usm.integer());
  if (!engine || engine->size() > max_engine_id_bytes || !boots || !time) return std::nullopt;
  SnmpEnvelope envelope;
  envelope.version = SnmpVersion::v3;
  envelope.id = *id;
  envelope.engine_id = std::string(*engine);
  envelope.boots = *boots;
  envelope.time_s = *time;
  return envelope;
}

}  // namespace

std::optional<SnmpEnvelope> open_envelope(std::string_view bytes) {
  BerReader fields = fields_of(bytes);
  const auto version = fields.integer();
  if (!version) return std::nullopt;
  if (*version == wire_version::v3) return open_version_3(fields);
  if (*version != wire_version::v1 && *version != wire_version::v2c) return std::nullopt;
  SnmpEnvelope envelope;
  envelope.version = *version == wire_version::v1 ? SnmpVersion::v1 : SnmpVersion::v2c;
  if (!fields.next(ber::octets)) return std::nullopt;
  const auto pdu = fields.next(ber::response);
  const auto id = pdu ? as_id(BerReader(*pdu).integer()) : std::nullopt;
  if (!id) return std::nullopt;
  envelope.id = *id;
  return envelope;
}

SnmpAnswer read_community_answer(std::string_view bytes, std::int32_t id, SnmpVersion version) {
  SnmpAnswer answer;
  BerReader fields = fields_of(bytes);
  const auto its_version = fields.integer();
  const auto community = fields.next(ber::octets);
  const auto pdu = fields.next(ber::response);
  if (its_version != (version == SnmpVersion::v1 ? wire_version::v1 : wire_version::v2c) || !community ||
      !pdu)
    return answer;
  BerReader parts(*pdu);
  const auto its_id = as_id(parts.integer());
  const auto status = as_id(parts.integer());
  const auto index = as_id(parts.integer());
  const auto list = parts.next(ber::sequence);
  if (its_id != id || !status || !index || !list) return answer;
  auto varbinds = ber_varbinds(*list, bytes.size());
  if (!varbinds) return answer;
  answer.kind = SnmpAnswer::Kind::response;
  answer.response.error_status = *status;
  answer.response.error_index = *index;
  answer.response.varbinds = std::move(*varbinds);
  return answer;
}

}  // namespace nethealth
