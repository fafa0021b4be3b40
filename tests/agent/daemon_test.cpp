// The built program as the service manager runs it: ready, alive, reloading, stopping.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <string>

#include "agent/control_client.hpp"
#include "tests/agent/city.hpp"
#include "tests/agent/temporary_folder.hpp"

using namespace nethealth;
using namespace std::chrono_literals;

namespace {

constexpr int guard_ms = 60'000;

/// Stands for systemd: the socket that sd_notify writes to.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~ServiceManager() { ::close(socket_); }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// Takes messages until one contains `text`; false when none comes.
  bool hears(const std::string& text) {
    for (;;) {
      pollfd wait{socket_, POLLIN, 0};
      if (::poll(&wait, 1, guard_ms) <= 0) return false;
      std::array<char, 4096> buffer{};
      const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (got > 0 &&
          std::string(buffer.data(), static_cast<std::size_t>(got)).find(text) != std::string::npos)
        return true;
    }
  }

 private:
  int socket_;
};

class RunningDaemon {
 public:
  explicit RunningDaemon(const TemporaryFolder& folder)
      : folder_(folder), manager_(folder.file("notify.sock")), config_(city::write(folder)) {
    start();
  }
  ~RunningDaemon() {
    if (process_ > 0) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
    }
  }
  RunningDaemon(const RunningDaemon&) = delete;
  RunningDaemon& operator=(const RunningDaemon&) = delete;

  void start() {
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ > 0) return;
    ::setenv("NOTIFY_SOCKET", folder_.file("notify.sock").c_str(), 1);
    ::setenv("WATCHDOG_USEC", "200000", 1);
    ::unsetenv("WATCHDOG_PID");
    const int log = ::open(folder_.file("log").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    ::dup2(log, STDERR_FILENO);
    ::execl(NETHEALTH_PROGRAM, NETHEALTH_PROGRAM, "run", "--config", config_.c_str(), "--socket",
            socket().c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  void signal(int number) const { ::kill(process_, number); }
  int exit_code() {
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool hears(const std::string& text) { return manager_.hears(text); }
  void configure(const std::string& text) const { std::ofstream(config_) << text; }
  [[nodiscard]] std::string socket() const { return folder_.file("control.sock"); }
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_.file("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] tl::expected<ControlReply, NoAnswer> ask(ControlVerb verb) const {
    ControlRequest request;
    request.verb = verb;
    return ask_daemon(socket(), request, 30s);
  }

 private:
  const TemporaryFolder& folder_;
  ServiceManager manager_;
  std::string config_;
  pid_t process_ = 0;
};

std::string with_another_device() {
  std::string text = city::text;
  const std::string hub = "  - {name: hub-1,";
  return text.insert(text.find(hub), "  - {name: newcomer, kind: hub, connected_to: sw-1:9}\n");
}

}  // namespace

TEST_CASE("the daemon tells its manager that it is ready and alive and stopping and ends cleanly") {
  const TemporaryFolder folder;
  RunningDaemon daemon(folder);
  REQUIRE_MESSAGE(daemon.hears("READY=1"), daemon.log());
  CHECK(daemon.hears("WATCHDOG=1"));
  const auto status = daemon.ask(ControlVerb::status);
  REQUIRE(status.has_value());
  CHECK(status->exit_code == 0);
  CHECK(status->out.find("term-1") != std::string::npos);
  const auto verified = daemon.ask(ControlVerb::verify);
  REQUIRE(verified.has_value());
  CHECK(verified->exit_code == 0);
  daemon.signal(SIGTERM);
  CHECK(daemon.hears("STOPPING=1"));
  CHECK(daemon.exit_code() == 0);
  CHECK(::access(daemon.socket().c_str(), F_OK) != 0);
  CHECK(daemon.log().find("nethealth ") != std::string::npos);
}

TEST_CASE("a reload takes a good configuration and keeps the old one when the new is bad") {
  const TemporaryFolder folder;
  RunningDaemon daemon(folder);
  REQUIRE_MESSAGE(daemon.hears("READY=1"), daemon.log());
  daemon.configure("site: {nam: x}\n");
  daemon.signal(SIGHUP);
  CHECK(daemon.hears("RELOADING=1"));
  CHECK(daemon.hears("READY=1"));
  CHECK(daemon.log().find("nethealth.yaml:1:8: ") != std::string::npos);
  auto status = daemon.ask(ControlVerb::status);
  REQUIRE(status.has_value());
  CHECK(status->out.find("term-1") != std::string::npos);
  daemon.configure(with_another_device());
  daemon.signal(SIGHUP);
  CHECK(daemon.hears("RELOADING=1"));
  CHECK(daemon.hears("READY=1"));
  status = daemon.ask(ControlVerb::status);
  REQUIRE(status.has_value());
  CHECK(status->out.find("newcomer") != std::string::npos);
  daemon.signal(SIGTERM);
  CHECK(daemon.exit_code() == 0);
}

TEST_CASE("after a kill the daemon starts again on the same socket and journal") {
  const TemporaryFolder folder;
  RunningDaemon daemon(folder);
  REQUIRE_MESSAGE(daemon.hears("READY=1"), daemon.log());
  daemon.signal(SIGKILL);
  static_cast<void>(daemon.exit_code());
  daemon.start();
  REQUIRE_MESSAGE(daemon.hears("READY=1"), daemon.log());
  CHECK(daemon.ask(ControlVerb::status).has_value());
  daemon.signal(SIGTERM);
  CHECK(daemon.exit_code() == 0);
}
