#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "tests/fuzz/must.hpp"

namespace nethealth {

/// A folder of its own that goes away with the run.
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

}  // namespace nethealth
