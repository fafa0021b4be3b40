#pragma once
// An uptime that does not fall when its 32 bits of hundredths wrap after 497 days (TimeTicks, RFC 2578).
// Pure.

#include <chrono>
#include <cstdint>
#include <optional>

namespace nethealth {

class SnmpUptime {
 public:
  struct Reading {
    double seconds = 0;
    bool restarted = false;  ///< it fell, and not by wrapping
  };

  /// `of_host`: hrSystemUptime, else sysUpTime; the two are not compared with each other. A fall counts as a
  /// wrap if, counting on from the last reading, it was due within some minutes.
  Reading read(std::uint32_t ticks, bool of_host, std::chrono::steady_clock::time_point now);

 private:
  std::optional<std::uint32_t> last_;
  bool of_host_ = false;
  std::chrono::steady_clock::time_point read_at_;
  std::uint64_t wraps_ = 0;
};

}  // namespace nethealth
