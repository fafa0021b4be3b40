// A main configuration file, as `nethealth check` reads it.

#include <cstdint>
#include <fstream>
#include <string>

#include "config/load.hpp"
#include "tests/fuzz/fuzz_folder.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  static const FuzzFolder folder;
  const std::string path = (folder.path / "nethealth.yaml").string();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), std::streamsize(size));
  const Loaded loaded = load_site(path, Language::ja, Secrets::optional, {"linux", "windows", "security"});
  must(loaded.site.has_value() || !loaded.problems.empty(), "a configuration is refused with a reason");
  for (const Problem& problem : loaded.problems) must(!problem.text().empty(), "a problem is told");
  return 0;
}
