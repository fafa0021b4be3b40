#pragma once
// One attempt of a courier, from the letter to what came of it.

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <optional>

#include "agent/courier.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

namespace nethealth {

namespace samples {
inline Letter letter() {
  return {notification(), 3, moment()};
}
}  // namespace samples

/// No courier may answer from inside the call.
inline DeliveryResult deliver(boost::asio::io_context& io, Courier& courier,
                              const Letter& letter = samples::letter(), DeliveryFlags flags = {}) {
  std::optional<DeliveryResult> answer;
  courier.deliver(letter, flags, [&](const DeliveryResult& result) { answer = result; });
  CHECK_FALSE(answer.has_value());
  REQUIRE(run_until(io, [&] { return answer.has_value(); }));
  return *answer;
}

}  // namespace nethealth
