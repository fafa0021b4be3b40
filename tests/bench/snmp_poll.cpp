// Polls many agents once with the product's own prober, as fast as it can, for tests/bench/snmp_throughput:
// snmp_poll COUNT WIDTH COMMUNITY. Agents are 127.1.0.1 and up, port 161. Prints agents, answers, seconds and
// the seconds of processor time.

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "probes/snmp_prober.hpp"

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

class Round {
 public:
  Round(SnmpProber& prober, int count, std::string community) : prober_(prober), count_(count) {
    credential_.name = "bench";
    credential_.community = Secret(std::move(community));
  }
  void next() {
    if (asked_ >= count_) return;
    SnmpTarget target;
    target.address = address_of(asked_++);
    target.credential = credential_;
    prober_.look_interfaces(target, [this](const SnmpSeen& seen) {
      ++done;
      if (seen.status == Outcome::ok && !seen.interfaces.empty()) ++answered;
      next();
    });
  }
  int done = 0;
  int answered = 0;

 private:
  SnmpProber& prober_;
  Credential credential_;
  int count_;
  int asked_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "snmp_poll COUNT WIDTH COMMUNITY\n";
    return 2;
  }
  const int count = std::atoi(argv[1]);
  const int width = std::atoi(argv[2]);
  boost::asio::io_context io(1);
  auto prober = SnmpProber::open(io, {});
  if (!prober) {
    std::cerr << prober.error().text() << "\n";
    return 1;
  }
  Round round(**prober, count, argv[3]);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < width && i < count; ++i) round.next();
  while (round.done < count && io.run_one() > 0) {
  }
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
  std::cout << count << " " << round.answered << " " << passed.count() << " " << processor_seconds() << "\n";
  return round.answered == count ? 0 : 1;
}
