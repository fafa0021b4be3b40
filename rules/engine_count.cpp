// Counting rules: a sign that means something only when it comes often from one source.

#include <algorithm>
#include <utility>

#include "rules/mind.hpp"

namespace nethealth {

std::ptrdiff_t Engine::Mind::count_hit(DeviceIndex device, const LogRule& rule, const std::string& source,
                                       const LogSeen& log) {
  if (counted_.size() >= limits::counted_sources && !counted_.contains({rule.id, source})) forget_counts();
  auto& times = counted_[{rule.id, source}];
  times.push_back(now);
  const Milliseconds kept = std::max(rule.count->within, limits::success_within);
  while (now - times.front() > kept || times.size() > limits::counted_times) times.pop_front();
  SignSeen seen{site_.devices[device].name, rule.id, source, log.file, log.offset};
  if (rule.log_class == LogClass::security) {
    seen.line = log.line.substr(0, limits::evidence_line_bytes);
    remember_line(seen, now);
  }
  emit(0, std::move(seen));
  return std::ranges::count_if(times, [&](Time at) { return now - at <= rule.count->within; });
}

/// Until enough of them make an incident, the latest lines of a source wait here.
void Engine::Mind::remember_line(const SignSeen& seen, Time time) {
  auto& lines = counted_lines_[{seen.rule, seen.source}];
  lines.push_back({time, seen});
  if (lines.size() > limits::waiting_lines) lines.pop_front();
}

/// What was counted of a source becomes evidence of the incident that came of it.
void Engine::Mind::keep_counted(int incident, const std::string& source) {
  for (auto& [key, lines] : counted_lines_) {
    if (key.second != source) continue;
    for (const CountedLine& line : std::exchange(lines, {})) {
      EvidenceKept kept{line.seen.device, line.seen.file, line.seen.offset,
                        line.seen.line,   line.seen.rule, source};
      if (line.time != now) kept.seen = line.time;
      keep_evidence(incident, std::move(kept));
    }
  }
}

void Engine::Mind::keep_evidence(int incident, EvidenceKept kept) {
  const Incident* known = book.find(incident);
  if (!known || known->picture.lines_kept >= limits::evidence_lines) return;
  kept.line.resize(std::min(kept.line.size(), limits::evidence_line_bytes));
  // Several rules may know one line.
  const std::string mark = std::to_string(incident) + '\n' + kept.device + '\n' + kept.file + '\n' +
                           std::to_string(kept.offset) + '\n' + kept.line + '\n' +
                           std::to_string(kept.seen.value_or(now).time_since_epoch().count());
  if (!kept.file.empty() && mark == last_kept_) return;
  last_kept_ = mark;
  const bool last = known->picture.lines_kept + 1 == limits::evidence_lines;
  emit(incident, std::move(kept));
  if (last)
    emit(incident, AuditRecord{"EVIDENCE-LIMIT",
                               "",
                               "no further lines are kept of this incident",
                               {{"lines", std::to_string(limits::evidence_lines)}}});
}

/// A scan from very many sources must not fill the memory: the half that was silent longest goes.
void Engine::Mind::forget_counts() {
  std::vector<Time> last;
  for (const auto& [key, times] : counted_) last.push_back(times.back());
  const auto middle = last.begin() + static_cast<std::ptrdiff_t>(last.size() / 2);
  std::nth_element(last.begin(), middle, last.end());
  std::erase_if(counted_, [&](const auto& entry) { return entry.second.back() <= *middle; });
  std::erase_if(counted_lines_, [&](const auto& entry) { return !counted_.contains(entry.first); });
}

bool Engine::Mind::often_enough(DeviceIndex device, const LogHit& hit, const LogSeen& log) {
  if (!hit.rule->count) return true;
  const std::string key = site_.devices[device].name + (hit.component.empty() ? "" : " " + hit.component);
  return count_hit(device, *hit.rule, key, log) >= hit.rule->count->times;
}

}  // namespace nethealth
