#include "agent/descriptor_limit.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace nethealth {
namespace {

constexpr rlim_t most_descriptors = 65'536;
constexpr std::size_t usual_descriptors = 1'024;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return usual_descriptors;
  rlimit raised = limit;
  raised.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, most_descriptors));
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<std::size_t>(std::min(limit.rlim_cur, most_descriptors));
}

}  // namespace nethealth
