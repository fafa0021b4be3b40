#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>

#include "agent/pump.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/store_faults.hpp"
#include "tests/agent/temporary_folder.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

struct Sent {
  Letter letter;
  DeliveryFlags flags;
};

/// Time in the tests' own hands: an hour of engine time passes in none of ours.
struct TestTime {
  ClockReading reading = read_system_clocks();
  SystemClock clock{Time{}, [this] { return reading; }};
  void pass(Milliseconds time) {
    reading.wall += time;
    reading.since_boot += time;
  }
};

/// A pump on a real engine and, unless `commit` is replaced, a real store.
struct Bench {
  explicit Bench(PumpOptions options = {}) : options_(options), configuration(city::load(folder)) {
    REQUIRE(configuration);
    auto opened = Store::open(io, folder.file("journal.db"), Language::en);
    REQUIRE(opened.has_value());
    store = std::move(*opened);
    commit = [this](Batch batch, Store::Done done) { store->commit(std::move(batch), std::move(done)); };
    start();
  }

  void start() {
    EngineOptions engine_options;
    engine_options.can_probe = false;
    engine = std::make_unique<Engine>(configuration->site, configuration->matcher, engine_options);
    PumpSinks sinks;
    sinks.commit = [this](Batch batch, Store::Done done) { commit(std::move(batch), std::move(done)); };
    sinks.send = [this](Letter letter, DeliveryFlags flags) { sent.push_back({std::move(letter), flags}); };
    sinks.send_syslog = [](const SyslogQueued&, Time) {};
    sinks.look = [this](const ProbeWanted& one) { wanted.push_back(one); };
    sinks.decided = [this](const Event& event) { decided.push_back(event); };
    sinks.storage = [this](const std::string& text) { storage.push_back(text); };
    pump = std::make_unique<Pump>(io, time.clock, configuration->site, configuration->matcher, *engine,
                                  std::move(sinks), options_);
  }

  void look(const std::string& device, bool answers) {
    IcmpSeen seen;
    seen.sent = 3;
    seen.received = answers ? 3 : 0;
    pump->observe({time.clock.now(), device, seen});
  }
  void look_at_all(bool cs_1_answers) {
    MonitorSeen monitor;
    monitor.carrier = true;
    pump->observe({time.clock.now(), "mon-1", monitor});
    look("sw-1", true);
    look("term-1", true);
    look("cs-1", cs_1_answers);
  }
  /// cs-1 falls silent and is looked at until the engine pages somebody.
  void break_cs_1() {
    for (int i = 0; i < 3; ++i) {
      look_at_all(true);
      time.pass(10s);
      pump->wake();
    }
    for (int i = 0; i < 12 && pages_decided() == 0; ++i) {
      look_at_all(false);
      time.pass(10s);
      pump->wake();
    }
    REQUIRE(pages_decided() > 0);
  }
  [[nodiscard]] std::size_t pages_decided() const {
    return static_cast<std::size_t>(std::count_if(decided.begin(), decided.end(), [](const Event& event) {
      const auto* queued = std::get_if<NotificationQueued>(&event.what);
      return queued != nullptr && queued->notification.kind == NotificationKind::page;
    }));
  }
  [[nodiscard]] std::size_t pages_sent() const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [](const Sent& one) {
      return one.letter.notification.kind == NotificationKind::page;
    }));
  }
  [[nodiscard]] std::vector<Event> journal() {
    const Result<Past> past = store->past();
    REQUIRE(past.has_value());
    return past->events;
  }

  TemporaryFolder folder;
  PumpOptions options_;
  boost::asio::io_context io;
  std::unique_ptr<Configuration> configuration;
  TestTime time;
  std::unique_ptr<Store> store;
  std::function<void(Batch, Store::Done)> commit;
  std::unique_ptr<Engine> engine;
  std::vector<Sent> sent;
  std::vector<ProbeWanted> wanted;
  std::vector<Event> decided;
  std::vector<std::string> storage;
  std::unique_ptr<Pump> pump;
};

PumpOptions impatient() {
  PumpOptions options;
  options.commit_patience = 20ms;
  options.retry_interval = 20ms;
  return options;
}

}  // namespace

TEST_CASE("a page leaves after it is in the journal and not before") {
  Bench bench;
  std::optional<std::pair<Batch, Store::Done>> held;
  bench.commit = [&](Batch batch, Store::Done done) {
    REQUIRE_FALSE(held);
    held = {std::move(batch), std::move(done)};
  };
  bench.break_cs_1();
  CHECK(bench.sent.empty());
  while (held) {
    auto [batch, done] = *std::exchange(held, std::nullopt);
    std::optional<Result<void>> written;
    bench.store->commit(std::move(batch), [&](const Result<void>& result) { written = result; });
    REQUIRE(run_until(bench.io, [&] { return written.has_value(); }));
    const std::size_t in_the_journal = bench.journal().size();
    done(*written);
    CHECK(bench.sent.size() <= in_the_journal);
    CHECK(in_the_journal > 0);
  }
  CHECK(bench.pages_sent() == bench.pages_decided());
  CHECK_FALSE(bench.sent.front().flags.unjournaled);
  CHECK(bench.pump->written());
}

TEST_CASE("the journal holds every decision in its order") {
  Bench bench;
  bench.break_cs_1();
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  const std::vector<Event> journal = bench.journal();
  REQUIRE(journal.size() == bench.decided.size());
  for (std::size_t i = 0; i < journal.size(); ++i) {
    CHECK(type_word(journal[i]) == type_word(bench.decided[i]));
    CHECK(journal[i].time == bench.decided[i].time);
  }
}

TEST_CASE("when the disk fails the page leaves marked and everything is written once it works again") {
  Bench bench(impatient());
  const rlim_t no_more = static_cast<rlim_t>(std::filesystem::file_size(bench.folder.file("journal.db")));
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{std::min<rlim_t>(no_more, 4'096), old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  bench.break_cs_1();
  const bool left = run_until(bench.io, [&] { return bench.pages_sent() > 0; });
  const bool told = run_until(bench.io, [&] { return !bench.storage.empty(); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
  CHECK(left);
  REQUIRE(told);
  CHECK(bench.sent.front().flags.unjournaled);
  CHECK_FALSE(bench.storage.front().empty());
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written() && !bench.pump->storage_failing(); }));
  CHECK(bench.storage.back().empty());
  CHECK(bench.storage.size() == 2);
  CHECK(bench.journal().size() == bench.decided.size());
  CHECK(bench.pages_sent() == bench.pages_decided());
}

TEST_CASE("a disk that does not answer does not hold the page back and it leaves once") {
  Bench bench(impatient());
  std::optional<std::pair<Batch, Store::Done>> held;
  bench.commit = [&](Batch batch, Store::Done done) { held = {std::move(batch), std::move(done)}; };
  bench.break_cs_1();
  REQUIRE(run_until(bench.io, [&] { return bench.pages_sent() > 0; }));
  CHECK(bench.sent.front().flags.unjournaled);
  CHECK(bench.pump->storage_failing());
  const std::size_t pages = bench.pages_sent();
  bench.commit = [&](Batch batch, Store::Done done) {
    bench.store->commit(std::move(batch), std::move(done));
  };
  bench.store->commit(std::move(held->first), std::move(held->second));
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  CHECK_FALSE(bench.pump->storage_failing());
  CHECK(bench.pages_sent() == bench.pages_decided());
  CHECK(bench.pages_sent() >= pages);
  CHECK(bench.journal().size() == bench.decided.size());
}

TEST_CASE("the engine hears of broken storage once however often the disk fails") {
  Bench bench(impatient());
  int failures = 0;
  bench.commit = [&](Batch, Store::Done done) {
    ++failures;
    boost::asio::post(bench.io, [done] { done(failure("journal", "disk full")); });
  };
  bench.break_cs_1();
  REQUIRE(run_until(bench.io, [&] { return failures > 5; }));
  CHECK(bench.storage.size() == 1);
  CHECK(bench.storage.front().find("disk full") != std::string::npos);
}

TEST_CASE("what cannot be written is bounded and the loss is counted") {
  PumpOptions options = impatient();
  options.uncommitted_events = 20;
  Bench bench(options);
  bench.commit = [&](Batch, Store::Done done) {
    boost::asio::post(bench.io, [done] { done(failure("journal", "disk full")); });
  };
  bench.break_cs_1();
  for (int i = 0; i < 200 && bench.pump->dropped_events() == 0; ++i) {
    for (int k = 0; k < 4; ++k) {
      bench.look_at_all(i % 2 == 0);
      bench.time.pass(10s);
      bench.pump->wake();
    }
    bench.io.restart();
    bench.io.poll();
  }
  CHECK(bench.pump->dropped_events() > 0);
  bench.commit = [&](Batch batch, Store::Done done) {
    CHECK(batch.events.size() <= 40);
    bench.store->commit(std::move(batch), std::move(done));
  };
  CHECK(run_until(bench.io, [&] { return bench.pump->written(); }));
}

TEST_CASE("an acknowledgement is answered when it is on the disk and refusals at once") {
  Bench bench;
  bench.break_cs_1();
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  std::optional<Result<Pump::ActDone>> refused;
  bench.pump->act(Acknowledge{99, "sato"}, Language::en, [&](const auto& result) { refused = result; });
  REQUIRE(refused);
  CHECK_FALSE(refused->has_value());
  std::optional<Result<Pump::ActDone>> done;
  bench.pump->act(Acknowledge{1, "sato"}, Language::en, [&](const auto& result) { done = result; });
  CHECK_FALSE(done);
  REQUIRE(run_until(bench.io, [&] { return done.has_value(); }));
  REQUIRE(done->has_value());
  CHECK((*done)->journaled);
}

TEST_CASE("with a broken disk an acknowledgement is taken and said to be in memory only") {
  Bench bench(impatient());
  bench.break_cs_1();
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  bench.commit = [&](Batch, Store::Done done) {
    boost::asio::post(bench.io, [done] { done(failure("journal", "disk full")); });
  };
  std::optional<Result<Pump::ActDone>> done;
  bench.pump->act(Acknowledge{1, "sato"}, Language::en, [&](const auto& result) { done = result; });
  REQUIRE(run_until(bench.io, [&] { return done.has_value(); }));
  REQUIRE(done->has_value());
  CHECK_FALSE((*done)->journaled);
}

TEST_CASE("log lines that mean nothing only move the position and the file goes on after the commit") {
  Bench bench;
  LogLines lines;
  lines.batch = 3;
  lines.device = "cs-1";
  lines.lines = {LogSeen{"app.log", 0, {}, "nothing of interest"}};
  lines.after = {"cs-1", "/var/log/*.log", "/var/log/app.log", 1, 2, 20, "20:abc"};
  bool safe = false;
  bench.pump->take_lines(lines, [&] { safe = true; });
  CHECK_FALSE(safe);
  REQUIRE(run_until(bench.io, [&] { return safe; }));
  CHECK(bench.decided.empty());
  lines.after.offset = 40;
  bench.pump->take_lines(lines, [] {});
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  const Result<Past> past = bench.store->past();
  REQUIRE(past.has_value());
  REQUIRE(past->positions.size() == 1);
  CHECK(past->positions.front() == lines.after);
}

TEST_CASE("lines of syslog that stand near a telling one are kept with it and those of others are not") {
  Bench bench;
  std::uint64_t offset = 100;
  const auto hear = [&](const std::string& from, const std::string& text) {
    bench.pump->hear("cs-1", {"syslog from " + from, ++offset, {}, text},
                     bench.configuration->matcher.may_match(text));
  };
  hear("192.0.2.1", "app: one before");
  hear("192.0.2.9", "app: of another");
  hear("192.0.2.1", "app: next before");
  hear("192.0.2.1", "clamd[70]: /srv/share/form.xls: Xls.Downloader.Agent-1 FOUND");
  hear("192.0.2.1", "app: one after");
  hear("192.0.2.9", "app: of another, after");
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  std::vector<std::string> kept;
  for (const Event& event : bench.journal())
    if (const auto* line = std::get_if<EvidenceKept>(&event.what)) kept.push_back(line->line);
  REQUIRE(kept.size() == 4);
  CHECK(kept[0].find("FOUND") != std::string::npos);
  CHECK(kept[1] == "app: one before");
  CHECK(kept[2] == "app: next before");
  CHECK(kept[3] == "app: one after");
}

TEST_CASE("with a broken disk the log files go on and the last position of each is kept") {
  Bench bench(impatient());
  bench.commit = [&](Batch, Store::Done done) {
    boost::asio::post(bench.io, [done] { done(failure("journal", "disk full")); });
  };
  LogLines lines;
  lines.device = "cs-1";
  lines.after = {"cs-1", "/var/log/*.log", "/var/log/app.log", 1, 2, 0, ""};
  int safe = 0;
  for (std::uint64_t offset = 1; offset <= 5; ++offset) {
    lines.after.offset = offset;
    bench.pump->take_lines(lines, [&] { ++safe; });
  }
  REQUIRE(run_until(bench.io, [&] { return safe == 5; }));
  bench.commit = [&](Batch batch, Store::Done done) {
    bench.store->commit(std::move(batch), std::move(done));
  };
  REQUIRE(run_until(bench.io, [&] { return bench.pump->written(); }));
  const Result<Past> past = bench.store->past();
  REQUIRE(past.has_value());
  REQUIRE(past->positions.size() == 1);
  CHECK(past->positions.front().offset == 5);
}
