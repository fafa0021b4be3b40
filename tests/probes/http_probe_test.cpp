#include "probes/http_probe.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "own_network.hpp"
#include "run_until.hpp"
#include "scripted_server.hpp"

using namespace nethealth;

namespace {

std::optional<ServiceSeen> look(const HttpRequest& request) {
  boost::asio::io_context io{1};
  CurlWorker worker(io);
  std::optional<ServiceSeen> seen;
  http_look(worker, request, [&seen](ServiceSeen what) { seen = std::move(what); });
  run_until(io, [&seen] { return seen.has_value(); });
  return seen;
}

/// A real HTTPS server with a certificate that nobody knows, for as long as this lives.
class HttpsServer {
 public:
  HttpsServer() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nethealth-https-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return;
    folder_ = pattern;
    const std::string key = folder_ + "/key.pem";
    const std::string certificate = folder_ + "/certificate.pem";
    made_ = run_command("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout " +
                        key + " -out " + certificate + " 2>/dev/null");
    {
      const Listener free;
      port_ = free.port();
    }
    child_ = ::fork();
    if (child_ == 0) {
      ::alarm(child_seconds);
      const std::string accept = "127.0.0.1:" + std::to_string(port_);
      ::execlp("openssl", "openssl", "s_server", "-quiet", "-www", "-accept", accept.c_str(), "-key",
               key.c_str(), "-cert", certificate.c_str(), nullptr);
      ::_exit(1);
    }
  }
  ~HttpsServer() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t child_ = -1;
  bool made_ = false;
};

}  // namespace

TEST_CASE("an HTTP service is seen with its code and time whatever the code") {
  const ScriptedServer server([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.say("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
  });
  const auto seen = look({server.url("http") + "/health", "web"});
  REQUIRE(seen);
  CHECK(seen->probe == "http");
  CHECK(seen->service == "web");
  CHECK(seen->status == Outcome::ok);
  CHECK(seen->code == 500);
  CHECK(seen->duration_ms);
}

TEST_CASE("a certificate that nobody vouches for is an error unless the site says otherwise") {
  if (skipped_unless(run_command("openssl version >/dev/null 2>&1"), "needs openssl")) return;
  const HttpsServer server;
  REQUIRE(server.made());
  std::optional<ServiceSeen> trusting;
  // The server needs a moment before it listens.
  for (int i = 0; i < 1'000 && (!trusting || trusting->status == Outcome::refused); ++i) {
    trusting = look({server.url(), "web", Milliseconds(20'000), false});
  }
  REQUIRE(trusting);
  CHECK(trusting->status == Outcome::ok);
  CHECK(trusting->code == 200);
  const auto strict = look({server.url(), "web", Milliseconds(20'000)});
  REQUIRE(strict);
  CHECK(strict->status == Outcome::tls_error);
  CHECK_FALSE(strict->code);
}

TEST_CASE("a service that hangs up or talks nonsense counts as refused") {
  const ScriptedServer mute([](Talk& talk) { talk.hear("\r\n\r\n"); });
  CHECK(look({mute.url("http"), "web"})->status == Outcome::refused);
  const ScriptedServer odd([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.say("SSH-2.0-OpenSSH_9.2\r\n");
  });
  CHECK(look({odd.url("http"), "web"})->status == Outcome::refused);
}

TEST_CASE("a name that cannot be looked up says nothing of the service") {
  const auto seen = look({"http://no-such-name.invalid/", "web", Milliseconds(20'000)});
  REQUIRE(seen);
  CHECK(seen->status == Outcome::blind);
  CHECK_FALSE(seen->duration_ms);
}

TEST_CASE("a code that came before the time ran out does not make a late answer ok") {
  CurlReply reply;
  reply.outcome = Outcome::timeout;
  reply.code = 200;
  reply.duration = Milliseconds(5'000);
  const auto seen = http_seen(reply, "web");
  CHECK(seen.status == Outcome::timeout);
  CHECK_FALSE(seen.code);
  CHECK(seen.duration_ms == 5'000);
}
