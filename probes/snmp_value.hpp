#pragma once
// Values as SNMP carries them (RFC 3416), free of any library's types.

#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include "probes/oid.hpp"

namespace nethealth {

struct SnmpValue {
  enum class Kind : std::uint8_t {
    null,
    integer,           ///< Integer32, signed 64-bit
    unsigned_integer,  ///< Counter32, Gauge32, TimeTicks, Counter64
    real,              ///< the Opaque floats of net-snmp
    octets,            ///< OCTET STRING, BITS, Opaque
    oid,
    address,     ///< IpAddress, four octets
    missing,     ///< noSuchObject, noSuchInstance
    end_of_view  ///< endOfMibView
  };
  Kind kind = Kind::null;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  double real = 0;
  std::string octets;  ///< of an identifier its dotted numbers

  static SnmpValue of(std::int64_t number);
  static SnmpValue of_unsigned(std::uint64_t number);
  static SnmpValue of(std::string octets);
  static SnmpValue of(const Oid& oid);

  [[nodiscard]] bool present() const { return kind != Kind::missing && kind != Kind::end_of_view; }
  /// Of an identifier; empty for anything else.
  [[nodiscard]] Oid oid() const;
  /// A number, also where an agent writes it as text ("42.5"); empty for anything else.
  [[nodiscard]] std::optional<double> number() const;
  /// The same for whole, not negative numbers: counters, statuses, indexes.
  [[nodiscard]] std::optional<std::uint64_t> whole() const;
  /// What a state list is compared with: decimal numbers, dotted identifiers, printable text.
  [[nodiscard]] std::string text() const;
};

struct VarBind {
  Oid oid;
  SnmpValue value;
};

/// All that one look has read, by full instance, in the order of the tree.
using SnmpReadings = std::pmr::map<Oid, SnmpValue>;

/// Text of an agent made fit to be kept and shown: valid UTF-8 without control or direction characters,
/// trimmed, at most 255 bytes. Octets that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string printable(std::string_view octets);

}  // namespace nethealth
