#pragma once
// The time that a log line gives itself, and how far its writer's clock is from ours.

#include <optional>
#include <string_view>
#include <vector>

#include "config/time.hpp"

namespace nethealth {

/// RFC 3339 and its cousins with a space or slashes, `Nov 24 09:00:00` (RFC 3164, the year that comes nearest
/// to `read`), `24/Nov/2026:09:00:00 +0900`. Without an offset it is taken in the zone. Only the first 160
/// bytes are looked at.
std::optional<Time> time_in_line(std::string_view line, Time read, const Zone& zone);

/// Of one source: the line's own time minus the time when it was read.
struct ClockOffset {
  std::size_t lines = 0;  ///< that tell their time
  Milliseconds largest{0};
  Milliseconds smallest{0};

  void add(Milliseconds offset) {
    largest = lines == 0 ? offset : std::max(largest, offset);
    smallest = lines == 0 ? offset : std::min(smallest, offset);
    ++lines;
  }
};

}  // namespace nethealth
