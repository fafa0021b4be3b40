#pragma once
// Reads BER (X.690) as SNMP uses it: definite lengths, low tag numbers. Every length is checked against what
// is left before it is used; a value that does not fit its type is no value. Pure.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "probes/snmp_value.hpp"

namespace nethealth {

/// Tags of RFC 2578 and RFC 3416.
namespace ber {
inline constexpr std::uint8_t integer = 0x02, octets = 0x04, null = 0x05, oid = 0x06, sequence = 0x30;
inline constexpr std::uint8_t address = 0x40, counter32 = 0x41, gauge32 = 0x42, ticks = 0x43, opaque = 0x44;
inline constexpr std::uint8_t counter64 = 0x46;
inline constexpr std::uint8_t no_such_object = 0x80, no_such_instance = 0x81, end_of_view = 0x82;
inline constexpr std::uint8_t trap_v1 = 0xA4, inform = 0xA6, trap_v2 = 0xA7, response = 0xA2;
}  // namespace ber

/// The version field of a message (RFC 1157, RFC 1901, RFC 3412).
namespace wire_version {
inline constexpr std::int64_t v1 = 0, v2c = 1, v3 = 3;
}

class BerReader {
 public:
  explicit BerReader(std::string_view bytes) : bytes_(bytes) {}

  struct Field {
    std::uint8_t tag = 0;
    std::string_view body;
  };
  /// The next field, or empty when the bytes end or do not hold one whole.
  std::optional<Field> next();
  /// The body of the next field if it has this tag.
  std::optional<std::string_view> next(std::uint8_t tag);
  /// INTEGER of at most 64 bits.
  std::optional<std::int64_t> integer();

  [[nodiscard]] bool at_end() const { return bytes_.empty(); }
  [[nodiscard]] std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

/// Two's complement, 1 to 8 bytes.
std::optional<std::int64_t> ber_signed(std::string_view body);
/// Counters and gauges: 1 to 9 bytes, not negative. Some agents leave the leading zero out, so a set high bit
/// counts as a large number.
std::optional<std::uint64_t> ber_unsigned(std::string_view body);
/// 1 to 128 numbers of 32 bits.
std::optional<Oid> ber_oid(std::string_view body);
/// A value of a variable binding; kinds that are not known are octets. Of a 32-bit type only 32 bits count.
std::optional<SnmpValue> ber_value(const BerReader::Field& field);
/// The bindings of a VarBindList; those beyond `most` are left out. Empty when one of them is damaged.
std::optional<std::vector<VarBind>> ber_varbinds(std::string_view list, std::size_t most);

}  // namespace nethealth
