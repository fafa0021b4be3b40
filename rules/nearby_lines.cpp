#include "rules/nearby_lines.hpp"

#include <algorithm>

namespace nethealth {

NearbyLines::File& NearbyLines::file(Time now, const std::string& device, const std::string& name) {
  const auto key = std::pair(device, name);
  if (files_.size() >= limits_.files && !files_.contains(key))
    files_.erase(std::ranges::min_element(files_, {}, [](const auto& entry) { return entry.second.last; }));
  File& found = files_[key];
  found.last = now;
  return found;
}

void NearbyLines::remember(File& file, Remembered line) const {
  file.bytes += line.line.line.size();
  file.lines.push_back(std::move(line));
  while (file.lines.size() > limits_.before || file.bytes > limits_.remembered_bytes) {
    file.bytes -= file.lines.front().line.line.size();
    file.lines.pop_front();
  }
}

std::vector<NearbyLines::Near> NearbyLines::pass(Time now, const std::string& device,
                                                 std::span<const LogSeen> lines,
                                                 const std::vector<std::pair<std::size_t, int>>& kept) {
  std::vector<Near> near;
  if (lines.empty()) return near;
  File& of = file(now, device, lines.front().file);
  // Without anything kept only the end of a large batch matters.
  const std::size_t first =
      kept.empty() && of.after.empty() && lines.size() > limits_.before ? lines.size() - limits_.before : 0;
  auto next = kept.begin();
  for (std::size_t index = first; index < lines.size(); ++index) {
    Remembered here{now, lines[index], {}};
    for (; next != kept.end() && next->first == index; ++next) {
      here.of.insert(next->second);
      of.after[next->second] = limits_.after;
      for (Remembered& before : of.lines)
        if (before.of.insert(next->second).second) near.push_back({next->second, before.seen, before.line});
    }
    for (auto wanted = of.after.begin(); wanted != of.after.end();) {
      if (here.of.insert(wanted->first).second) {
        near.push_back({wanted->first, now, lines[index]});
        --wanted->second;
      }
      wanted = wanted->second == 0 ? of.after.erase(wanted) : std::next(wanted);
    }
    remember(of, std::move(here));
  }
  return near;
}

}  // namespace nethealth
