#pragma once
// Lines of a source that is no file have no place in one: their offset is their time in microseconds since
// 1970, or more where another line has it already, so that no two are the same.

#include <algorithm>
#include <cstdint>

namespace nethealth {

class MomentOffset {
 public:
  std::uint64_t of(std::uint64_t time_us) { return last_ = std::max(last_ + 1, time_us); }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace nethealth
