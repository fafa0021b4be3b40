// Evidence of misconduct: the lines it rests on and those near them, kept as they were.

#include <doctest/doctest.h>
#include <unistd.h>

#include "rules/nearby_lines.hpp"
#include "tests/rules/story.hpp"

using namespace nethealth;
using namespace nethealth::story;

namespace {

std::vector<EvidenceKept> kept(const Story& story) {
  std::vector<EvidenceKept> all;
  for (const Event& event : story.journal)
    if (const auto* line = std::get_if<EvidenceKept>(&event.what)) all.push_back(*line);
  return all;
}

std::vector<LogSeen> numbered(int from, int to) {
  std::vector<LogSeen> lines;
  for (int i = from; i < to; ++i)
    lines.push_back({"a.log", static_cast<std::uint64_t>(i), {}, "line " + std::to_string(i)});
  return lines;
}

std::vector<int> offsets(const std::vector<NearbyLines::Near>& near) {
  std::vector<int> all;
  for (const auto& line : near) all.push_back(static_cast<int>(line.line.offset));
  return all;
}

}  // namespace

TEST_CASE("the counted lines that led to a misconduct incident are kept with it") {
  Story story;
  for (int i = 0; i < 4; ++i) {
    story.log("cs-1", refused_login);
    story.run(20s);
  }
  CHECK(kept(story).empty());
  story.log("cs-1", refused_login);
  REQUIRE(story.incidents().size() == 1);
  const auto lines = kept(story);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].line == refused_login);
  CHECK(lines[0].device == "cs-1");
  CHECK(lines[0].source == "192.0.2.77");
  CHECK(lines[0].seen.has_value());
  CHECK_FALSE(lines[4].seen.has_value());
  CHECK(story.incidents()[0].lines_kept == 5);
  story.log("cs-1", refused_login);
  CHECK(kept(story).size() == 6);
}

TEST_CASE("lines of a failure are no evidence of misconduct") {
  Story story;
  story.log("cs-1", "kernel: ata1.00: failed command: READ FPDMA QUEUED");
  story.run(1min);
  CHECK(kept(story).empty());
}

TEST_CASE("lines before and after a kept one are near it and each is kept once") {
  NearbyLines nearby({3, 2, 10'000, 10});
  const Time now{};
  CHECK(nearby.pass(now, "cs-1", numbered(0, 10), {}).empty());
  const auto lines = numbered(10, 14);
  CHECK(offsets(nearby.pass(now, "cs-1", lines, {{1, 7}, {2, 7}})) == std::vector<int>{8, 9, 10, 13});
  CHECK(offsets(nearby.pass(now, "cs-1", numbered(14, 20), {})) == std::vector<int>{14});
  CHECK(nearby.pass(now, "cs-1", numbered(20, 21), {}).empty());
}

TEST_CASE("lines of another file or device are not near") {
  NearbyLines nearby({3, 2, 10'000, 10});
  const Time now{};
  auto other = numbered(0, 3);
  for (LogSeen& line : other) line.file = "b.log";
  CHECK(nearby.pass(now, "cs-1", other, {}).empty());
  CHECK(nearby.pass(now, "cs-2", numbered(0, 3), {}).empty());
  CHECK(nearby.pass(now, "cs-1", numbered(5, 6), {{0, 1}}).empty());
}

TEST_CASE("what is remembered of a file for evidence is bounded in bytes") {
  NearbyLines nearby({20, 20, 15, 10});
  const Time now{};
  CHECK(nearby.pass(now, "cs-1", numbered(0, 10), {}).empty());
  CHECK(offsets(nearby.pass(now, "cs-1", numbered(10, 11), {{0, 1}})) == std::vector<int>{8, 9});
}

TEST_CASE("only those above the counter and the security team take unmasked originals") {
  Story story;
  for (int i = 0; i < 5; ++i) story.log("cs-1", refused_login);
  REQUIRE(story.incidents().size() == 1);
  const Procedure& procedure = shipped_procedures().misconduct;
  CHECK_FALSE(export_refusal(*story.site, procedure, "tanaka", Language::en));
  CHECK_FALSE(export_refusal(*story.site, procedure, "ito", Language::en));
  const auto why = export_refusal(*story.site, procedure, "nobody", Language::ja);
  REQUIRE(why);
  CHECK(why->find("伏せ字") != std::string::npos);
}
