#pragma once
// Of the lines of log files as they are read, those that stood near one an incident kept: so many before it,
// so many after it. Remembers the last lines of each file for that. Pure.

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/time.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct NearbyLimits {
  std::size_t before = 20;                                ///< lines
  std::size_t after = 20;                                 ///< lines
  std::size_t remembered_bytes = std::size_t{16} * 1024;  ///< of one file
  std::size_t files = 1'000;                              ///< the one read longest ago is forgotten
};

class NearbyLines {
 public:
  explicit NearbyLines(NearbyLimits limits = {}) : limits_(limits) {}

  struct Near {
    int incident = 0;
    Time seen;
    LogSeen line;
  };
  /// The next lines of one file of a device. `kept`: by index into `lines`, the incident that kept that line.
  std::vector<Near> pass(Time now, const std::string& device, std::span<const LogSeen> lines,
                         const std::vector<std::pair<std::size_t, int>>& kept);

 private:
  struct Remembered {
    Time seen;
    LogSeen line;
    std::set<int> of;  ///< incidents that have it
  };
  struct File {
    Time last;
    std::deque<Remembered> lines;
    std::size_t bytes = 0;
    std::map<int, std::size_t> after;  ///< lines still wanted, by incident
  };
  File& file(Time now, const std::string& device, const std::string& name);
  void remember(File& file, Remembered line) const;

  NearbyLimits limits_;
  std::map<std::pair<std::string, std::string>, File> files_;
};

}  // namespace nethealth
