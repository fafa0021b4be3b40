#pragma once
// Runs a piece of a test in a child process with a network namespace of its own, so that links, routes and
// filters can be made and broken; everything disappears with the child. Needs root.

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>

namespace nethealth {

/// Says why a test ends early, so that a skipped one is seen.
inline bool skipped_unless(bool possible, const std::string& why) {
  if (!possible) MESSAGE("skipped: ", why);
  return !possible;
}

inline bool skipped_without_root() {
  return skipped_unless(::geteuid() == 0, "needs root");
}

inline boost::asio::ip::address at(const std::string& text) {
  return boost::asio::ip::make_address(text);
}

/// Empty when it is what was wanted.
inline std::string differs(const std::string& is, const std::string& wanted) {
  return is == wanted ? "" : "[" + is + "] instead of [" + wanted + "] ";
}

/// Ends a child that hangs.
inline constexpr unsigned child_seconds = 120;

/// The piece returns what went wrong; so does this, empty when nothing did.
inline std::string in_own_process(const std::function<std::string()>& piece, bool own_network) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return "no pipe";
  std::cout.flush();
  const pid_t child = ::fork();
  if (child < 0) return "no child process";
  if (child == 0) {
    ::alarm(child_seconds);
    ::close(ends[0]);
    std::string wrong = own_network && ::unshare(CLONE_NEWNET) != 0 ? "no network namespace" : piece();
    wrong += '.';
    const bool told = ::write(ends[1], wrong.data(), wrong.size()) >= 0;
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  std::string wrong;
  std::array<char, 256> part{};
  for (ssize_t size = 0; (size = ::read(ends[0], part.data(), part.size())) > 0;) {
    wrong.append(part.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0 || wrong.empty())
    return "the child died with status " + std::to_string(status) + ": " + wrong;
  wrong.pop_back();
  return wrong;
}

inline std::string in_own_network(const std::function<std::string()>& piece) {
  return in_own_process(piece, true);
}

/// A second namespace beside the child's, for a router or a device. Lives as long as this object: its process
/// ends when the pipe to it closes, which needs no right over it.
class Neighbour {
 public:
  Neighbour() {
    std::array<int, 2> up{};
    std::array<int, 2> down{};
    if (::pipe(up.data()) != 0 || ::pipe(down.data()) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
      ::close(down[1]);
      char end = 0;
      const bool told = ::unshare(CLONE_NEWNET) == 0 && ::write(up[1], "x", 1) == 1;
      while (told && ::read(down[0], &end, 1) > 0) {
      }
      ::_exit(0);
    }
    ::close(up[1]);
    ::close(down[0]);
    alive_ = down[1];
    char ready = 0;
    made_ = ::read(up[0], &ready, 1) == 1;
    ::close(up[0]);
  }
  ~Neighbour() {
    if (child_ <= 0) return;
    ::close(alive_);
    ::waitpid(child_, nullptr, 0);
  }
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string id() const { return std::to_string(child_); }
  /// Runs a command in the second namespace.
  [[nodiscard]] bool run(const std::string& command) const {
    return std::system(("nsenter -t " + id() + " -n " + command).c_str()) == 0;
  }

 private:
  pid_t child_ = -1;
  int alive_ = -1;
  bool made_ = false;
};

inline bool run_command(const std::string& command) {
  return std::system(command.c_str()) == 0;
}

inline bool set_kernel(const std::string& name, const std::string& value) {
  const int file = ::open(("/proc/sys/" + name).c_str(), O_WRONLY);
  const bool done = file >= 0 && ::write(file, value.data(), value.size()) >= 0;
  if (file >= 0) ::close(file);
  return done;
}

}  // namespace nethealth
