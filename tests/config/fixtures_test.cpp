// One file for each mistake, its name being the mistake. The first lines say what must be told:
//   # expect [FILE] LINE:COLUMN part of the message

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/load.hpp"
#include "loading_help.hpp"

using namespace nethealth;

namespace {

const std::string fixtures = NETHEALTH_SOURCE_DIR "/tests/config/fixtures/";

struct Expected {
  std::string file;
  int line = 0;
  int column = 0;
  std::string part;
};

std::vector<Expected> expectations(const std::string& path) {
  std::vector<Expected> all;
  std::ifstream stream(path);
  for (std::string text; std::getline(stream, text) && text.starts_with("# expect ");) {
    std::istringstream words(text.substr(9));
    Expected expected;
    expected.file = path;
    std::string place;
    words >> place;
    if (place.ends_with(".yaml")) {
      expected.file = std::filesystem::path(path).parent_path() / place;
      words >> place;
    }
    const std::size_t colon = place.find(':');
    expected.line = std::stoi(place.substr(0, colon));
    expected.column = std::stoi(place.substr(colon + 1));
    std::getline(words >> std::ws, expected.part);
    all.push_back(expected);
  }
  return all;
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(fixtures + folder)) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void check_problems(const std::string& path, bool warning) {
  const auto expected = expectations(path);
  Loaded loaded = load_site(path, Language::en, Secrets::optional, log_packs);
  CAPTURE(path);
  CAPTURE(all_text(loaded.problems));
  if (!warning) std::erase_if(loaded.problems, [](const Problem& problem) { return problem.warning; });
  CHECK(loaded.site.has_value() == warning);
  CHECK(!expected.empty());
  CHECK(loaded.problems.size() == expected.size());
  if (loaded.problems.size() != expected.size()) return;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Problem& problem = loaded.problems[i];
    CHECK(problem.file == expected[i].file);
    CHECK(std::max(problem.line, 1) == expected[i].line);
    CHECK(std::max(problem.column, 1) == expected[i].column);
    CHECK(problem.warning == warning);
    INFO(expected[i].part);
    CHECK(problem.message.find(expected[i].part) != std::string::npos);
  }
}

bool has_japanese(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xE3; });
}

}  // namespace

TEST_CASE("every mistake is told at its place with what was expected") {
  const auto paths = files_in("bad");
  CHECK(paths.size() > 100);
  for (const std::string& path : paths) check_problems(path, false);
}

TEST_CASE("what is doubtful but usable is a warning") {
  for (const std::string& path : files_in("warning")) check_problems(path, true);
}

TEST_CASE("every mistake is told in Japanese at the same place") {
  for (const std::string& path : files_in("bad")) {
    const Loaded english = load_site(path, Language::en, Secrets::optional, log_packs);
    const Loaded japanese = load_site(path, Language::ja, Secrets::optional, log_packs);
    CAPTURE(path);
    REQUIRE(japanese.problems.size() == english.problems.size());
    for (std::size_t i = 0; i < english.problems.size(); ++i) {
      CHECK(japanese.problems[i].line == english.problems[i].line);
      CHECK(japanese.problems[i].column == english.problems[i].column);
      INFO(japanese.problems[i].message);
      CHECK(has_japanese(japanese.problems[i].message));
      CHECK(japanese.problems[i].message.find("{0}") == std::string::npos);
    }
  }
}

TEST_CASE("a mistake never repeats a secret") {
  for (const std::string& path : files_in("bad")) {
    const Loaded loaded = load_site(path, Language::en, Secrets::optional, log_packs);
    const std::string text = all_text(loaded.problems);
    CHECK(text.find("hunter22") == std::string::npos);
    CHECK(text.find("public\"") == std::string::npos);
    CHECK(text.find("secret@") == std::string::npos);
  }
}
