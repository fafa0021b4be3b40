#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "agent/alert_keeper.hpp"
#include "tests/agent/fake_server.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

namespace json = boost::json;

Channel alertmanager(const std::string& url = "http://alerts.example:9093/") {
  Channel channel;
  channel.name = "alerts";
  channel.type = Channel::Type::alertmanager;
  channel.url = url;
  channel.on = {"stopped", "at_risk"};
  return channel;
}

Site site_with(const Channel& channel) {
  Site site;
  site.name = "Test Hall";
  site.language = Language::en;
  site.channels = {channel};
  return site;
}

IncidentPicture incident(int number = 3) {
  IncidentPicture picture;
  picture.number = number;
  picture.opened = samples::moment(0);
  picture.now.severity = Severity::stopped;
  picture.now.diagnosis = samples::diagnosis();
  return picture;
}

/// An Alertmanager that keeps what is posted to it, and answers with `status`.
struct Receiver {
  explicit Receiver(boost::asio::io_context& io) : server(io, [this](FakeClient& client) { take(client); }) {}

  void take(FakeClient& client) {
    const auto head = client.heard.find("\r\n\r\n");
    if (head == std::string::npos || client.closed) return;
    boost::system::error_code error;
    const json::value body = json::parse(client.heard.substr(head + 4), error);
    if (error) return;
    request_line = client.heard.substr(0, client.heard.find("\r\n"));
    posts.push_back(body.as_array());
    client.say("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.hang_up();
  }

  std::string status = "200 OK";
  std::string request_line;
  std::vector<json::array> posts;
  FakeServer server;
};

AlertTimes quick_alerts() {
  AlertTimes times;
  times.settle = Milliseconds(1);
  times.retry = Milliseconds(1);
  return times;
}

}  // namespace

TEST_CASE("an open incident is an alert that ends by itself unless it is said again") {
  const Channel channel = alertmanager();
  const Time now = samples::moment(60'000);
  const auto alerts = alerts_of({incident()}, channel, site_with(channel), now);
  REQUIRE(alerts.size() == 1);
  const AlertLabels expected{{"alertname", "NethealthIncident"},
                             {"site", "Test Hall"},
                             {"incident", "3"},
                             {"procedure", "failure"},
                             {"severity", "stopped"},
                             {"category", "network"},
                             {"cause", "loop"},
                             {"device", "sw-2f"},
                             {"room", "2f"}};
  CHECK(alerts[0].labels == expected);
  CHECK(alerts[0].starts == samples::moment(0));
  CHECK(alerts[0].ends == now + channel.interval * 4);
  CHECK(alerts[0].url.empty());
  const json::value text = json::parse(alerts_text(alerts));
  const json::object& one = text.as_array().at(0).as_object();
  CHECK(one.at("startsAt").as_string() == "2026-11-24T00:00:00.000+00:00");
  CHECK(one.at("labels").as_object().at("incident").as_string() == "3");
  CHECK_FALSE(one.at("annotations").as_object().at("summary").as_string().empty());
  CHECK_FALSE(one.contains("generatorURL"));
}

TEST_CASE("an incident that is over is an ended alert for a quarter of an hour") {
  const Channel channel = alertmanager();
  const Site site = site_with(channel);
  IncidentPicture over = incident();
  over.state = IncidentState::closed;
  over.restored = samples::moment(60'000);
  over.closed = samples::moment(90'000);
  const auto alerts = alerts_of({over}, channel, site, *over.restored + alert_resolved_for);
  REQUIRE(alerts.size() == 1);
  CHECK(alerts[0].ends == *over.restored);
  CHECK(alerts_of({over}, channel, site, *over.restored + alert_resolved_for + Milliseconds(1)).empty());
}

TEST_CASE("what is not paged or of another severity is no alert") {
  Channel channel = alertmanager();
  channel.on = {"at_risk"};
  CHECK(alerts_of({incident()}, channel, site_with(channel), samples::moment()).empty());
  channel.on = {"stopped"};
  IncidentPicture unpaged = incident();
  unpaged.now.paged = false;
  CHECK(alerts_of({unpaged}, channel, site_with(channel), samples::moment()).empty());
}

TEST_CASE("an alert with minimal detail names no device nor room nor person") {
  Channel channel = alertmanager();
  channel.detail = Detail::minimal;
  IncidentPicture taken = incident();
  taken.acknowledged_by = "sato";
  Site site = site_with(channel);
  site.http = HttpServer{"127.0.0.1", 8443, "", "", "https://nethealth.city.example/"};
  const auto alerts = alerts_of({taken}, channel, site, samples::moment());
  const std::string text = alerts_text(alerts);
  for (const char* name : {"sw-2f", "2f\"", "sato"}) {
    CAPTURE(name);
    CHECK(text.find(name) == std::string::npos);
  }
  CHECK(alerts[0].url == "https://nethealth.city.example/api/v1/incidents/3/report");
}

TEST_CASE("a trouble turns once and keeps its first moment while its text follows") {
  ChannelState state{"alerts", "alertmanager", {}};
  CHECK_FALSE(state.note("", samples::moment()));
  CHECK(state.note("HTTP 500", samples::moment(1)));
  CHECK_FALSE(state.note("HTTP 503", samples::moment(2)));
  CHECK(state.trouble == "HTTP 503");
  CHECK(state.since == samples::moment(1));
  CHECK(state.note("", samples::moment(3)));
  CHECK(state.trouble.empty());
  CHECK_FALSE(state.since.has_value());
}

TEST_CASE("a changed label ends the alert that it was and begins another") {
  boost::asio::io_context io;
  CurlWorker worker(io);
  Receiver receiver(io);
  const Site site =
      site_with(alertmanager("http://127.0.0.1:" + std::to_string(receiver.server.port()) + "/"));
  std::vector<IncidentPicture> incidents{incident()};
  AlertKeeper keeper(
      io, worker, site, [&] { return incidents; }, [] { return samples::moment(); },
      [](const std::string&, const std::string&) {}, quick_alerts());
  keeper.changed();
  REQUIRE(run_until(io, [&] { return receiver.posts.size() == 1; }));
  CHECK(receiver.request_line == "POST /api/v2/alerts HTTP/1.1");
  CHECK(receiver.posts[0].size() == 1);
  incidents[0].now.diagnosis.location.device = "sw-core";
  keeper.changed();
  REQUIRE(run_until(io, [&] { return receiver.posts.size() == 2; }));
  REQUIRE(receiver.posts[1].size() == 2);
  CHECK(receiver.posts[1][0].as_object().at("labels").as_object().at("device").as_string() == "sw-core");
  const json::object& before = receiver.posts[1][1].as_object();
  CHECK(before.at("labels").as_object().at("device").as_string() == "sw-2f");
  CHECK(before.at("endsAt").as_string() == "2026-11-24T00:00:00.123+00:00");
  keeper.changed();
  REQUIRE(run_until(io, [&] { return receiver.posts.size() == 3; }));
  CHECK(receiver.posts[2].size() == 1);
}

TEST_CASE("an Alertmanager that refuses is told again and shown until it takes them") {
  boost::asio::io_context io;
  CurlWorker worker(io);
  Receiver receiver(io);
  receiver.status = "500 no";
  const Site site = site_with(alertmanager("http://127.0.0.1:" + std::to_string(receiver.server.port())));
  std::vector<std::string> troubles;
  AlertKeeper keeper(
      io, worker, site, [] { return std::vector<IncidentPicture>{incident()}; },
      [] { return samples::moment(); },
      [&](const std::string&, const std::string& what) { troubles.push_back(what); }, quick_alerts());
  keeper.changed();
  REQUIRE(run_until(io, [&] { return receiver.posts.size() >= 3; }));
  CHECK(troubles == std::vector<std::string>{"HTTP 500"});
  std::vector<ChannelState> states;
  keeper.add_states(states);
  REQUIRE(states.size() == 1);
  CHECK(states[0].trouble == "HTTP 500");
  CHECK(states[0].since == samples::moment());
  receiver.status = "200 OK";
  REQUIRE(run_until(io, [&] { return troubles.size() == 2; }));
  CHECK(troubles[1].empty());
  states.clear();
  keeper.add_states(states);
  CHECK(states[0].trouble.empty());
  CHECK_FALSE(states[0].since.has_value());
}
