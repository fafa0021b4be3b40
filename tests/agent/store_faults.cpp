#include "tests/agent/store_faults.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace {

std::atomic<int> good_left{0};
std::atomic<int> bad_left{0};
std::atomic<int> failures{0};

int sync_or_fail(long number, int descriptor) {
  if (bad_left > 0 && good_left-- <= 0) {
    --bad_left;
    ++failures;
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(number, descriptor));
}

}  // namespace

extern "C" int fsync(int descriptor) {
  return sync_or_fail(SYS_fsync, descriptor);
}
extern "C" int fdatasync(int descriptor) {
  return sync_or_fail(SYS_fdatasync, descriptor);
}

namespace nethealth::faults {

void fail_sync_after(int good, int bad) {
  good_left = good;
  bad_left = bad;
}

void stop() {
  bad_left = 0;
}

int failed() {
  return failures;
}

}  // namespace nethealth::faults
