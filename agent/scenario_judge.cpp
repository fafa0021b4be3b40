#include <algorithm>
#include <set>

#include "agent/scenario_told.hpp"
#include "agent/scenario_words.hpp"

namespace nethealth {
namespace {

constexpr std::size_t shown_events = 12;

bool is_at(const Location& location, const std::string& place) {
  return location.device == place || location.peer == place || location.room == place ||
         location.component == place;
}

bool carries(const Site& site, const ScenarioTold& told, const ScenarioWord& word) {
  using Word = ScenarioWord::Kind;
  const Diagnosis& diagnosis = told.state.diagnosis;
  const auto received = [&](auto holds) { return std::ranges::any_of(told.receivers, holds); };
  switch (word.kind) {
    case Word::notification:
      return told.message && told.what == word.text;
    case Word::change:
      return !told.message && told.what == word.text;
    case Word::role:
      return received([&](const auto& one) { return nethealth::word(one.role) == word.text; });
    case Word::deputy:
      return received([&](const auto& one) {
        const auto& people = site.role(one.role).people;
        return nethealth::word(one.role) == word.text && !people.empty() &&
               site.people[people.front()].name != one.person;
      });
    case Word::person:
      return received([&](const auto& one) { return one.person == word.text; });
    case Word::channel:
      return received([&](const auto& one) { return one.channel == word.text; });
    case Word::category:
      return nethealth::word(diagnosis.category) == word.text;
    case Word::cause:
      return nethealth::word(diagnosis.cause) == word.text;
    case Word::severity:
      return nethealth::word(told.state.severity) == word.text;
    case Word::place:
      return is_at(diagnosis.location, word.text);
    case Word::alternative:
      return std::ranges::any_of(diagnosis.alternatives,
                                 [&](const Alternative& one) { return is_at(one.location, word.text); });
    case Word::affected:
      return std::ranges::find(diagnosis.affected, word.text) != diagnosis.affected.end();
    case Word::reason:
      return std::ranges::find(diagnosis.evidence, word.text, &Reason::code) != diagnosis.evidence.end();
  }
  return false;
}

std::string place_text(const Location& location) {
  if (!location.peer.empty()) return location.device + "-" + location.peer;
  return !location.device.empty() ? location.device : location.room;
}

std::string line_of(const Site& site, const ScenarioTold& told) {
  std::string text = format_clock(told.time, site.zone) + " " + told.what;
  for (const auto& one : told.receivers) text += " " + std::string(word(one.role)) + " " + one.person;
  const Diagnosis& diagnosis = told.state.diagnosis;
  text += " " + place_text(diagnosis.location) + " " + std::string(word(diagnosis.category)) + " " +
          std::string(word(diagnosis.cause));
  return text + " #" + std::to_string(told.incident);
}

class Judge {
 public:
  Judge(const Scenario& scenario, std::vector<ScenarioTold> told, Language language)
      : scenario_(scenario), told_(std::move(told)), language_(language) {
    result_.file = scenario.file;
    result_.expectations = scenario.expectations.size();
  }

  ScenarioResult judge() {
    for (const ScenarioExpectation& one : scenario_.expectations)
      if (one.kind == ScenarioExpectation::Kind::event) expect(one);
    for (const ScenarioExpectation& one : scenario_.expectations) {
      if (one.kind == ScenarioExpectation::Kind::no_event) expect_none(one);
      if (one.kind == ScenarioExpectation::Kind::nothing_else) expect_nothing_else(one);
    }
    std::ranges::stable_sort(result_.failures, {}, &Problem::line);
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool meets(const ScenarioExpectation& expectation, const ScenarioTold& told) const {
    return time_matches(format_clock(told.time, scenario_.site.zone), expectation.from, expectation.until) &&
           std::ranges::all_of(expectation.words,
                               [&](const ScenarioWord& word) { return carries(scenario_.site, told, word); });
  }
  void fail(const ScenarioExpectation& expectation, std::string message) {
    result_.failures.push_back(
        {scenario_.file, expectation.place.line, expectation.place.column, std::move(message), false});
  }

  void expect(const ScenarioExpectation& expectation) {
    const auto found = std::ranges::find_if(
        told_, [&](const ScenarioTold& told) { return !told.expected && meets(expectation, told); });
    if (found != told_.end()) {
      found->expected = true;
      return;
    }
    fail(expectation, std::string(Phrase{"起きませんでした: ", "did not happen: "}.in(language_)) +
                          expectation.text + all_told());
  }

  void expect_none(const ScenarioExpectation& expectation) {
    for (const ScenarioTold& told : told_)
      if (meets(expectation, told))
        return fail(expectation, std::string(Phrase{"起きました: ", "happened: "}.in(language_)) +
                                     line_of(scenario_.site, told));
  }

  /// Every message, and every incident of which nobody was told.
  void expect_nothing_else(const ScenarioExpectation& expectation) {
    std::set<int> known;
    for (const ScenarioTold& told : told_)
      if (told.expected || told.message) known.insert(told.incident);
    for (const ScenarioTold& told : told_)
      if (!told.expected && (told.message || (told.what == "opened" && !known.contains(told.incident))))
        fail(expectation, std::string(Phrase{"ほかに起きました: ", "happened as well: "}.in(language_)) +
                              line_of(scenario_.site, told));
  }

  [[nodiscard]] std::string all_told() const {
    std::string text =
        told_.empty() ? std::string(Phrase{"\n  何も起きませんでした", "\n  nothing happened"}.in(language_))
                      : "";
    std::size_t shown = 0;
    for (const ScenarioTold& told : told_) {
      if (told.expected || (!told.message && told.what == "updated")) continue;
      if (++shown > shown_events) return text + "\n  ...";
      text += "\n  " + line_of(scenario_.site, told);
    }
    return text;
  }

  const Scenario& scenario_;
  std::vector<ScenarioTold> told_;
  Language language_;
  ScenarioResult result_;
};

}  // namespace

ScenarioResult judge_scenario(const Scenario& scenario, std::vector<ScenarioTold> told, Language language) {
  return Judge(scenario, std::move(told), language).judge();
}

}  // namespace nethealth
