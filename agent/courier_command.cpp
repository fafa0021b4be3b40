#include "agent/courier_command.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace nethealth {
namespace {

using Kind = DeliveryResult::Kind;
/// A pipe would end us with SIGPIPE when the program reads no more; a socket says so by an error.
using Input = boost::asio::local::stream_protocol::socket;
using Error = boost::system::error_code;

constexpr int temporary_failure = 75;

/// The kernel's own limit of one string is 128 KiB; nothing here needs as much.
constexpr std::size_t variable_limit_bytes = 8 * 1024;

std::string variable(const char* name, std::string_view value) {
  std::string text = std::string(name) + "=";
  for (const char byte : value.substr(0, variable_limit_bytes))
    if (byte != '\0') text += byte;
  return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// The process, in a group of its own, reading from `input`. An errno otherwise.
tl::expected<pid_t, int> start(std::vector<std::string> command, std::vector<std::string> environment,
                               int input) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, output, "/dev/null", O_WRONLY, 0);
  sigset_t none;
  sigset_t standard;
  sigemptyset(&none);
  sigfillset(&standard);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &standard);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  const int error = posix_spawn(&child, command.front().c_str(), &files, &attributes,
                                pointers(command).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return tl::unexpected<int>(error);
  return child;
}

DeliveryResult judge(int status) {
  if (WIFSIGNALED(status)) return {Kind::unknown, "ended by signal " + std::to_string(WTERMSIG(status))};
  const int code = WEXITSTATUS(status);
  if (code == 0) return {Kind::accepted, {}};
  const std::string reason = "exit " + std::to_string(code);
  return {code == temporary_failure ? Kind::failed_temporarily : Kind::refused, reason};
}

/// One program at work.
struct Run {
  Run(boost::asio::io_context& io, std::string given)
      : input(io), ended(io), limit(io), text(std::move(given)) {}
  Input input;
  boost::asio::posix::stream_descriptor ended;  ///< a pidfd, readable when the program is over
  boost::asio::steady_timer limit;
  std::string text;
  pid_t process = 0;
  bool killed = false;
  Courier::Done done;
};

}  // namespace

class CommandCourier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, const Channel& channel, Milliseconds limit)
      : io_(io), channel_(channel), limit_(limit) {}

  void deliver(const Letter& letter, DeliveryFlags flags, Done done) {
    if (runs_.size() >= most_at_once)
      return later(std::move(done), {Kind::failed_temporarily, "too many programs run"});
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return later(std::move(done), {Kind::failed_temporarily, std::strerror(errno)});
    const auto process = start(channel_.command, environment(letter, flags), ends[0]);
    close(ends[0]);
    if (!process) {
      close(ends[1]);
      const bool ours = process.error() == EAGAIN || process.error() == ENOMEM;
      return later(std::move(done), {ours ? Kind::failed_temporarily : Kind::refused,
                                     channel_.command.front() + ": " + std::strerror(process.error())});
    }
    const auto run =
        std::make_shared<Run>(io_, letter.notification.subject + "\n\n" + letter.notification.body);
    run->process = *process;
    run->done = std::move(done);
    run->input.assign(boost::asio::local::stream_protocol(), ends[1]);
    runs_.insert(run);
    watch(run);
  }

  void stop() {
    for (const auto& run : runs_) {
      ::kill(-run->process, SIGKILL);
      ::waitpid(run->process, nullptr, 0);
    }
    runs_.clear();
  }

 private:
  using Shared = std::shared_ptr<Run>;

  [[nodiscard]] std::vector<std::string> environment(const Letter& letter, DeliveryFlags flags) const {
    const Notification& notification = letter.notification;
    return {"PATH=/usr/local/bin:/usr/bin:/bin",
            "LANG=C.UTF-8",
            variable("NETHEALTH_ADDRESS", notification.address),
            variable("NETHEALTH_SUBJECT", notification.subject),
            variable("NETHEALTH_ID", notification.id),
            variable("NETHEALTH_KIND", word(notification.kind)),
            variable("NETHEALTH_RESEND", flags.resend ? "1" : "0")};
  }

  void later(Done done, DeliveryResult result) {
    boost::asio::post(io_, [done = std::move(done), result = std::move(result)] { done(result); });
  }

  void watch(const Shared& run) {
    // A program that reads nothing must not hold us up.
    boost::asio::async_write(run->input, boost::asio::buffer(run->text), [run](const Error&, std::size_t) {
      Error ignored;
      run->input.close(ignored);
    });
    run->ended.assign(static_cast<int>(::syscall(SYS_pidfd_open, run->process, 0)));
    run->ended.async_wait(boost::asio::posix::descriptor_base::wait_read,
                          [weak = weak_from_this(), run](const Error& error) {
                            const auto self = weak.lock();
                            if (!error && self) self->over(run);
                          });
    run->limit.expires_after(limit_);
    run->limit.async_wait([run](const Error& error) {
      if (error || run->process == 0) return;
      run->killed = true;
      ::kill(-run->process, SIGKILL);
    });
  }

  void over(const Shared& run) {
    int status = 0;
    ::waitpid(run->process, &status, 0);
    if (run->killed) ::kill(-run->process, SIGKILL);
    run->process = 0;
    run->limit.cancel();
    Error ignored;
    run->input.close(ignored);
    run->ended.close(ignored);
    runs_.erase(run);
    const Done done = std::exchange(run->done, {});
    done(run->killed ? DeliveryResult{Kind::unknown, "no end within the time limit"} : judge(status));
  }

  boost::asio::io_context& io_;
  const Channel channel_;
  const Milliseconds limit_;
  std::set<Shared> runs_;
};

CommandCourier::CommandCourier(boost::asio::io_context& io, const Channel& channel, Milliseconds limit)
    : impl_(std::make_shared<Impl>(io, channel, limit)) {}

CommandCourier::~CommandCourier() {
  impl_->stop();
}

void CommandCourier::deliver(const Letter& letter, DeliveryFlags flags, Done done) {
  impl_->deliver(letter, flags, std::move(done));
}

}  // namespace nethealth
