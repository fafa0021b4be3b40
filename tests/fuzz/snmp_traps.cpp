// A datagram at the trap port: what it says becomes an observation, and an inform is answered.

#include <cstdint>
#include <string>

#include "config/time.hpp"
#include "probes/log_decode.hpp"
#include "probes/observation_json.hpp"
#include "probes/trap_message.hpp"
#include "tests/fuzz/must.hpp"

using namespace nethealth;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto trap = read_trap(bytes);
  const std::string answer = inform_answer(bytes);
  must(answer.size() <= bytes.size(), "an answer is no longer than the inform");
  if (!trap) return 0;
  must(!trap->trap.empty(), "a trap has a name");
  must(trap->varbinds.size() <= max_trap_varbinds, "no more bindings are kept than the limit");
  Observation observation{Time{}, "device", trap_seen(trap->trap, trap->varbinds)};
  const std::string line = observation_line(observation, Zone{});
  must(is_valid_utf8(line), "a recorded trap is UTF-8");
  const auto again = parse_observation(line, Language::en);
  must(again.has_value(), "a recorded trap is read again");
  must(observation_line(*again, Zone{}) == line, "and says the same");
  return 0;
}
