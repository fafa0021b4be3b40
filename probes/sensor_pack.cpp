#include "probes/sensor_pack.hpp"

#include <algorithm>

#include "probes/observation_words.hpp"
#include "probes/snmp_objects.hpp"

namespace nethealth {
namespace {

template <class T>
std::optional<T> meaning_of(Words<T> words, std::string_view word) {
  for (const auto& [known, value] : words) {
    if (known == word) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string lower_status(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<Oid> SensorRule::live() const {
  std::vector<Oid> columns;
  for (const auto& column : {status, value, percent_of, text}) {
    if (column && std::find(columns.begin(), columns.end(), *column) == columns.end())
      columns.push_back(*column);
  }
  return columns;
}

std::vector<Oid> SensorRule::fixed() const {
  std::vector<Oid> columns = names;
  for (const auto& column : {class_oid, scale_oid, precision_oid}) {
    if (column) columns.push_back(*column);
  }
  for (const SensorCondition& condition : conditions) {
    if (!condition.scalar) columns.push_back(condition.oid);
  }
  for (const SensorLimit& limit : limits) {
    if (limit.oid) columns.push_back(*limit.oid);
  }
  return columns;
}

bool SensorPack::applies_to(const Oid& sys_object_id, const std::set<std::uint32_t>& enterprises) const {
  return always ||
         std::any_of(match.begin(), match.end(),
                     [&](const Oid& prefix) { return starts_with(sys_object_id, prefix); }) ||
         std::any_of(shows.begin(), shows.end(), [&](const Oid& shown) {
           return enterprises.contains(shown[snmp_object::enterprises.size()]);
         });
}

std::string_view word(SensorClass sensor_class) {
  return word_of<SensorClass>(class_words, sensor_class);
}

std::string_view word(SensorStatus status) {
  return word_of<SensorStatus>(sensor_words, status);
}

std::optional<SensorClass> sensor_class(std::string_view word) {
  return meaning_of<SensorClass>(class_words, word);
}

std::optional<SensorStatus> sensor_status(std::string_view word) {
  return meaning_of<SensorStatus>(sensor_words, word);
}

}  // namespace nethealth
