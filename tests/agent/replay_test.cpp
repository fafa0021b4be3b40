#include "agent/replay.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/comparison.hpp"
#include "agent/configuration.hpp"
#include "agent/recorder.hpp"
#include "probes/observation_json.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/sample_times.hpp"
#include "tests/agent/temporary_folder.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

std::string icmp_line(const std::string& device, Milliseconds after, int received, const Zone& zone) {
  IcmpSeen seen;
  seen.sent = 3;
  seen.received = received;
  return observation_line({samples::nine() + after, device, seen}, zone) + "\n";
}

/// Ten minutes in which cs-1 is silent from the third to the fifth.
std::string outage(const Zone& zone) {
  std::string lines;
  for (Milliseconds at{0}; at < 10min; at += 10s) {
    const bool silent = at >= 3min && at < 5min;
    lines += icmp_line("sw-1", at, 3, zone);
    lines += icmp_line("term-1", at + 1s, 3, zone);
    lines += icmp_line("cs-1", at + 2s, silent ? 0 : 3, zone);
  }
  return lines;
}

struct Played {
  ReplayCount count;
  std::string out;
  std::string err;
};

struct Stage {
  TemporaryFolder folder;
  std::unique_ptr<Configuration> configuration = city::load(folder);

  Played play_file(const std::string& path, Language language = Language::en) {
    REQUIRE(configuration);
    auto reader = LineReader::open(path, observation_line_limit_bytes);
    REQUIRE(reader.has_value());
    EngineOptions options;
    options.can_probe = false;
    Engine engine(configuration->site, configuration->matcher, options);
    std::ostringstream out;
    std::ostringstream err;
    Played played;
    Replay replay({{configuration->site, engine, print_events(configuration->site, language, out)}}, language,
                  err);
    const std::string name = "in.jsonl";
    replay.play(*reader, name);
    played.count = replay.count();
    played.out = out.str();
    played.err = err.str();
    return played;
  }
  Played play(const std::string& lines) {
    std::ofstream(folder.file("in.jsonl"), std::ios::binary) << lines;
    return play_file(folder.file("in.jsonl"));
  }
  [[nodiscard]] const Zone& zone() const { return configuration->site.zone; }
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a recorded outage is one incident with one page that counts as delivered at once") {
  Stage stage;
  const Played played = stage.play(outage(stage.zone()));
  CHECK(played.count.bad == 0);
  CHECK(played.err.empty());
  CHECK(count_of(played.out, R"("type":"incident.opened")") == 1);
  CHECK(count_of(played.out, R"("kind":"page")") == 1);
  CHECK(count_of(played.out, R"("type":"incident.restored")") == 1);
  CHECK(count_of(played.out, R"("type":"notification.queued")") ==
        count_of(played.out, R"("type":"notification.sent")"));
  CHECK(played.out.find("probe.wanted") == std::string::npos);
}

TEST_CASE("escalations run in virtual time and end at the last line") {
  Stage stage;
  std::string lines;
  for (Milliseconds at{0}; at < 30min; at += 10s) {
    lines += icmp_line("sw-1", at, 3, stage.zone());
    lines += icmp_line("cs-1", at + 1s, at < 3min ? 3 : 0, stage.zone());
  }
  const Played played = stage.play(lines);
  CHECK(count_of(played.out, R"("kind":"page")") == 1);
  CHECK(count_of(played.out, R"("kind":"escalation")") >= 3);
  CHECK(played.out.find("2026-11-24T09:3") == std::string::npos);
}

TEST_CASE("the same observations give the same bytes plain and compressed") {
  Stage stage;
  const std::string lines = outage(stage.zone());
  const Played plain = stage.play(lines);
  const std::string packed = stage.folder.file("in.jsonl.gz");
  const gzFile file = gzopen(packed.c_str(), "wb");
  REQUIRE(gzwrite(file, lines.data(), static_cast<unsigned>(lines.size())) == static_cast<int>(lines.size()));
  gzclose(file);
  CHECK(stage.play_file(packed).out == plain.out);
  CHECK(stage.play(lines).out == plain.out);
  CHECK_FALSE(plain.out.empty());
}

TEST_CASE("a bad line is told with its place and skipped and changes nothing else") {
  Stage stage;
  const std::string good = outage(stage.zone());
  const std::size_t first_end = good.find('\n') + 1;
  const Played played = stage.play(good.substr(0, first_end) + "no json\n{\"time\":7}\n\n" +
                                   icmp_line("stranger", 0s, 3, stage.zone()) + good.substr(first_end));
  CHECK(played.count.bad == 4);
  CHECK(played.err.find("in.jsonl:2: ") == 0);
  CHECK(played.err.find("in.jsonl:5: ") != std::string::npos);
  CHECK(played.err.find("stranger") != std::string::npos);
  CHECK(played.out == stage.play(good).out);
}

TEST_CASE("a line older than the last is told and skipped and one of the same time is not") {
  Stage stage;
  const Played played =
      stage.play(icmp_line("sw-1", 10s, 3, stage.zone()) + icmp_line("cs-1", 9s, 3, stage.zone()) +
                 icmp_line("cs-1", 10s, 3, stage.zone()));
  CHECK(played.count.bad == 1);
  CHECK(played.err.find("in.jsonl:2: older") == 0);
}

TEST_CASE("line ends of another system and a last line without one are read") {
  Stage stage;
  std::string lines = icmp_line("sw-1", 10s, 3, stage.zone());
  lines.pop_back();
  const Played played = stage.play(lines + "\r\n" + lines);
  CHECK(played.count.lines == 2);
  CHECK(played.count.bad == 0);
}

TEST_CASE("a cut archive is told after what could be read of it") {
  Stage stage;
  const std::string packed = stage.folder.file("cut.gz");
  const gzFile file = gzopen(packed.c_str(), "wb");
  const std::string lines = outage(stage.zone());
  gzwrite(file, lines.data(), static_cast<unsigned>(lines.size()));
  gzclose(file);
  std::filesystem::resize_file(packed, std::filesystem::file_size(packed) - 20);
  const Played played = stage.play_file(packed);
  CHECK(played.count.broken);
  CHECK_FALSE(played.err.empty());
}

TEST_CASE("a line longer than the limit is cut and the next is whole") {
  TemporaryFolder folder;
  std::ofstream(folder.file("long")) << std::string(300'000, 'x') << "\nshort\n";
  auto reader = LineReader::open(folder.file("long"), 1'000);
  REQUIRE(reader.has_value());
  const auto line = reader->next();
  REQUIRE(line);
  CHECK(line->too_long);
  CHECK(line->text.size() == 1'000);
  const auto next = reader->next();
  REQUIRE(next);
  CHECK_FALSE(next->too_long);
  CHECK(next->text == "short");
  CHECK_FALSE(reader->next());
  CHECK(reader->failure().empty());
}

TEST_CASE("a file that is not there and a folder are failures and not empty input") {
  TemporaryFolder folder;
  CHECK_FALSE(LineReader::open(folder.file("nothing"), 100).has_value());
  auto reader = LineReader::open(folder.path(), 100);
  if (reader) {
    CHECK_FALSE(reader->next());
    CHECK_FALSE(reader->failure().empty());
  }
}

TEST_CASE("a folder of recordings is played whole and a cut one does not end it") {
  Stage stage;
  const std::string recorded = stage.folder.file("recorder");
  {
    Recorder recorder({recorded, 72h, 100}, stage.zone(), Language::en);
    std::istringstream lines(outage(stage.zone()));
    for (std::string line; std::getline(lines, line);) recorder.record(*parse_observation(line));
  }
  const std::vector<std::string> files = replayed_files(recorded);
  REQUIRE(files.size() == 1);
  CHECK(stage.play_file(files.front()).out == stage.play(outage(stage.zone())).out);
  {
    Recorder recorder({recorded, 72h, 100}, stage.zone(), Language::en);
    recorder.record({samples::nine() + 1h, "sw-1", IcmpSeen{}});
  }
  REQUIRE(replayed_files(recorded).size() == 2);
  std::filesystem::resize_file(files.front(), std::filesystem::file_size(files.front()) - 9);
  std::ostringstream err;
  Engine engine(stage.configuration->site, stage.configuration->matcher);
  Replay replay({{stage.configuration->site, engine, [](const Event&) {}}}, Language::en, err);
  for (const std::string& file : replayed_files(recorded)) {
    auto reader = LineReader::open(file, observation_line_limit_bytes);
    REQUIRE(reader.has_value());
    replay.play(*reader, file);
  }
  CHECK(replay.count().broken);
  CHECK(replay.count().lines == 181);
  CHECK(err.str().find(files.front()) == 0);
}

TEST_CASE("the same observations under two configurations show what differs between them") {
  Stage stage;
  TemporaryFolder other_folder;
  std::string text = city::text;
  const std::string plain = "{name: cs-1, kind: cs_server,";
  text.replace(text.find(plain), plain.size(), "{name: cs-1, kind: cs_server, page: false,");
  city::write(other_folder, text);
  const auto other =
      load_configuration(other_folder.file("nethealth.yaml"), {}, Language::en, Secrets::optional);
  REQUIRE(other.configuration);
  std::ofstream(stage.folder.file("in.jsonl")) << outage(stage.zone());
  const auto judged = [&](const Configuration& second_configuration) {
    auto reader = LineReader::open(stage.folder.file("in.jsonl"), observation_line_limit_bytes);
    REQUIRE(reader.has_value());
    Engine first(stage.configuration->site, stage.configuration->matcher);
    Engine second(second_configuration.site, second_configuration.matcher);
    const auto silent = [](const Event&) {};
    std::ostringstream err;
    const std::string name = "in.jsonl";
    Replay replay({{stage.configuration->site, first, silent}, {second_configuration.site, second, silent}},
                  Language::en, err);
    replay.play(*reader, name);
    CHECK(replay.count().bad == 0);
    const Picture one = first.picture(), two = second.picture();
    return comparison_report({one, stage.configuration->site, "old.yaml"},
                             {two, second_configuration.site, "new.yaml"}, {})
        .out;
  };
  CHECK(judged(*stage.configuration) == "the same: 1\n");
  const std::string differs = judged(*other.configuration);
  CAPTURE(differs);
  CHECK(differs.find("the same: 0\n") == 0);
  CHECK(differs.find("different (- old.yaml  + new.yaml):\n  - 1  2026-11-24T09:03:") != std::string::npos);
  CHECK(differs.find(", page none") != std::string::npos);
}
