#include "probes/log_follower.hpp"

#include <doctest/doctest.h>
#include <lzma.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <tuple>

#include "probes/log_unpack.hpp"

using namespace nethealth;
namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds guard{20};
constexpr std::chrono::hours never{1};

void append(const fs::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::app)
      .write(text.data(), static_cast<std::streamsize>(text.size()));
}

/// A folder of its own, and the owner of a follower: saves positions, remembers lines. As the real owner, it
/// forgets all that was not saved when it is restarted.
struct Desk {
  fs::path folder;
  std::string glob;
  LogFollowerOptions options{.look_interval = Milliseconds(5), .drain_interval = Milliseconds(1)};
  std::string encoding = "auto";
  LineContinues continues;
  bool acknowledges = true;

  std::map<std::tuple<std::string, std::string, std::string>, LogPosition> saved;
  std::vector<std::string> lines;
  std::vector<LogSeen> seen;
  std::vector<std::string> problems;
  std::deque<LogLines> held;
  std::size_t most_held = 0;

  std::unique_ptr<boost::asio::io_context> io;
  std::unique_ptr<LogFollower> follower;

  explicit Desk(const std::string& pattern = "app.log") {
    char name[] = "/tmp/nethealth-log-XXXXXX";
    folder = mkdtemp(name);
    glob = (folder / pattern).string();
  }
  ~Desk() {
    stop();
    fs::remove_all(folder);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  [[nodiscard]] fs::path file(const std::string& name = "app.log") const { return folder / name; }

  void start() {
    io = std::make_unique<boost::asio::io_context>();
    std::vector<LogPosition> positions;
    for (const auto& [key, position] : saved) positions.push_back(position);
    LogSource source{glob, "", encoding, {"linux"}};
    follower = std::make_unique<LogFollower>(
        *io, std::vector<FollowedLog>{{"cs-1", source, continues}}, positions,
        [this](LogLines batch) { take(std::move(batch)); },
        [this](const LogProblem& problem) { problems.push_back(problem.file + ": " + problem.what); },
        options);
    follower->start();
  }
  void stop() {
    follower.reset();
    io.reset();
    held.clear();
  }

  void take(LogLines batch) {
    held.push_back(std::move(batch));
    most_held = std::max(most_held, held.size());
    if (acknowledges) acknowledge_all();
  }
  void acknowledge_all() {
    while (!held.empty()) {
      const LogLines batch = std::move(held.front());
      held.pop_front();
      for (const LogSeen& line : batch.lines) {
        lines.push_back(line.line);
        seen.push_back(line);
      }
      const auto key = std::tuple(batch.after.device, batch.after.path, batch.after.file);
      if (batch.gone)
        saved.erase(key);
      else
        saved[key] = batch.after;
      follower->acknowledge(batch.batch);
    }
  }

  template <class Condition>
  bool run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + guard;
    while (!condition() && std::chrono::steady_clock::now() < end)
      io->run_one_for(std::chrono::milliseconds(20));
    return condition();
  }
  bool run_until_lines(std::size_t count) {
    return run_until([&] { return lines.size() >= count; });
  }
  [[nodiscard]] bool has_problem(std::string_view part) const {
    for (const std::string& problem : problems)
      if (problem.find(part) != std::string::npos) return true;
    return false;
  }
  [[nodiscard]] bool knows(const fs::path& path) const {
    return saved.contains(std::tuple(std::string("cs-1"), glob, path.string()));
  }
  /// Started on what is there, with its position saved.
  void start_known() {
    start();
    REQUIRE(run_until([&] { return knows(file()); }));
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("log follower: a new source begins at the end and new lines follow") {
  Desk desk;
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), "new 1\nnew 2\nunfini");
  REQUIRE(desk.run_until_lines(2));
  append(desk.file(), "shed\r\n");
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"new 1", "new 2", "unfinished"});
  CHECK(desk.seen[0].offset == 4);
  CHECK(desk.seen[2].offset == 16);
  CHECK(desk.seen[0].file == desk.file().string());
  CHECK(desk.seen[0].rules == Lines{"linux"});
  CHECK(desk.problems.empty());
}

TEST_CASE("log follower: where a new source begins is safe once it was acknowledged and stays so") {
  Desk desk;
  append(desk.file(), "old\n");
  desk.acknowledges = false;
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.held.size() == 2; }));  // the file's, and that the source is known
  CHECK_FALSE(desk.follower->first_positions_safe());
  desk.follower->acknowledge(desk.held.front().batch);
  CHECK_FALSE(desk.follower->first_positions_safe());
  desk.acknowledge_all();
  CHECK(desk.follower->first_positions_safe());
  append(desk.file(), "new\n");
  REQUIRE(desk.run_until([&] { return !desk.held.empty(); }));
  CHECK(desk.follower->first_positions_safe());
  desk.acknowledges = true;
  desk.stop();
  desk.start();
  CHECK(desk.follower->first_positions_safe());
}

TEST_CASE("log follower: a batch tells the newest line though the sieve kept it back") {
  Desk desk;
  desk.options.sieve = [](std::string_view line) { return line == "telling"; };
  append(desk.file(), "old\n");
  desk.start_known();
  desk.acknowledges = false;
  append(desk.file(), "telling\n2026-11-24 09:00:00 newest\n");
  REQUIRE(desk.run_until([&] { return !desk.held.empty() && desk.held.back().read; }));
  CHECK(desk.held.back().lines.size() == 1);
  CHECK(desk.held.back().newest == "2026-11-24 09:00:00 newest");
}

namespace {

/// Lines that begin with white space go on with the one before.
bool is_indented(std::string_view line) {
  return line.starts_with(' ');
}

const std::string traced = "one\n a\n b\ntwo\nthree\n c\n";
const Lines joined_lines = {"one ⏎  a ⏎  b", "two", "three ⏎  c"};

}  // namespace

TEST_CASE("log follower: lines that go on with the one before come as one entry at the first line's place") {
  Desk desk;
  desk.continues = is_indented;
  desk.options.join_interval = never;
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), traced + "end\n");
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == joined_lines);
  CHECK(desk.seen[0].offset == 4);
  CHECK(desk.seen[2].offset == 18);
}

TEST_CASE("log follower: the last entry is let go when nothing goes on with it for a while") {
  Desk desk;
  desk.continues = is_indented;
  desk.options.join_interval = Milliseconds(1);
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), "one\n a\n");
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.lines.back().starts_with("one"));
  append(desk.file(), "two\n");
  REQUIRE(desk.run_until([&] { return desk.lines.back() == "two"; }));
}

TEST_CASE("log follower: a stop at any byte of joined entries loses and doubles nothing") {
  for (std::size_t cut = 0; cut <= traced.size(); ++cut) {
    Desk desk;
    desk.continues = is_indented;
    desk.options.join_interval = never;
    append(desk.file(), "old\n");
    desk.start_known();
    append(desk.file(), traced.substr(0, cut));
    // Every whole entry of the first part is there; its last one is held.
    const std::string part = traced.substr(0, cut);
    const std::size_t whole =
        part.find("three\n") != std::string::npos ? 2 : part.find("two\n") != std::string::npos;
    REQUIRE(desk.run_until_lines(whole));
    desk.stop();
    append(desk.file(), traced.substr(cut) + "end\n");
    desk.start();
    REQUIRE(desk.run_until_lines(3));
    CHECK(desk.lines == joined_lines);
  }
}

TEST_CASE("log follower: what was held of an entry is not lost when its file is truncated or goes") {
  Desk desk;
  desk.continues = is_indented;
  desk.options.join_interval = never;
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), "first\none\n a\n");
  REQUIRE(desk.run_until_lines(1));
  fs::resize_file(desk.file(), 0);
  append(desk.file(), "new\nend\n");
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"first", "one ⏎  a", "new"});
  fs::rename(desk.file(), desk.file("app.log.1"));
  append(desk.file(), "next\nlast\n");
  REQUIRE(desk.run_until_lines(5));
  CHECK(desk.lines == Lines{"first", "one ⏎  a", "new", "end", "next"});
}

TEST_CASE("log joiner: an entry is bounded in lines and bytes and what goes beyond is one of its own") {
  LogJoiner joiner([](std::string_view) { return true; });
  std::vector<JoinedLine> entries;
  for (std::size_t i = 0; i < most_joined_lines + 1; ++i)
    if (auto ended = joiner.add(i * 2, "x")) entries.push_back(*ended);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].offset == 0);
  CHECK(joiner.offset() == most_joined_lines * 2);
  const std::string half(most_joined_bytes / 2, 'y');
  LogJoiner big([](std::string_view) { return true; });
  CHECK_FALSE(big.add(0, half).has_value());
  const auto ended = big.add(1, half);
  REQUIRE(ended.has_value());
  CHECK(ended->text == half);
  CHECK(big.finish() == JoinedLine{1, half});
  CHECK_FALSE(big.finish().has_value());
}

TEST_CASE("log follower: inotify alone wakes it") {
  Desk desk("*.log");
  desk.options.look_interval = never;
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), "grown\n");
  REQUIRE(desk.run_until_lines(1));
  append(desk.file("other.log"), "appeared\n");
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"grown", "appeared"});
}

TEST_CASE("log follower: a restart goes on where it was saved") {
  Desk desk;
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), "one\npart");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  append(desk.file(), "ly\nthree\n");
  desk.start();
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"one", "partly", "three"});
}

TEST_CASE("log follower: what was not acknowledged comes again and only one batch is outstanding") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  desk.acknowledges = false;
  desk.options.batch_bytes = 64;
  desk.stop();
  desk.start();
  for (int i = 0; i < 100; ++i) append(desk.file(), "line " + std::to_string(i) + "\n");
  REQUIRE(desk.run_until([&] { return !desk.held.empty(); }));
  for (int i = 0; i < 50; ++i) desk.io->run_one_for(std::chrono::milliseconds(1));
  CHECK(desk.most_held == 1);
  CHECK(desk.held.front().lines.size() < 20);
  desk.stop();
  desk.acknowledges = true;
  desk.start();
  REQUIRE(desk.run_until_lines(100));
  for (int i = 0; i < 100; ++i) CHECK(desk.lines[static_cast<std::size_t>(i)] == "line " + std::to_string(i));
}

TEST_CASE("log follower: a file rotated by rename is read to its end before its successor") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1\n");
  REQUIRE(desk.run_until_lines(1));
  std::ofstream old(desk.file(), std::ios::app);
  fs::rename(desk.file(), desk.file("app.log.1"));
  append(desk.file(), "b1\n");
  old << "a2\nlast without end" << std::flush;
  REQUIRE(desk.run_until_lines(4));
  CHECK(desk.lines == Lines{"a1", "a2", "last without end", "b1"});
  CHECK(desk.problems.empty());
}

TEST_CASE("log follower: three rotations while it was stopped lose and double nothing") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1 a line that tells this file\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  append(desk.file(), "a2\n");
  fs::rename(desk.file(), desk.file("app.log.3"));
  append(desk.file("app.log.2"), "b1\n");
  append(desk.file("app.log.1"), "c1\n");
  append(desk.file(), "d1\n");
  desk.start();
  REQUIRE(desk.run_until_lines(5));
  CHECK(desk.lines == Lines{"a1 a line that tells this file", "a2", "b1", "c1", "d1"});
  CHECK(desk.problems.empty());
  desk.stop();
  append(desk.file(), "d2\n");
  desk.start();
  REQUIRE(desk.run_until_lines(6));
  CHECK(desk.lines.back() == "d2");
}

TEST_CASE("log follower: rotated names inside the glob are not read twice") {
  Desk desk("app.log*");
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1\n");
  REQUIRE(desk.run_until_lines(1));
  fs::rename(desk.file(), desk.file("app.log.1"));
  append(desk.file(), "b1\n");
  REQUIRE(desk.run_until_lines(2));
  fs::rename(desk.file("app.log.1"), desk.file("app.log.2"));
  fs::rename(desk.file(), desk.file("app.log.1"));
  append(desk.file(), "c1\n");
  REQUIRE(desk.run_until_lines(3));
  desk.stop();
  fs::rename(desk.file("app.log.2"), desk.file("app.log.3"));
  fs::rename(desk.file("app.log.1"), desk.file("app.log.2"));
  fs::rename(desk.file(), desk.file("app.log.1"));
  append(desk.file("app.log.1"), "c2\n");
  append(desk.file(), "d1\n");
  desk.start();
  REQUIRE(desk.run_until_lines(5));
  REQUIRE(desk.run_until([&] { return desk.knows(desk.file("app.log.3")); }));
  std::sort(desk.lines.begin(), desk.lines.end());
  CHECK(desk.lines == Lines{"a1", "b1", "c1", "c2", "d1"});
}

TEST_CASE("log follower: a truncated file is begun anew and the truncation told") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "before the cut\n");
  REQUIRE(desk.run_until_lines(1));
  fs::resize_file(desk.file(), 0);
  append(desk.file(), "after the cut, and longer than before\n");
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines.back() == "after the cut, and longer than before");
  CHECK(desk.has_problem("truncated"));
}

TEST_CASE("log follower: copytruncate while stopped gives the rest of the copy first") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1 with a telling start\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  append(desk.file(), "a2\n");
  fs::copy_file(desk.file(), desk.file("app.log.1"));
  fs::resize_file(desk.file(), 0);
  append(desk.file(), "b1\n");
  desk.start();
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"a1 with a telling start", "a2", "b1"});
}

TEST_CASE("log follower: copytruncate with copies inside the glob doubles nothing") {
  Desk desk("app.log*");
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1 with a telling start\n");
  REQUIRE(desk.run_until_lines(1));
  fs::copy_file(desk.file(), desk.file("app.log.1"));
  fs::resize_file(desk.file(), 0);
  append(desk.file(), "b1\n");
  REQUIRE(desk.run_until_lines(2));
  REQUIRE(desk.run_until([&] { return !desk.problems.empty(); }));
  append(desk.file(), "b2\n");
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"a1 with a telling start", "b1", "b2"});
}

TEST_CASE("log follower: a predecessor that is nowhere is told as a possible loss") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  fs::rename(desk.file(), desk.folder.string() + "-elsewhere");
  append(desk.file(), "b1\n");
  desk.start();
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines.back() == "b1");
  CHECK(desk.has_problem("may be lost"));
  fs::remove(desk.folder.string() + "-elsewhere");
}

TEST_CASE("log follower: deleted and recreated while it runs and while it does not") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "a1\n");
  REQUIRE(desk.run_until_lines(1));
  fs::remove(desk.file());
  REQUIRE(desk.run_until([&] { return !desk.knows(desk.file()); }));
  append(desk.file(), "b1\n");
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"a1", "b1"});
  CHECK(desk.problems.empty());
}

TEST_CASE("log follower: folders and files may come later and are then read from the start") {
  Desk desk("remote/*/app.log");
  desk.options.look_interval = never;
  desk.start();
  REQUIRE(desk.run_until([&] { return !desk.saved.empty(); }));
  fs::create_directories(desk.folder / "remote");
  desk.run_until([&] { return desk.io->poll() == 0; });
  fs::create_directories(desk.folder / "remote" / "cs-1");
  append(desk.folder / "remote" / "cs-1" / "app.log", "first\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  fs::create_directories(desk.folder / "remote" / "cs-2");
  append(desk.folder / "remote" / "cs-2" / "app.log", "second\n");
  desk.start();
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"first", "second"});
}

TEST_CASE("log follower: a folder in the place of the file is told once and the file waited for") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  fs::remove(desk.file());
  fs::create_directory(desk.file());
  REQUIRE(desk.run_until([&] { return desk.has_problem("is a folder"); }));
  REQUIRE(desk.run_until([&] { return !desk.knows(desk.file()); }));
  CHECK(desk.problems.size() == 1);
  fs::remove(desk.file());
  append(desk.file(), "back\n");
  REQUIRE(desk.run_until_lines(1));
}

TEST_CASE("log follower: a fifo in the place of the file never blocks") {
  Desk desk;
  REQUIRE(mkfifo(desk.file().c_str(), 0600) == 0);
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.has_problem("not a regular file"); }));
}

TEST_CASE("log follower: a line of a megabyte is cut with a mark and the next one is whole") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), std::string(1'000'000, 'x'));
  append(desk.file(), "\nnext\n");
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines[0].size() < 65'600);
  CHECK(desk.lines[0].ends_with(" [934464 more bytes left out]"));
  CHECK(desk.lines[1] == "next");
  CHECK(desk.seen[1].offset == 1'000'001);
}

TEST_CASE("log follower: a line without an end is handed over in parts also over restarts") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  constexpr std::size_t part = 65'536 + most_left_out_bytes;
  append(desk.file(), std::string(part + 100, 'x'));
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.lines[0].ends_with("x [1048576 more bytes left out]"));
  desk.stop();
  append(desk.file(), std::string(part, 'y'));
  desk.start();
  REQUIRE(desk.run_until_lines(2));
  append(desk.file(), "\nthe end\n");
  REQUIRE(desk.run_until_lines(4));
  CHECK(desk.seen[1].offset == part);
  CHECK(desk.lines[2] == std::string(100, 'y'));
  CHECK(desk.lines[3] == "the end");
}

TEST_CASE(
    "log follower: a writer that goes on at its old place after a truncation leaves a hole and no line is "
    "lost") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  std::ofstream writer(desk.file(), std::ios::binary | std::ios::in | std::ios::out);
  writer << "first line of the log\n" << std::string(3'000'000, 'x') << std::endl;
  REQUIRE(desk.run_until_lines(4));
  fs::resize_file(desk.file(), 0);
  writer << "after the truncation" << std::endl;
  REQUIRE(desk.run_until_lines(5));
  CHECK(desk.lines.back() == "[3000023 NUL bytes left out] after the truncation");
}

namespace {

/// Files are looked at as somebody for whom rights mean something, and changed as who runs the test.
class Nobody {
 public:
  Nobody() { become(true); }
  ~Nobody() { become(false); }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;
  void allow(const fs::path& path, bool allowed) const {
    become(false);
    fs::permissions(path, allowed ? fs::perms(0755) : fs::perms(0));
    become(true);
  }
  void write(const fs::path& path, std::string_view text) const {
    become(false);
    append(path, text);
    become(true);
  }

 private:
  static void become(bool nobody) {
    if (getuid() == 0) REQUIRE(seteuid(nobody ? 65'534 : 0) == 0);
  }
};

}  // namespace

TEST_CASE("log follower: a file that cannot be read while it is started doubles and loses nothing later") {
  Desk desk;
  fs::permissions(desk.folder, fs::perms(0755));
  append(desk.file(), "old\n");
  desk.start_known();
  append(desk.file(), "one\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  const Nobody nobody;
  nobody.allow(desk.file(), false);
  nobody.write(desk.file(), "two\n");
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.has_problem("cannot be opened"); }));
  nobody.write(desk.file(), "three\n");
  nobody.allow(desk.file(), true);
  REQUIRE(desk.run_until_lines(3));
  nobody.write(desk.file(), "four\n");
  REQUIRE(desk.run_until_lines(4));
  CHECK(desk.lines == Lines{"one", "two", "three", "four"});
  CHECK(desk.problems.size() == 1);
}

TEST_CASE(
    "log follower: of a new file that cannot be read yet what is written from now on comes and no more") {
  Desk desk;
  fs::permissions(desk.folder, fs::perms(0755));
  append(desk.file(), "a year of old lines\n");
  const Nobody nobody;
  nobody.allow(desk.file(), false);
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.has_problem("cannot be opened") && desk.knows(desk.file()); }));
  desk.stop();
  nobody.write(desk.file(), "one\n");
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.problems.size() == 2; }));
  nobody.allow(desk.file(), true);
  REQUIRE(desk.run_until_lines(1));
  nobody.write(desk.file(), "two\n");
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"one", "two"});
}

TEST_CASE("log follower: a folder that is closed while it is started doubles and loses nothing later") {
  for (const std::string pattern : {"sub/app.log", "sub/*.log", "*/app.log"}) {
    Desk desk(pattern);
    fs::permissions(desk.folder, fs::perms(0755));
    fs::create_directory(desk.file("sub"));
    append(desk.file("sub/app.log"), "");
    desk.start();
    REQUIRE(desk.run_until([&] { return desk.knows(desk.file("sub/app.log")); }));
    append(desk.file("sub/app.log"), "one\n");
    REQUIRE(desk.run_until_lines(1));
    desk.stop();
    const Nobody nobody;
    nobody.allow(desk.file("sub"), false);
    desk.start();
    for (int turn = 0; turn < 20; ++turn) desk.io->run_one_for(std::chrono::milliseconds(5));
    nobody.allow(desk.file("sub"), true);
    nobody.write(desk.file("sub/app.log"), "two\n");
    REQUIRE(desk.run_until_lines(2));
    CHECK(desk.lines == Lines{"one", "two"});
  }
}

TEST_CASE("log follower: another file that got the same inode is read from its start") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "the first file, line 1\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  fs::resize_file(desk.file(), 0);
  append(desk.file(), "the second file, line 1\nthe second file, line 2\n");
  desk.start();
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines[1] == "the second file, line 1");
  CHECK(desk.lines[2] == "the second file, line 2");
}

TEST_CASE(
    "log follower: a loop of links and a device and a folder in the glob are told and the rest is read") {
  Desk desk("*.log");
  fs::create_symlink("b.log", desk.file("a.log"));
  fs::create_symlink("a.log", desk.file("b.log"));
  fs::create_symlink("/dev/zero", desk.file("c.log"));
  fs::create_directory(desk.file("d.log"));
  fs::create_symlink(".", desk.file("e.log"));
  REQUIRE(mkfifo(desk.file("f.log").c_str(), 0600) == 0);
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "one\n");
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.problems.size() == 6);
}

TEST_CASE("log follower: a folder in the place of the file over a restart and then the file again") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "one\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  fs::rename(desk.file(), desk.file("app.log.1"));
  append(desk.file("app.log.1"), "two\n");
  fs::create_directory(desk.file());
  desk.start();
  REQUIRE(desk.run_until_lines(2));
  desk.stop();
  fs::remove(desk.file());
  append(desk.file(), "three\n");
  desk.start();
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"one", "two", "three"});
}

TEST_CASE("log follower: two thousand files of one glob are all followed") {
  Desk desk("*.log");
  const auto name = [&](int number) { return desk.file("app-" + std::to_string(number) + ".log"); };
  for (int number = 0; number < 2'000; ++number) append(name(number), "old\n");
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.saved.size() == 2'001; }));
  for (int number = 0; number < 2'000; ++number) append(name(number), std::to_string(number) + "\n");
  REQUIRE(desk.run_until_lines(2'000));
  desk.stop();
  for (int number = 0; number < 2'000; ++number) append(name(number), std::to_string(number) + "\n");
  desk.start();
  REQUIRE(desk.run_until_lines(4'000));
  std::map<std::string, int> count;
  for (const std::string& line : desk.lines) ++count[line];
  CHECK(count.size() == 2'000);
  CHECK(std::all_of(count.begin(), count.end(), [](const auto& one) { return one.second == 2; }));
  CHECK(desk.problems.empty());
}

TEST_CASE("log follower: files beyond the number that may be open are told and followed when there is room") {
  Desk desk("*.log");
  desk.options.files = 2;
  for (const char* name : {"a.log", "b.log", "c.log"}) append(desk.file(name), "");
  desk.start();
  REQUIRE(desk.run_until([&] { return desk.has_problem("c.log: is not followed"); }));
  fs::remove(desk.file("a.log"));
  append(desk.file("c.log"), "now\n");
  REQUIRE(desk.run_until_lines(1));
  CHECK(desk.lines == Lines{"now"});
}

TEST_CASE("log follower: UTF-16 that comes byte by byte and over stops loses nothing") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  const std::string bytes(
      "\xFF\xFE"
      "O\0K\0\r\0\n\0\xC7\x30\n\0E\0\n\0",
      18);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    append(desk.file(), bytes.substr(i, 1));
    desk.io->run_one_for(std::chrono::milliseconds(2));
    if (i % 3 != 2) continue;
    desk.stop();
    desk.start();
  }
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines == Lines{"OK", "デ", "E"});
}

TEST_CASE("log follower: an encoding that changes within a file is followed line by line") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "障害\n\x8F\xE1\x8A\x51\n");
  append(desk.file(), std::string("\xFF\xFE"
                                  "E\0r\0r\0\r\0\n\0\n\0o\0k\0\r\0\n\0",
                                  22));
  append(desk.file(), "plain\n");
  REQUIRE(desk.run_until_lines(6));
  CHECK(desk.lines[0] == "障害");
  CHECK(desk.lines[1] == "障害");
  CHECK(desk.lines[2] == "Err");
  CHECK(desk.lines[4] == "ok");
}

TEST_CASE("log follower: UTF-16 with a byte order mark and binary rubbish are read as lines") {
  Desk desk("*.log");
  desk.start();
  REQUIRE(desk.run_until([&] { return !desk.saved.empty(); }));
  append(desk.file("wide.log"), std::string("\xFF\xFE"
                                            "O\0K\0\r\0\n\0\xC7\x30\n\0",
                                            14));
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"OK", "デ"});
  append(desk.file("binary.log"), std::string("\0\xFF\x01\n", 4));
  REQUIRE(desk.run_until_lines(3));
  CHECK(desk.lines.back() == "\\x00\\xFF\\x01");
}

TEST_CASE("log follower: hard links are one file and compressed files are not read") {
  Desk desk("*.log*");
  desk.start();
  REQUIRE(desk.run_until([&] { return !desk.saved.empty(); }));
  append(desk.file("app.log.1.gz"), std::string("\x1F\x8B\x08\0\0\n\n\n", 8));
  append(desk.file(), "one\n");
  fs::create_hard_link(desk.file(), desk.file("link.log"));
  REQUIRE(desk.run_until([&] { return desk.has_problem("compressed"); }));
  REQUIRE(desk.run_until_lines(1));
  append(desk.file(), "two\n");
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"one", "two"});
}

namespace {

void write_gzip(const fs::path& path, const std::string& text) {
  const gzFile out = gzopen(path.c_str(), "wb");
  REQUIRE(gzwrite(out, text.data(), static_cast<unsigned>(text.size())) == static_cast<int>(text.size()));
  REQUIRE(gzclose(out) == Z_OK);
}

void write_xz(const fs::path& path, const std::string& text) {
  std::vector<std::uint8_t> packed(lzma_stream_buffer_bound(text.size()));
  std::size_t size = 0;
  REQUIRE(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                  reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                  packed.data(), &size, packed.size()) == LZMA_OK);
  append(path, std::string_view(reinterpret_cast<const char*>(packed.data()), size));
}

}  // namespace

TEST_CASE("log unpacking: what is damaged or of no such kind is told") {
  Desk desk;
  const auto fails = [&](const std::string& name) {
    const auto done = unpack_file(desk.file(name), [](std::string_view) -> Result<void> { return {}; });
    return !done && done.error().text().find("cannot be unpacked") != std::string::npos;
  };
  append(desk.file("a.xz"), "no xz at all");
  CHECK(fails("a.xz"));
  write_xz(desk.file("b.xz"), std::string(1'000'000, 'x') + "end");
  std::string whole;
  REQUIRE(unpack_file(desk.file("b.xz"), [&](std::string_view piece) -> Result<void> {
    whole += piece;
    return {};
  }));
  CHECK(whole.size() == 1'000'003);
  CHECK(whole.ends_with("xend"));
  fs::resize_file(desk.file("b.xz"), fs::file_size(desk.file("b.xz")) - 20);
  CHECK(fails("b.xz"));
  CHECK(fails("missing.xz"));
  write_gzip(desk.file("c.gz"), std::string(1'000'000, 'x') + "end");
  CHECK_FALSE(fails("c.gz"));
  fs::resize_file(desk.file("c.gz"), fs::file_size(desk.file("c.gz")) - 20);
  CHECK(fails("c.gz"));
  CHECK(can_be_unpacked("a.log.2.xz"));
  CHECK_FALSE(can_be_unpacked("a.log.2.bz2"));
}

TEST_CASE("log follower: files compressed while it was stopped are unpacked and read from where it stopped") {
  Desk desk("app.log");
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "the first line\nthe second line\n");
  REQUIRE(desk.run_until_lines(2));
  desk.stop();
  append(desk.file(), "the third line\n");
  const auto pack = [&](const std::string& from, const std::string& to, int age) {
    std::ifstream in(desk.file(from), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    to.ends_with(".xz") ? write_xz(desk.file(to), text) : write_gzip(desk.file(to), text);
    fs::remove(desk.file(from));
    fs::last_write_time(desk.file(to), fs::file_time_type::clock::now() - std::chrono::hours(age));
  };
  pack("app.log", "app.log.3.gz", 3);
  append(desk.file("next"), "the fourth line\n");
  pack("next", "app.log.2.xz", 2);
  append(desk.file("app.log.1"), "the fifth line\n");
  append(desk.file(), "the sixth line\n");
  desk.start();
  REQUIRE(desk.run_until_lines(6));
  CHECK(desk.lines == Lines{"the first line", "the second line", "the third line", "the fourth line",
                            "the fifth line", "the sixth line"});
  CHECK(desk.problems.empty());
}

TEST_CASE("log follower: of a packed file that ends too early what is there is read and the rest is told") {
  Desk desk;
  append(desk.file(), "");
  desk.start_known();
  append(desk.file(), "the first line of the day\n");
  REQUIRE(desk.run_until_lines(1));
  desk.stop();
  std::string text = "the first line of the day\n";
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i * 7919 % 20'011) + "\n";
  write_gzip(desk.file("app.log.1.gz"), text);
  fs::resize_file(desk.file("app.log.1.gz"), fs::file_size(desk.file("app.log.1.gz")) / 2);
  fs::remove(desk.file());
  append(desk.file(), "after\n");
  desk.start();
  REQUIRE(desk.run_until([&] { return !desk.lines.empty() && desk.lines.back() == "after"; }));
  CHECK(desk.lines.size() > 1'000);
  CHECK(desk.lines[1] == "line 0");
  CHECK(desk.lines[2] == "line 7919");
  CHECK(desk.has_problem("it ends too early; what could be unpacked was read"));
}

TEST_CASE("log follower: what the sieve keeps back is handed over where it stands near a line that tells") {
  Desk desk("app.log");
  append(desk.file(), "");
  desk.options.sieve = [](std::string_view line) { return line.find("telling") != std::string_view::npos; };
  desk.options.context_lines = 2;
  desk.start_known();
  append(desk.file(), "1\n2\n3\ntelling 4\n5\n6\n7\n8\n9\ntelling 10\n");
  REQUIRE(desk.run_until_lines(8));
  append(desk.file(), "11\n12\n13\n14\n");
  REQUIRE(desk.run_until_lines(10));
  append(desk.file(), "telling 15\n");
  REQUIRE(desk.run_until_lines(13));
  CHECK(desk.lines ==
        Lines{"2", "3", "telling 4", "5", "6", "8", "9", "telling 10", "11", "12", "13", "14", "telling 15"});
}

TEST_CASE("log follower: lines that the sieve keeps back are passed over and not read again") {
  Desk desk("app.log");
  append(desk.file(), "");
  desk.options.sieve = [](std::string_view line) { return line.find("telling") != std::string_view::npos; };
  desk.start_known();
  append(desk.file(), "nothing\nnothing\ntelling 1\nnothing\n");
  REQUIRE(desk.run_until_lines(1));
  append(desk.file(), "nothing at all\n");
  const auto whole = fs::file_size(desk.file());
  REQUIRE(desk.run_until([&] {
    return std::any_of(desk.saved.begin(), desk.saved.end(),
                       [&](const auto& entry) { return entry.second.offset == whole; });
  }));
  desk.stop();
  append(desk.file(), "telling 2\n");
  desk.start();
  REQUIRE(desk.run_until_lines(2));
  CHECK(desk.lines == Lines{"telling 1", "telling 2"});
}

TEST_CASE("log follower: a hundred rotations under a writer lose and double nothing") {
  Desk desk("*.log");
  append(desk.file(), "");
  desk.start_known();
  std::size_t written = 0;
  auto out = std::make_unique<std::ofstream>(desk.file(), std::ios::app);
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 20; ++i) *out << "line " << written++ << '\n';
    out->flush();
    if (round % 3 == 0) desk.io->poll();
    if (round % 10 == 9) {
      desk.stop();
      desk.start();
    }
    fs::remove(desk.file("app.log.100"));
    for (int n = 99; n > 0; --n)
      if (fs::exists(desk.file("app.log." + std::to_string(n))))
        fs::rename(desk.file("app.log." + std::to_string(n)), desk.file("app.log." + std::to_string(n + 1)));
    fs::rename(desk.file(), desk.file("app.log.1"));
    *out << "line " << written++ << '\n' << std::flush;
    out = std::make_unique<std::ofstream>(desk.file(), std::ios::app);
  }
  REQUIRE(desk.run_until_lines(written));
  CHECK(desk.lines.size() == written);
  CHECK(desk.problems.empty());
  for (std::size_t i = 0; i < desk.lines.size(); ++i) REQUIRE(desk.lines[i] == "line " + std::to_string(i));
}
