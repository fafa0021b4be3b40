// What the command line and the daemon say to each other.

#include <cstdint>

#include "agent/control_message.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto request = request_from_line(line)) {
    const std::string written = to_line(*request);
    must(written.find('\n') == written.size() - 1, "a request is one line");
    const auto again = request_from_line(written);
    must(again.has_value() && to_line(*again) == written, "a request is read as it was written");
  }
  if (const auto reply = reply_from_line(line)) {
    const auto again = reply_from_line(to_line(*reply));
    must(again.has_value() && again->exit_code == reply->exit_code, "a reply is read as it was written");
  }
  return 0;
}
