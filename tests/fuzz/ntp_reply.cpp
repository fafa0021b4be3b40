// What comes back for an NTP question; the times when it was asked and came are in the first bytes.

#include <cstdint>
#include <cstring>

#include "probes/ntp_message.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  std::uint32_t way_us = 0;
  if (size < sizeof way_us) return 0;
  std::memcpy(&way_us, data, sizeof way_us);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + sizeof way_us, size - sizeof way_us);
  const WallTime asked{std::chrono::nanoseconds(1'795'478'400'000'000'000)};
  const auto answer =
      ntp_answer(bytes, 0x1122334455667788U, asked, asked + std::chrono::microseconds(way_us));
  if (answer) must(answer->stratum >= 0 && answer->stratum <= 255, "a stratum is a byte");
  return 0;
}
