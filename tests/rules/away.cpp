// Receivers that are away for a week: what is owed stays owed, in order, once, and does not grow by itself.

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <map>

#include "rules/incident.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

constexpr int hours_of_a_week = 7 * 24;
constexpr int hours_between_attacks = 3;  // longer than events join

/// Every queued message's key, in the journal's order.
std::vector<std::string> queued_keys(const std::vector<Event>& events) {
  std::vector<std::string> keys;
  for (const Event& event : events) {
    if (const auto* told = std::get_if<NotificationQueued>(&event.what))
      keys.push_back(told->notification.id);
    if (const auto* record = std::get_if<SyslogQueued>(&event.what))
      keys.push_back(record->id + " " + record->target);
  }
  return keys;
}

void guess_passwords(Story& story, int source) {
  for (int i = 0; i < 6; ++i)
    story.log("cs-1",
              "sshd[1]: Failed password for root from 192.0.2." + std::to_string(source) + " port 22 ssh2");
}

/// Only time passes: no probes are played.
void pass_an_hour(Story& story) {
  for (int minute = 0; minute < 60; ++minute) {
    story.now += 1min;
    story.take_decisions(story.engine->wake(story.now));
  }
}

/// A week of attacks that nobody hears of; the engine is rebuilt from the journal each day.
Story lonely_week() {
  Story story;
  story.delivery = Delivery::failed;
  story.failing = Failing::retrying;
  for (int hour = 0; hour < hours_of_a_week; ++hour) {
    if (hour % hours_between_attacks == 0) guess_passwords(story, 1 + hour / hours_between_attacks);
    pass_an_hour(story);
    if (hour % 24 == 23) story.restart();
  }
  return story;
}

}  // namespace

TEST_CASE("after a week without receivers everything is owed once and in order") {
  Story story = lonely_week();
  const std::vector<std::string> queued = queued_keys(story.journal);
  CHECK(story.incidents().size() == hours_of_a_week / hours_between_attacks);
  CHECK(queued_keys(story.engine->unsent()) == queued);
  std::vector<std::string> distinct = queued;
  std::sort(distinct.begin(), distinct.end());
  CHECK(std::adjacent_find(distinct.begin(), distinct.end()) == distinct.end());
}

TEST_CASE("nobody is called again by a way that is still being tried however long it takes") {
  const Story story = lonely_week();
  std::map<std::string, int> calls;
  for (const Event& event : story.journal)
    if (const auto* told = std::get_if<NotificationQueued>(&event.what);
        told && is_call(told->notification.kind))
      ++calls[std::to_string(event.incident) + " " + told->notification.person + " " +
              told->notification.channel];
  // Misconduct starts at the manager: three people with one channel each.
  CHECK(calls.size() == 3 * hours_of_a_week / hours_between_attacks);
  CHECK(std::ranges::all_of(calls, [](const auto& entry) { return entry.second == 1; }));
}

TEST_CASE("once the receivers are back each message counts as sent once and nothing is owed any more") {
  Story story = lonely_week();
  const std::vector<std::string> before = queued_keys(story.journal);
  for (const Event& event : story.engine->unsent()) {
    if (const auto* told = std::get_if<NotificationQueued>(&event.what))
      story.take_decisions(story.engine->report(
          story.now, NotificationOutcome{told->notification.id, Delivery::sent, "", ""}));
    if (const auto* record = std::get_if<SyslogQueued>(&event.what))
      story.take_decisions(
          story.engine->report(story.now, SyslogOutcome{record->id, record->target, true, ""}));
  }
  CHECK(story.engine->unsent().empty());
  CHECK(queued_keys(story.journal) == before);
  story.restart();
  CHECK(story.engine->unsent().empty());
}

TEST_CASE("a call that arrives late leaves its reader the whole time to answer") {
  Story story;
  story.delivery = Delivery::failed;
  story.failing = Failing::retrying;
  guess_passwords(story, 1);
  pass_an_hour(story);
  for (const Event& event : story.engine->unsent())
    if (const auto* told = std::get_if<NotificationQueued>(&event.what))
      story.take_decisions(story.engine->report(
          story.now, NotificationOutcome{told->notification.id, Delivery::sent, "", ""}));
  story.delivery = Delivery::sent;
  const auto calls = [&] { return story.notifications(NotificationKind::escalation).size(); };
  const std::size_t before = calls();
  const auto wake_after = [&](Milliseconds span) {
    story.now += span;
    story.take_decisions(story.engine->wake(story.now));
  };
  wake_after(4min + 59s);
  CHECK(calls() == before);
  story.restart();
  wake_after(500ms);
  CHECK(calls() == before);
  wake_after(1s);
  CHECK(calls() == before + 1);
}
