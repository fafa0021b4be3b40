#include "config/load.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "config/loading.hpp"

namespace nethealth {
namespace {

/// By file in the order of reading, then by place; mistakes found twice are told once.
void sort_problems(Problems& problems, const std::vector<std::string>& files) {
  std::unordered_map<std::string, std::size_t> order;
  for (const std::string& file : files) order.emplace(file, order.size());
  const auto rank = [&](const Problem& p) {
    const auto found = order.find(p.file);
    return found == order.end() ? order.size() : found->second;
  };
  const auto key = [&](const Problem& p) { return std::make_tuple(rank(p), p.line, p.column); };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return key(a) < key(b); });
  const auto same = [](const Problem& a, const Problem& b) {
    return a.file == b.file && a.line == b.line && a.column == b.column && a.message == b.message;
  };
  problems.erase(std::unique(problems.begin(), problems.end(), same), problems.end());
}

void load_sections(Loading& load) {
  load_general(load);
  load_calendars(load);
  load_credentials(load);
  load_rooms(load);
  load_channels(load);
  load_people(load);
  load_roles(load);
  load_devices(load);
  load_cables(load);
  load_maintenance(load);
  load_syslog(load);
  load_sensor_packs(load);
  load_traps(load);
  load_recorder(load);
  load_procedures(load);
  load_paging(load);
  verify(load);
}

bool has_error(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(), [](const Problem& p) { return !p.warning; });
}

}  // namespace

Loaded load_site(const std::string& path, Language language, Secrets secrets,
                 const std::vector<std::string>& log_packs) {
  Loaded loaded;
  Reader read(language, loaded.problems);
  Files files = read_files(path, read, loaded.problems);
  if (!files.whole) read.expect_holes();
  if (files.whole || !files.root.entries.empty()) {
    Site site;
    Loading load{read, secrets, files.folder, log_packs, files.root, site};
    load_sections(load);
    if (!has_error(loaded.problems)) loaded.site = std::move(site);
  }
  loaded.files = std::move(files.paths);
  sort_problems(loaded.problems, loaded.files);
  return loaded;
}

}  // namespace nethealth
