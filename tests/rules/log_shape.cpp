// What lines that differ in their digits only have in common.

#include "rules/log_shape.hpp"

#include <doctest/doctest.h>

#include <random>

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
  std::string folded = "x", small;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  append_folded(all, folded);
  append_small(all, small);
  REQUIRE(folded.size() == 257);
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    CHECK(small[static_cast<std::size_t>(byte)] == lower);
    CHECK(folded[static_cast<std::size_t>(byte) + 1] == (c >= '0' && c <= '9' ? '0' : lower));
  }
}

TEST_CASE("a shape is known for lines that differ in digits and for no others") {
  ShapeMemory memory;
  CHECK(memory.find("port 22 up") == nullptr);
  memory.remember({false, {7}});
  REQUIRE(memory.find("port 80 up") != nullptr);
  CHECK(memory.find("port 80 up")->patterns == std::vector<int>{7});
  CHECK(memory.find("port 80 uq") == nullptr);
  CHECK(memory.find("port 443 up") == nullptr);
  CHECK(memory.find("Port 80 up") == nullptr);
  const std::string endless(ShapeMemory::longest_shape_bytes + 1, 'x');
  CHECK(memory.find(endless) == nullptr);
  memory.remember({true, {}});
  CHECK(memory.find(endless) == nullptr);
}

TEST_CASE("log matcher: whatever a rule matches may match even after other lines of its shape") {
  const LogMatcher matcher = LogMatcher::shipped();
  Problems problems;
  LogPackDraft draft;
  for (const EmbeddedFile& file : log_packs())
    read_log_pack(parse_yaml(file.text, file.name, Language::en, problems), Language::en, draft, problems);
  std::mt19937 random(20261124);
  std::size_t telling = 0, quiet = 0;
  const auto check = [&](const std::string& line) {
    const bool tells = !matcher.match(line, {}).empty();
    INFO(line);
    if (tells) REQUIRE(matcher.may_match(line));
    ++(matcher.may_match(line) ? telling : quiet);
  };
  for (const LogRuleDraft& rule : draft.rules) {
    for (const auto* nodes : {&rule.counter_example_nodes, &rule.example_nodes})
      for (const Node& node : *nodes) {
        // First with other digits, so that the shape is known when the line itself comes.
        for (int round = 0; round < 4; ++round) {
          std::string other = node.value;
          for (char& c : other)
            if (c >= '0' && c <= '9') c = static_cast<char>('0' + random() % 10);
          check(other);
        }
        check(node.value);
      }
  }
  CHECK(telling > 3'000);
  CHECK(quiet > 500);
}
