// The HTTP server against clients good and hostile, and who is let in.

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "agent/digest.hpp"
#include "agent/password_hash.hpp"
#include "agent/people_login.hpp"
#include "agent/web_routes.hpp"
#include "agent/web_server.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/sample_times.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::size_t body_limit_bytes = 100;

struct Web {
  explicit Web(WebLimits limits = {}) {
    auto opened =
        WebServer::open(io, HttpServer{"127.0.0.1", 0, "", "", ""},
                        {[this](const WebRequest& request, const WebServer::Answer& answer) {
                           last = request;
                           if (!silent)
                             answer({200, request.method + " " + request.path + " " + request.body});
                         },
                         [](const WebRequest&) { return body_limit_bytes; }},
                        limits);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().text());
    server = std::move(*opened);
  }
  boost::asio::io_context io;
  WebRequest last;
  bool silent = false;
  std::unique_ptr<WebServer> server;
};

/// A client that says exactly what it is told to.
struct Client {
  explicit Client(Web& to) : web(to), socket(to.io) {
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), to.server->port()});
    socket.non_blocking(true);
  }
  void send(const std::string& bytes) {
    error_code ignored;
    boost::asio::write(socket, boost::asio::buffer(bytes), ignored);
  }
  void take() {
    std::array<char, 4096> buffer{};
    for (;;) {
      error_code error;
      const std::size_t bytes = socket.read_some(boost::asio::buffer(buffer), error);
      got.append(buffer.data(), bytes);
      if (error == boost::asio::error::would_block) return;
      if (error) {
        closed = true;
        return;
      }
    }
  }
  bool gets(const std::string& part) {
    return run_until(web.io, [&] {
      take();
      return got.find(part) != std::string::npos;
    });
  }
  bool is_cut_off() {
    return run_until(web.io, [&] {
      take();
      return closed;
    });
  }
  Web& web;
  tcp::socket socket;
  std::string got;
  bool closed = false;
};

WebLimits hurried() {
  WebLimits limits;
  limits.to_send_the_head = limits.to_send_the_body = limits.to_go = 50ms;
  return limits;
}

Site with_secrets(const std::string& password, const std::string& token) {
  Site site;
  site.people.resize(2);
  site.people[0].name = "sato";
  site.people[0].password_hash = Secret(password);
  site.people[1].name = "ito";
  site.people[1].token = Secret(token);
  return site;
}

struct Try {
  bool done = false;
  std::optional<PeopleLogin::Opened> opened;
  PeopleLogin::Refusal refusal = PeopleLogin::Refusal::wrong;
};

Try try_password(boost::asio::io_context& io, PeopleLogin& login, const Site& site, const std::string& person,
                 const std::string& password, const std::string& address, Time now = samples::noon()) {
  Try result;
  login.by_password(site, person, password, address, now,
                    [&](const std::optional<PeopleLogin::Opened>& opened, PeopleLogin::Refusal refusal) {
                      result = {true, opened, refusal};
                    });
  REQUIRE(run_until(io, [&] { return result.done; }));
  return result;
}

}  // namespace

TEST_CASE("a web request arrives whole however it is cut and the connection stays") {
  Web web;
  Client client(web);
  for (const char* piece :
       {"POST /a%20b?x=1+2&", "y=%E5%B8%82 HTTP/1.1\r\nHo", "st: x\r\nContent-Length: 4\r\n\r\nab", "cd"}) {
    client.send(piece);
    web.io.poll();
    web.io.restart();
  }
  REQUIRE(client.gets("POST /a b abcd"));
  CHECK(web.last.query.at("x") == "1 2");
  CHECK(web.last.query.at("y") == "市");
  CHECK(web.last.address == "127.0.0.1");
  client.got.clear();
  client.send(
      "GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(client.gets("GET /one"));
  CHECK(client.gets("GET /two"));
  CHECK(client.is_cut_off());
}

TEST_CASE("a body in chunks is taken and its limit holds") {
  Web web;
  Client client(web);
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(client.gets("POST / abcde"));
  Client greedy(web);
  greedy.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" +
              std::string(255, 'x') + "\r\n0\r\n\r\n");
  CHECK(greedy.gets("413"));
}

TEST_CASE("a client that waits for the word to go on gets it") {
  Web web;
  Client client(web);
  client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  REQUIRE(client.gets("100 Continue"));
  client.send("ok");
  CHECK(client.gets("POST / ok"));
}

TEST_CASE("what is no web request is answered and counted and cut off") {
  const std::pair<std::string, const char*> tries[] = {
      {"\x16\x03\x01\x02garbage\r\n\r\n", "400"},
      {"GET http://elsewhere/ HTTP/1.1\r\n\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\n\r\n", "400"},
      {"GET /%0a HTTP/1.1\r\n\r\n", "400"},
      {"GET /?a=%0 HTTP/1.1\r\n\r\n", "400"},
      {"GET /%c0%af HTTP/1.1\r\n\r\n", "400"},
      {"GET /?a=%ff HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x'), "431"},
      {"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
  };
  Web web;
  std::uint64_t garbled = 0;
  for (const auto& [bytes, status] : tries) {
    CAPTURE(bytes.substr(0, 60));
    Client client(web);
    client.send(bytes);
    CHECK(client.gets(std::string("HTTP/1.1 ") + status));
    client.socket.shutdown(tcp::socket::shutdown_send);
    CHECK(client.is_cut_off());
    CHECK(web.server->counters().garbled == ++garbled);
  }
  CHECK(web.server->counters().requests == 0);
}

TEST_CASE("a slow web client and a half-closed one are cut off and delay nobody") {
  Web web(hurried());
  Client slow(web);
  slow.send("GET / HTTP/1.1\r\n");
  Client half(web);
  half.send("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab");
  half.socket.shutdown(tcp::socket::shutdown_send);
  Client good(web);
  good.send("GET /good HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(good.gets("GET /good"));
  CHECK(slow.is_cut_off());
  CHECK(half.is_cut_off());
  CHECK(web.server->counters().slow >= 1);
}

TEST_CASE("one address gets only so many connections and they are free again when they end") {
  WebLimits limits;
  limits.connections_of_one_address = 2;
  Web web(limits);
  {
    Client one(web), two(web);
    one.send("GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
    two.send("GET /two HTTP/1.1\r\nHost: x\r\n\r\n");
    REQUIRE(one.gets("/one"));
    REQUIRE(two.gets("/two"));
    Client three(web);
    CHECK(three.is_cut_off());
    CHECK(web.server->counters().turned_away == 1);
  }
  CHECK(run_until(web.io, [&] {
    Client again(web);
    again.send("GET /again HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return again.gets("/again") || again.closed;
  }));
}

TEST_CASE("an answer that comes after its web client has gone hurts nobody") {
  Web web;
  WebServer::Answer late;
  boost::asio::io_context& io = web.io;
  auto opened = WebServer::open(io, HttpServer{"127.0.0.1", 0, "", "", ""},
                                {[&](const WebRequest&, const WebServer::Answer& answer) { late = answer; },
                                 [](const WebRequest&) { return std::size_t{0}; }});
  REQUIRE(opened.has_value());
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::make_address("127.0.0.1"), (*opened)->port()});
  boost::asio::write(socket, boost::asio::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
  REQUIRE(run_until(io, [&] { return static_cast<bool>(late); }));
  opened->reset();
  late({200, "too late"});
}

TEST_CASE("a certificate that cannot be used is told with its file") {
  boost::asio::io_context io;
  const auto opened =
      WebServer::open(io, HttpServer{"127.0.0.1", 0, "/nothing/cert.pem", "/nothing/key.pem", ""}, {});
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().where == "/nothing/cert.pem");
}

TEST_CASE("a password opens a session that ends by idling or by a changed password") {
  boost::asio::io_context io;
  PeopleLogin login(io);
  Site site = with_secrets(password_hash("correct horse battery"), "");
  CHECK_FALSE(try_password(io, login, site, "sato", "wrong", "192.0.2.1").opened);
  CHECK_FALSE(try_password(io, login, site, "ito", "", "192.0.2.1").opened);
  CHECK_FALSE(try_password(io, login, site, "nobody", "correct horse battery", "192.0.2.1").opened);
  const auto opened = try_password(io, login, site, "sato", "correct horse battery", "192.0.2.1").opened;
  REQUIRE(opened);
  REQUIRE(login.by_cookie(site, opened->cookie, samples::noon() + 1h) != nullptr);
  CHECK(login.by_cookie(site, opened->cookie, samples::noon() + 1h)->person == "sato");
  CHECK(login.by_cookie(site, opened->cookie + "x", samples::noon() + 1h) == nullptr);
  CHECK(login.by_cookie(site, opened->cookie, samples::noon() + 4h) == nullptr);
  const auto second = try_password(io, login, site, "sato", "correct horse battery", "192.0.2.1").opened;
  REQUIRE(second);
  site.people[0].password_hash = Secret(password_hash("another one now"));
  CHECK(login.by_cookie(site, second->cookie, samples::noon() + 1min) == nullptr);
}

TEST_CASE("a token is its person's as it is or by its digest") {
  boost::asio::io_context io;
  PeopleLogin login(io);
  const Digest digest = sha256("0123456789abcdef0123456789");
  const std::string by_digest =
      "sha256:" + hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
  for (const std::string& stored : {std::string("0123456789abcdef0123456789"), by_digest}) {
    const Site site = with_secrets("", stored);
    CHECK(login.by_token(site, "0123456789abcdef0123456789") == "ito");
    CHECK_FALSE(login.by_token(site, "0123456789abcdef012345678"));
    CHECK_FALSE(login.by_token(site, ""));
  }
  CHECK_FALSE(login.by_token(with_secrets("", by_digest), by_digest));
}

TEST_CASE("guessing passwords must wait by address and starts anew later") {
  boost::asio::io_context io;
  LoginLimits limits;
  limits.failures_of_one_address = 2;
  PeopleLogin login(io, limits);
  const Site site = with_secrets(password_hash("correct horse battery"), "");
  for (int i = 0; i < 2; ++i)
    CHECK_FALSE(try_password(io, login, site, "sato", "guess", "2001:db8:1:2::1").opened);
  const Try third = try_password(io, login, site, "sato", "correct horse battery", "2001:db8:1:2::ffff");
  CHECK_FALSE(third.opened);
  CHECK(third.refusal == PeopleLogin::Refusal::too_many);
  CHECK(try_password(io, login, site, "sato", "correct horse battery", "2001:db8:1:3::1").opened);
  CHECK(try_password(io, login, site, "sato", "correct horse battery", "2001:db8:1:2::1",
                     samples::noon() + 16min)
            .opened);
}

TEST_CASE("addresses of the API are found with their parts and their methods") {
  const RouteMatch step = match_route("POST", "/incidents/12/steps/5.1.2");
  REQUIRE(step.route != nullptr);
  CHECK(step.request.verb == ControlVerb::incident_step);
  CHECK(step.request.incident == 12);
  CHECK(step.request.value("step") == "5.1.2");
  CHECK(match_route("PUT", "/incidents").allowed == "GET, POST");
  for (const char* path : {"/incidents/0", "/incidents/x", "/incidents/-1", "/incidents/1/",
                           "/incidents/99999999999999", "", "/", "/incidents/1/steps/", "incidents"}) {
    CAPTURE(path);
    CHECK(match_route("GET", path).route == nullptr);
  }
}

TEST_CASE("a body of the API is read by its keys and every mistake is told") {
  RouteMatch match = match_route("POST", "/incidents/1/steps/5.1.2");
  REQUIRE(match.route != nullptr);
  const char* good =
      R"({"text":"a=b","answers":{"cause":"x","hardware":["lamps","shape"]},"by_telephone":true,"draft":false,)"
      R"("attachments":[{"name":"a\nb","base64":"eA=="}]})";
  REQUIRE(read_body(*match.route, good, match.request).has_value());
  CHECK(match.request.value("plain_text") == "a=b");
  CHECK(match.request.values.at("text") == std::vector<std::string>{"cause=x", "hardware=lamps,shape"});
  CHECK(match.request.value("by_telephone") == "true");
  CHECK_FALSE(match.request.values.contains("draft"));
  CHECK(match.request.value("attach") == "a_b\neA==");
  const auto wrong =
      read_body(*match.route, R"({"txet":1,"reason":2,"draft":"x","answers":{"A":"b"},"attachments":[{}]})",
                match.request);
  REQUIRE_FALSE(wrong.has_value());
  for (const char* part : {"txet", "reason", "draft", "answers", "attachments"})
    CHECK(wrong.error().text().find(part) != std::string::npos);
  CHECK_FALSE(read_body(*match.route, "[1]", match.request).has_value());
  CHECK_FALSE(read_body(*match.route, "{", match.request).has_value());
}

TEST_CASE("the parts of a form are decoded and what cannot be is left out") {
  const auto parts = form_parts("key=1&text=a+b%20c&=x&bad=%zz&line=a%0Ab&empty=&key=2&alone");
  const std::map<std::string, std::string> expected{
      {"key", "2"}, {"text", "a b c"}, {"empty", ""}, {"alone", ""}};
  CHECK(parts == expected);
  CHECK(form_parts("").empty());
}
