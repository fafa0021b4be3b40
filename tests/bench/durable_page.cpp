// What tests/bench/durable_page runs: how long it takes from a decision to its place on the disk, and how
// many events a second the journal takes when they come in bulk; beside it, in the same folder and run,
// SQLite with the same durability and one event a transaction (the peer), and fdatasync of a file that is
// there already (the limit).
//
//   durable_page FOLDER [DECISIONS]

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "agent/event_json.hpp"
#include "agent/store.hpp"

namespace {

using namespace nethealth;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr double median_aim_ms = 2.0;
constexpr double bulk_aim_per_second = 50'000;
constexpr int bulk_events = 200'000;
constexpr int events_a_batch = 100;

[[noreturn]] void give_up(const std::string& why) {
  std::cerr << "durable_page: " << why << '\n';
  std::exit(2);
}

Event decision(int number) {
  return {Time{Milliseconds(1'795'478'400'000LL + number)}, number,
          IncidentClosed{"the link of sw-2f to the core was cut and is mended, decision " +
                         std::to_string(number)}};
}

double milliseconds_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

struct Waits {
  double median_ms = 0, p99_ms = 0;
};

template <class Once>
Waits measured(int times, Once once) {
  std::vector<double> waits;
  for (int i = 0; i < times; ++i) {
    const auto from = Clock::now();
    once(i);
    waits.push_back(milliseconds_since(from));
  }
  std::ranges::sort(waits);
  return {waits[waits.size() / 2], waits[waits.size() * 99 / 100]};
}

class Ours {
 public:
  explicit Ours(const fs::path& folder) {
    auto store = Store::open(io_, (folder / "journal").string(), Language::en);
    if (!store) give_up(store.error().text());
    store_ = std::move(*store);
  }

  void commit_and_wait(int number) {
    waiting_ = 1;
    commit({decision(number)});
    run();
  }

  double bulk_per_second() {
    const auto from = Clock::now();
    waiting_ = bulk_events / events_a_batch;
    for (int first = 0; first < bulk_events; first += events_a_batch) {
      std::vector<Event> events;
      for (int i = 0; i < events_a_batch; ++i) events.push_back(decision(first + i));
      commit(std::move(events));
    }
    run();
    return bulk_events / (milliseconds_since(from) / 1e3);
  }

 private:
  void commit(std::vector<Event> events) {
    Batch batch;
    batch.events = std::move(events);
    store_->commit(std::move(batch), [this](const Result<void>& done) {
      if (!done) give_up(done.error().text());
      --waiting_;
    });
  }
  void run() {
    while (waiting_ > 0) io_.run_one();
  }

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<Store> store_;
  int waiting_ = 0;
};

/// Write-ahead log, FULL, one event a transaction: what a monitor does that keeps its events in SQLite.
class Sqlite {
 public:
  explicit Sqlite(const fs::path& folder) {
    if (sqlite3_open((folder / "peer").c_str(), &database_) != SQLITE_OK) give_up("SQLite does not open");
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE events (sequence INTEGER PRIMARY "
        "KEY, body TEXT)");
    if (sqlite3_prepare_v2(database_, "INSERT INTO events (body) VALUES (?)", -1, &insert_, nullptr) !=
        SQLITE_OK)
      give_up(sqlite3_errmsg(database_));
  }
  ~Sqlite() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  void insert(int number) {
    const std::string body = journal_text(decision(number));
    sqlite3_bind_text(insert_, 1, body.data(), static_cast<int>(body.size()), SQLITE_TRANSIENT);
    if (sqlite3_step(insert_) != SQLITE_DONE) give_up(sqlite3_errmsg(database_));
    sqlite3_reset(insert_);
  }

 private:
  void run(const char* sql) {
    if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      give_up(sqlite3_errmsg(database_));
  }
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

Waits limit(const fs::path& folder, int times) {
  constexpr std::size_t record_bytes = 512;
  const int file = ::open((folder / "limit").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  std::array<char, record_bytes> record{};
  record.fill('x');
  for (int i = 0; i < times; ++i)
    if (::write(file, record.data(), record.size()) < 0) give_up("the folder takes no file");
  if (file < 0 || ::fsync(file) != 0) give_up("the folder takes no file");
  const Waits waits = measured(times, [&](int number) {
    const auto at = static_cast<off_t>(record.size()) * number;
    if (::pwrite(file, record.data(), record.size(), at) < 0 || ::fdatasync(file) != 0)
      give_up("fdatasync fails");
  });
  ::close(file);
  return waits;
}

int measure(const fs::path& folder, int decisions) {
  Ours ours(folder);
  Sqlite peer(folder);
  const Waits our_waits = measured(decisions, [&](int number) { ours.commit_and_wait(number); });
  const Waits peer_waits = measured(decisions, [&](int number) { peer.insert(number); });
  const Waits limit_waits = limit(folder, decisions);
  const double bulk = ours.bulk_per_second();
  const auto row = [](const char* who, const Waits& waits) {
    std::printf("%-46s median %.3f ms, 99 %% %.3f ms\n", who, waits.median_ms, waits.p99_ms);
  };
  row("ours: from the decision to its acknowledgement", our_waits);
  row("peer: SQLite, FULL, one event a transaction", peer_waits);
  row("limit: fdatasync of a file that is there", limit_waits);
  std::printf("ours in bulk: %.0f events a second\n", bulk);
  std::printf(
      "RATIO median_to_aim=%.2f to_peer=%.2f to_limit=%.2f bulk_to_aim=%.2f (aims %.1f ms, %.0f a second)\n",
      our_waits.median_ms / median_aim_ms, our_waits.median_ms / peer_waits.median_ms,
      our_waits.median_ms / limit_waits.median_ms, bulk / bulk_aim_per_second, median_aim_ms,
      bulk_aim_per_second);
  return our_waits.median_ms < median_aim_ms && bulk >= bulk_aim_per_second ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int decisions = argc > 2 ? std::atoi(argv[2]) : 2'000;
  if (argc < 2 || decisions < 100) {
    std::cerr << "usage: durable_page FOLDER [DECISIONS, 100 or more]\n";
    return 2;
  }
  std::string name = (fs::path(argv[1]) / "durable-page-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) give_up("nothing can be made in " + std::string(argv[1]));
  const int verdict = measure(name, decisions);
  fs::remove_all(name);
  return verdict;
}
