#pragma once
// A server on loopback that follows a script, one connection after the other, on a thread of its own.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace nethealth {

/// A listening socket on 127.0.0.1; nobody accepts unless told to.
class Listener {
 public:
  explicit Listener(int backlog = 16) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (backlog >= 0) (void)::listen(descriptor_, backlog);
    socklen_t size = sizeof address;
    (void)::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(descriptor_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

/// One connection, seen from the server. Whatever goes wrong reads as an end.
class Talk {
 public:
  explicit Talk(int descriptor) : descriptor_(descriptor) {
    const timeval guard{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &guard, sizeof guard);
  }
  ~Talk() { ::close(descriptor_); }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  void say(const std::string& text) const {
    (void)::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  /// Everything up to and with `end`, or what came before the connection ended.
  std::string hear(const std::string& end) {
    std::string text;
    char letter = 0;
    while (!text.ends_with(end) && ::recv(descriptor_, &letter, 1, 0) == 1) text += letter;
    return text;
  }
  std::string hear(std::size_t size) {
    std::string text(size, '\0');
    const auto got = ::recv(descriptor_, text.data(), size, MSG_WAITALL);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  /// Until the other side closes.
  void wait_for_end() {
    while (!hear("\n").empty()) {
    }
  }

 private:
  int descriptor_;
};

class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(Talk&)> script, int connections = 1) {
    thread_ = std::thread([this, script = std::move(script), connections] {
      for (int i = 0; i < connections; ++i) {
        const int descriptor = ::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0) return;
        Talk talk(descriptor);
        script(talk);
      }
    });
  }
  ~ScriptedServer() {
    ::shutdown(listener_.descriptor(), SHUT_RDWR);
    thread_.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url(const std::string& scheme) const {
    return scheme + "://127.0.0.1:" + std::to_string(listener_.port());
  }
  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

 private:
  Listener listener_;
  std::thread thread_;
};

}  // namespace nethealth
