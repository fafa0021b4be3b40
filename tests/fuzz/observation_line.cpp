// A line that `replay` reads: what is read can be written and read again.

#include <cstdint>

#include "probes/observation_json.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  const auto first = parse_observation(line, Language::ja);
  if (!first) {
    must(!first.error().text().empty(), "a line is refused with a reason");
    return 0;
  }
  const std::string written = observation_line(*first, Zone());
  const auto second = parse_observation(written);
  must(second.has_value(), "what was written is read");
  must(second->seen.index() == first->seen.index(), "of the same kind");
  must(observation_line(*second, Zone()) == written, "and written the same");
  return 0;
}
