#include "agent/recorder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "agent/line_reader.hpp"
#include "agent/replay.hpp"
#include "probes/observation_json.hpp"
#include "tests/agent/sample_times.hpp"
#include "tests/agent/temporary_folder.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

Observation ping(Milliseconds after, int received = 3) {
  IcmpSeen seen;
  seen.sent = 3;
  seen.received = received;
  return {samples::nine() + after, "cs-1", seen};
}

/// A line that does not compress.
Observation noise(Milliseconds after, std::mt19937& random) {
  LogSeen seen;
  seen.file = "app.log";
  for (int i = 0; i < 100'000; ++i) seen.line += static_cast<char>('!' + random() % 90);
  return {samples::nine() + after, "cs-1", seen};
}

std::vector<std::string> recorded_lines(const std::string& folder) {
  std::vector<std::string> lines;
  for (const std::string& file : replayed_files(folder)) {
    auto reader = LineReader::open(file, observation_line_limit_bytes);
    REQUIRE(reader.has_value());
    while (const auto line = reader->next()) lines.push_back(line->text);
    CHECK(reader->failure().empty());
  }
  return lines;
}

std::uint64_t bytes_of(const std::string& folder) {
  std::uint64_t bytes = 0;
  for (const std::string& file : replayed_files(folder)) bytes += std::filesystem::file_size(file);
  return bytes;
}

}  // namespace

TEST_CASE("recorder: what was observed is read back line by line in order and only by its owner") {
  const TemporaryFolder folder;
  std::vector<std::string> expected;
  {
    Recorder recorder({folder.file("recorder"), 72h, 100}, Zone(), Language::en);
    for (int i = 0; i < 500; ++i) {
      recorder.record(ping(i * 10s, i % 4));
      expected.push_back(observation_line(ping(i * 10s, i % 4), Zone()));
    }
  }
  CHECK(recorded_lines(folder.file("recorder")) == expected);
  const auto files = replayed_files(folder.file("recorder"));
  CHECK(files.size() == 2);  // 83 minutes
  CHECK(files.front().ends_with("/20261124T000000.000Z.jsonl.gz"));
  struct stat status {};
  REQUIRE(stat(files.front().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("recorder: a second recording goes on beside the first") {
  const TemporaryFolder folder;
  { Recorder(RecorderPlan{folder.path(), 72h, 100}, Zone(), Language::en).record(ping(0s)); }
  { Recorder(RecorderPlan{folder.path(), 72h, 100}, Zone(), Language::en).record(ping(10s, 0)); }
  CHECK(recorded_lines(folder.path()) ==
        std::vector{observation_line(ping(0s), Zone()), observation_line(ping(10s, 0), Zone())});
}

TEST_CASE("recorder: files older than wanted are removed and the hour before is kept") {
  const TemporaryFolder folder;
  {
    Recorder recorder({folder.path(), 3h, 100}, Zone(), Language::en);
    for (int hour = 0; hour < 10; ++hour) recorder.record(ping(hour * 1h));
  }
  const auto kept = recorded_lines(folder.path());
  REQUIRE(kept.size() == 4);
  CHECK(kept.front() == observation_line(ping(6h), Zone()));
}

TEST_CASE("recorder: the files stay within their size and the oldest go first") {
  const TemporaryFolder folder;
  std::mt19937 random(1);
  RecorderLimits limits;
  limits.file_bytes = 200'000;
  {
    Recorder recorder({folder.path(), 72h, 1}, Zone(), Language::en, limits);
    for (int i = 0; i < 60; ++i) recorder.record(noise(i * 1s, random));
  }
  CHECK(bytes_of(folder.path()) <= 1'000'000);
  const auto kept = recorded_lines(folder.path());
  REQUIRE(kept.size() > 3);
  CHECK(kept.back().find("09:00:59") == std::string::npos);
  CHECK(kept.back().find("00:00:59.000") != std::string::npos);
}

TEST_CASE("recorder: without room or a folder observations are left out and counted and nothing waits") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("no-folder")) << "a file";
  Recorder barred({folder.file("no-folder"), 72h, 100}, Zone(), Language::en, {.flush_interval = 1ms});
  barred.record(ping(0s));
  while (barred.left_out() < 1) std::this_thread::yield();
  RecorderLimits greedy;
  greedy.free_share = 1.1;
  greedy.flush_interval = 1ms;
  Recorder full({folder.file("full"), 72h, 100}, Zone(), Language::en, greedy);
  full.record(ping(0s));
  while (full.left_out() < 1) std::this_thread::yield();
  CHECK(replayed_files(folder.file("full")).empty());
}

TEST_CASE("recorder: more than the queue holds is left out and counted") {
  const TemporaryFolder folder;
  RecorderLimits limits;
  limits.queue_observations = 10;
  limits.flush_interval = 1h;
  std::uint64_t left_out = 0;
  {
    Recorder recorder({folder.path(), 72h, 100}, Zone(), Language::en, limits);
    for (int i = 0; i < 25; ++i) recorder.record(ping(i * 10s));
    left_out = recorder.left_out();
  }
  CHECK(left_out == 15);
  CHECK(recorded_lines(folder.path()).size() == 10);
}
