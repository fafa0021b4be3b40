#include "agent/configuration.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "agent/digest.hpp"
#include "config/node.hpp"
#include "rules/log_join.hpp"

namespace nethealth {
namespace {

/// The site's language, even of a file that is otherwise full of mistakes.
std::optional<Language> language_of_file(const std::string& path) {
  Problems ignored;
  const Node main = read_yaml(path, Language::en, ignored);
  const Node* const site = main.find("site");
  const Node* const language = site != nullptr ? site->find("language") : nullptr;
  if (language == nullptr) return std::nullopt;
  if (language->value == "ja") return Language::ja;
  if (language->value == "en") return Language::en;
  return std::nullopt;
}

/// Those that ship, each replaced by the site's own where it names one, which must be sound. The shipped ones
/// are proved by the tests; here only their roles are looked at.
Procedures load_procedures(const Site& site, Language language, Problems& problems) {
  Procedures procedures = shipped_procedures();
  for (const std::string& path : site.procedure_files) {
    auto own = read_procedure(read_yaml(path, language, problems), language, problems);
    if (!own) continue;
    check_procedure(*own, &site, language, problems);
    (own->kind == ProcedureKind::failure ? procedures.failure : procedures.misconduct) = std::move(*own);
  }
  return procedures;
}

/// The patterns by which lines are joined: only the engine that matches them can say whether they are good.
void check_joins(const Site& site, Problems& problems) {
  for (const Device& device : site.devices)
    for (const LogSource& log : device.logs)
      if (const std::string error = join_error(log.join); !error.empty())
        problems.push_back(
            {log.join.written.file, log.join.written.line, log.join.written.column, "join: " + error});
}

std::map<std::string, std::string> digests_of(const std::vector<std::string>& files) {
  std::map<std::string, std::string> digests;
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    digests[file] = sha256_text(content.str());
  }
  return digests;
}

void add(Problems& problems, Problems more) {
  std::move(more.begin(), more.end(), std::back_inserter(problems));
}

}  // namespace

LoadedConfiguration load_configuration(const std::string& path, std::optional<Language> wanted,
                                       Language fallback, Secrets secrets) {
  LoadedConfiguration result;
  result.language = wanted ? *wanted : language_of_file(path).value_or(fallback);
  Problems in_packs;
  LogMatcher matcher = LogMatcher::shipped();
  Loaded loaded = load_site(path, result.language, secrets, matcher.packs());
  std::vector<SensorPack> sensor = chosen_sensor_packs(
      loaded.site ? loaded.site->sensor_packs : SensorPackChoice{}, result.language, in_packs);
  result.files = std::move(loaded.files);
  add(result.problems, std::move(loaded.problems));
  add(result.problems, std::move(in_packs));
  Procedures procedures;
  if (loaded.site) {
    result.files.insert(result.files.end(), loaded.site->procedure_files.begin(),
                        loaded.site->procedure_files.end());
    check_joins(*loaded.site, result.problems);
    procedures = load_procedures(*loaded.site, result.language, result.problems);
  }
  const bool wrong = std::any_of(result.problems.begin(), result.problems.end(),
                                 [](const Problem& problem) { return !problem.warning; });
  if (!wrong && loaded.site)
    result.configuration = std::make_unique<Configuration>(
        Configuration{std::move(*loaded.site), std::move(matcher), std::move(sensor), std::move(procedures),
                      digests_of(result.files)});
  return result;
}

}  // namespace nethealth
