#include "rules/drill.hpp"

#include <algorithm>
#include <charconv>

namespace nethealth {

namespace {

constexpr std::string_view drill_word = "drill ";
constexpr std::string_view test_word = "test ";

std::optional<int> number_after(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{} || number < 1) return std::nullopt;
  return number;
}

void apply_outcome(NotificationPicture& call, const Event& event, const NotificationOutcome& outcome) {
  switch (outcome.delivery) {
    case Delivery::sent:
      call.sent = event.time;
      call.failure.clear();
      break;
    case Delivery::failed:
      call.failure = outcome.reason.empty() ? "failed" : outcome.reason;
      call.failing = outcome.failing;
      if (outcome.failing == Failing::refused) call.sent.reset();
      break;
    case Delivery::acknowledged:
      call.acknowledged = event.time;
      call.acknowledged_by = outcome.person;
      break;
  }
}

}  // namespace

std::string drill_words(int drill, bool test) {
  return std::string(test ? test_word : drill_word) + std::to_string(drill);
}

void DrillBook::apply(const Event& event) {
  if (const auto* queued = std::get_if<NotificationQueued>(&event.what)) {
    if (queued->notification.kind != NotificationKind::drill) return;
    const auto as_drill = number_after(queued->notification.about, drill_word);
    const auto number = as_drill ? as_drill : number_after(queued->notification.about, test_word);
    if (!number) return;
    Drill& drill = drills_[*number];
    if (drill.calls.empty()) {
      drill.number = *number;
      drill.test = !as_drill;
      drill.began = event.time;
    }
    drill.calls.push_back({queued->notification, event.time, {}, {}, {}, {}});
    drill_of_[queued->notification.id] = *number;
    changed_ = true;
  } else if (const auto* outcome = std::get_if<NotificationOutcome>(&event.what)) {
    const auto found = drill_of_.find(outcome->id);
    if (found == drill_of_.end()) return;
    changed_ = true;
    for (NotificationPicture& call : drills_[found->second].calls)
      if (call.notification.id == outcome->id) apply_outcome(call, event, *outcome);
  }
}

const Drill* DrillBook::find(int number) const {
  const auto found = drills_.find(number);
  return found == drills_.end() ? nullptr : &found->second;
}

std::vector<Drill::Answer> Drill::answers() const {
  std::vector<Answer> all;
  for (const NotificationPicture& call : calls) {
    auto known = std::ranges::find(all, call.notification.person, &Answer::person);
    if (known == all.end())
      known = all.insert(all.end(), {call.notification.person, call.queued, {}, "", false});
    if (call.sent) known->reached = true;
    if (!known->answered || call.acknowledged) known->channel = call.notification.channel;
    if (call.acknowledged) known->answered = call.acknowledged;
  }
  return all;
}

bool Drill::all_answered() const {
  return std::ranges::all_of(answers(), [](const Answer& answer) { return answer.answered.has_value(); });
}

const NotificationPicture* Drill::unanswered(const std::string& person) const {
  const NotificationPicture* last = nullptr;
  for (const NotificationPicture& call : calls) {
    if (call.notification.person != person) continue;
    if (call.acknowledged) return nullptr;
    last = &call;
  }
  return last;
}

}  // namespace nethealth
