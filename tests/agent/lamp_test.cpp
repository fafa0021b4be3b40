#include "agent/lamp.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "agent/lamp_keeper.hpp"
#include "tests/agent/fake_server.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

Channel tower(const std::string& url) {
  Channel channel;
  channel.name = "lamp";
  channel.type = Channel::Type::patlite;
  channel.url = url;
  channel.on = {"stopped", "at_risk"};
  return channel;
}

IncidentPicture incident(Severity severity) {
  IncidentPicture picture;
  picture.number = 1;
  picture.now.severity = severity;
  picture.notifications.push_back({samples::notification(), samples::moment(), {}, {}, "", ""});
  picture.notifications[0].notification.round = 0;
  return picture;
}

std::string digits(const LampPattern& pattern) {
  const std::string address = lamp_address("http://lamp", pattern);
  return address.substr(address.rfind('=') + 1);
}

}  // namespace

TEST_CASE("a tower flashes and sounds until somebody answers and is dark when it is over") {
  const Channel channel = tower("http://lamp");
  CHECK(digits(lamp_pattern({}, channel)) == "009990");
  IncidentPicture stopped = incident(Severity::stopped);
  CHECK(digits(lamp_pattern({stopped}, channel)) == "209991");
  stopped.notifications[0].notification.round = 1;
  CHECK(digits(lamp_pattern({stopped}, channel)) == "209993");
  stopped.acknowledged_by = "sato";
  CHECK(digits(lamp_pattern({stopped}, channel)) == "109990");
  CHECK(digits(lamp_pattern({stopped, incident(Severity::at_risk)}, channel)) == "129990");
  stopped.state = IncidentState::restored;
  CHECK(digits(lamp_pattern({stopped}, channel)) == "009990");
}

TEST_CASE("a tower shows only the severities it was given and nothing that is not paged") {
  Channel channel = tower("http://lamp");
  channel.on = {"stopped"};
  CHECK(digits(lamp_pattern({incident(Severity::at_risk)}, channel)) == "009990");
  IncidentPicture unpaged = incident(Severity::stopped);
  unpaged.now.paged = false;
  CHECK(digits(lamp_pattern({unpaged}, channel)) == "009990");
}

TEST_CASE("an address with or without a slash at its end gives the same request") {
  CHECK(lamp_address("http://192.0.2.40/", {}) == "http://192.0.2.40/api/control?alert=009990");
  CHECK(lamp_address("http://192.0.2.40", {}) == "http://192.0.2.40/api/control?alert=009990");
}

TEST_CASE("a tower is told by its page and again after it was away") {
  boost::asio::io_context io;
  CurlWorker worker(io);
  std::vector<IncidentPicture> incidents;
  std::vector<std::string> asked;
  bool works = true;
  FakeServer server(io, [&](FakeClient& client) {
    const auto end = client.heard.find("\r\n\r\n");
    if (end == std::string::npos) return;
    asked.push_back(client.heard.substr(0, client.heard.find(" HTTP")));
    client.say(works ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                     : "HTTP/1.1 500 no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.hang_up();
  });
  std::vector<std::string> troubles;
  LampTimes times;
  times.settle = Milliseconds(1);
  times.retry = Milliseconds(1);
  LampKeeper keeper(
      io, worker, {tower("http://127.0.0.1:" + std::to_string(server.port()))}, [&] { return incidents; },
      [&](const std::string&, const std::string& what) { troubles.push_back(what); }, times);
  keeper.changed();
  REQUIRE(run_until(io, [&] { return asked.size() == 1; }));
  CHECK(asked[0] == "GET /api/control?alert=009990");
  works = false;
  incidents = {incident(Severity::stopped)};
  keeper.changed();
  REQUIRE(run_until(io, [&] { return asked.size() >= 3; }));
  CHECK(asked[1] == "GET /api/control?alert=209991");
  works = true;
  REQUIRE(run_until(io, [&] { return troubles.size() == 2; }));
  CHECK(troubles[0] != "");
  CHECK(troubles[1] == "");
}

TEST_CASE("a tower with a socket gets twelve bytes and must say that it took them") {
  boost::asio::io_context io;
  CurlWorker worker(io);
  std::vector<std::string> heard;
  std::string answer = "\x15";
  FakeServer server(io, [&](FakeClient& client) {
    if (client.heard.size() < pns_command_bytes || client.closed) return;
    heard.push_back(client.heard);
    client.say(answer);
    client.hang_up();
  });
  std::vector<std::string> troubles;
  LampTimes times;
  times.settle = Milliseconds(1);
  times.retry = Milliseconds(1);
  LampKeeper keeper(
      io, worker, {tower("pns://127.0.0.1:" + std::to_string(server.port()))},
      [] { return std::vector<IncidentPicture>{incident(Severity::stopped)}; },
      [&](const std::string&, const std::string& what) { troubles.push_back(what); }, times);
  keeper.changed();
  REQUIRE(run_until(io, [&] { return !troubles.empty(); }));
  CHECK(troubles[0] == "the tower refused the command");
  CHECK(heard[0] == std::string("XXS\0\0\x06\x02\0\x09\x09\x09\x01", pns_command_bytes));
  answer = "\x06";
  REQUIRE(run_until(io, [&] { return troubles.size() == 2; }));
  CHECK(troubles[1] == "");
}
