// What lines that differ in their digits only have in common.

#include "rules/log_shape.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "config/embedded.hpp"
#include "rules/log_matcher.hpp"
#include "rules/log_prepared.hpp"

using namespace nethealth;

TEST_CASE("a pattern that treats all digits alike stays as it is") {
  for (const char* pattern :
       {R"(\d{1,3}\.\d+ port [0-9]{2,}\b)", "(?i)down|[^0-9a]x", R"([\w.-]+\[\d+\]: \{x\})"}) {
    INFO(pattern);
    CHECK(digit_blinded(pattern) == pattern);
  }
}

TEST_CASE("a pattern that asks for certain digits is blinded to ask for any") {
  CHECK(digit_blinded("HTTP/1.1 50[0-4]{2}") == "HTTP/[0-9].[0-9] [0-9][0-9][0-9]{2}");
  CHECK(digit_blinded("(?:401|403)") == "(?:[0-9][0-9][0-9]|[0-9][0-9][0-9])");
  CHECK(digit_blinded("[x5]") == "[x0-9]");
  CHECK(digit_blinded("[]5]6") == "[]0-9][0-9]");
  CHECK_FALSE(digit_blinded("[^]5]").has_value());
}

TEST_CASE("a pattern that cannot be blinded surely is not") {
  for (const char* pattern : {"[^5]", "[+-5]", "[5-x]", R"(\x41)", R"(\pL)", "[[:digit:]]", "[0-9", "x\\"}) {
    INFO(pattern);
    CHECK_FALSE(digit_blinded(pattern).has_value());
  }
}

TEST_CASE("folding changes digits and capital letters and nothing else") {
  std::string folded = "x";
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  append_folded(all, folded);
  REQUIRE(folded.size() == 257);
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    CHECK(folded[static_cast<std::size_t>(byte) + 1] == (c >= '0' && c <= '9' ? '0' : lower));
  }
}

namespace {

std::string digits_changed(std::string line, std::mt19937& random) {
  for (char& c : line)
    if (c >= '0' && c <= '9') c = static_cast<char>('0' + random() % 10);
  return line;
}

ShapeVerdict verdict_of(int pattern) {
  return {{{pattern, {}}}, {}};
}

/// What the rules say of a line, found by asking each pattern.
class Oracle {
 public:
  explicit Oracle(const LogPackDraft& draft) {
    for (const LogRuleDraft& rule : draft.rules) {
      Asked& asked = asked_.emplace_back();
      asked.rule = &rule;
      for (const std::string& pattern : rule.patterns) asked.patterns.emplace_back(pattern);
      for (const std::string& exception : rule.unless) asked.unless.emplace_back(exception);
    }
  }

  struct Hit {
    std::string component, source;
    bool general = false;
  };
  /// By rule. What no group captured is empty.
  [[nodiscard]] std::map<std::string, Hit> hits(std::string_view line) const {
    std::map<std::string, Hit> hits;
    const auto found = [&](const LinePattern& pattern) { return pattern.found_in(line); };
    for (const Asked& asked : asked_) {
      if (std::ranges::any_of(asked.unless, found)) continue;
      for (const LinePattern& pattern : asked.patterns) {
        if (!found(pattern)) continue;
        Hit& hit = hits[asked.rule->rule.id];
        hit.general = asked.rule->general;
        const LineCapture captured = pattern.capture(line);
        if (captured.component.bytes > 0) hit.component = captured.component.of(line);
        if (captured.source.bytes > 0) hit.source = captured.source.of(line);
      }
    }
    return hits;
  }

 private:
  struct Asked {
    const LogRuleDraft* rule = nullptr;
    std::vector<LinePattern> patterns, unless;
  };
  std::vector<Asked> asked_;
};

void check_against(const Oracle& oracle, const LogMatcher& matcher, const std::string& line) {
  INFO(line);
  const auto expected = oracle.hits(line);
  const auto hits = matcher.match(line, {});
  CHECK(matcher.may_match(line) == !expected.empty());
  CHECK(hits.empty() == expected.empty());
  std::set<std::string> said;
  for (const LogHit& hit : hits) {
    const auto at = expected.find(hit.rule->id);
    INFO(hit.rule->id);
    REQUIRE(at != expected.end());
    said.insert(at->first);
    if (!at->second.component.empty()) CHECK(hit.component == at->second.component);
    if (!at->second.source.empty()) CHECK(hit.source == at->second.source);
  }
  for (const auto& [id, hit] : expected) {
    INFO(id);
    if (!hit.general) CHECK(said.contains(id));
  }
}

}  // namespace

TEST_CASE("a shape is known for lines that differ in digits and for no others") {
  ShapeMemory memory;
  CHECK(memory.find("port 22 up") == nullptr);
  REQUIRE(memory.remember(verdict_of(7)) != nullptr);
  REQUIRE(memory.find("port 80 up") != nullptr);
  CHECK(memory.find("port 80 up")->matches.at(0).pattern == 7);
  for (const char* other : {"port 80 uq", "port 443 up", "Port 80 up", "port 8/ up", "port 8: up", ""}) {
    INFO(other);
    CHECK(memory.find(other) == nullptr);
  }
  const std::string endless(ShapeMemory::longest_shape_bytes + 1, 'x');
  CHECK(memory.find(endless) == nullptr);
  CHECK(memory.remember(verdict_of(8)) == nullptr);
  CHECK(memory.find(endless) == nullptr);
}

TEST_CASE("a shape is told from others by each of its bytes with AVX2 and without") {
  for (const auto find : {&ShapeMemory::find, &ShapeMemory::find_plainly})
    for (const std::size_t length : {1U, 7U, 31U, 32U, 33U, 64U, 100U, 1024U}) {
      INFO(length);
      ShapeMemory memory;
      std::string line;
      for (std::size_t i = 0; i < length; ++i) line += static_cast<char>(i % 3 == 0 ? '5' : 0xC0 + i % 60);
      REQUIRE((memory.*find)(line) == nullptr);
      memory.remember(verdict_of(1));
      for (std::size_t i = 0; i < length; ++i) {
        std::string other = line;
        other[i] = line[i] == '5' ? '9' : static_cast<char>(line[i] ^ 0x20);
        CHECK(((memory.*find)(other) != nullptr) == (line[i] == '5'));
      }
    }
}

TEST_CASE("more shapes than are remembered take the place of older ones and are never taken for another") {
  ShapeMemory memory;
  const auto line = [](std::size_t i) {
    std::string name;
    for (; i > 0; i /= 20) name += static_cast<char>('a' + i % 20);
    return name;
  };
  const std::size_t shapes = 3 * ShapeMemory::most_shapes;
  for (std::size_t i = 0; i < shapes; ++i) {
    REQUIRE(memory.find(line(i)) == nullptr);
    memory.remember(verdict_of(static_cast<int>(i)));
  }
  std::size_t known = 0;
  for (std::size_t i = 0; i < shapes; ++i) {
    const ShapeVerdict* verdict = memory.find(line(i));
    if (verdict == nullptr) continue;
    ++known;
    CHECK(verdict->matches.at(0).pattern == static_cast<int>(i));
  }
  CHECK(known <= ShapeMemory::most_shapes);
  CHECK(known > ShapeMemory::most_shapes / 2);
}

TEST_CASE("a question about digits is asked only where one piece of each group has its digits") {
  const DigitQuestion question{0, {{{6, "80"}, {6, "port 22"}}, {{0, "http1"}}}};
  CHECK(question.fits("HTTP1 80 up"));
  CHECK_FALSE(question.fits("http2 80 up"));
  CHECK_FALSE(question.fits("http1 81 up"));
  CHECK(DigitQuestion{0, {}}.fits("7"));
}

TEST_CASE("log matcher: says of every line what its patterns say after other lines of its shape too") {
  const LogMatcher matcher = LogMatcher::shipped();
  Problems problems;
  LogPackDraft draft;
  for (const EmbeddedFile& file : log_packs())
    read_log_pack(parse_yaml(file.text, file.name, Language::en, problems), Language::en, draft, problems);
  const Oracle oracle(draft);
  std::mt19937 random(20261124);
  std::size_t examples = 0;
  for (const LogRuleDraft& rule : draft.rules)
    for (const auto* nodes : {&rule.counter_example_nodes, &rule.example_nodes})
      for (const Node& node : *nodes) {
        // First with other digits, so that the shape is known when the line itself comes.
        check_against(oracle, matcher, digits_changed(node.value, random));
        check_against(oracle, matcher, node.value);
        ++examples;
      }
  CHECK(examples > 700);
}
