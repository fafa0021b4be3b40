#include "probes/snmp_sensors.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace nethealth {
namespace {

/// How bad a status is, for the worst of several; what says nothing does not outweigh what does.
int severity(SensorStatus status) {
  switch (status) {
    case SensorStatus::failed:
      return 3;
    case SensorStatus::warning:
      return 2;
    case SensorStatus::ok:
      return 1;
    default:
      return 0;
  }
}

/// One row of a table, or a scalar, with the objects of its rule in reach.
class Row {
 public:
  Row(const SensorRule& rule, const SnmpReadings& readings, Oid index)
      : rule_(rule), readings_(readings), index_(std::move(index)) {}

  [[nodiscard]] const Oid& index() const { return index_; }

  /// Empty when the row is no sensor.
  [[nodiscard]] std::optional<SensorSeen> sensor() const {
    if (!conditions_hold()) return std::nullopt;
    const std::optional<double> measured = value();
    if (!rule_.status && !measured) return std::nullopt;
    const SensorState state = verdict();
    if (state.ignore) return std::nullopt;
    SensorSeen seen;
    seen.name = name(state);
    if (skipped(seen.name)) return std::nullopt;
    seen.sensor_class = class_of(state);
    seen.status = with_limits(state.status, measured);
    if (measured) {
      seen.value = measured;
      seen.unit = unit();
    }
    seen.text = state.text.empty() && rule_.text ? text(*rule_.text) : state.text;
    const bool by_status = rule_.status && find(*rule_.status) != nullptr;
    const Oid& read_from = by_status || !rule_.value ? *rule_.status : *rule_.value;
    seen.oid = oid_text(joined(read_from, index_));
    return seen;
  }

 private:
  [[nodiscard]] const SnmpValue* find(const Oid& oid) const {
    const auto found = readings_.find(rule_.scalar ? oid : joined(oid, index_));
    return found == readings_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::string text(const Oid& oid) const {
    const SnmpValue* value = find(oid);
    return value == nullptr ? std::string() : value->text();
  }
  [[nodiscard]] std::optional<double> number(const std::optional<Oid>& oid) const {
    const SnmpValue* value = oid ? find(*oid) : nullptr;
    return value == nullptr ? std::nullopt : value->number();
  }

  [[nodiscard]] bool conditions_hold() const {
    return std::all_of(
        rule_.conditions.begin(), rule_.conditions.end(), [&](const SensorCondition& condition) {
          const auto scalar = readings_.find(condition.oid);
          const SnmpValue* value = condition.scalar ? (scalar == readings_.end() ? nullptr : &scalar->second)
                                                    : find(condition.oid);
          if (value == nullptr) return !condition.among;
          const bool listed = std::find(condition.values.begin(), condition.values.end(), value->text()) !=
                              condition.values.end();
          return listed == condition.among;
        });
  }

  [[nodiscard]] std::optional<double> value() const {
    const SnmpValue* raw = rule_.value ? find(*rule_.value) : nullptr;
    if (raw == nullptr) return std::nullopt;
    const auto& absent = rule_.absent_values;
    if (std::find(absent.begin(), absent.end(), raw->text()) != absent.end()) return std::nullopt;
    const auto number_read = raw->number();
    if (!number_read) return std::nullopt;
    if (rule_.percent_of) {
      const auto whole = number(rule_.percent_of);
      if (!whole || *whole <= 0) return std::nullopt;
      return *number_read / *whole * 100;
    }
    return *number_read * rule_.scale * entity_scale();
  }

  /// EntitySensorDataScale counts in thousands around units(9); EntitySensorPrecision in decimal places (RFC
  /// 3433).
  [[nodiscard]] double entity_scale() const {
    constexpr double units = 9, first = 1, last = 17, most_places = 9;
    double exponent = 0;
    const auto scale = number(rule_.scale_oid);
    if (scale && *scale >= first && *scale <= last) exponent += 3 * (*scale - units);
    const auto places = number(rule_.precision_oid);
    if (places && *places > 0 && *places <= most_places) exponent -= *places;
    return std::pow(10, exponent);
  }

  [[nodiscard]] SensorState verdict() const {
    SensorState state;
    if (!rule_.status) {
      state.status = SensorStatus::ok;
      return state;
    }
    const SnmpValue* value = find(*rule_.status);
    if (value == nullptr) return state;
    if (!rule_.bits.empty()) return of_bits(value->octets);
    const auto listed = rule_.states.find(lower_status(value->text()));
    if (listed != rule_.states.end()) return listed->second;
    return rule_.otherwise.value_or(state);
  }

  /// Bit 0 is the highest of the first octet (RFC 2578, 7.1.4).
  [[nodiscard]] SensorState of_bits(const std::string& octets) const {
    std::optional<SensorState> worst;
    for (const auto& [bit, state] : rule_.bits) {
      const auto octet = static_cast<std::size_t>(bit) / 8;
      if (octet >= octets.size()) continue;
      const bool set = (static_cast<unsigned char>(octets[octet]) >> (7 - bit % 8) & 1U) != 0;
      if (set && (!worst || severity(state.status) > severity(worst->status))) worst = state;
    }
    return worst ? *worst : rule_.otherwise.value_or(SensorState{});
  }

  [[nodiscard]] SensorStatus with_limits(SensorStatus status, std::optional<double> measured) const {
    if (!measured || severity(status) == 0) return status;
    for (const SensorLimit& limit : rule_.limits) {
      double bound = limit.fixed;
      if (limit.oid) {
        const auto stated = number(limit.oid);
        // Devices write 0 or -1 for a limit that is not set.
        if (!stated || *stated <= 0) continue;
        bound = *stated * limit.scale * entity_scale();
      }
      const bool broken = limit.above ? *measured >= bound : *measured <= bound;
      if (broken && severity(limit.status) > severity(status)) status = limit.status;
    }
    return status;
  }

  [[nodiscard]] SensorClass class_of(const SensorState& state) const {
    if (state.sensor_class) return *state.sensor_class;
    if (!rule_.class_oid) return rule_.sensor_class;
    const auto found = rule_.classes.find(text(*rule_.class_oid));
    return found == rule_.classes.end() ? rule_.sensor_class : found->second;
  }

  [[nodiscard]] std::string unit() const {
    if (rule_.class_oid) {
      const auto found = rule_.units.find(text(*rule_.class_oid));
      if (found != rule_.units.end()) return found->second;
    }
    return rule_.percent_of ? "%" : rule_.unit;
  }

  [[nodiscard]] std::string name(const SensorState& state) const {
    if (!state.name.empty()) return state.name;
    std::string own;
    for (const Oid& column : rule_.names) {
      own = text(column);
      if (!own.empty()) break;
    }
    const std::string index = oid_text(index_);
    if (own.empty()) own = index.empty() || !rule_.name_text.empty() ? own : rule_.label + ' ' + index;
    if (rule_.name_text.empty()) return own.empty() ? rule_.label : own;
    return filled(rule_.name_text, own, index);
  }

  static std::string filled(std::string text, const std::string& own, const std::string& index) {
    // The device's own text goes in last, so that it is never searched for placeholders.
    for (const auto& [mark, word] :
         {std::pair{std::string("{index}"), index}, std::pair{std::string("{name}"), own}}) {
      const std::size_t at = text.find(mark);
      if (at != std::string::npos) text.replace(at, mark.size(), word);
    }
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? text : text.substr(first);
  }

  [[nodiscard]] bool skipped(const std::string& name) const {
    return std::any_of(rule_.skip_names.begin(), rule_.skip_names.end(),
                       [&](const std::string& start) { return name.starts_with(start); });
  }

  const SensorRule& rule_;
  const SnmpReadings& readings_;
  Oid index_;
};

struct FoundSensor {
  SensorSeen sensor;
  std::string index;
};

std::vector<FoundSensor> rows_of(const SensorRule& rule, const SnmpReadings& readings) {
  std::vector<FoundSensor> found;
  const std::vector<Oid> live = rule.live();
  if (live.empty()) return found;
  const auto add = [&](const Row& row) {
    if (auto sensor = row.sensor()) found.push_back(FoundSensor{std::move(*sensor), oid_text(row.index())});
  };
  if (rule.scalar) {
    if (readings.contains(live.front())) add(Row(rule, readings, {}));
    return found;
  }
  for (auto at = readings.lower_bound(live.front());
       at != readings.end() && starts_with(at->first, live.front()) && found.size() < max_sensors_per_device;
       ++at) {
    add(Row(rule, readings, index_of(at->first, live.front())));
  }
  return found;
}

}  // namespace

std::vector<SensorSeen> sensors_of(const std::vector<const SensorRule*>& rules,
                                   const SnmpReadings& readings) {
  std::vector<SensorSeen> sensors;
  std::set<std::string> names;
  for (const SensorRule* rule : rules) {
    std::vector<FoundSensor> found = rows_of(*rule, readings);
    std::map<std::string, int> uses;
    for (const FoundSensor& one : found) ++uses[one.sensor.name];
    for (FoundSensor& one : found) {
      if (sensors.size() >= max_sensors_per_device) return sensors;
      // All of a doubled name carry their index, so that none changes its name when another goes.
      std::string name = one.sensor.name;
      if (uses[name] > 1) name += " (" + one.index + ")";
      if (names.contains(name)) name = one.sensor.name + " (" + rule->label + ' ' + one.index + ")";
      if (!names.insert(name).second) continue;
      one.sensor.name = std::move(name);
      sensors.push_back(std::move(one.sensor));
    }
  }
  return sensors;
}

}  // namespace nethealth
