#pragma once
// How much one sender may say: so many at once, and so many a second in the long run.

#include <algorithm>
#include <chrono>

namespace nethealth {

class RateAllowance {
 public:
  using Clock = std::chrono::steady_clock;

  RateAllowance(double burst, double per_second) : burst_(burst), per_second_(per_second), left_(burst) {}

  /// Takes one; false when nothing is left for now.
  bool take(Clock::time_point now) {
    const double passed = std::chrono::duration<double>(now - counted_).count();
    left_ = std::min(burst_, left_ + passed * per_second_);
    counted_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  double burst_;
  double per_second_;
  double left_;
  Clock::time_point counted_ = Clock::now();
};

}  // namespace nethealth
