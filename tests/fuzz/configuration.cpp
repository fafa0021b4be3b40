// A main configuration file, as `nethealth check` reads it.

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "config/load.hpp"
#include "tests/fuzz/must.hpp"

namespace {

/// A folder that goes away with the run.
struct FuzzFolder {
  std::filesystem::path path;
  FuzzFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fuzz-XXXXXX").string();
    must(mkdtemp(name.data()) != nullptr, "a folder can be made");
    path = name;
  }
  ~FuzzFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  FuzzFolder(const FuzzFolder&) = delete;
  FuzzFolder& operator=(const FuzzFolder&) = delete;
};

}  // namespace

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
