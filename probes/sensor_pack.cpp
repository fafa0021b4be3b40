#include "probes/sensor_pack.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nethealth {
namespace {

constexpr std::array<std::pair<SensorClass, std::string_view>, 12> class_words{{
    {SensorClass::fan, "fan"},
    {SensorClass::power, "power"},
    {SensorClass::temperature, "temperature"},
    {SensorClass::voltage, "voltage"},
    {SensorClass::disk, "disk"},
    {SensorClass::memory, "memory"},
    {SensorClass::battery, "battery"},
    {SensorClass::humidity, "humidity"},
    {SensorClass::smoke, "smoke"},
    {SensorClass::water, "water"},
    {SensorClass::door, "door"},
    {SensorClass::other, "other"},
}};

constexpr std::array<std::pair<SensorStatus, std::string_view>, 5> status_words{{
    {SensorStatus::ok, "ok"},
    {SensorStatus::warning, "warning"},
    {SensorStatus::failed, "failed"},
    {SensorStatus::absent, "absent"},
    {SensorStatus::unknown, "unknown"},
}};

const Oid enterprises_root{1, 3, 6, 1, 4, 1};

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
         std::any_of(shows.begin(), shows.end(),
                     [&](const Oid& shown) { return enterprises.contains(shown[enterprises_root.size()]); });
}

std::string_view word(SensorClass sensor_class) {
  for (const auto& [value, text] : class_words) {
    if (value == sensor_class) return text;
  }
  return {};
}

std::string_view word(SensorStatus status) {
  for (const auto& [value, text] : status_words) {
    if (value == status) return text;
  }
  return {};
}

std::optional<SensorClass> sensor_class(std::string_view word) {
  for (const auto& [value, text] : class_words) {
    if (text == word) return value;
  }
  return std::nullopt;
}

std::optional<SensorStatus> sensor_status(std::string_view word) {
  for (const auto& [value, text] : status_words) {
    if (text == word) return value;
  }
  return std::nullopt;
}

}  // namespace nethealth
