#include "agent/scenario_test.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

#include "agent/configuration.hpp"
#include "agent/event_json.hpp"
#include "agent/scenario.hpp"

namespace nethealth {
namespace {

constexpr std::size_t scenario_limit_bytes = 1U << 20U;

/// What all files share: the configuration, read only when a scenario has no network of its own, and the log
/// rules.
class Bench {
 public:
  explicit Bench(const CommandLine& line) : line_(line) {
    language_ = line.language.value_or(environment_language());
    loaded_ = load_configuration(line.config, line.language, environment_language(), Secrets::optional);
    if (loaded_.configuration && !line.language) language_ = loaded_.configuration->site.language;
  }

  [[nodiscard]] Language language() const { return language_; }
  [[nodiscard]] const Site* site() const {
    return loaded_.configuration ? &loaded_.configuration->site : nullptr;
  }
  [[nodiscard]] const Problems& problems() const { return loaded_.problems; }

  const LogMatcher* matcher() {
    if (loaded_.configuration) return &loaded_.configuration->matcher;
    if (!shipped_) shipped_ = LogMatcher::shipped();
    return &*shipped_;
  }

 private:
  const CommandLine& line_;
  Language language_ = Language::en;
  LoadedConfiguration loaded_;
  std::optional<LogMatcher> shipped_;
};

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(scenario_limit_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.eof() || file.bad()) return std::nullopt;
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

ScenarioResult test_one(const std::string& path, Bench& bench) {
  ScenarioResult result;
  result.file = path;
  const auto text = read_text(path);
  if (!text) {
    result.failures.push_back(
        {path, 0, 0,
         std::string(Phrase{"読めません (1 MiBまで)", "cannot be read (at most 1 MiB)"}.in(bench.language())),
         false});
    return result;
  }
  const ScenarioReading read = read_scenario(*text, path, bench.site(), bench.language(), result.failures);
  if (read.scenario) return play_scenario(*read.scenario, *bench.matcher(), bench.language());
  if (read.needs_configuration)
    result.failures.insert(result.failures.end(), bench.problems().begin(), bench.problems().end());
  return result;
}

boost::json::object as_json(const ScenarioResult& result) {
  boost::json::array failures;
  for (const Problem& problem : result.failures)
    failures.push_back({{"line", problem.line}, {"column", problem.column}, {"message", problem.message}});
  return {{"file", result.file},
          {"passed", result.failures.empty()},
          {"expectations", result.expectations},
          {"failures", std::move(failures)}};
}

void print(const ScenarioResult& result, Language language) {
  if (result.failures.empty()) {
    std::cout << Phrase{"合格 ", "pass "}.in(language) << result.file << " (" << result.expectations << ")\n";
    return;
  }
  std::cout << Phrase{"不合格 ", "fail "}.in(language) << result.file << "\n";
  for (const Problem& problem : result.failures) std::cerr << problem.text() << "\n";
}

}  // namespace

int test_scenarios(const CommandLine& line) {
  Bench bench(line);
  if (bench.matcher() == nullptr) return 1;
  bool passed = true;
  boost::json::array all;
  for (const std::string& file : line.files) {
    const ScenarioResult result = test_one(file, bench);
    passed = passed && result.failures.empty();
    if (line.json)
      all.push_back(as_json(result));
    else
      print(result, bench.language());
  }
  if (line.json) std::cout << json_text(all) << "\n";
  std::cout << std::flush;
  return passed && std::cout ? 0 : 1;
}

}  // namespace nethealth
