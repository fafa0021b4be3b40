// A saved place in a log file that may say anything: no file is read from beyond its end, none that starts
// otherwise is taken for the lost one.

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

#include "probes/log_file.hpp"
#include "tests/fuzz/fuzz_folder.hpp"
#include "tests/fuzz/must.hpp"

namespace {

using namespace nethealth;

/// A log and two older ones.
struct LogFolder : FuzzFolder {
  LogFolder() {
    std::ofstream(path / "app.log") << "the newest line\n";
    std::ofstream(path / "app.log.1") << "a line of the day before\n";
    std::ofstream(path / "app.log.2") << "a line of the day before that\n";
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const LogFolder folder;
  LostPlace place;
  std::uint64_t numbers[2] = {};
  std::memcpy(numbers, data, std::min(size, sizeof numbers));
  const std::string log = (folder.path / "app.log").string();
  const auto facts = look_at_file(log + ".1");
  must(facts.has_value(), "the older log is there");
  place.identity = numbers[0] % 2 == 0 ? facts->identity : FileIdentity{numbers[0], numbers[1]};
  place.offset = numbers[1];
  if (size > sizeof numbers)
    place.fingerprint.assign(reinterpret_cast<const char*>(data) + sizeof numbers, size - sizeof numbers);
  must(fingerprint_length(place.fingerprint) <= fingerprint_bytes, "a fingerprint's length is bounded");
  const RotatedFiles found = find_rotated(log, place);
  must(found.found == !found.paths.empty(), "what is found has a path");
  if (found.found) {
    const auto file = LogFile::open(found.paths.front());
    must(file && file->starts_as(place.fingerprint), "the found file starts as the lost one");
    must(file->facts()->size >= place.offset, "and is as long");
  }
  static_cast<void>(find_compressed(log, place));
  static_cast<void>(is_copy_of(log + ".1", log, place));
  return 0;
}
