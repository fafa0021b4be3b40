// A request to the API: the first line is method and path, the rest the body.

#include <cstdint>
#include <string>

#include "agent/web_routes.hpp"
#include "probes/log_decode.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view head = text.substr(0, text.find('\n'));
  const std::string_view body = text.substr(std::min(text.size(), head.size() + 1));
  const std::size_t space = std::min(head.find(' '), head.size());
  RouteMatch match = match_route(head.substr(0, space), head.substr(std::min(head.size(), space + 1)));
  if (match.route == nullptr || !is_valid_utf8(head)) return 0;
  const auto read = read_body(*match.route, body, match.request);
  must(read.has_value() || !read.error().text().empty(), "a body is refused with a reason");
  if (!read) return 0;
  const auto again = request_from_line(to_line(match.request));
  must(again.has_value(), "what the API asks can be asked on the command line");
  return 0;
}
