// The site's own packs beside those that ship.

#include <glob.h>

#include <algorithm>
#include <map>

#include "probes/sensor_pack.hpp"

namespace nethealth {
namespace {

Problem at(const SensorPackChoice::Placed& placed, Phrase phrase, Language language,
           const std::string& detail) {
  return Problem{placed.file, placed.line, placed.column, std::string(phrase.in(language)) + ": " + detail};
}

std::vector<std::string> found_by(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return paths;
}

}  // namespace

std::vector<SensorPack> chosen_sensor_packs(const SensorPackChoice& choice, Language language,
                                            Problems& problems) {
  std::vector<SensorPack> packs = sensor_pack_heads(sensor_packs(), language, problems);
  for (const auto& left_out : choice.without) {
    const auto named = [&](const SensorPack& pack) { return pack.name == left_out.text; };
    if (std::erase_if(packs, named) > 0) continue;
    std::string known;
    for (const SensorPack& pack : packs) known += (known.empty() ? "" : ", ") + pack.name;
    problems.push_back(at(left_out,
                          {"この名前の同梱センサーパックはありません", "no sensor pack of this name ships"},
                          language, left_out.text + " (" + known + ")"));
  }
  for (const auto& pattern : choice.files) {
    const std::vector<std::string> paths = found_by(pattern.text);
    if (paths.empty()) {
      problems.push_back(at(pattern, {"センサーパックのファイルがありません", "no sensor pack file is there"},
                            language, pattern.text));
    }
    for (const std::string& path : paths) {
      const std::size_t before = problems.size();
      const Node document = read_yaml(path, language, problems);
      if (problems.size() > before) continue;
      for (SensorPack& pack : compile_sensor_packs(std::vector<Node>{document}, language, problems)) {
        const auto same = std::find_if(packs.begin(), packs.end(),
                                       [&](const SensorPack& other) { return other.name == pack.name; });
        if (same == packs.end()) {
          packs.push_back(std::move(pack));
          continue;
        }
        problems.push_back(
            at({pack.name, path, 1, 1},
               {"この名前のセンサーパックがもうあります。別の名前にするか、sensor_packs の without "
                "に書いてください",
                "a sensor pack of this name is there already, expected another name, or the name under "
                "`without` of sensor_packs"},
               language, pack.name + " (" + same->file + ")"));
      }
    }
  }
  return packs;
}

}  // namespace nethealth
