#include <doctest/doctest.h>

#include <unistd.h>

#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

Story with_dead_server() {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.run(20s);
  return story;
}

std::vector<std::string> called(const Story& story) {
  std::vector<std::string> people;
  for (const IncidentPicture& incident : story.incidents())
    for (const NotificationPicture& told : incident.notifications)
      if (told.notification.about.empty())
        people.push_back(told.notification.person + " " + told.notification.channel);
  return people;
}

}  // namespace

TEST_CASE("an unanswered page climbs channel then deputy then role then starts over") {
  Story story = with_dead_server();
  story.run(30min);
  CHECK(called(story) == std::vector<std::string>{"sato mail", "sato gateway", "suzuki mail", "tanaka mail",
                                                  "ito mail", "kato mail", "sato mail"});
  CHECK(story.notifications(NotificationKind::page).size() == 1);
}

TEST_CASE("the times between calls are each channel's own") {
  Story story = with_dead_server();
  story.run(30min);
  std::vector<Milliseconds> gaps;
  std::optional<Time> before;
  for (const Event& event : story.journal) {
    const auto* queued = std::get_if<NotificationQueued>(&event.what);
    if (!queued || !queued->notification.about.empty()) continue;
    if (before) gaps.push_back(event.time - *before);
    before = event.time;
  }
  REQUIRE(gaps.size() >= 3);
  CHECK(gaps[0] == 5min);
  CHECK(gaps[1] == 3min);
  CHECK(gaps[2] == 5min);
}

TEST_CASE("an acknowledgement stops the chain and names who has it") {
  Story story = with_dead_server();
  story.run(6min);
  story.acknowledge(1, "sato");
  story.run(60min);
  CHECK(called(story).size() == 2);
  CHECK(story.incidents()[0].acknowledged_by == "sato");
}

TEST_CASE("a stranger and a number that does not exist are refused with a reason") {
  Story story = with_dead_server();
  const auto stranger = story.engine->act(story.now, Acknowledge{1, "nobody"}, Language::en);
  REQUIRE_FALSE(stranger.has_value());
  CHECK(stranger.error().text().find("nobody") != std::string::npos);
  CHECK_FALSE(story.engine->act(story.now, Acknowledge{7, "sato"}, Language::en).has_value());
  CHECK_FALSE(story.engine->act(story.now, Close{1, "sato", ""}, Language::en).has_value());
  CHECK_FALSE(story.engine->act(story.now, Close{1, "kato", "done"}, Language::en).has_value());
  CHECK(story.engine->act(story.now, Close{1, "sato", "done"}, Language::en).has_value());
  CHECK(story.incidents()[0].state == IncidentState::closed);
}

TEST_CASE("a channel that fails is passed over at once") {
  Story story;
  story.run(2min);
  story.silent.insert("cs-1");
  story.delivery = Delivery::failed;
  story.run(30s);
  const auto people = called(story);
  REQUIRE(people.size() >= 6);
  CHECK(people[0] == "sato mail");
  CHECK(people[5] == "kato mail");
  CHECK(people.size() <= 6);  // a chain that fails as a whole is gone through again only after a while
}

TEST_CASE("subject and first lines say what where and since when") {
  Story story = with_dead_server();
  const auto pages = story.notifications(NotificationKind::page);
  REQUIRE(pages.size() == 1);
  CHECK(pages[0].subject.find("【停止】CSサーバ1号機") == 0);
  CHECK(pages[0].subject.find("09:02から #1") != std::string::npos);
  CHECK(pages[0].body.find("何が: ") == 0);
  CHECK(pages[0].body.find("どこ: CSサーバ1号機 (cs-1)、電子計算機室") != std::string::npos);
  CHECK(pages[0].body.find("いつから: 2026-11-24 09:02:") != std::string::npos);
  CHECK(pages[0].body.find("nethealth incident ack 1 --as sato") != std::string::npos);
}

TEST_CASE("recovery is told to everybody who was called") {
  Story story = with_dead_server();
  story.run(9min);
  story.silent.clear();
  story.run(30s);
  std::vector<std::string> told;
  for (const Notification& notification : story.notifications(NotificationKind::recovery))
    told.push_back(notification.person);
  CHECK(told == std::vector<std::string>{"sato", "suzuki"});
}

TEST_CASE("after a restart incident and chain go on where they were") {
  Story story = with_dead_server();
  story.run(1min);
  story.restart();
  story.run(1min);
  CHECK(story.incidents().size() == 1);
  CHECK(story.notifications(NotificationKind::page).size() == 1);
  story.run(4min);
  CHECK(called(story) == std::vector<std::string>{"sato mail", "sato gateway"});
  story.restart();
  story.silent.clear();
  story.run(30s);
  CHECK(story.incidents()[0].state == IncidentState::restored);
}

TEST_CASE("messages without an outcome are sent again after a restart") {
  Story story = with_dead_server();
  Engine fresh(*story.site, shipped_rules());
  std::string id;
  for (const Event& event : story.journal) {
    if (std::holds_alternative<NotificationOutcome>(event.what)) continue;
    fresh.restore(event);
    if (const auto* queued = std::get_if<NotificationQueued>(&event.what)) id = queued->notification.id;
  }
  bool found = false;
  for (const Event& event : fresh.unsent())
    if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
      found = found || queued->notification.id == id;
  CHECK(found);
}
