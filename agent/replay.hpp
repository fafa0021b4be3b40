#pragma once
// Runs engines over recorded observations in virtual time (contract, section Replay). What they decide
// depends only on the version, the configuration, the observations and the language, byte for byte.

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "agent/line_reader.hpp"
#include "config/language.hpp"
#include "config/site.hpp"
#include "rules/engine.hpp"

namespace nethealth {

/// An engine that asks to be woken more often than this at one moment is broken.
inline constexpr int max_wakes_at_one_moment = 10'000;

struct ReplayCount {
  std::uint64_t lines = 0;
  std::uint64_t bad = 0;  ///< not read, too long, older than the one before, or of no device of a site
  bool broken = false;    ///< an input ended in a failure, or an engine did not come to rest
};

/// An engine that is shown the observations, and what happens with what it decides.
struct Replayed {
  const Site& site;
  Engine& engine;
  std::function<void(const Event&)> decided;
};

/// A queued message counts as delivered at once; nobody answers; virtual time ends at the last line.
class Replay {
 public:
  /// What is wrong with the input goes to `err` as `name:line: message`. All must outlive the replay.
  Replay(std::vector<Replayed> engines, Language language, std::ostream& err);
  ~Replay();

  /// Shows a file to every engine; further files go on where the last one ended.
  void play(LineReader& reader, const std::string& name);
  [[nodiscard]] const ReplayCount& count() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Prints events as the contract has them, one JSON object a line.
std::function<void(const Event&)> print_events(const Site& site, Language language, std::ostream& out);

/// The files that an argument of `replay` stands for: a folder is its recordings, in the order of their
/// names.
std::vector<std::string> replayed_files(const std::string& path);

}  // namespace nethealth
