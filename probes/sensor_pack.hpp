#pragma once
// Knowledge of warning lamps as data: which object of which vendor says that a fan stands still. Packs are
// YAML (probes/packs, its README says how to write one) compiled here, once, with every mistake at its place.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/embedded.hpp"
#include "config/node.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {

/// Rules in all packs together, and states of one rule.
inline constexpr std::size_t max_sensor_rules = 5'000;
inline constexpr std::size_t max_sensor_states = 256;

/// What one raw value means.
struct SensorState {
  SensorStatus status = SensorStatus::unknown;
  bool ignore = false;                      ///< the row is no sensor of this device
  std::optional<SensorClass> sensor_class;  ///< instead of the rule's
  std::string name;                         ///< instead of the row's, if any
  std::string text;                         ///< the value in words, if any: "battery"
};

/// The row counts only if this object's value, as text, is (or is not) among these.
struct SensorCondition {
  Oid oid;  ///< a column of the same rows, or a scalar's full instance
  bool scalar = false;
  bool among = true;  ///< false: must not be among
  std::vector<std::string> values;
};

/// A limit that the device itself states (a column of the same rows), or that the pack fixes.
struct SensorLimit {
  std::optional<Oid> oid;
  double fixed = 0;
  double scale = 1;
  bool above = true;  ///< a value at or over it, else at or under it
  SensorStatus status = SensorStatus::warning;
};

/// One table (or scalar) that becomes sensors. Of each row the live columns are walked at every look; the
/// fixed ones (names, classes, scales, limits, conditions) are read once and kept for a while.
struct SensorRule {
  std::string label;    ///< says which table it is, unique in its pack; names the sensor where no column does
  std::string source;   ///< the MIB or document that says so
  bool scalar = false;  ///< the identifiers are full instances
  std::optional<Oid> gate;        ///< a scalar; the table is asked only when it is above 0
  std::optional<Oid> status;      ///< live
  std::optional<Oid> value;       ///< live
  std::optional<Oid> percent_of;  ///< live; the value is shown as a percentage of this
  std::optional<Oid> text;        ///< live; what the device says in words
  std::vector<Oid> names;         ///< fixed; the first that is not empty names the row
  std::string name_text;          ///< with {index}, {name}; used when no column names it or to decorate it
  SensorClass sensor_class = SensorClass::other;
  std::optional<Oid> class_oid;                ///< fixed
  std::map<std::string, SensorClass> classes;  ///< by that value
  std::map<std::string, std::string> units;    ///< by that value
  std::string unit;
  double scale = 1;
  std::optional<Oid> scale_oid;               ///< fixed; EntitySensorDataScale (RFC 3433)
  std::optional<Oid> precision_oid;           ///< fixed; EntitySensorPrecision
  std::map<std::string, SensorState> states;  ///< by the status object's value as text in lower case
  std::map<int, SensorState> bits;            ///< by set bit, when the status object is BITS; worst wins
  std::optional<SensorState> otherwise;       ///< for values not listed; unknown without it
  std::vector<SensorCondition> conditions;    ///< all must hold
  std::vector<SensorLimit> limits;
  std::vector<std::string> skip_names;     ///< rows whose name starts so are no sensors
  std::vector<std::string> absent_values;  ///< values that mean "no reading", as text

  [[nodiscard]] std::vector<Oid> live() const;
  [[nodiscard]] std::vector<Oid> fixed() const;
};

struct SensorPack {
  std::string name;
  std::string file;
  bool always = false;
  std::vector<Oid> match;  ///< prefixes of sysObjectID
  std::vector<Oid>
      shows;  ///< subtrees of an enterprise; an agent that has the enterprise's objects gets the pack
  std::vector<SensorRule> rules;
  std::string unread;  ///< the text whose rules are not read yet; empty once they are

  /// `enterprises`: the numbers below 1.3.6.1.4.1 of which the agent has objects.
  [[nodiscard]] bool applies_to(const Oid& sys_object_id, const std::set<std::uint32_t>& enterprises) const;
};

/// ASCII letters made small: status words are compared so.
std::string lower_status(std::string text);

/// Compiles packs; whatever is wrong is in `problems`, and a pack with an error is left out.
std::vector<SensorPack> compile_sensor_packs(const std::vector<EmbeddedFile>& files, Language language,
                                             Problems& problems);
std::vector<SensorPack> compile_sensor_packs(const std::vector<Node>& documents, Language language,
                                             Problems& problems);

/// The same for packs that are known to be right, without their rules: there are thousands, and an agent
/// needs a few. read_rules() reads those of a pack when they are needed, some milliseconds of work.
std::vector<SensorPack> sensor_pack_heads(const std::vector<EmbeddedFile>& files, Language language,
                                          Problems& problems);
void read_rules(SensorPack& pack);

/// What ships, without what the site leaves out, and then the site's own files. A name used twice, an unknown
/// name to leave out and a file that is not there are problems.
std::vector<SensorPack> chosen_sensor_packs(const SensorPackChoice& choice, Language language,
                                            Problems& problems);

/// The words of the contract, both ways; empty when unknown.
std::string_view word(SensorClass sensor_class);
std::string_view word(SensorStatus status);
std::optional<SensorClass> sensor_class(std::string_view word);
std::optional<SensorStatus> sensor_status(std::string_view word);

}  // namespace nethealth
