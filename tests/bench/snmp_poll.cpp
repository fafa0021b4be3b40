// Polls many agents once, as fast as it can, for tests/bench/snmp_throughput:
//
//   snmp_poll look|get|limit-look|limit-get|net-snmp-look|net-snmp-get COUNT WIDTH
//
// `look` is a quick look of the product's prober, `get` one GET by its requester, `limit-...` the same
// questions by a program that does nothing else, `net-snmp-...` by sessions of the library, one an agent.
// Agents are 127.1.0.1 and up, port 161, community public. All are asked once before it counts, as a daemon
// asks the same agents for ever. Prints agents, answers, seconds and the seconds of processor time.

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "probes/snmp_prober.hpp"
#include "tests/bench/snmp_limit.hpp"
#include "tests/bench/snmp_sessions.hpp"

using namespace nethealth;

namespace {

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string address_of(int number) {
  return "127.1." + std::to_string(number / 250) + "." + std::to_string(1 + number % 250);
}

std::uint32_t host_of(int number) {
  const auto index = static_cast<std::uint32_t>(number);
  return (127U << 24) + (1U << 16) + (index / 250 << 8) + 1 + index % 250;
}

Credential public_community() {
  Credential credential;
  credential.name = "bench";
  credential.community = Secret("public");
  return credential;
}

/// Keeps `width` questions under way until all are answered.
template <typename Ask>
int ask_all(boost::asio::io_context& io, int count, int width, Ask ask) {
  int asked = 0;
  int done = 0;
  int answered = 0;
  std::function<void()> next = [&] {
    if (asked >= count) return;
    ask(asked++, [&](bool good) {
      ++done;
      if (good) ++answered;
      next();
    });
  };
  for (int i = 0; i < width; ++i) next();
  while (done < count && io.run_one() > 0) {
  }
  return answered;
}

/// What one round over all agents answered, and what it cost.
struct Round {
  int answered = 0;
  double seconds = 0;
  double processor_seconds = 0;
};

/// The second of two rounds.
template <typename Ask>
Round measured(Ask ask_once) {
  ask_once();
  const auto begun = std::chrono::steady_clock::now();
  const double before = processor_seconds();
  const int answered = ask_once();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
  return {answered, passed.count(), processor_seconds() - before};
}

Round look(int count, int width) {
  boost::asio::io_context io(1);
  auto prober = SnmpProber::open(io, {});
  if (!prober) return {};
  const auto ask = [&](int number, auto done) {
    SnmpTarget target;
    target.address = address_of(number);
    target.credential = public_community();
    (*prober)->look_interfaces(target, [done](const SnmpSeen& seen) {
      done(seen.status == Outcome::ok && seen.interfaces.size() > 1);
    });
  };
  return measured([&] { return ask_all(io, count, width, ask); });
}

Round get(int count, int width) {
  boost::asio::io_context io(1);
  auto requester = SnmpRequester::open(io);
  if (!requester || !open_snmp_library()) return {};
  std::vector<std::shared_ptr<SnmpPeer>> peers;
  for (int i = 0; i < count; ++i) {
    peers.push_back(std::make_shared<SnmpPeer>());
    peers.back()->endpoint = {boost::asio::ip::make_address(address_of(i)), 161};
    peers.back()->credential = public_community();
  }
  const SnmpRequest uptime{SnmpVerb::get, {{1, 3, 6, 1, 2, 1, 1, 3, 0}}, 0};
  const auto ask = [&](int number, auto done) {
    (*requester)->request(peers[static_cast<std::size_t>(number)], uptime, [done](const SnmpReply& reply) {
      done(reply.outcome == Outcome::ok);
    });
  };
  return measured([&] { return ask_all(io, count, width, ask); });
}

Round limit(std::vector<std::string> requests, int count, int width) {
  return measured([&] { return snmp_limit::Poller(requests).run(count, width, host_of); });
}

Round sessions(std::vector<snmp_sessions::Question> questions, int count, int width) {
  snmp_sessions::Poller poller(std::move(questions), count, address_of);
  return measured([&] { return poller.run(width); });
}

Round asked(const std::string& what, int count, int width) {
  if (what == "look") return look(count, width);
  if (what == "get") return get(count, width);
  if (what == "net-snmp-look") return sessions(snmp_sessions::quick_look(), count, width);
  if (what == "net-snmp-get") return sessions({snmp_sessions::quick_look().front()}, count, width);
  auto requests = snmp_limit::quick_look();
  if (what == "limit-get") requests.resize(1);
  return limit(std::move(requests), count, width);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "snmp_poll look|get|limit-look|limit-get|net-snmp-look|net-snmp-get COUNT WIDTH\n";
    return 2;
  }
  const int count = std::atoi(argv[2]);
  const Round round = asked(argv[1], count, std::atoi(argv[3]));
  std::cout << count << " " << round.answered << " " << round.seconds << " " << round.processor_seconds
            << "\n";
  return round.answered == count ? 0 : 1;
}
