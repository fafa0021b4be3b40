// The time that a log line gives itself.

#include "agent/line_time.hpp"

#include <cstdint>

#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  static const Zone tokyo = *Zone::find("Asia/Tokyo");
  const Time read = *parse_time("2026-11-24T00:00:00Z");
  const auto time = time_in_line({reinterpret_cast<const char*>(data), size}, read, tokyo);
  if (time) must(*time < read + std::chrono::days(366 * 8'100), "a year has four digits");
  return 0;
}
