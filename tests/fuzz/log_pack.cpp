// A pack of log rules as a site may write one, matched against its own text where it is good.

#include <cstdint>
#include <string>

#include "rules/log_matcher.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::string text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  const Node document = parse_yaml(text, "fuzz.yaml", Language::ja, problems);
  if (!problems.empty()) return 0;
  const auto matcher = LogMatcher::compile({document}, Language::ja, problems);
  must(matcher.has_value() || !problems.empty(), "a pack is refused with a reason");
  if (matcher && !matcher->match(text, {}).empty())
    must(matcher->may_match(text), "the sieve passes what a rule matches");
  return 0;
}
