#include "probes/plugin_probe.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "probes/log_decode.hpp"

namespace nethealth {
namespace {

using boost::system::error_code;

enum ExitCode { code_ok = 0, code_warning = 1, code_critical = 2 };
constexpr std::size_t most_text_bytes = 512;
/// After the end of the program, for output that its pipe still holds.
constexpr Milliseconds last_output{200};

std::string_view next_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

/// Cut at a character's border.
std::string cut_text(std::string text) {
  if (text.size() <= most_text_bytes) return text;
  std::size_t end = most_text_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

/// 'label'=value[unit];warn;crit;min;max, parted by spaces. Labels with spaces stand in single quotes.
void read_figures(std::string_view text, std::map<std::string, std::string>& figures) {
  while (figures.size() < most_plugin_figures) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return;
    const bool quoted = text.front() == '\'';
    const std::size_t label_end = quoted ? text.find('\'', 1) : text.find_first_of("= ");
    if (label_end == std::string_view::npos) return;
    if (text[label_end] == ' ') {
      text.remove_prefix(label_end);
      continue;
    }
    const std::string_view label = text.substr(quoted ? 1 : 0, label_end - (quoted ? 1 : 0));
    text.remove_prefix(label_end + (quoted ? 1 : 0));
    if (!text.starts_with('=')) return;
    const std::string_view whole = text.substr(1, text.find(' ') - 1);
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    const std::string_view value = whole.substr(0, whole.find(';'));
    if (!label.empty() && !value.empty())
      figures[cut_text(printable_utf8(label))] = cut_text(printable_utf8(value));
  }
}

/// Arguments and file actions of posix_spawn(3), freed together.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  /// Output goes to `out`; no other descriptor of ours is open in it, no signal is blocked or ignored.
  int start(const std::vector<std::string>& command, int out, pid_t& process) {
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, 1);
    posix_spawn_file_actions_adddup2(&actions_, out, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> words;
    for (const std::string& word : command)
      words.push_back(const_cast<char*>(word.c_str()));  // its signature
    words.push_back(nullptr);
    std::array<std::string, 2> settings{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                                        "LC_ALL=C.UTF-8"};
    std::array<char*, 3> environment{settings[0].data(), settings[1].data(), nullptr};
    return posix_spawn(&process, command[0].c_str(), &actions_, &attributes_, words.data(),
                       environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

class PluginRun : public std::enable_shared_from_this<PluginRun> {
 public:
  PluginRun(boost::asio::io_context& io, PluginRequest request, std::function<void(PluginSeen)> callback)
      : io_(io),
        output_(io),
        end_(io),
        timer_(io),
        request_(std::move(request)),
        callback_(std::move(callback)),
        began_(std::chrono::steady_clock::now()) {}

  ~PluginRun() {
    if (process_ > 0) kill_group(), reap();
  }
  PluginRun(const PluginRun&) = delete;
  PluginRun& operator=(const PluginRun&) = delete;

  void begin() {
    if (const int error = start(); error != 0)
      return boost::asio::post(io_, [self = shared_from_this(), error] {
        self->answer(Outcome::blind, std::string("cannot be run: ") + std::strerror(error));
      });
    timer_.expires_after(request_.timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->too_slow();
    });
    end_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const error_code& error) {
                      if (!error) self->ended();
                    });
    read();
  }

 private:
  int start() {
    if (request_.command.empty()) return ENOENT;
    std::array<int, 2> pipe{};
    if (pipe2(pipe.data(), O_CLOEXEC) != 0) return errno;
    const int error = Spawn().start(request_.command, pipe[1], process_);
    close(pipe[1]);
    if (error != 0) {
      process_ = 0;
      close(pipe[0]);
      return error;
    }
    output_.assign(pipe[0]);
    const int descriptor = static_cast<int>(syscall(SYS_pidfd_open, process_, 0));
    if (descriptor < 0) return errno;
    end_.assign(descriptor);
    return 0;
  }

  void read() {
    output_.async_read_some(boost::asio::buffer(room_),
                            [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                              self->came(error, bytes);
                            });
  }

  void came(const error_code& error, std::size_t bytes) {
    said_.append(room_.data(), std::min(bytes, most_plugin_output_bytes - said_.size()));
    if (!error) return read();
    output_ended_ = true;
    if (exited_) conclude();
  }

  void ended() {
    status_ = reap();
    exited_ = true;
    if (output_ended_) return conclude();
    // A grandchild may hold the pipe open for ever.
    timer_.expires_after(last_output);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->conclude();
    });
  }

  void too_slow() {
    kill_group();
    answer(Outcome::timeout, "no result in time; ended");
  }

  void conclude() {
    if (!callback_) return;
    PluginOutput output = plugin_output(said_);
    const int code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
    const Outcome outcome = code == code_ok || code == code_warning ? Outcome::ok
                            : code == code_critical                 ? Outcome::error
                                                                    : Outcome::blind;
    answer(outcome, std::move(output.text), std::move(output.figures), code == code_warning);
  }

  void answer(Outcome outcome, std::string text, std::map<std::string, std::string> figures = {},
              bool warning = false) {
    if (!callback_) return;
    timer_.cancel();
    error_code ignored;
    output_.close(ignored);
    if (exited_ || process_ == 0) end_.close(ignored);
    PluginSeen plugin;
    plugin.warning = warning;
    ServiceSeen& seen = plugin.seen;
    seen.probe = "plugin";
    seen.service = request_.service;
    seen.status = outcome;
    seen.text = std::move(text);
    seen.performance = std::move(figures);
    if (outcome != Outcome::blind)
      seen.duration_ms = static_cast<double>(
          std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began_).count());
    std::exchange(callback_, {})(std::move(plugin));
  }

  void kill_group() const { ::kill(-process_, SIGKILL); }

  int reap() {
    int status = 0;
    while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    return status;
  }

  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor output_, end_;
  boost::asio::steady_timer timer_;
  PluginRequest request_;
  std::function<void(PluginSeen)> callback_;
  std::chrono::steady_clock::time_point began_;
  std::array<char, 4096> room_{};
  std::string said_;
  pid_t process_ = 0;  ///< until it was waited for
  int status_ = 0;
  bool output_ended_ = false, exited_ = false;
};

}  // namespace

PluginOutput plugin_output(std::string_view bytes) {
  PluginOutput output;
  std::string_view first = next_line(bytes);
  const std::size_t bar = first.find('|');
  if (bar != std::string_view::npos) read_figures(first.substr(bar + 1), output.figures);
  first = first.substr(0, bar);
  first.remove_suffix(first.size() - (first.find_last_not_of(" \r\t") + 1));
  output.text = cut_text(printable_utf8(first));
  // Further lines are for people until one has a bar; from there on all are figures.
  bool figures = false;
  while (!bytes.empty()) {
    std::string_view line = next_line(bytes);
    if (!figures) {
      const std::size_t its_bar = line.find('|');
      if (its_bar == std::string_view::npos) continue;
      figures = true;
      line.remove_prefix(its_bar + 1);
    }
    read_figures(line, output.figures);
  }
  return output;
}

void plugin_look(boost::asio::io_context& io, PluginRequest request,
                 std::function<void(PluginSeen)> callback) {
  std::make_shared<PluginRun>(io, std::move(request), std::move(callback))->begin();
}

}  // namespace nethealth
