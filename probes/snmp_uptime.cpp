#include "probes/snmp_uptime.hpp"

namespace nethealth {
namespace {

constexpr double ticks_per_second = 100;
constexpr double wrap_ticks = 4'294'967'296.0;
/// How far an agent's clock may run from ours between two looks.
constexpr double drift_ticks = 5 * 60 * ticks_per_second;

}  // namespace

SnmpUptime::Reading SnmpUptime::read(std::uint32_t ticks, bool of_host,
                                     std::chrono::steady_clock::time_point now) {
  Reading reading;
  if (of_host != of_host_) {
    wraps_ = 0;
  } else if (last_ && ticks < *last_) {
    const double passed = std::chrono::duration<double>(now - read_at_).count() * ticks_per_second;
    const bool due = static_cast<double>(*last_) + passed + drift_ticks >= wrap_ticks;
    wraps_ = due ? wraps_ + 1 : 0;
    reading.restarted = !due;
  }
  last_ = ticks;
  of_host_ = of_host;
  read_at_ = now;
  reading.seconds =
      (static_cast<double>(wraps_) * wrap_ticks + static_cast<double>(ticks)) / ticks_per_second;
  return reading;
}

}  // namespace nethealth
