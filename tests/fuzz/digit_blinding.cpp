// A pattern and a line (the second line): what a pattern matches, its digit-blinded form matches whatever
// digits stand there.

#include <cstdint>
#include <string>

#include "rules/log_patterns.hpp"
#include "rules/log_shape.hpp"
#include "rules/log_text.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string pattern(text.substr(0, text.find('\n')));
  std::string room;
  std::string line(matchable(text.substr(std::min(text.size(), pattern.size() + 1)), room));
  const LinePattern as_written(pattern);
  const auto blinded = digit_blinded(pattern);
  if (!as_written.error().empty() || !blinded) return 0;
  const LinePattern any_digits(*blinded);
  if (!any_digits.error().empty()) return 0;
  const bool blind = any_digits.found_in(line);
  must(blind || !as_written.found_in(line), "the blinded pattern matches whatever the pattern does");
  for (const char digit : {'0', '7'}) {
    for (char& c : line)
      if (c >= '0' && c <= '9') c = digit;
    must(any_digits.found_in(line) == blind, "the blinded pattern treats all digits alike");
  }
  return 0;
}
