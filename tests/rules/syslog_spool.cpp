// What waits for a syslog receiver that is away has a limit, and the receiver sees where something is
// missing.

#include <doctest/doctest.h>

#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

constexpr std::size_t limit = 10;
const std::string target = "tcp://127.0.0.1:514";

struct Away {
  Story story;
  std::vector<SyslogQueued> queued;

  Away() : story(configuration(), options()) {}

  static std::string configuration() {
    std::string text = std::string(city_hall) + people;
    const std::string events = "events: [security, incidents]";
    return text.replace(text.find(events), events.size(), "events: [audit]");
  }
  static EngineOptions options() {
    EngineOptions options;
    options.syslog_spool_records = limit;
    return options;
  }
  void record(int number) {
    take(story.engine->audit(story.now, {"LOGIN", "sato", "login " + std::to_string(number), {}}));
  }
  void take(const Decisions& decisions) {
    for (const Event& event : decisions.events) {
      story.journal.push_back(event);
      if (const auto* message = std::get_if<SyslogQueued>(&event.what)) queued.push_back(*message);
    }
  }
  /// The receiver takes the oldest.
  void accept(std::size_t count) {
    for (; count > 0; --count, ++taken_)
      take(story.engine->report(story.now, SyslogOutcome{queued[taken_].id, target, true, ""}));
  }
  [[nodiscard]] SyslogSpool spool() const { return story.engine->syslog_spools().at(target); }

 private:
  std::size_t taken_ = 0;
};

}  // namespace

TEST_CASE("a full spool says so once and keeps no more until half of it was taken") {
  Away away;
  for (int i = 0; i < 30; ++i) away.record(i);
  REQUIRE(away.queued.size() == limit);
  CHECK(away.queued[limit - 2].message_id == "LOGIN");
  CHECK(away.queued[limit - 1].message_id == spool_full);
  CHECK(away.spool().full);
  CHECK(away.spool().since.has_value());
  away.accept(4);
  away.record(30);
  CHECK(away.queued.size() == limit);
  away.accept(1);
  away.record(31);
  REQUIRE(away.queued.size() == limit + 2);
  CHECK(away.queued[limit].message_id == spool_resumed);
  CHECK(away.queued[limit + 1].message == "login 31");
  CHECK(away.queued[limit].id != away.queued[limit + 1].id);
  CHECK_FALSE(away.spool().full);
  away.accept(away.queued.size() - 5);
  CHECK(away.spool().records == 0);
  CHECK_FALSE(away.spool().since.has_value());
}

TEST_CASE("a full spool is still full after a restart") {
  Away away;
  for (int i = 0; i < 30; ++i) away.record(i);
  away.story.restart();
  CHECK(away.spool().full);
  CHECK(away.spool().records == limit);
  away.record(30);
  CHECK(away.queued.size() == limit);
}
