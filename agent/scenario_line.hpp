#pragma once
// Reading one line of a scenario from left to right, and the names it may use. Private to scenario_*.cpp.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/scenario.hpp"
#include "agent/scenario_words.hpp"

namespace nethealth {

class ScenarioLine {
 public:
  ScenarioLine(std::vector<ScenarioToken> tokens, int line, int end)
      : tokens_(std::move(tokens)), line_(line), end_(end) {}

  [[nodiscard]] bool done() const { return next_ >= tokens_.size(); }
  [[nodiscard]] const ScenarioToken* peek(std::size_t ahead = 0) const {
    return next_ + ahead < tokens_.size() ? &tokens_[next_ + ahead] : nullptr;
  }
  const ScenarioToken* take() { return done() ? nullptr : &tokens_[next_++]; }
  bool take(std::string_view word) {
    if (done() || tokens_[next_].quoted || tokens_[next_].text != word) return false;
    ++next_;
    return true;
  }
  void skip(std::size_t count) { next_ += count; }
  [[nodiscard]] ScenarioPlace place() const { return {line_, done() ? end_ : tokens_[next_].column}; }
  [[nodiscard]] ScenarioPlace place_before() const { return {line_, tokens_[next_ - 1].column}; }
  void begin_again() { next_ = 0; }

 private:
  std::vector<ScenarioToken> tokens_;
  std::size_t next_ = 0;
  int line_;
  int end_;
};

/// A mistake of the user's text; carried to the line's end, so that every line is read.
struct ScenarioMistake {
  ScenarioPlace place;
  std::string message;
};

/// Takes words off a line; what is not there, or not known, is a ScenarioMistake.
class ScenarioNames {
 public:
  ScenarioNames(const Site& site, Language language) : site_(site), language_(language) {}

  [[nodiscard]] const Site& site() const { return site_; }
  [[nodiscard]] ScenarioMistake mistake(ScenarioPlace place, const Phrase& phrase,
                                        std::string_view about = {}) const;
  const ScenarioToken& need(ScenarioLine& line, const Phrase& what) const;
  void need_word(ScenarioLine& line, std::string_view word) const;
  void need_end(ScenarioLine& line) const;
  Milliseconds need_time(ScenarioLine& line) const;
  DeviceIndex need_device(ScenarioLine& line) const;
  std::string need_room(ScenarioLine& line) const;
  std::string need_channel(ScenarioLine& line) const;
  /// A device, a room, or in quotation marks anything.
  std::string need_place(ScenarioLine& line) const;
  /// `monitor` is the monitor, whatever it is called.
  [[nodiscard]] std::optional<DeviceIndex> find_device(const std::string& name) const;
  [[nodiscard]] bool is_place(const std::string& name) const;
  /// " (perhaps: NAME)", or nothing.
  [[nodiscard]] std::string perhaps(const std::string& name) const;

 private:
  const Site& site_;
  Language language_;
};

/// What follows `at`: one action or several, all at one time, which is returned.
Milliseconds read_actions(const ScenarioNames& names, ScenarioLine& line,
                          std::vector<ScenarioAction>& actions);

/// What follows `expect`; `latest` is the latest time that it names.
ScenarioExpectation read_expectation(const ScenarioNames& names, ScenarioLine& line, Milliseconds& latest);

}  // namespace nethealth
