#pragma once
// Drills of the contact network, and tests of one person's channels: who was called, by what, who answered
// and how fast. Built from the journal's records alone, so that results are kept.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/event.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// "drill 3", "test 4": what Notification::about says of a drill's call.
std::string drill_words(int drill, bool test);

class DrillBook {
 public:
  void apply(const Event& event);

  [[nodiscard]] int next_number() const { return drills_.empty() ? 1 : drills_.rbegin()->first + 1; }
  [[nodiscard]] const std::map<int, Drill>& all() const { return drills_; }
  [[nodiscard]] const Drill* find(int number) const;
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
  std::optional<Time> next_call_;
  bool changed_ = false;
};

}  // namespace nethealth
