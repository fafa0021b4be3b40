#pragma once
// What a signal tower (PATLITE and its like) shows for the incidents as they stand, and how it is told. Pure.
//
// Red is for what does not work, amber for what is at risk; each flashes while nobody has it in hand, and is
// steady until it is over. The buzzer sounds with a flashing red, louder when the whole contact chain was
// called in vain, and stops when somebody answers. Green, blue, white belong to others and are left as they
// are.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// The values of a tier or the buzzer, the same in both protocols.
enum class Light : std::uint8_t { off = 0, on = 1, flash = 2, louder = 3, keep = 9 };

struct LampPattern {
  Light red = Light::off;
  Light amber = Light::off;
  Light buzzer = Light::off;
  friend bool operator==(const LampPattern&, const LampPattern&) = default;
};

/// `on` of the channel says which severities light it.
LampPattern lamp_pattern(const std::vector<IncidentPicture>& incidents, const Channel& channel);

/// The address to GET: /api/control?alert= and a digit each for red, amber, green, blue, white, buzzer.
std::string lamp_address(const std::string& url, const LampPattern& pattern);

/// PNS: "XXS", a reserved byte, the length, then a byte each for the same six.
inline constexpr std::size_t pns_command_bytes = 12;
std::array<std::uint8_t, pns_command_bytes> pns_command(const LampPattern& pattern);
inline constexpr std::uint8_t pns_accepted = 0x06;
inline constexpr std::uint16_t pns_port = 10'000;

}  // namespace nethealth
