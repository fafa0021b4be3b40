#pragma once
// The contract's words for what observations hold; shared by the reader and the writer of their lines.

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "probes/observation.hpp"

namespace nethealth {

template <class T>
using Words = std::span<const std::pair<std::string_view, T>>;

inline constexpr std::array<std::pair<std::string_view, Outcome>, 5> snmp_words{
    {{"ok", Outcome::ok},
     {"timeout", Outcome::timeout},
     {"auth_error", Outcome::auth_error},
     {"error", Outcome::error},
     {"blind", Outcome::blind}}};
inline constexpr std::array<std::pair<std::string_view, Outcome>, 7> service_words{
    {{"ok", Outcome::ok},
     {"refused", Outcome::refused},
     {"timeout", Outcome::timeout},
     {"unreachable", Outcome::unreachable},
     {"tls_error", Outcome::tls_error},
     {"error", Outcome::error},
     {"blind", Outcome::blind}}};
inline constexpr std::array<std::pair<std::string_view, Outcome>, 4> path_words{
    {{"ok", Outcome::ok},
     {"unreachable", Outcome::unreachable},
     {"timeout", Outcome::timeout},
     {"blind", Outcome::blind}}};
inline constexpr std::array<std::pair<std::string_view, bool>, 2> up_words{{{"up", true}, {"down", false}}};
inline constexpr std::array<std::pair<std::string_view, SensorClass>, 12> class_words{
    {{"fan", SensorClass::fan},
     {"power", SensorClass::power},
     {"temperature", SensorClass::temperature},
     {"voltage", SensorClass::voltage},
     {"disk", SensorClass::disk},
     {"memory", SensorClass::memory},
     {"battery", SensorClass::battery},
     {"humidity", SensorClass::humidity},
     {"smoke", SensorClass::smoke},
     {"water", SensorClass::water},
     {"door", SensorClass::door},
     {"other", SensorClass::other}}};
inline constexpr std::array<std::pair<std::string_view, SensorStatus>, 5> sensor_words{
    {{"ok", SensorStatus::ok},
     {"warning", SensorStatus::warning},
     {"failed", SensorStatus::failed},
     {"absent", SensorStatus::absent},
     {"unknown", SensorStatus::unknown}}};

template <class T>
std::string_view word_of(Words<T> words, T value) {
  for (const auto& [word, known] : words) {
    if (known == value) return word;
  }
  return {};
}

}  // namespace nethealth
