// Counting rules: a sign that means something only when it comes often from one source.

#include <algorithm>

#include "rules/mind.hpp"

namespace nethealth {

std::ptrdiff_t Engine::Mind::count_hit(DeviceIndex device, const LogRule& rule, const std::string& source,
                                       const LogSeen& log) {
  if (counted_.size() >= limits::counted_sources && !counted_.contains({rule.id, source})) forget_counts();
  auto& times = counted_[{rule.id, source}];
  times.push_back(now);
  const Milliseconds kept = std::max(rule.count->within, limits::success_within);
  while (now - times.front() > kept || times.size() > limits::counted_times) times.pop_front();
  emit(0, SignSeen{site_.devices[device].name, rule.id, source, log.file, log.offset});
  return std::ranges::count_if(times, [&](Time at) { return now - at <= rule.count->within; });
}

/// A scan from very many sources must not fill the memory: the half that was silent longest goes.
void Engine::Mind::forget_counts() {
  std::vector<Time> last;
  for (const auto& [key, times] : counted_) last.push_back(times.back());
  const auto middle = last.begin() + static_cast<std::ptrdiff_t>(last.size() / 2);
  std::nth_element(last.begin(), middle, last.end());
  std::erase_if(counted_, [&](const auto& entry) { return entry.second.back() <= *middle; });
}

bool Engine::Mind::often_enough(DeviceIndex device, const LogHit& hit, const LogSeen& log) {
  if (!hit.rule->count) return true;
  const std::string key = site_.devices[device].name + (hit.component.empty() ? "" : " " + hit.component);
  return count_hit(device, *hit.rule, key, log) >= hit.rule->count->times;
}

}  // namespace nethealth
