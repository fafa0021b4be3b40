#include "rules/drill.hpp"

#include <algorithm>
#include <charconv>

namespace nethealth {

namespace {

constexpr std::string_view drill_word = "drill ";
constexpr std::string_view test_word = "test ";

constexpr std::string_view planned_word = " planned";

template <class Number = int>
std::optional<Number> number_after(std::string_view text, std::string_view word) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  Number number = 0;
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

/// A calendar that does not open within its horizon holds no drill up.
Time when_open(const Site& site, const DrillPlan& plan, Time turn) {
  if (!plan.calendar) return turn;
  const Calendar& calendar = site.calendars[*plan.calendar];
  if (is_open(calendar, site.zone, turn)) return turn;
  return next_change(calendar, site.zone, turn).value_or(turn);
}

}  // namespace

std::string drill_words(const Drill& drill) {
  std::string words = std::string(drill.test ? test_word : drill_word) + std::to_string(drill.number);
  if (drill.planned) words += planned_word;
  return words;
}

std::optional<Time> planned_drill(const Site& site, Time now) {
  const auto& plan = site.paging.drills;
  if (!plan || now < plan->from) return std::nullopt;
  // While the calendar is closed several turns may wait for the same opening.
  for (Time turn = plan->from + (now - plan->from) / plan->every * plan->every; turn >= plan->from;
       turn -= plan->every)
    if (const Time due = when_open(site, *plan, turn); due <= now) return due;
  return std::nullopt;
}

std::optional<Time> planned_drill_after(const Site& site, Time now) {
  const auto& plan = site.paging.drills;
  if (!plan) return std::nullopt;
  Time turn = plan->from;
  if (now >= turn) turn += (now - turn) / plan->every * plan->every;
  while (when_open(site, *plan, turn) <= now) turn += plan->every;
  return when_open(site, *plan, turn);
}

std::string answer_text(const Drill::Answer& answer, Language language) {
  if (answer.answered && answer.first_called) {
    const std::string seconds = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(*answer.answered - *answer.first_called).count());
    return language == Language::ja ? "返答あり " + seconds + " 秒 (" + answer.channel + ")"
                                    : "answered after " + seconds + " s (" + answer.channel + ")";
  }
  const Phrase how = answer.reached ? Phrase{"返答なし (届いた: ", "no answer (delivered: "}
                                    : Phrase{"返答なし (届いていない: ", "no answer (not delivered: "};
  return std::string(how.in(language)) + answer.channel + ")";
}

void DrillBook::apply(const Event& event) {
  if (const auto* queued = std::get_if<NotificationQueued>(&event.what)) {
    const std::string& words = queued->notification.about;
    if (const auto told = number_after(words, about::drill_result); told && drills_.contains(*told))
      drills_[*told].result_told = true;
    if (const auto due = number_after<std::int64_t>(words, about::drill_left_out))
      left_out_ = Time(Milliseconds(*due));
    if (queued->notification.kind != NotificationKind::drill) return;
    const auto as_drill = number_after(words, drill_word);
    const auto number = as_drill ? as_drill : number_after(words, test_word);
    if (!number) return;
    Drill& drill = drills_[*number];
    if (drill.calls.empty()) {
      drill.number = *number;
      drill.test = !as_drill;
      drill.planned = words.ends_with(planned_word);
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

const Drill* DrillBook::last() const {
  for (auto entry = drills_.rbegin(); entry != drills_.rend(); ++entry)
    if (!entry->second.test) return &entry->second;
  return nullptr;
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
