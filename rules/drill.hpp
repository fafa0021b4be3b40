#pragma once
// Drills of the contact network, and tests of one person's channels: who was called, by what, who answered
// and how fast. Built from the journal's records alone, so that results are kept.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/language.hpp"
#include "config/site.hpp"
#include "rules/event.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// "drill 3", "drill 3 planned", "test 4": what Notification::about says of a drill's call.
std::string drill_words(const Drill& drill);

namespace about {
inline constexpr std::string_view drill_result = "drill_result ";      ///< and its number
inline constexpr std::string_view drill_left_out = "drill_left_out ";  ///< and when it was due, in ms of Unix
}  // namespace about

/// The latest moment up to `now` at which the site's plan (Paging::drills) has a drill, and the first one
/// after it. Empty without a plan, or where it begins later.
std::optional<Time> planned_drill(const Site& site, Time now);
std::optional<Time> planned_drill_after(const Site& site, Time now);

/// Whether one person answered, how fast and by what.
std::string answer_text(const Drill::Answer& answer, Language language);

class DrillBook {
 public:
  void apply(const Event& event);

  [[nodiscard]] int next_number() const { return drills_.empty() ? 1 : drills_.rbegin()->first + 1; }
  [[nodiscard]] const std::map<int, Drill>& all() const { return drills_; }
  [[nodiscard]] const Drill* find(int number) const;
  /// The last that is no test; null when there is none.
  [[nodiscard]] const Drill* last() const;
  /// When the last planned drill that was left out had been due.
  [[nodiscard]] std::optional<Time> left_out() const { return left_out_; }
  /// When a person of the last drill has had the time to answer.
  [[nodiscard]] std::optional<Time> next_call() const { return next_call_; }
  void set_next_call(std::optional<Time> time) {
    next_call_ = time;
    changed_ = false;
  }
  /// Something happened to a drill since then, or its time has come.
  [[nodiscard]] bool wants_a_look(Time now) const { return changed_ || (next_call_ && *next_call_ <= now); }

 private:
  std::map<int, Drill> drills_;
  std::map<std::string, int> drill_of_;  ///< by notification id
  std::optional<Time> next_call_, left_out_;
  bool changed_ = false;
};

}  // namespace nethealth
