#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "agent/control_client.hpp"
#include "agent/control_desk.hpp"
#include "agent/control_socket.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/temporary_folder.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

/// A socket whose answers say what was asked.
struct Server {
  explicit Server(const std::string& path, ControlLimits limits = {}) {
    auto opened = ControlSocket::open(
        io, path,
        [this](const ControlRequest& request, const Peer& peer, const ControlSocket::Answer& answer) {
          ++requests;
          last_peer = peer;
          if (silent) return;
          answer({request.incident % 7, "incident " + std::to_string(request.incident), ""});
        },
        limits);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().text());
    socket = std::move(*opened);
  }
  boost::asio::io_context io;
  std::unique_ptr<ControlSocket> socket;
  int requests = 0;
  bool silent = false;
  Peer last_peer;
};

/// A client that does what no good client does.
class RawClient {
 public:
  explicit RawClient(const std::string& path)
      : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(descriptor_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  void send(const std::string& bytes) {
    static_cast<void>(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  /// The other side has closed, after whatever it had to say (kept in `text`).
  bool ended() {
    char buffer[4096];
    for (;;) {
      const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (got == 0 || (got < 0 && errno != EAGAIN)) return true;
      if (got < 0) return false;
      text.append(buffer, static_cast<std::size_t>(got));
    }
  }
  std::string text;

 private:
  int descriptor_;
  bool connected_ = false;
};

tl::expected<ControlReply, NoAnswer> ask(Server& server, const std::string& path,
                                         const ControlRequest& request) {
  std::optional<tl::expected<ControlReply, NoAnswer>> reply;
  std::atomic<bool> done = false;
  std::thread client([&] {
    reply = ask_daemon(path, request, 20s);
    done = true;
  });
  CHECK(run_until(server.io, [&] { return done.load(); }));
  client.join();
  return *reply;
}

}  // namespace

TEST_CASE("a request and its reply cross the socket whole") {
  const TemporaryFolder folder;
  const std::string path = folder.file("deeper/control.sock");
  Server server(path);
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
  ControlRequest request;
  request.verb = ControlVerb::incident_show;
  request.incident = 5;
  const auto reply = ask(server, path, request);
  REQUIRE(reply.has_value());
  CHECK(reply->exit_code == 5);
  CHECK(reply->out == "incident 5");
  CHECK(server.last_peer.user == ::getuid());
}

TEST_CASE("the account of who acts comes from the kernel") {
  const TemporaryFolder folder;
  const std::string path = folder.file("control.sock");
  Server server(path);
  ControlRequest request;
  request.verb = ControlVerb::incident_ack;
  request.as = "somebody else";
  REQUIRE(ask(server, path, request).has_value());
  if (::getuid() == 0) CHECK(server.last_peer.account == "root");
  CHECK_FALSE(server.last_peer.account.empty());
}

TEST_CASE("requests and replies survive the way through their lines") {
  ControlRequest request;
  request.verb = ControlVerb::incident_close;
  request.language = Language::ja;
  request.json = true;
  request.incident = 12;
  request.device = "cs-1";
  request.as = "佐藤\n\"";
  request.reason = "直った";
  const std::string line = to_line(request);
  CHECK(line.find('\n') == line.size() - 1);
  const Result<ControlRequest> read = request_from_line(line);
  REQUIRE(read.has_value());
  CHECK(read->verb == request.verb);
  CHECK(read->language == request.language);
  CHECK(read->json);
  CHECK(read->incident == 12);
  CHECK(read->device == "cs-1");
  CHECK(read->as == request.as);
  CHECK(read->reason == request.reason);
  const Result<ControlReply> reply = reply_from_line(to_line(ControlReply{3, "out\nput", "err"}));
  REQUIRE(reply.has_value());
  CHECK(reply->exit_code == 3);
  CHECK(reply->out == "out\nput");
}

TEST_CASE("lines that are no request are refused with a reason") {
  for (const char* line :
       {"", "{", "[]", "7", R"({"verb":"format disk"})", R"({"verb":7})",
        R"({"verb":"status","incident":-1})", R"({"verb":"status","incident":99999999999})"})
    CHECK_FALSE(request_from_line(line).has_value());
  CHECK_FALSE(request_from_line(std::string(5'000, '[')).has_value());
}

TEST_CASE("hostile clients are cut off and others are served all the same") {
  const TemporaryFolder folder;
  const std::string path = folder.file("control.sock");
  ControlLimits limits;
  limits.large_requests = 0;
  limits.to_send_the_request = 100ms;
  Server server(path, limits);
  RawClient mute(path);
  RawClient slow(path);
  slow.send("{\"verb\":");
  RawClient garbage(path);
  garbage.send("\xff\xfe\x01\n");
  RawClient endless(path);
  endless.send(std::string(control_request_limit_bytes + 100, 'x'));
  RawClient gone(path);
  CHECK(ask(server, path, {}).has_value());
  CHECK(run_until(server.io,
                  [&] { return mute.ended() && slow.ended() && garbage.ended() && endless.ended(); }));
  CHECK(mute.text.empty());
  CHECK(garbage.text.find("bad request") != std::string::npos);
  CHECK(endless.text.find("longer than") != std::string::npos);
  CHECK(server.requests == 1);
}

TEST_CASE("more connections than allowed are closed and the socket recovers") {
  const TemporaryFolder folder;
  const std::string path = folder.file("control.sock");
  ControlLimits limits;
  limits.connections = 3;
  limits.to_send_the_request = 200ms;
  Server server(path, limits);
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(std::make_unique<RawClient>(path));
  CHECK(run_until(server.io, [&] {
    return std::all_of(crowd.begin(), crowd.end(), [](const auto& client) { return client->ended(); });
  }));
  CHECK(ask(server, path, {}).has_value());
}

TEST_CASE("a client that leaves before its answer harms nobody") {
  const TemporaryFolder folder;
  const std::string path = folder.file("control.sock");
  Server server(path);
  {
    RawClient hasty(path);
    hasty.send(to_line(ControlRequest{}));
  }
  CHECK(run_until(server.io, [&] { return server.requests == 1; }));
  CHECK(ask(server, path, {}).has_value());
}

TEST_CASE("a dead daemon's socket is taken over and a living one's is not") {
  const TemporaryFolder folder;
  const std::string path = folder.file("control.sock");
  Server living(path);
  boost::asio::io_context io;
  const auto second = ControlSocket::open(io, path, {});
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().what.find("another nethealth") != std::string::npos);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.file("dead.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(dead);
  CHECK(ControlSocket::open(io, folder.file("dead.sock"), {}).has_value());
}

TEST_CASE("a path that is no socket or too long is refused and left alone") {
  const TemporaryFolder folder;
  const std::string path = folder.file("precious");
  std::ofstream(path) << "data";
  boost::asio::io_context io;
  CHECK_FALSE(ControlSocket::open(io, path, {}).has_value());
  std::string content;
  std::getline(std::ifstream(path), content);
  CHECK(content == "data");
  CHECK_FALSE(ControlSocket::open(io, folder.file(std::string(200, 'x')), {}).has_value());
  CHECK_FALSE(ask_daemon(folder.file(std::string(200, 'x')), {}, 1s).has_value());
  CHECK_FALSE(ask_daemon(folder.file("nobody.sock"), {}, 1s).has_value());
}

TEST_CASE("people act in their own name and only root names another") {
  const TemporaryFolder folder;
  const auto configuration = city::load(folder);
  REQUIRE(configuration);
  const Site& site = configuration->site;
  const auto person = [&](const Peer& peer, const std::string& as) {
    const Result<std::string> name = acting_person(site, peer, as, Language::en);
    return name ? *name : "refused";
  };
  CHECK(person({1000, "sato"}, "") == "sato");
  CHECK(person({1000, "sato"}, "sato") == "sato");
  CHECK(person({1000, "sato"}, "ito") == "refused");
  CHECK(person({1000, "mallory"}, "") == "refused");
  CHECK(person({1000, "mallory"}, "sato") == "refused");
  CHECK(person({1000, ""}, "") == "refused");
  CHECK(person({0, "root"}, "") == "refused");
  CHECK(person({0, "root"}, "ito") == "ito");
  CHECK(person({0, "root"}, "nobody") == "refused");
}
