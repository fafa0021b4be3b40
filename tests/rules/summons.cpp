// Steps of the procedure that several people must answer.

#include <doctest/doctest.h>

#include "rules/message.hpp"
#include "tests/rules/plan.hpp"

using namespace nethealth;
using namespace nethealth::plan;

namespace {

/// The council: ito has two channels; kato, the chief, convenes it.
std::string with_two_channels() {
  std::string people = officials;
  const std::string one = "[{mail: ito@example.lg.jp, answer_within: 5m}]";
  people.replace(
      people.find(one), one.size(),
      "[{mail: ito@example.lg.jp, answer_within: 5m}, {sms: \"+8190\", via: gateway, answer_within: 3m}]");
  const std::string channels = "channels:\n  - {name: mail";
  people.replace(
      people.find(channels), channels.size(),
      "channels:\n  - {name: gateway, type: webhook, url: \"http://127.0.0.1:1/sms\", body: \"{text}\"}\n"
      "  - {name: mail");
  return people;
}

struct Council {
  Plan plan;
  explicit Council(const std::string& people = with_two_channels()) : plan("", people) {
    plan.fail();
    plan.up_to(failure_walk, "5.3.1");
    REQUIRE(plan.take({"5.3.1", "kato"}).empty());
  }
  /// "ito mail", in the order of calling.
  [[nodiscard]] People calls() const {
    People all;
    for (const Notification& told : plan.story.notifications(NotificationKind::request))
      if (told.about == "5.3.1") all.push_back(told.person + " " + told.channel);
    return all;
  }
  [[nodiscard]] SummonsPicture summons() const {
    const std::vector<SummonsPicture> all = plan.incident().summons;
    if (all.size() != 1) throw std::runtime_error("expected one summons");
    return all.front();
  }
  std::string answer(const std::string& person, const std::string& message = "") {
    return plan.act(Acknowledge{plan.number, person, {}, {}, message});
  }
};

}  // namespace

TEST_CASE("everybody who is summoned is called by one channel after the other until they answer") {
  Council council;
  CHECK(council.calls() == People{"kato mail", "ito mail", "tanaka mail"});
  CHECK(council.summons().wanted == 3);
  CHECK(council.summons().answered == People{"kato"});
  council.plan.story.run(1min);
  CHECK(council.answer("tanaka").empty());
  council.plan.story.run(4min + 1s);
  CHECK(council.calls() == People{"kato mail", "ito mail", "tanaka mail", "ito gateway"});
  council.plan.story.run(10s);
  CHECK(council.answer("ito").empty());
  CHECK(council.summons().over);
  CHECK(council.summons().waiting.empty());
  council.plan.story.run(2h);
  CHECK(council.calls().size() == 4);
}

TEST_CASE("an answer to a summons takes nothing over and a page is answered apart from it") {
  Council council;
  const auto holder = council.plan.incident().acknowledged_by;
  CHECK(council.answer("tanaka").empty());
  CHECK(council.plan.incident().acknowledged_by == holder);
  // Nothing else of tanaka's waits for an answer: now it means taking the incident.
  CHECK(council.answer("tanaka").empty());
  CHECK(council.plan.incident().acknowledged_by == "tanaka");
}

TEST_CASE("a summons is answered by the message it came in and cannot be passed on") {
  Council council;
  std::string id;
  for (const Notification& told : council.plan.story.notifications(NotificationKind::request))
    if (told.person == "ito") id = told.id;
  CHECK(council.plan.act(Pass{council.plan.number, "ito", ""}).find("summons") != std::string::npos);
  CHECK(council.answer("ito", id).empty());
  CHECK(council.summons().waiting == People{"tanaka"});
}

TEST_CASE("whoever summons hears once who has answered by no channel and the calls go on") {
  Council council;
  council.plan.story.run(1min);
  CHECK(council.answer("tanaka").empty());
  council.plan.story.run(7min + 30s);
  const std::string about = std::string(about::no_answer) + "5.3.1";
  CHECK(council.plan.told(about).empty());
  council.plan.story.run(1min);
  CHECK(council.calls().back() == "ito mail");
  CHECK(council.plan.told(about) == People{"kato"});
  CHECK(council.plan.message(about).find("伊藤") != std::string::npos);
  CHECK(council.plan.message(about).find("田中") == std::string::npos);
  council.plan.story.run(2h);
  CHECK(council.plan.told(about).size() == 1);
  CHECK(council.calls().size() > 8);
}

TEST_CASE("nobody is summoned any more once the procedure went past the step or the incident is over") {
  Council council;
  council.plan.story.run(1min);
  CHECK(council.plan.take({"5.3.2", "tanaka"}).empty());
  const std::size_t calls = council.calls().size();
  council.plan.story.run(3h);
  CHECK(council.calls().size() == calls);
  CHECK(council.summons().over);
}

TEST_CASE("two steps that want answers call for each until it has them") {
  Procedures both = shipped_procedures();
  for (ProcedureStep& step : both.failure.steps)
    if (step.id == "5.2.2.mayor") {
      step.told = {RoleId::council};
      step.request = true;
      step.answers = ProcedureStep::everybody;
    }
  EngineOptions options;
  options.procedures = &both;
  Plan plan{"", with_two_channels(), options};
  plan.fail();
  plan.up_to(failure_walk, "5.2.2.mayor");
  REQUIRE(plan.take({"5.2.2.mayor", "kato"}).empty());
  REQUIRE(plan.take({"5.3.1", "kato"}).empty());
  const People once{"kato", "ito", "tanaka"};
  CHECK(plan.told("5.2.2.mayor") == once);
  CHECK(plan.told("5.3.1") == once);
  plan.story.run(6min + 2s);  // the next channel, or a minute later the first again
  const People again{"kato", "ito", "tanaka", "ito", "tanaka"};
  CHECK(plan.told("5.2.2.mayor") == again);
  CHECK(plan.told("5.3.1") == again);
  plan.story.run(2h);
  CHECK(plan.told("5.3.1").size() > 15);
  CHECK(plan.told("5.3.1") == plan.told("5.2.2.mayor"));
}

TEST_CASE("after a restart the same people are still to answer and nobody is called twice for it") {
  Council council;
  council.plan.story.run(1min);
  CHECK(council.answer("tanaka").empty());
  const People before = council.calls();
  council.plan.story.restart();
  council.plan.story.run(10s);
  CHECK(council.calls() == before);
  CHECK(council.summons().waiting == People{"ito"});
  council.plan.story.run(4min);
  CHECK(council.calls().back() == "ito gateway");
}

TEST_CASE("a summons says how to answer it and until when") {
  Council council;
  const std::string message = council.plan.message("5.3.1");
  CHECK(message.find("nethealth incident ack 1 --as kato") != std::string::npos);
  CHECK(message.find("もう一度呼ぶ時刻") != std::string::npos);
}

TEST_CASE("a summons says also with minimal detail that the same person is called again") {
  std::string people = with_two_channels();
  const std::string gateway = "answer_within: 3m";
  people.replace(people.find(gateway), gateway.size(), gateway + ", detail: minimal");
  Council council(people);
  council.plan.story.run(5min + 2s);
  const Notification call = council.plan.story.notifications(NotificationKind::request).back();
  REQUIRE(call.channel == "gateway");
  CHECK(call.body.find("もう一度呼ぶ時刻") != std::string::npos);
  CHECK(call.body.find("次の連絡先") == std::string::npos);
  CHECK(call.body.find("--as") == std::string::npos);
}
