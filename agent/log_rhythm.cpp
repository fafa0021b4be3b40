#include "agent/log_rhythm.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace nethealth {
namespace {

using std::chrono::ceil, std::chrono::days, std::chrono::floor, std::chrono::minutes;

Time time_of(std::int64_t since_1970_ms) {
  return Time(Milliseconds(since_1970_ms));
}

}  // namespace

void LogRhythm::wrote(Time now) {
  const std::int64_t day = floor<days>(now).time_since_epoch().count();
  if (days_ == 0) {
    first_ = last_ = memory_began_ = now;
    day_ = day;
    days_ = 1;
    return;
  }
  longest_ = std::max(longest_, now - last_);
  last_ = now;
  if (day > day_) ++days_;
  day_ = day;
  if (now - memory_began_ < rhythm_memory) return;
  longest_before_ = std::exchange(longest_, Milliseconds(0));
  memory_began_ = now;
}

void LogRhythm::unwatched(Time from, Time until) {
  if (days_ > 0 && until > from) last_ = std::min(until, last_ + (until - from));
}

std::optional<Milliseconds> LogRhythm::expected() const {
  if (last_ - first_ < rhythm_history || days_ < rhythm_days) return std::nullopt;
  const Milliseconds longest = std::max(longest_, longest_before_);
  return ceil<minutes>(std::max(longest * rhythm_factor, rhythm_least));
}

std::string LogRhythm::text() const {
  std::string text;
  for (const std::int64_t number :
       {first_.time_since_epoch().count(), last_.time_since_epoch().count(),
        memory_began_.time_since_epoch().count(), day_, days_, longest_.count(), longest_before_.count()})
    text += (text.empty() ? "" : " ") + std::to_string(number);
  return text;
}

std::optional<LogRhythm> LogRhythm::from_text(std::string_view text) {
  std::array<std::int64_t, 7> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0 && !text.starts_with(' ')) return std::nullopt;
    if (i > 0) text.remove_prefix(1);
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (fault != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.empty()) return std::nullopt;
  LogRhythm rhythm;
  rhythm.first_ = time_of(numbers[0]);
  rhythm.last_ = time_of(numbers[1]);
  rhythm.memory_began_ = time_of(numbers[2]);
  rhythm.day_ = numbers[3];
  rhythm.days_ = numbers[4];
  rhythm.longest_ = Milliseconds(numbers[5]);
  rhythm.longest_before_ = Milliseconds(numbers[6]);
  return rhythm;
}

}  // namespace nethealth
