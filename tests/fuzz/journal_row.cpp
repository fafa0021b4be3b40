// A record as it stands in the journal's file, after whatever happened to that file.

#include <cstdint>

#include "agent/event_json.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const auto event = parse_journal({reinterpret_cast<const char*>(data), size});
  if (!event) {
    must(!event.error().text().empty(), "a record is refused with a reason");
    return 0;
  }
  const std::string written = journal_text(*event);
  const auto again = parse_journal(written);
  must(again.has_value() && journal_text(*again) == written, "a record is read as it was written");
  static_cast<void>(contract_event(*event, Language::ja, Zone()));
  return 0;
}
