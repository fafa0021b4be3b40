#include "agent/lamp.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "agent/lamp_keeper.hpp"
#include "agent/settle_timer.hpp"
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

std::string http(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

/// A tower's own page: shows what it is told unless `stuck`, and tells it unless `dumb`.
struct HttpTower {
  explicit HttpTower(boost::asio::io_context& io)
      : server(io, [this](FakeClient& client) { take(client); }) {}

  void take(FakeClient& client) {
    if (client.closed || client.heard.find("\r\n\r\n") == std::string::npos) return;
    const std::string asked = client.heard.substr(4, client.heard.find(" HTTP") - 4);
    if (asked.starts_with("/api/control?alert=")) {
      told.push_back(asked.substr(asked.rfind('=') + 1));
      told_last = true;
      if (!stuck)
        for (const std::size_t place : {0U, 1U, 5U}) lights[place] = told.back()[place];
      client.say(http(control_answer, status));
    } else if (asked == "/api/status?format=json" && !dumb) {
      ++questions;
      asked_after_command = told_last;
      client.say(http(R"({"Status1":)" + lights.substr(0, 1) + R"(,"Status2":)" + lights.substr(1, 1) +
                      R"(,"Status3":0,"Color1":"#ff0000","Buzzer Pattern":)" + lights.substr(5, 1) + "}"));
    } else {
      client.say(http("Error."));
    }
    client.hang_up();
    if (!asked_after_command) return;
    told_last = asked_after_command = false;
    if (switched_off) lights = "000000";
    switched_off = false;
  }

  [[nodiscard]] Channel channel() const { return tower("http://127.0.0.1:" + std::to_string(server.port())); }

  std::string lights = "000000";
  std::string control_answer = "Success.";
  std::string status = "200 OK";
  bool stuck = false;
  bool dumb = false;
  bool switched_off = false;  ///< by somebody's hand, when it has said what it shows after a command
  bool told_last = false;
  bool asked_after_command = false;
  std::vector<std::string> told;
  int questions = 0;
  FakeServer server;
};

/// A keeper of one tower, whose incidents and troubles the test sees.
struct Kept {
  explicit Kept(boost::asio::io_context& io, const Channel& channel, LampTimes given = quick())
      : worker(io),
        times(given),
        keeper(
            io, worker, {channel}, Language::en, [this] { return incidents; },
            [] { return samples::moment(); },
            [this](const std::string&, const std::string& what) { troubles.push_back(what); }, times) {}

  static LampTimes quick() {
    LampTimes times;
    times.settle = Milliseconds(1);
    times.retry = Milliseconds(1);
    times.test = Milliseconds(1);
    return times;
  }
  [[nodiscard]] ChannelState state() const {
    std::vector<ChannelState> states;
    keeper.add_states(states);
    REQUIRE(states.size() == 1);
    return states[0];
  }

  CurlWorker worker;
  std::vector<IncidentPicture> incidents;
  std::vector<std::string> troubles;
  LampTimes times;
  LampKeeper keeper;
};

}  // namespace

TEST_CASE("changes before a look are one look and none comes after the end") {
  boost::asio::io_context io;
  int looks = 0;
  std::optional<SettleTimer> timer(std::in_place, io, Milliseconds(1), [&] { ++looks; });
  timer->changed();
  timer->changed();
  io.run();
  CHECK(looks == 1);
  timer->changed();
  io.restart();
  io.run();
  CHECK(looks == 2);
  timer->changed();
  timer.reset();
  io.restart();
  io.run();
  CHECK(looks == 2);
}

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
  CHECK(lamp_state_address("http://192.0.2.40/") == "http://192.0.2.40/api/status?format=json");
}

TEST_CASE("what a tower says of itself is read in the words of its models") {
  const LampPattern expected{Light::on, Light::flash, Light::on};
  CHECK(lamp_state(R"({"Status1": 1, "Status2": 3, "Status3": 0, "Buzzer Pattern": 4})") == expected);
  CHECK(lamp_state(R"({"status_1": "1", "status_2": "2", "buzzer_pattern": "1"})") == expected);
  for (const char* text :
       {"Error.", "[1,2]", R"({"Status1": 1})", R"({"Status1":"x","Status2":1,"Buzzer Pattern":0})"}) {
    CAPTURE(text);
    CHECK_FALSE(lamp_state(text).has_value());
  }
  CHECK(pns_state(std::string("\x01\x02\0\0\0\x04", 6)) == expected);
  CHECK(pns_state(std::string("\x01\0\0\0\0\0\0\0\0\x01\x02\0\0\0\x0B", 15)) == expected);
  CHECK_FALSE(pns_state(std::string("\x01\0\0\0\0\0\0\0\x01\x01\x02\0\0\0\x0B", 15)).has_value());
  CHECK_FALSE(pns_state("\x15").has_value());
  CHECK(shows_as_told({Light::flash, Light::off, Light::louder}, {Light::flash, Light::off, Light::on}));
  CHECK_FALSE(shows_as_told({Light::flash, Light::off, Light::off}, {Light::on, Light::off, Light::off}));
  CHECK_FALSE(shows_as_told({Light::off, Light::off, Light::on}, {}));
}

TEST_CASE("a tower is told by its page and again after it was away") {
  boost::asio::io_context io;
  HttpTower page(io);
  Kept kept(io, page.channel());
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return page.questions == 1; }));
  CHECK(page.told == std::vector<std::string>{"009990"});
  page.status = "500 no";
  kept.incidents = {incident(Severity::stopped)};
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return page.told.size() >= 3; }));
  CHECK(page.told[1] == "209991");
  CHECK(kept.state().trouble == "HTTP 500");
  page.status = "200 OK";
  REQUIRE(run_until(io, [&] { return kept.troubles.size() == 2; }));
  CHECK(kept.troubles == std::vector<std::string>{"HTTP 500", ""});
  CHECK(kept.state().trouble.empty());
  CHECK(kept.state().shows == "red flashing, amber off, buzzer sounding");
}

TEST_CASE("a tower that does not understand is no tower that took the command") {
  boost::asio::io_context io;
  HttpTower page(io);
  page.control_answer = "Error.";
  Kept kept(io, page.channel());
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return !kept.troubles.empty(); }));
  CHECK(kept.troubles[0] == "the tower refused the command");
}

TEST_CASE("a light that stays dark is told until it lights") {
  boost::asio::io_context io;
  HttpTower page(io);
  page.stuck = true;
  Kept kept(io, page.channel());
  kept.incidents = {incident(Severity::stopped)};
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return page.told.size() >= 3; }));
  const std::string trouble =
      R"(it shows "red off, amber off, buzzer silent" and was told "red flashing, amber off, buzzer sounding")";
  CHECK(kept.troubles == std::vector<std::string>{trouble});
  CHECK(kept.state().trouble == trouble);
  CHECK(kept.state().since == samples::moment());
  page.stuck = false;
  REQUIRE(run_until(io, [&] { return kept.troubles.size() == 2; }));
  CHECK(kept.state().trouble.empty());
}

TEST_CASE("a tower that somebody switched by hand is told and put right") {
  boost::asio::io_context io;
  HttpTower page(io);
  LampTimes times = Kept::quick();
  times.refresh = Milliseconds(1);
  Kept kept(io, page.channel(), times);
  kept.incidents = {incident(Severity::stopped)};
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return page.told.size() >= 3; }));
  CHECK(kept.troubles.empty());
  page.switched_off = true;
  REQUIRE(run_until(io, [&] { return kept.troubles.size() == 2; }));
  CHECK(kept.troubles[0].starts_with("changed by somebody else, and put right: it shows \"red off"));
  CHECK(kept.state().shows.find("changed by somebody else") != std::string::npos);
  REQUIRE(run_until(io, [&] { return page.lights[0] == '2'; }));
  kept.incidents.clear();
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return kept.state().shows == "red off, amber off, buzzer silent"; }));
}

TEST_CASE("a lamp test lights everything and then shows again how things stand") {
  boost::asio::io_context io;
  HttpTower page(io);
  Kept kept(io, page.channel());
  CHECK(kept.keeper.has("lamp"));
  CHECK_FALSE(kept.keeper.has("mail"));
  std::optional<LampTest> result;
  kept.keeper.test("lamp", [&](const LampTest& test) { result = test; });
  REQUIRE(run_until(io, [&] { return result.has_value(); }));
  CHECK(result->good);
  CHECK(result->text == "red on, amber on, buzzer sounding");
  REQUIRE(run_until(io, [&] { return page.told.size() == 2 && page.questions == 2; }));
  CHECK(page.told == std::vector<std::string>{"119991", "009990"});
  page.stuck = true;
  result.reset();
  REQUIRE(run_until(io, [&] {
    if (!result || result->text.find("busy") != std::string::npos)
      kept.keeper.test("lamp", [&](const LampTest& test) { result = test; });
    return result.has_value() && result->text.find("busy") == std::string::npos;
  }));
  CHECK_FALSE(result->good);
  CHECK(result->text.starts_with("it shows \"red off"));
}

TEST_CASE("a tower that does not tell its state is not held to have a trouble") {
  boost::asio::io_context io;
  HttpTower page(io);
  page.dumb = true;
  Kept kept(io, page.channel());
  std::optional<LampTest> result;
  kept.keeper.test("lamp", [&](const LampTest& test) { result = test; });
  REQUIRE(run_until(io, [&] { return result.has_value(); }));
  CHECK(result->good);
  CHECK(result->text.find("look at it") != std::string::npos);
  CHECK(kept.state().trouble.empty());
  CHECK(kept.state().shows.empty());
}

TEST_CASE("a tower with a socket is told in the words of its category and must say that it took them") {
  std::vector<std::string> heard;
  std::string category = "none";
  boost::asio::io_context io;
  FakeServer server(io, [&](FakeClient& client) {
    if (client.closed || client.heard.size() < 6) return;
    const bool command = client.heard[2] == 'S';
    if (command && client.heard.size() < pns_command_bytes) return;
    heard.push_back(client.heard);
    if (!client.heard.starts_with(category))
      client.say("\x15");
    else
      client.say(command ? std::string("\x06") : std::string("\x02\0\0\0\0\x01", 6));
    client.hang_up();
  });
  Kept kept(io, tower("pns://127.0.0.1:" + std::to_string(server.port())));
  kept.incidents = {incident(Severity::stopped)};
  kept.keeper.changed();
  REQUIRE(run_until(io, [&] { return !kept.troubles.empty(); }));
  CHECK(kept.troubles[0] == "the tower refused the command");
  CHECK(heard[0] == std::string("XXS\0\0\x06\x02\0\x09\x09\x09\x01", pns_command_bytes));
  CHECK(heard[1] == std::string("ABS\0\0\x06\x02\0\x09\x09\x09\x01", pns_command_bytes));
  category = "AB";
  REQUIRE(run_until(io, [&] { return kept.troubles.size() == 2; }));
  CHECK(kept.troubles[1] == "");
  CHECK(heard.back() == std::string("ABG\0\0\0", 6));
  CHECK(kept.state().shows == "red flashing, amber off, buzzer sounding");
}
