#pragma once
// The least that polling by SNMP costs on this kernel, for tests/bench/snmp_throughput: requests whose bytes
// are made once, one socket, answers read in batches and walked through once; no repeats, no time limits, no
// memory of agents, version 2c, and an index of ports that is known beforehand.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace snmp_limit {

constexpr int port = 161;
constexpr int batch = 64;
constexpr int wait_ms = 1'000;

inline std::string tlv(char tag, const std::string& body) {
  std::string result(1, tag);
  if (body.size() < 128) {
    result += static_cast<char>(body.size());
  } else {
    result += '\x82';
    result += static_cast<char>(body.size() >> 8);
    result += static_cast<char>(body.size() & 0xFF);
  }
  return result + body;
}

/// Identifiers whose numbers are below 128, but for the first two.
inline std::string name(const std::vector<int>& numbers) {
  std::string body(1, '\x2B');
  for (std::size_t i = 2; i < numbers.size(); ++i) body += static_cast<char>(numbers[i]);
  return tlv('\x30', tlv('\x06', body) + std::string("\x05\x00", 2));
}

/// A message whose request-id is four bytes at the place that `patch` finds.
inline std::string message(char verb, int repetitions, const std::string& names) {
  const std::string id("\x02\x04\x40\x00\x00\x00", 6);
  const std::string pdu =
      tlv(verb, id + std::string("\x02\x01\x00", 3) +
                    tlv('\x02', std::string(1, static_cast<char>(repetitions))) + tlv('\x30', names));
  return tlv('\x30', std::string("\x02\x01\x01", 3) + tlv('\x04', "public") + pdu);
}

/// What a quick look asks: uptime, five columns of ifTable, three of ifXTable, for ports 1 to 49.
inline std::vector<std::string> quick_look() {
  std::vector<std::string> result{message('\xA0', 0, name({1, 3, 6, 1, 2, 1, 1, 3, 0}))};
  for (int from = 0; from < 49; from += 13) {
    std::string names;
    for (const int column : {2, 7, 8, 14, 20}) names += name({1, 3, 6, 1, 2, 1, 2, 2, 1, column, from});
    result.push_back(message('\xA5', 13, names));
  }
  for (int from = 0; from < 49; from += 17) {
    std::string names;
    for (const int column : {1, 15, 19}) names += name({1, 3, 6, 1, 2, 1, 31, 1, 1, 1, column, from});
    result.push_back(message('\xA5', 17, names));
  }
  return result;
}

/// Walks through a message and adds up its values, as anybody must who wants to know them.
class Reading {
 public:
  explicit Reading(const std::uint8_t* bytes, std::size_t size) { walk(bytes, bytes + size); }
  std::uint32_t id = 0;
  std::uint64_t sum = 0;
  int values = 0;

 private:
  void walk(const std::uint8_t* at, const std::uint8_t* end) {
    while (end - at >= 2) {
      const std::uint8_t tag = *at++;
      std::size_t size = *at++;
      if ((size & 0x80) != 0) {
        std::size_t count = size & 0x7F;
        for (size = 0; count > 0 && at < end; --count) size = size << 8 | *at++;
      }
      if (size > static_cast<std::size_t>(end - at)) return;
      if (tag == 0x30 || tag == 0xA2) {
        walk(at, at + size);
      } else {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8 | at[i];
        // The first integer is the version, the second the request-id.
        if (tag == 0x02 && ++integers_ == 2) id = static_cast<std::uint32_t>(value);
        sum += value;
        if (tag == 0x06) ++values;
      }
      at += size;
    }
  }
  int integers_ = 0;
};

class Poller {
 public:
  explicit Poller(std::vector<std::string> requests) : requests_(std::move(requests)) {
    socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int size = 4 * 1024 * 1024;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    for (unsigned i = 0; i < batch; ++i) {
      vectors_[i] = {packets_[i].data(), packets_[i].size()};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  ~Poller() { ::close(socket_); }
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Agents that answered every request; `address` is that of an agent by its number, as the host has it.
  template <typename Address>
  int run(int count, int width, Address address) {
    next_.assign(static_cast<std::size_t>(count), 0);
    int begun = 0;
    for (; begun < count && begun < width; ++begun) send(begun, address(begun));
    while (done_ < count) {
      pollfd readable{socket_, POLLIN, 0};
      if (::poll(&readable, 1, wait_ms) <= 0) break;
      const int read = ::recvmmsg(socket_, messages_.data(), batch, 0, nullptr);
      for (int i = 0; i < read; ++i) {
        const Reading reading(packets_[static_cast<std::size_t>(i)].data(),
                              messages_[static_cast<std::size_t>(i)].msg_len);
        const int agent = static_cast<int>(reading.id & 0x00FF'FFFF);
        if (agent >= count) continue;
        values += reading.values;
        if (++next_[static_cast<std::size_t>(agent)] < requests_.size()) {
          send(agent, address(agent));
        } else {
          ++done_;
          if (begun < count) {
            send(begun, address(begun));
            ++begun;
          }
        }
      }
    }
    return done_;
  }
  long values = 0;

 private:
  void send(int agent, std::uint32_t host) {
    std::string& bytes = requests_[next_[static_cast<std::size_t>(agent)]];
    const std::size_t at = bytes.find(std::string("\x02\x04\x40", 3));
    for (int i = 1; i <= 3; ++i)
      bytes[at + 2 + static_cast<std::size_t>(i)] = static_cast<char>(agent >> (8 * (3 - i)));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(host);
    ::sendto(socket_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  std::vector<std::string> requests_;
  int socket_ = -1;
  int done_ = 0;
  std::vector<std::size_t> next_;
  std::array<mmsghdr, batch> messages_{};
  std::array<iovec, batch> vectors_{};
  std::array<std::array<std::uint8_t, 2'048>, batch> packets_{};
};

}  // namespace snmp_limit
