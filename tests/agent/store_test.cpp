#include "agent/store.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <memory>
#include <random>

#include "agent/event_json.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/agent/store_faults.hpp"
#include "tests/agent/temporary_folder.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

std::unique_ptr<Store> open_store(boost::asio::io_context& io, const std::string& path) {
  auto store = Store::open(io, path, Language::en);
  REQUIRE_MESSAGE(store.has_value(), store.error().text());
  return std::move(*store);
}

Event numbered(int number) {
  return {samples::moment(number), number, IncidentClosed{"number " + std::to_string(number)}};
}

Batch batch_of(std::vector<Event> events) {
  Batch batch;
  batch.events = std::move(events);
  return batch;
}

Result<void> commit(boost::asio::io_context& io, Store& store, Batch batch) {
  std::optional<Result<void>> answer;
  store.commit(std::move(batch), [&](const Result<void>& result) { answer = result; });
  CHECK_FALSE(answer.has_value());
  REQUIRE(run_until(io, [&] { return answer.has_value(); }));
  return *answer;
}

Past past_of(Store& store) {
  auto past = store.past();
  REQUIRE_MESSAGE(past.has_value(), past.error().text());
  return std::move(*past);
}

JournalVerdict verify(boost::asio::io_context& io, Store& store) {
  std::optional<JournalVerdict> verdict;
  store.verify([&](const JournalVerdict& found) { verdict = found; });
  REQUIRE(run_until(io, [&] { return verdict.has_value(); }));
  return *verdict;
}

JournalVerdict verify_file(const std::string& path) {
  const auto verdict = verify_journal(path, Language::en);
  REQUIRE_MESSAGE(verdict.has_value(), verdict.error().text());
  return *verdict;
}

/// As somebody with the sqlite3 program would.
void tamper(const std::string& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
  char* error = nullptr;
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &error);
  REQUIRE_MESSAGE(code == SQLITE_OK, (error != nullptr ? error : "?"));
  sqlite3_close(connection);
}

void write_numbers(const std::string& path, int count) {
  boost::asio::io_context io;
  const auto store = open_store(io, path);
  for (int number = 1; number <= count; ++number) {
    REQUIRE(commit(io, *store, batch_of({numbered(number)})).has_value());
  }
}

}  // namespace

TEST_CASE("what was committed is there after a restart in its order") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  const auto events = samples::one_of_each();
  const LogPosition position{
      "cs-1", "/var/log/*.log", "/var/log/a.log", 18'446'744'073'709'551'615ULL, 42, 4711, "9:ab"};
  std::string installation;
  {
    boost::asio::io_context io;
    const auto store = open_store(io, path);
    installation = store->installation();
    CHECK(installation.size() == 16);
    CHECK(past_of(*store).events.empty());
    Batch batch = batch_of(events);
    batch.positions = {position};
    batch.attempts = {"tried", "a"};
    REQUIRE(commit(io, *store, batch).has_value());
  }
  boost::asio::io_context io;
  const auto store = open_store(io, path);
  CHECK(store->installation() == installation);
  CHECK(store->warning().empty());
  const Past past = past_of(*store);
  REQUIRE(past.events.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    CHECK(journal_text(past.events[i]) == journal_text(events[i]));
  CHECK(past.positions == std::vector<LogPosition>{position});
  // Of both, "a" is in `events` as sent.
  CHECK(past.attempts == std::set<std::string>{"tried"});
  CHECK(verify(io, *store).whole());
  CHECK(verify(io, *store).records == events.size());
}

TEST_CASE("a position replaces the one before it and can be forgotten") {
  boost::asio::io_context io;
  const auto store = open_store(io, ":memory:");
  LogPosition one{"d", "p", "f", 1, 2, 3, "x"};
  LogPosition two{"d", "p", "g", 1, 2, 3, "x"};
  Batch batch;
  batch.positions = {one, two};
  REQUIRE(commit(io, *store, batch).has_value());
  one.offset = 99;
  Batch later;
  later.positions = {one};
  later.forgotten = {two};
  REQUIRE(commit(io, *store, later).has_value());
  CHECK(past_of(*store).positions == std::vector<LogPosition>{one});
}

TEST_CASE("many commits at once are answered in their order") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  const auto store = open_store(io, folder.file("state.db"));
  std::vector<int> answered;
  constexpr int count = 5'000;
  for (int number = 1; number <= count; ++number) {
    store->commit(batch_of({numbered(number)}), [&answered, number](const Result<void>& result) {
      if (result) answered.push_back(number);
    });
  }
  REQUIRE(run_until(io, [&] { return answered.size() == count; }));
  CHECK(std::is_sorted(answered.begin(), answered.end()));
  const Past past = past_of(*store);
  REQUIRE(past.events.size() == count);
  CHECK(past.events.back().incident == count);
  CHECK(verify(io, *store).records == count);
}

TEST_CASE("what is queued when the store closes is written") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  boost::asio::io_context io;
  {
    const auto store = open_store(io, path);
    for (int number = 1; number <= 300; ++number)
      store->commit(batch_of({numbered(number)}), [](const auto&) {});
  }
  CHECK(past_of(*open_store(io, path)).events.size() == 300);
}

TEST_CASE("a journal that cannot be opened is refused with the reason") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  const auto refusal = [&](const std::string& path) {
    const auto store = Store::open(io, path, Language::en);
    REQUIRE_FALSE(store.has_value());
    return store.error().text();
  };
  CHECK(refusal(folder.file("none/state.db")).find("this folder does not exist") != std::string::npos);
  std::ofstream(folder.file("text.db")) << std::string(5'000, 'x');
  CHECK(refusal(folder.file("text.db")).find("no nethealth journal") != std::string::npos);
  tamper(folder.file("other.db"), "CREATE TABLE shopping (item TEXT)");
  CHECK(refusal(folder.file("other.db")).find("no nethealth journal") != std::string::npos);
  write_numbers(folder.file("newer.db"), 1);
  tamper(folder.file("newer.db"), "UPDATE about SET value = '99' WHERE name = 'schema'");
  CHECK(refusal(folder.file("newer.db")).find("another version") != std::string::npos);
  CHECK(refusal(folder.path()).find(folder.path()) != std::string::npos);
  const auto missing = verify_journal(folder.file("absent.db"), Language::en);
  REQUIRE_FALSE(missing.has_value());
  CHECK_FALSE(std::filesystem::exists(folder.file("absent.db")));
}

TEST_CASE("a second daemon on the same journal is refused with the number of the first") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  boost::asio::io_context io;
  auto store = open_store(io, path);
  const auto second = Store::open(io, path, Language::en);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().text().find("process " + std::to_string(getpid())) != std::string::npos);
  const auto checked = verify_journal(path, Language::en);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().text().find("process " + std::to_string(getpid())) != std::string::npos);
  store.reset();
  CHECK(verify_file(path).whole());
  CHECK(open_store(io, path) != nullptr);
}

TEST_CASE("nobody else may read the journal") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  const auto store = open_store(io, folder.file("state.db"));
  REQUIRE(commit(io, *store, batch_of({numbered(1)})).has_value());
  for (const char* name : {"state.db", "state.db-wal"}) {
    struct stat status {};
    REQUIRE(stat(folder.file(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0007) == 0);
  }
  // The shared-memory index is what would raise SIGBUS on a full disk.
  CHECK_FALSE(std::filesystem::exists(folder.file("state.db-shm")));
}

TEST_CASE("every edit of a record is found at its place") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_numbers(path, 20);
  CHECK(verify_file(path).whole());
  CHECK(verify_file(path).records == 20);
  struct Edit {
    const char* sql;
    JournalVerdict::Finding finding;
    std::uint64_t at;
  };
  const Edit edits[] = {
      {"UPDATE record SET body = replace(body, 'number', 'Number') WHERE sequence = 7",
       JournalVerdict::Finding::edited, 7},
      {"UPDATE record SET time = time + 1 WHERE sequence = 8", JournalVerdict::Finding::edited, 8},
      {"UPDATE record SET type = 'incident.opened' WHERE sequence = 9", JournalVerdict::Finding::edited, 9},
      {"UPDATE record SET hash = zeroblob(32) WHERE sequence = 10", JournalVerdict::Finding::edited, 10},
      {"UPDATE record SET sequence = 99 WHERE sequence = 11", JournalVerdict::Finding::gap, 11},
      {"DELETE FROM record WHERE sequence = 12", JournalVerdict::Finding::gap, 12},
      {"DELETE FROM record WHERE sequence = 1", JournalVerdict::Finding::gap, 1},
      {"DELETE FROM record WHERE sequence = 20", JournalVerdict::Finding::end_missing, 20},
      {"DELETE FROM record", JournalVerdict::Finding::end_missing, 1},
      {"DELETE FROM head", JournalVerdict::Finding::end_missing, 21},
      {"UPDATE head SET count = 19", JournalVerdict::Finding::end_added, 20},
      {"UPDATE head SET hash = zeroblob(32)", JournalVerdict::Finding::edited, 20},
      {"UPDATE about SET value = 'x' WHERE name = 'installation'", JournalVerdict::Finding::edited, 1},
      {"INSERT INTO record SELECT 0, time, type, body, hash FROM record WHERE sequence = 1",
       JournalVerdict::Finding::edited, 1},
      {"UPDATE record SET body = (SELECT body FROM record r WHERE r.sequence = 29 - record.sequence) WHERE "
       "sequence IN "
       "(14, 15)",
       JournalVerdict::Finding::edited, 14},
  };
  for (const Edit& edit : edits) {
    const std::string copy = folder.file("copy.db");
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    tamper(copy, edit.sql);
    const JournalVerdict verdict = verify_file(copy);
    CHECK_MESSAGE(verdict.finding == edit.finding, edit.sql << " -> " << sentence(verdict, Language::en));
    CHECK_MESSAGE(verdict.at == edit.at, edit.sql);
    std::filesystem::remove(copy);
  }
}

TEST_CASE("random tampering with the file is always found or harmless") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_numbers(path, 60);
  std::ifstream in(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  std::mt19937 random(11);
  boost::asio::io_context io;
  std::vector<std::string> original;
  for (const Event& event : past_of(*open_store(io, path)).events) original.push_back(journal_text(event));
  int found = 0;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = whole;
    bytes[4096 + random() % (bytes.size() - 4096)] ^= static_cast<char>(1U << (random() % 8));
    const std::string copy = folder.file("copy.db");
    std::ofstream(copy, std::ios::binary | std::ios::trunc) << bytes;
    const auto verdict = verify_journal(copy, Language::en);
    if (!verdict || !verdict->whole()) {
      ++found;
      continue;
    }
    // Unused space, or the log positions and attempts, which are no records.
    const auto store = Store::open(io, copy, Language::en);
    if (!store) continue;
    const auto past = (*store)->past();
    if (!past) continue;
    std::vector<std::string> now;
    for (const Event& event : past->events) now.push_back(journal_text(event));
    CHECK(now == original);
  }
  CHECK(found > 50);
}

TEST_CASE("a journal whose end was cut goes on and still shows the cut") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_numbers(path, 10);
  tamper(path, "DELETE FROM record WHERE sequence > 8");
  {
    boost::asio::io_context io;
    const auto store = open_store(io, path);
    CHECK(store->warning().find("verify") != std::string::npos);
    CHECK(past_of(*store).events.size() == 8);
    CHECK(commit(io, *store, batch_of({numbered(11)})).has_value());
    CHECK(verify(io, *store).at == 9);
  }
  CHECK(verify_file(path).at == 9);
}

TEST_CASE("a record that cannot be read back is left out and told") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  write_numbers(path, 3);
  tamper(path, "UPDATE record SET body = '{}' WHERE sequence = 2");
  boost::asio::io_context io;
  const Past past = past_of(*open_store(io, path));
  CHECK(past.events.size() == 2);
  CHECK(past.damaged == 1);
  REQUIRE(past.damage.size() == 1);
  CHECK(past.damage[0].starts_with("record 2: "));
}

TEST_CASE("a killed process loses nothing that was acknowledged") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  std::mt19937 random(5);
  int expected = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      // Commits numbers without end and tells each acknowledged one.
      close(pipe_ends[0]);
      boost::asio::io_context io;
      auto store = Store::open(io, path, Language::en);
      if (!store) _exit(1);
      int number = expected;
      std::function<void()> next = [&] {
        ++number;
        Batch batch = batch_of({numbered(number)});
        batch.positions = {{"d", "p", "f", 0, 0, static_cast<std::uint64_t>(number), ""}};
        (*store)->commit(batch, [&, told = number](const Result<void>& result) {
          if (!result || write(pipe_ends[1], &told, sizeof told) != sizeof told) _exit(1);
          next();
        });
        if (number % 3 == 0) return;
        (*store)->commit({}, [](const auto&) {});
      };
      next();
      io.run();
      _exit(1);
    }
    close(pipe_ends[1]);
    const int kill_after = static_cast<int>(random() % 40) + 1;
    int acknowledged = expected;
    for (int i = 0; i < kill_after; ++i) REQUIRE(read(pipe_ends[0], &acknowledged, sizeof acknowledged) > 0);
    kill(child, SIGKILL);
    while (read(pipe_ends[0], &acknowledged, sizeof acknowledged) > 0) {
    }
    close(pipe_ends[0]);
    waitpid(child, nullptr, 0);
    CHECK(std::filesystem::exists(path + "-wal"));

    const JournalVerdict verdict = verify_file(path);
    CHECK_MESSAGE(verdict.whole(), sentence(verdict, Language::en));
    CHECK_FALSE(std::filesystem::exists(path + "-shm"));
    boost::asio::io_context io;
    const auto store = open_store(io, path);
    CHECK(store->warning().empty());
    const Past past = past_of(*store);
    const int kept = static_cast<int>(past.events.size());
    CHECK(kept >= acknowledged);
    CHECK(kept <= acknowledged + 1);
    for (int i = 0; i < kept; ++i) REQUIRE(past.events[static_cast<std::size_t>(i)].incident == i + 1);
    REQUIRE(past.positions.size() == 1);
    CHECK(past.positions[0].offset == static_cast<std::uint64_t>(kept));
    expected = kept;
  }
}

TEST_CASE("a batch whose sync failed is not in and the same batch succeeds later") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  boost::asio::io_context io;
  auto store = open_store(io, path);
  int number = 0;
  for (int round = 0; round < 40; ++round) {
    ++number;
    faults::fail_sync_after(round % 4, 1 + round % 3);
    Result<void> result = commit(io, *store, batch_of({numbered(number)}));
    while (!result) result = commit(io, *store, batch_of({numbered(number)}));
    faults::stop();
  }
  CHECK(faults::failed() >= 15);
  CHECK(verify(io, *store).records == static_cast<std::uint64_t>(number));
  store.reset();
  const Past past = past_of(*open_store(io, path));
  REQUIRE(past.events.size() == static_cast<std::size_t>(number));
  for (int i = 0; i < number; ++i) CHECK(past.events[static_cast<std::size_t>(i)].incident == i + 1);
}

TEST_CASE("a failed batch does not come back when the process is killed after the next commit") {
  const TemporaryFolder folder;
  const std::string path = folder.file("state.db");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    boost::asio::io_context io;
    auto store = Store::open(io, path, Language::en);
    if (!store) _exit(2);
    const auto put = [&](int number) {
      std::optional<bool> good;
      (*store)->commit(batch_of({numbered(number)}),
                       [&](const Result<void>& result) { good = result.has_value(); });
      run_until(io, [&] { return good.has_value(); });
      return good.value_or(false);
    };
    if (!put(1)) _exit(3);
    faults::fail_sync_after(0, 1);
    if (put(99)) _exit(4);
    faults::stop();
    if (!put(2)) _exit(5);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(verify_file(path).records == 2);
  boost::asio::io_context io;
  const Past past = past_of(*open_store(io, path));
  REQUIRE(past.events.size() == 2);
  CHECK(past.events[0].incident == 1);
  CHECK(past.events[1].incident == 2);
}

TEST_CASE("a store outlives a disk that fails for a long time") {
  const TemporaryFolder folder;
  boost::asio::io_context io;
  const auto store = open_store(io, folder.file("state.db"));
  REQUIRE(commit(io, *store, batch_of({numbered(1)})).has_value());
  faults::fail_sync_after(0, 1'000'000);
  for (int i = 0; i < 12; ++i) {
    const auto result = commit(io, *store, batch_of({numbered(2)}));
    REQUIRE_FALSE(result.has_value());
    CHECK_FALSE(result.error().what.empty());
  }
  faults::stop();
  const auto result = commit(io, *store, batch_of({numbered(2)}));
  CHECK_MESSAGE(result.has_value(), result.error().text());
  CHECK(verify(io, *store).records == 2);
}

TEST_CASE("a full disk refuses the batch and when space returns the store goes on by itself") {
  // A small file system of the test's own, which nobody else sees and which goes with the process.
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    MESSAGE("skipped: it needs the right to mount");
    return;
  }
  const TemporaryFolder folder;
  REQUIRE(mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m") == 0);
  {
    std::mt19937 random(17);
    boost::asio::io_context io;
    auto store = open_store(io, folder.file("state.db"));
    int number = 0;
    for (int round = 0; round < 12; ++round) {
      // Leaves some random room, which the commits then use up.
      const auto space = std::filesystem::space(folder.path());
      const std::size_t room = random() % 60'000;
      const std::size_t ballast = space.available > room ? space.available - room : 0;
      std::ofstream(folder.file("ballast")) << std::string(ballast, 'x');
      bool refused = false;
      for (int tries = 0; tries < 300 && !refused; ++tries) {
        Event event = numbered(number + 1);
        std::get<IncidentClosed>(event.what).reason += std::string(random() % 3'000, 'r');
        const auto result = commit(io, *store, batch_of({event}));
        refused = !result;
        if (result) ++number;
      }
      CHECK(refused);
      std::filesystem::remove(folder.file("ballast"));
      const auto result = commit(io, *store, batch_of({numbered(number + 1)}));
      if (!result) break;  // 1 MiB of records: the disk is full of the journal itself
      ++number;
      CHECK(verify(io, *store).records == static_cast<std::uint64_t>(number));
    }
    store.reset();
    CHECK(verify_file(folder.file("state.db")).records == static_cast<std::uint64_t>(number));
    const Past past = past_of(*open_store(io, folder.file("state.db")));
    REQUIRE(past.events.size() == static_cast<std::size_t>(number));
    for (int i = 0; i < number; ++i) CHECK(past.events[static_cast<std::size_t>(i)].incident == i + 1);
  }
  CHECK(umount(folder.path().c_str()) == 0);
}

TEST_CASE("a verdict is said in both languages") {
  JournalVerdict verdict;
  verdict.records = 4711;
  CHECK(sentence(verdict, Language::en) == "The journal is whole: 4711 records.");
  CHECK(sentence(verdict, Language::ja).find("4711") != std::string::npos);
  verdict.finding = JournalVerdict::Finding::gap;
  verdict.at = 8;
  CHECK(sentence(verdict, Language::en).find("Record 8 is missing") != std::string::npos);
}
