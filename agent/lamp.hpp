#pragma once
// What a signal tower (PATLITE and its like) shows for the incidents as they stand, how it is told, and what
// it says of itself. Pure.
//
// Red is for what does not work, amber for what is at risk; each flashes while nobody has it in hand, and is
// steady until it is over. The buzzer sounds with a flashing red, louder when the whole contact chain was
// called in vain, and stops when somebody answers. Green, blue, white belong to others and are left as they
// are.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/language.hpp"
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

/// All that is ours, lit and sounding: a lamp test.
inline constexpr LampPattern lamp_test_pattern{Light::on, Light::on, Light::on};

/// `on` of the channel says which severities light it.
LampPattern lamp_pattern(const std::vector<IncidentPicture>& incidents, const Channel& channel);

/// "red flashing, amber off, buzzer sounding".
std::string lamp_text(const LampPattern& pattern, Language language);

/// What a tower says of itself is what it was told. Models differ in how they flash and sound, so flashing is
/// flashing, and a sound is a sound.
bool shows_as_told(const LampPattern& told, const LampPattern& shown);

/// The address to GET: /api/control?alert= and a digit each for red, amber, green, blue, white, buzzer.
std::string lamp_address(const std::string& url, const LampPattern& pattern);
/// Every answer has the status 200; "Error." says that it was not understood.
bool lamp_accepts(std::string_view answer);
/// The address that tells the state as JSON: "Status1", the lowest tier, to "Status5", and "Buzzer Pattern".
std::string lamp_state_address(const std::string& url);
/// Empty when the text tells no state.
std::optional<LampPattern> lamp_state(std::string_view json);

/// PNS, PATLITE's commands by a socket: a category of product, an identifier, a reserved byte, the length of
/// the data, the data. NH and NHL towers are of the category "XX", LA6-POE, LR5-LAN and LR6-LAN of "AB"; each
/// refuses the other's.
enum class PnsCategory : std::uint8_t { xx, ab };

/// "S": a byte each for red, amber, green, blue, white, buzzer.
inline constexpr std::size_t pns_command_bytes = 12;
std::string pns_command(const LampPattern& pattern, PnsCategory category = PnsCategory::xx);
/// "G": the state is asked for.
std::string pns_question(PnsCategory category);
inline constexpr char pns_accepted = 0x06;
inline constexpr char pns_refused = 0x15;
inline constexpr std::uint16_t pns_port = 10'000;

/// The answer to a question: the same six bytes; LA6-POE puts eight of its inputs and its mode before them.
inline constexpr std::size_t pns_state_bytes = 6;
inline constexpr std::size_t pns_long_state_bytes = 15;
std::optional<LampPattern> pns_state(std::string_view answer);

}  // namespace nethealth
