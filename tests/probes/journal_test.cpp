// systemd's journal as a source, on journal files that systemd-journal-remote writes.

#include <doctest/doctest.h>
#include <stdio.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "probes/journal_follower.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr const char* writer = "/lib/systemd/systemd-journal-remote";

bool tells(std::string_view line) {
  return line.find("telling") != std::string_view::npos;
}

/// A folder of journal files, and who follows it.
struct JournalDesk {
  std::string folder;
  int written = 0;
  int step_s = 1;  ///< from one message to the next
  std::vector<std::string> units;
  std::vector<LogPosition> saved;
  std::vector<std::string> lines;
  std::vector<std::uint64_t> offsets;
  std::vector<std::string> newest;
  std::vector<std::string> problems;
  bool acknowledges = true;
  JournalFollowerOptions options;
  boost::asio::io_context io{1};
  std::unique_ptr<JournalFollower> follower;

  JournalDesk() {
    folder = (fs::temp_directory_path() / "nethealth-journal-XXXXXX").string();
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    options.look_interval = 5ms;
  }
  ~JournalDesk() {
    follower.reset();
    fs::remove_all(folder);
  }
  JournalDesk(const JournalDesk&) = delete;
  JournalDesk& operator=(const JournalDesk&) = delete;

  /// Adds entries in the journal's export format, each message of its own second.
  void write(const std::vector<std::string>& messages, const std::string& unit = "a.service") {
    std::string all;
    for (const std::string& message : messages) {
      written += step_s;
      all += "__REALTIME_TIMESTAMP=" + std::to_string(1'795'478'400'000'000 + written * 1'000'000) +
             "\n__MONOTONIC_TIMESTAMP=" + std::to_string(written * 1'000'000) +
             "\n_BOOT_ID=0123456789abcdef0123456789abcdef\nSYSLOG_IDENTIFIER=app\n_PID=7\n_SYSTEMD_UNIT=" +
             unit + "\n";
      std::string size(8, '\0');
      for (std::size_t i = 0; i < 8; ++i) size[i] = static_cast<char>(message.size() >> (8 * i));
      all += "MESSAGE\n" + size + message + "\n\n";
    }
    FILE* pipe =
        ::popen((std::string(writer) + " -o " + folder + "/a.journal - >/dev/null 2>&1").c_str(), "w");
    REQUIRE(pipe != nullptr);
    REQUIRE(::fwrite(all.data(), 1, all.size(), pipe) == all.size());
    REQUIRE(::pclose(pipe) == 0);
  }

  void start() {
    LogSource source{"", "", "auto", {"linux"}};
    source.journal = JournalSource{folder, units};
    follower = std::make_unique<JournalFollower>(
        io, FollowedLog{"cs-1", source, {}}, saved, [this](LogLines batch) { take(batch); },
        [this](const LogProblem& problem) { problems.push_back(problem.what); }, options);
    follower->start();
  }
  void take(const LogLines& batch) {
    CHECK(batch.device == "cs-1");
    CHECK(batch.after.path == "journal:" + folder);
    if (!acknowledges) return;
    for (const LogSeen& seen : batch.lines) {
      CHECK(seen.rules == std::vector<std::string>{"linux"});
      lines.push_back(seen.line);
      offsets.push_back(seen.offset);
    }
    if (!batch.newest.empty()) newest.push_back(batch.newest);
    saved = {batch.after};
    follower->acknowledge(batch.batch);
  }
  bool run_until_lines(std::size_t count) {
    return run_until(io, [&] { return lines.size() >= count; });
  }
  void start_known() {
    start();
    REQUIRE(run_until(io, [&] { return !saved.empty(); }));
  }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("journal: a new source begins at the end and new entries follow as lines") {
  JournalDesk desk;
  desk.write({"old"});
  desk.start_known();
  desk.write({"disk failed", "second\nof two lines\n", "esc \x1B[31m"});
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Texts{"app[7]: disk failed", "app[7]: second ⏎ of two lines", "app[7]: esc \\x1B[31m"});
  CHECK(desk.newest.back() == "2026-11-24T00:00:04.000+00:00");
  CHECK(desk.problems.empty());
}

TEST_CASE("journal: a restart goes on behind the entry that was saved") {
  JournalDesk desk;
  desk.options.entries_in_a_batch = 2;
  desk.write({"old"});
  desk.start_known();
  desk.write({"one", "two", "three"});
  REQUIRE(desk.run_until_lines(3));
  desk.follower.reset();
  desk.write({"four", "five"});
  desk.start();
  REQUIRE(desk.run_until_lines(5));
  CHECK(desk.lines == Texts{"app[7]: one", "app[7]: two", "app[7]: three", "app[7]: four", "app[7]: five"});
}

TEST_CASE("journal: what was not acknowledged comes again after a restart") {
  JournalDesk desk;
  desk.write({"old"});
  desk.start_known();
  desk.acknowledges = false;
  desk.write({"one"});
  bool came = false;
  CHECK(run_until(desk.io, [&] { return std::exchange(came, true); }));
  desk.follower.reset();
  desk.acknowledges = true;
  desk.start();
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.lines == Texts{"app[7]: one"});
}

TEST_CASE("journal: only the wanted units and what the sieve lets through come") {
  JournalDesk desk;
  desk.units = {"a.service"};
  desk.options.sieve = tells;
  desk.write({"old"});
  desk.start_known();
  desk.write({"telling of b"}, "b.service");
  desk.write({"nothing", "telling of a"});
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.lines == Texts{"app[7]: telling of a"});
}

TEST_CASE("journal: what stands near a telling entry comes with it over batches and each entry once") {
  JournalDesk desk;
  desk.options.sieve = tells;
  desk.options.context_lines = 2;
  desk.options.entries_in_a_batch = 3;
  desk.write({"old"});
  desk.start_known();
  desk.write({"1", "2", "3", "telling 4", "5", "6", "7", "8", "9", "telling 10"});
  REQUIRE(desk.run_until_lines(8));
  desk.write({"11", "12", "13", "14", "telling 15"});
  REQUIRE(desk.run_until_lines(13));
  CHECK(desk.lines == Texts{"app[7]: 2", "app[7]: 3", "app[7]: telling 4", "app[7]: 5", "app[7]: 6",
                            "app[7]: 8", "app[7]: 9", "app[7]: telling 10", "app[7]: 11", "app[7]: 12",
                            "app[7]: 13", "app[7]: 14", "app[7]: telling 15"});
  CHECK(std::is_sorted(desk.offsets.begin(), desk.offsets.end()));
}

TEST_CASE("journal: what stood near and was not acknowledged comes again after a restart and nothing twice") {
  JournalDesk desk;
  desk.options.sieve = tells;
  desk.options.context_lines = 2;
  desk.write({"old"});
  desk.start_known();
  desk.write({"1", "telling 2"});
  REQUIRE(desk.run_until_lines(2));
  desk.acknowledges = false;
  desk.write({"3", "4", "5", "telling 6"});
  int turns = 0;
  CHECK(run_until(desk.io, [&] { return ++turns > 3; }));
  desk.follower.reset();
  desk.acknowledges = true;
  desk.start();
  REQUIRE(desk.run_until_lines(5));
  desk.write({"7"});
  REQUIRE(desk.run_until_lines(6));
  CHECK(desk.lines ==
        Texts{"app[7]: 1", "app[7]: telling 2", "app[7]: 4", "app[7]: 5", "app[7]: telling 6", "app[7]: 7"});
}

TEST_CASE("journal: entries of the same microsecond have offsets of their own") {
  JournalDesk desk;
  desk.write({"old"});
  desk.start_known();
  desk.step_s = 0;
  desk.write({"one", "two", "three"});
  REQUIRE(desk.run_until_lines(3));
  CHECK(std::set<std::uint64_t>(desk.offsets.begin(), desk.offsets.end()).size() == 3);
}

TEST_CASE("journal: a folder that is not there is told once and read when it comes") {
  JournalDesk desk;
  desk.write({"first"});
  const std::string away = desk.folder + ".away";
  fs::rename(desk.folder, away);
  desk.saved = {{"cs-1", "journal:" + desk.folder, "journal:" + desk.folder, 0, 0, 0, ""}};
  desk.start();
  REQUIRE(run_until(desk.io, [&] { return !desk.problems.empty(); }));
  fs::rename(away, desk.folder);
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.lines == Texts{"app[7]: first"});
  CHECK(desk.problems.size() == 1);
}
