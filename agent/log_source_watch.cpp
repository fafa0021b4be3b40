#include "agent/log_source_watch.hpp"

#include <algorithm>
#include <cmath>

#include "agent/line_time.hpp"

namespace nethealth {
namespace {

using namespace std::chrono;

/// Of one source at most so often: what a line says of its clock costs more than to match it.
constexpr Milliseconds sample_interval = seconds(10);
/// Judged by so many lines over that time; a source that writes seldom, by fewer over a longer one.
constexpr std::size_t enough_lines = 5;
constexpr Milliseconds enough_time = minutes(2);
constexpr std::size_t few_lines = 3;
constexpr Milliseconds long_time = minutes(30);
/// What is wrong is told again, for who could not hear it before.
constexpr Milliseconds tell_again = minutes(5);
/// What was learned of a source is kept under its name with this before it; no source is called so.
constexpr std::string_view rhythm_path = "rhythm:";

Milliseconds nearer(Milliseconds a, Milliseconds b) {
  return abs(a) <= abs(b) ? a : b;
}

/// Until the end of the run before, but where the source was left out of its configuration sooner.
Time watched_until(const LogPosition& saved, std::optional<Time> alive) {
  const Time given(Milliseconds(static_cast<Milliseconds::rep>(saved.offset)));
  const bool to_the_end = alive && *alive - given <= 2 * LogSourceWatch::save_interval;
  return to_the_end ? std::max(*alive, given) : given;
}

}  // namespace

LogSourceWatch::LogSourceWatch(const Site& site, Time start, const std::vector<LogPosition>& saved,
                               std::optional<Time> alive)
    : zone_(site.zone), saved_(start - save_interval) {
  for (const Device& device : site.devices)
    for (const LogSource& source : device.logs) {
      Watched& watched = sources_[{device.name, source.name()}];
      watched.seen.source = source.name();
      watched.seen.expected = source.expect_within;
      watched.clock_within = source.clock_within;
      watched.quiet_since = start;
      watched.learns = source.learns_silence && !source.expect_within;
    }
  for (const LogPosition& position : saved) {
    if (!position.path.starts_with(rhythm_path)) continue;
    const auto found = sources_.find({position.device, position.path.substr(rhythm_path.size())});
    if (found == sources_.end() || !found->second.learns) continue;
    Watched& watched = found->second;
    watched.rhythm = LogRhythm::from_text(position.fingerprint).value_or(LogRhythm());
    watched.rhythm.unwatched(watched_until(position, alive), start);
    watched.quiet_since = watched.rhythm.last().value_or(start);
  }
}

void LogSourceWatch::read(std::string_view device, std::string_view source, std::string_view newest,
                          Time now) {
  const auto found = sources_.find(std::pair(std::string(device), std::string(source)));
  if (found == sources_.end()) return;
  Watched& watched = found->second;
  watched.quiet_since = now;
  watched.seen.last = now;
  if (watched.learns) watched.rhythm.wrote(now);
  if (!newest.empty()) sample(watched, newest, now);
}

void LogSourceWatch::sample(Watched& watched, std::string_view line, Time now) const {
  Sampling& sampling = watched.sampling;
  if (sampling.last && now - *sampling.last < sample_interval) return;
  const auto own = time_in_line(line, now, zone_);
  if (!own) return;
  // Some devices write UTC and do not say so.
  const Milliseconds offset = nearer(*own - now, *time_in_line(line, now, Zone()) - now);
  if (sampling.lines == 0) sampling.first = now;
  sampling.largest = sampling.lines == 0 ? offset : std::max(sampling.largest, offset);
  sampling.smallest = sampling.lines == 0 ? offset : std::min(sampling.smallest, offset);
  sampling.last = now;
  ++sampling.lines;
}

/// Off only where every line says so, to the same side. A late delivery makes an offset smaller, so the
/// largest is nearest to the truth.
void LogSourceWatch::judge_clock(Watched& watched, Time now) {
  Sampling& sampling = watched.sampling;
  const Milliseconds age = sampling.lines == 0 ? Milliseconds(0) : now - sampling.first;
  const bool enough = (sampling.lines >= enough_lines && age >= enough_time) ||
                      (sampling.lines >= few_lines && age >= long_time);
  if (!enough) return;
  const bool ahead = sampling.smallest > watched.clock_within;
  const bool behind = sampling.largest < -watched.clock_within;
  watched.seen.clock_off = ahead || behind;
  watched.seen.ahead = ahead || behind ? sampling.largest : nearer(sampling.largest, sampling.smallest);
  const std::optional<Time> last = sampling.last;
  sampling = {};
  sampling.last = last;
}

void LogSourceWatch::judge_silence(Watched& watched, Time now) {
  LogSourceSeen& seen = watched.seen;
  if (watched.learns) {
    seen.expected = watched.rhythm.expected();
    seen.learned = seen.expected.has_value();
  }
  seen.silent = seen.expected && now - watched.quiet_since > *seen.expected;
}

std::vector<LogPosition> LogSourceWatch::learned(Time now) {
  std::vector<LogPosition> learned;
  if (now - saved_ < save_interval) return learned;
  saved_ = now;
  for (const auto& [key, watched] : sources_) {
    if (!watched.learns || !watched.rhythm.last()) continue;
    LogPosition& position = learned.emplace_back();
    position.device = key.first;
    position.path = std::string(rhythm_path) + key.second;
    position.offset =
        static_cast<std::uint64_t>(std::max<Milliseconds::rep>(0, now.time_since_epoch().count()));
    position.fingerprint = watched.rhythm.text();
  }
  return learned;
}

std::vector<Observation> LogSourceWatch::look(Time now) {
  std::vector<Observation> told;
  for (auto& [key, watched] : sources_) {
    judge_clock(watched, now);
    judge_silence(watched, now);
    const LogSourceSeen& seen = watched.seen;
    if (!seen.expected && !seen.ahead) continue;
    const bool changed =
        !watched.told || seen.silent != watched.told_silent || seen.clock_off != watched.told_clock;
    const bool wrong = seen.silent || seen.clock_off;
    if (!changed && !(wrong && now - *watched.told >= tell_again)) continue;
    watched.told_silent = seen.silent;
    watched.told_clock = seen.clock_off;
    watched.told = now;
    told.push_back({now, key.first, seen});
  }
  return told;
}

std::vector<LogSourceState> LogSourceWatch::states() const {
  std::vector<LogSourceState> states;
  for (const auto& [key, watched] : sources_) states.push_back({key.first, watched.seen});
  return states;
}

std::string log_source_text(const LogSourceState& state, const Site& site, Language language) {
  const LogSourceSeen& seen = state.seen;
  std::string text = state.device + " " + seen.source + ": ";
  if (seen.last)
    text += std::string(Phrase{"最後の行 ", "last line "}.in(language)) + format_time(*seen.last, site.zone);
  else
    text += Phrase{"まだ行がない", "no line yet"}.in(language);
  if (seen.silent) text += Phrase{"、途絶えている", ", silent for too long"}.in(language);
  if (seen.learned) {
    const auto expected = std::to_string(std::chrono::duration_cast<minutes>(*seen.expected).count());
    text += Phrase{"、学んだ限度 ", ", learned limit "}.in(language);
    text += expected + std::string(Phrase{" 分", " min"}.in(language));
  }
  if (!seen.ahead) return text;
  const std::int64_t tenths = std::llround(static_cast<double>(seen.ahead->count()) / 100);
  text += std::string(Phrase{"、時計 ", ", clock "}.in(language)) + (tenths < 0 ? "-" : "+") +
          std::to_string(std::abs(tenths) / 10) + "." + std::to_string(std::abs(tenths) % 10) + " s";
  if (seen.clock_off) text += Phrase{"（ずれている）", " (off)"}.in(language);
  return text;
}

}  // namespace nethealth
