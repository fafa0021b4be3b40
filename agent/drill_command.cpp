#include "agent/drill_command.hpp"

#include <boost/json.hpp>
#include <iostream>
#include <thread>

#include "agent/control_client.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds between_looks{500};

int no_daemon(const CommandLine& line, const NoAnswer& why) {
  std::cerr << no_answer_text(line.socket, why, line.language.value_or(environment_language()));
  return exit_no_daemon;
}

bool is_over(const std::string& text) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) return true;
  const boost::json::value* over = value.as_object().if_contains("over");
  return over == nullptr || !over->is_bool() || over->as_bool();
}

/// Until nothing more will come of it.
tl::expected<void, NoAnswer> wait_for_end(const CommandLine& line, ControlRequest request) {
  request.verb = ControlVerb::drill_show;
  request.json = true;
  for (;;) {
    const auto reply = ask_daemon(line.socket, request, answer_patience);
    if (!reply) return tl::unexpected(reply.error());
    if (is_over(reply->out)) return {};
    std::this_thread::sleep_for(between_looks);
  }
}

}  // namespace

int run_drill(const CommandLine& line, ControlRequest request) {
  request.verb = line.answer ? ControlVerb::drill_answer : ControlVerb::drill_start;
  if (request.values.contains("lamp")) {
    const auto shown = ask_daemon(line.socket, request, answer_patience);
    return shown ? print(*shown) : no_daemon(line, shown.error());
  }
  if (!line.last) {
    const bool told = request.json && !line.answer;
    request.json = line.answer && request.json;
    const auto begun = ask_daemon(line.socket, request, answer_patience);
    if (!begun) return no_daemon(line, begun.error());
    if (line.answer || begun->exit_code != 0) return print(*begun);
    request.json = told;
    if (const auto ended = wait_for_end(line, request); !ended) return no_daemon(line, ended.error());
  }
  request.verb = ControlVerb::drill_show;
  const auto result = ask_daemon(line.socket, request, answer_patience);
  return result ? print(*result) : no_daemon(line, result.error());
}

}  // namespace nethealth
