// Asks many addresses once by ICMP echo, for tests/bench/icmp_sweep:
//
//   icmp_sweep ours|limit COUNT RATE
//   icmp_sweep silent COUNT
//
// `ours` is the product's prober; `limit` is the least that a program can do on this kernel: one raw socket,
// one sendto a packet, answers read in batches, a mark a target, and nothing of errors, time limits, round
// trips or IPv6. Targets are 127.1.0.1 and up, RATE of them a second in steps of 5 ms, 0 for as fast as it
// goes. Prints targets, answers, seconds and the seconds of processor time. `silent` is the product's prober
// again, which asks once more who did not answer in half a second, and prints the seconds that took and the
// addresses that stayed silent.

#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "probes/icmp_prober.hpp"

using namespace nethealth;

namespace {

using Clock = std::chrono::steady_clock;
constexpr int step_ms = 5;
constexpr std::chrono::milliseconds step{step_ms};
constexpr std::chrono::milliseconds patience{1'000};
constexpr int burst = 64;  // of the limit when it is not paced

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint32_t address_of(int number) {
  const auto index = static_cast<std::uint32_t>(number);
  return (127U << 24) + (1U << 16) + (index / 250 << 8) + 1 + index % 250;
}

class Ours {
 public:
  Ours(int count, int rate) : count_(count), rate_(rate), prober_(io_), timer_(io_) {}

  int run() {
    const auto opened = prober_.open();
    if (!opened) {
      std::cerr << opened.error().text() << "\n";
      std::exit(1);
    }
    begun_ = Clock::now();
    next();
    while (done_ < count_ && io_.run_one() > 0) {
    }
    return answered_;
  }

  /// Those who answer neither of two packets.
  std::vector<std::string> find_silent() {
    timeout_ = std::chrono::milliseconds(500);
    asks_again_ = true;
    run();
    return silent_;
  }

 private:
  void next() {
    const auto passed = std::chrono::duration<double>(Clock::now() - begun_ + step).count();
    const int until = rate_ == 0 ? count_ : std::min(count_, static_cast<int>(passed * rate_));
    for (; asked_ < until; ++asked_) ask(asked_, asks_again_);
    if (asked_ == count_) return;
    timer_.expires_after(step);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) next();
    });
  }
  void ask(int number, bool again) {
    IcmpRequest request;
    request.packets = 1;
    request.timeout = timeout_;
    const boost::asio::ip::address_v4 address(address_of(number));
    prober_.look(address, request, [this, number, again, address](const IcmpSeen& seen) {
      if (seen.received == 0 && again) return ask(number, false);
      ++done_;
      if (seen.received > 0)
        ++answered_;
      else
        silent_.push_back(address.to_string());
    });
  }

  int count_;
  int rate_;
  boost::asio::io_context io_{1};
  IcmpProber prober_;
  boost::asio::steady_timer timer_;
  Clock::time_point begun_;
  int asked_ = 0;
  int done_ = 0;
  int answered_ = 0;
  Milliseconds timeout_{1'000};
  bool asks_again_ = false;
  std::vector<std::string> silent_;
};

class Limit {
 public:
  explicit Limit(int count) : marks_(static_cast<std::size_t>(count)) {
    socket_ = ::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (socket_ < 0) {
      std::cerr << "icmp_sweep: no raw socket\n";
      std::exit(1);
    }
    const std::uint32_t blocked = ~(1U << ICMP_ECHOREPLY);
    ::setsockopt(socket_, SOL_RAW, 1, &blocked, sizeof blocked);
    const int size = 4 * 1024 * 1024;
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    for (unsigned i = 0; i < burst; ++i) {
      vectors_[i] = {packets_[i].data(), packets_[i].size()};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  ~Limit() { ::close(socket_); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

  int run(int count, int rate) {
    const auto begun = Clock::now();
    for (int asked = 0; asked < count;) {
      const auto passed = std::chrono::duration<double>(Clock::now() - begun + step).count();
      const int until = rate == 0 ? asked + burst : static_cast<int>(passed * rate);
      for (; asked < std::min(count, until); ++asked) send(asked);
      drain();
      if (rate != 0) ::poll(nullptr, 0, step_ms);
    }
    const auto last = Clock::now();
    while (answered_ < count && Clock::now() - last < patience) {
      drain();
      if (answered_ < count) ::poll(nullptr, 0, step_ms);
    }
    return answered_;
  }

 private:
  void send(int number) const {
    std::array<std::uint8_t, sizeof(icmphdr) + sizeof number> packet{};
    icmphdr header{};
    header.type = ICMP_ECHO;
    std::memcpy(packet.data() + sizeof header, &number, sizeof number);
    std::memcpy(packet.data(), &header, sizeof header);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < packet.size(); i += 2) {
      std::uint16_t word = 0;
      std::memcpy(&word, packet.data() + i, sizeof word);
      sum += word;
    }
    sum = (sum >> 16) + (sum & 0xFFFF);
    header.checksum = static_cast<std::uint16_t>(~(sum + (sum >> 16)));
    std::memcpy(packet.data(), &header, sizeof header);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(address_of(number));
    ::sendto(socket_, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  void drain() {
    for (int read = burst; read == burst;) {
      read = ::recvmmsg(socket_, messages_.data(), burst, 0, nullptr);
      for (int i = 0; i < read; ++i) {
        const auto& packet = packets_[static_cast<std::size_t>(i)];
        int number = -1;
        std::memcpy(&number, packet.data() + 20 + sizeof(icmphdr), sizeof number);
        if (number < 0 || static_cast<std::size_t>(number) >= marks_.size()) continue;
        if (!marks_[static_cast<std::size_t>(number)]) ++answered_;
        marks_[static_cast<std::size_t>(number)] = true;
      }
    }
  }

  int socket_ = -1;
  int answered_ = 0;
  std::vector<bool> marks_;
  std::array<mmsghdr, burst> messages_{};
  std::array<iovec, burst> vectors_{};
  std::array<std::array<std::uint8_t, 128>, burst> packets_{};
};

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (argc != (what == "silent" ? 3 : 4)) {
    std::cerr << "icmp_sweep ours|limit COUNT RATE\nicmp_sweep silent COUNT\n";
    return 2;
  }
  const int count = std::atoi(argv[2]);
  if (what == "silent") {
    const auto from = Clock::now();
    const std::vector<std::string> silent = Ours(count, 0).find_silent();
    std::cout << std::chrono::duration<double>(Clock::now() - from).count();
    for (const std::string& address : silent) std::cout << " " << address;
    std::cout << "\n";
    return 0;
  }
  const int rate = std::atoi(argv[3]);
  const auto begun = Clock::now();
  const int answered = what == "ours" ? Ours(count, rate).run() : Limit(count).run(count, rate);
  const std::chrono::duration<double> passed = Clock::now() - begun;
  std::cout << count << " " << answered << " " << passed.count() << " " << processor_seconds() << "\n";
  return answered == count ? 0 : 1;
}
