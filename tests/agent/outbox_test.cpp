#include "agent/outbox.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>
#include <map>

#include "agent/message_digest.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

using Kind = DeliveryResult::Kind;

/// Gives the results it was told to give, one after the other, and then accepts.
class ScriptedCourier : public Courier {
 public:
  struct Call {
    std::string id;
    DeliveryFlags flags;
  };
  ScriptedCourier(boost::asio::io_context& io, std::vector<Call>& calls) : io_(io), calls_(calls) {}

  void deliver(const Letter& letter, DeliveryFlags flags, Done done) override {
    const std::string& id = letter.notification.id;
    calls_.push_back({id, flags});
    auto& script = scripts[id];
    DeliveryResult result;
    if (!script.empty()) {
      result = script.front();
      script.erase(script.begin());
    }
    if (held) return waiting.push_back([done, result] { done(result); });
    boost::asio::post(io_, [done, result] { done(result); });
  }

  std::map<std::string, std::vector<DeliveryResult>> scripts;
  bool held = false;
  std::vector<std::function<void()>> waiting;

 private:
  boost::asio::io_context& io_;
  std::vector<Call>& calls_;
};

struct Desk {
  explicit Desk(OutboxOptions options = quick())
      : outbox(
            io, [this](const std::string& id, auto done) { note(id, std::move(done)); },
            [this](const NotificationOutcome& outcome) { outcomes.push_back(outcome); }, Language::en,
            std::move(options)) {
    auto made = std::make_unique<ScriptedCourier>(io, calls);
    courier = made.get();
    outbox.add_channel("mail", std::move(made));
  }

  static OutboxOptions quick() {
    OutboxOptions options;
    options.delays = {Milliseconds(1), Milliseconds(2)};
    return options;
  }

  void note(const std::string& id, std::function<void(Result<void>)> done) {
    noted.push_back(id);
    if (!journal_answers) return;
    boost::asio::post(io, [this, done] {
      if (journal_works) return done({});
      done(failure("state.db", "full"));
    });
  }

  void send(const std::string& id, DeliveryFlags flags = {}, NotificationKind kind = NotificationKind::page) {
    Letter letter{samples::notification(id), 1, samples::moment()};
    letter.notification.kind = kind;
    outbox.send(letter, flags);
  }

  bool until(const std::function<bool()>& holds) { return run_until(io, holds); }

  boost::asio::io_context io;
  std::vector<ScriptedCourier::Call> calls;
  std::vector<std::string> noted;
  std::vector<NotificationOutcome> outcomes;
  bool journal_answers = true;
  bool journal_works = true;
  ScriptedCourier* courier = nullptr;
  Outbox outbox;
};

}  // namespace

TEST_CASE("a notification is noted before it leaves and reported when it was accepted") {
  Desk desk;
  desk.send("a");
  CHECK(desk.noted == std::vector<std::string>{"a"});
  CHECK(desk.calls.empty());
  REQUIRE(desk.until([&] { return !desk.outcomes.empty(); }));
  REQUIRE(desk.calls.size() == 1);
  CHECK_FALSE(desk.calls[0].flags.resend);
  CHECK_FALSE(desk.calls[0].flags.unjournaled);
  CHECK(desk.outcomes[0].id == "a");
  CHECK(desk.outcomes[0].delivery == Delivery::sent);
  CHECK(desk.outbox.held() == 0);
}

TEST_CASE("a refusal is reported at once and nothing more is tried") {
  Desk desk;
  desk.courier->scripts["a"] = {{Kind::refused, "550 no such user"}};
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.outcomes.size() == 1);
  CHECK(desk.outcomes[0].delivery == Delivery::failed);
  CHECK(desk.outcomes[0].reason == "550 no such user");
  CHECK(desk.calls.size() == 1);
}

TEST_CASE("a temporary failure is tried again unmarked until it is accepted") {
  Desk desk;
  desk.courier->scripts["a"] = {
      {Kind::failed_temporarily, "x"}, {Kind::failed_temporarily, "x"}, {Kind::failed_temporarily, "x"}};
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.calls.size() == 4);
  CHECK_FALSE(desk.calls[3].flags.resend);
  REQUIRE(desk.outcomes.size() == 1);
  CHECK(desk.outcomes[0].delivery == Delivery::sent);
  CHECK(desk.noted.size() == 1);
}

TEST_CASE("every copy after an unknown outcome is marked as a repeat") {
  Desk desk;
  desk.courier->scripts["a"] = {{Kind::unknown, "x"}, {Kind::failed_temporarily, "x"}};
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.calls.size() == 3);
  CHECK_FALSE(desk.calls[0].flags.resend);
  CHECK(desk.calls[1].flags.resend);
  CHECK(desk.calls[2].flags.resend);
}

TEST_CASE("a notification that was tried before the restart leaves as a repeat and is not noted again") {
  Desk desk;
  desk.send("a", {.resend = true, .unjournaled = false});
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  CHECK(desk.noted.empty());
  REQUIRE(desk.calls.size() == 1);
  CHECK(desk.calls[0].flags.resend);
}

TEST_CASE("a journal that cannot note the attempt does not hold the page up") {
  Desk desk;
  desk.journal_works = false;
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.calls.size() == 1);
  CHECK(desk.calls[0].flags.unjournaled);
  desk.send("b", {.resend = false, .unjournaled = true});
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  CHECK(desk.noted.size() == 1);
  CHECK(desk.calls[1].flags.unjournaled);
}

TEST_CASE("a journal that never answers does not hold the page up") {
  OutboxOptions options = Desk::quick();
  options.journal_patience = Milliseconds(5);
  Desk desk(options);
  desk.journal_answers = false;
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.calls.size() == 1);
  CHECK(desk.calls[0].flags.unjournaled);
}

TEST_CASE("what is not accepted in time is reported failed once and tried on until it is sent") {
  OutboxOptions options = Desk::quick();
  options.patience = Milliseconds(5);
  Desk desk(options);
  desk.courier->scripts["a"] = std::vector<DeliveryResult>(30, {Kind::failed_temporarily, "421 later"});
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.outcomes.size() == 2);
  CHECK(desk.outcomes[0].delivery == Delivery::failed);
  CHECK(desk.outcomes[0].reason == "not accepted in time: 421 later");
  CHECK(desk.outcomes[1].delivery == Delivery::sent);
  CHECK(desk.calls.size() == 31);
}

TEST_CASE("a courier that hangs still lets the engine move on") {
  OutboxOptions options = Desk::quick();
  options.patience = Milliseconds(5);
  Desk desk(options);
  desk.courier->held = true;
  desk.send("a");
  REQUIRE(desk.until([&] { return !desk.outcomes.empty(); }));
  CHECK(desk.outcomes[0].delivery == Delivery::failed);
  CHECK(desk.outcomes[0].reason == "not accepted in time");
  REQUIRE(desk.courier->waiting.size() == 1);
  desk.courier->waiting[0]();
  CHECK(desk.outcomes.back().delivery == Delivery::sent);
}

TEST_CASE("trying ends when the limit is over and that was reported") {
  OutboxOptions options = Desk::quick();
  options.give_up = Milliseconds(10);
  Desk desk(options);
  desk.courier->scripts["a"] = std::vector<DeliveryResult>(1'000, {Kind::failed_temporarily, "no route"});
  desk.send("a");
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.outcomes.size() == 1);
  CHECK(desk.outcomes[0].delivery == Delivery::failed);
  CHECK(desk.outcomes[0].reason == "no route");
}

TEST_CASE("pages go first when there is no room for all") {
  OutboxOptions options = Desk::quick();
  options.in_flight = 1;
  Desk desk(options);
  desk.courier->held = true;
  desk.send("first", {.resend = true, .unjournaled = false}, NotificationKind::report);
  desk.send("report", {.resend = true, .unjournaled = false}, NotificationKind::report);
  desk.send("page", {.resend = true, .unjournaled = false}, NotificationKind::page);
  REQUIRE(desk.calls.size() == 1);
  desk.courier->held = false;
  desk.courier->waiting[0]();
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.calls.size() == 3);
  CHECK(desk.calls[1].id == "page");
  CHECK(desk.calls[2].id == "report");
}

TEST_CASE("an unknown channel and too many notifications are reported as failed") {
  OutboxOptions options = Desk::quick();
  options.waiting = 1;
  Desk desk(options);
  desk.courier->held = true;
  desk.send("a");
  desk.send("a");
  desk.send("b");
  Letter stray{samples::notification("c"), 1, samples::moment()};
  stray.notification.channel = "pigeon";
  desk.outbox.send(stray);
  CHECK(desk.outcomes.empty());
  REQUIRE(desk.until([&] { return desk.outcomes.size() == 2; }));
  CHECK(desk.outcomes[0].id == "b");
  CHECK(desk.outcomes[1].reason.find("pigeon") != std::string::npos);
  REQUIRE(desk.until([&] { return desk.calls.size() == 1; }));
}

TEST_CASE("what is tried on is said to be retrying or unknown and what is refused is final") {
  OutboxOptions options = Desk::quick();
  options.patience = Milliseconds(5);
  Desk desk(options);
  desk.courier->scripts["a"] = std::vector<DeliveryResult>(30, {Kind::failed_temporarily, "421 later"});
  desk.courier->scripts["b"] = std::vector<DeliveryResult>(30, {Kind::unknown, "no reply"});
  desk.courier->scripts["c"] = std::vector<DeliveryResult>(30, {Kind::failed_temporarily, "421 later"});
  desk.courier->scripts["c"].push_back({Kind::refused, "550 gone"});
  for (const char* id : {"a", "b", "c"}) desk.send(id);
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  std::map<std::string, std::vector<NotificationOutcome>> by_id;
  for (const NotificationOutcome& outcome : desk.outcomes) by_id[outcome.id].push_back(outcome);
  REQUIRE(by_id["a"].size() == 2);
  CHECK(by_id["a"][0].failing == Failing::retrying);
  CHECK_FALSE(by_id["a"][0].is_final());
  CHECK(by_id["b"][0].failing == Failing::unknown);
  REQUIRE(by_id["c"].size() == 2);
  CHECK(by_id["c"][1].delivery == Delivery::failed);
  CHECK(by_id["c"][1].is_final());
}

TEST_CASE("what was reported as failed before a restart is not reported again") {
  OutboxOptions options = Desk::quick();
  options.patience = Milliseconds(5);
  Desk desk(options);
  desk.courier->scripts["a"] = std::vector<DeliveryResult>(30, {Kind::failed_temporarily, "421 later"});
  desk.send("a", {.resend = true, .unjournaled = false, .reported_failed = true});
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  REQUIRE(desk.outcomes.size() == 1);
  CHECK(desk.outcomes[0].delivery == Delivery::sent);
}

TEST_CASE("what is more than one person's limit comes together and nothing is dropped") {
  OutboxOptions options = Desk::quick();
  options.most_messages = 3;
  options.digest_gap = Milliseconds(5);
  Desk desk(options);
  for (int i = 0; i < 10; ++i) desk.send("m" + std::to_string(i));
  REQUIRE(desk.until([&] { return desk.outbox.held() == 0; }));
  CHECK(desk.calls.size() == 4);
  CHECK(desk.outcomes.size() == 10);
  for (const NotificationOutcome& outcome : desk.outcomes) CHECK(outcome.delivery == Delivery::sent);
}

TEST_CASE("a digest names every message and carries their texts") {
  std::vector<Letter> letters;
  for (int i = 0; i < 3; ++i) {
    letters.push_back({samples::notification("n" + std::to_string(i)), i, samples::moment()});
    letters.back().notification.kind = i == 1 ? NotificationKind::page : NotificationKind::recovery;
    letters.back().notification.subject = "件名" + std::to_string(i);
    letters.back().notification.body = "本文" + std::to_string(i) + "\n";
  }
  const Letter digest = digest_of(letters, Language::ja);
  CHECK(digest.notification.id == "n1");
  CHECK(digest.notification.subject == "【まとめ 3件】件名1");
  for (int i = 0; i < 3; ++i) {
    CHECK(digest.notification.body.find("- 件名" + std::to_string(i)) != std::string::npos);
    CHECK(digest.notification.body.find("本文" + std::to_string(i)) != std::string::npos);
  }
  CHECK(digest_of({letters[0]}, Language::ja).notification.subject == "件名0");
}
