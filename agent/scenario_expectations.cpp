// The lines that begin with `expect`.

#include <algorithm>

#include "agent/scenario_line.hpp"

namespace nethealth {
namespace {

class ExpectationReader {
 public:
  ExpectationReader(const ScenarioNames& names, ScenarioLine& line, Milliseconds& latest)
      : names_(names), line_(line), latest_(latest) {}

  ScenarioExpectation read() {
    ScenarioExpectation expectation;
    expectation.place = line_.place();
    if (line_.take("nothing")) {
      names_.need_word(line_, "else");
      names_.need_end(line_);
      expectation.kind = ScenarioExpectation::Kind::nothing_else;
      return expectation;
    }
    if (line_.take("no")) expectation.kind = ScenarioExpectation::Kind::no_event;
    read_pattern(expectation);
    if (line_.done())
      throw names_.mistake(line_.place(), Phrase{"期待する語がありません", "what is expected is missing"});
    while (!line_.done()) expectation.words.push_back(read_word());
    return expectation;
  }

 private:
  void read_pattern(ScenarioExpectation& expectation) {
    const ScenarioToken* token = line_.peek();
    if (token == nullptr || token->quoted) return;
    const std::size_t hyphen = token->text.find('-');
    const std::string from = token->text.substr(0, hyphen);
    if (!is_time_pattern(from)) {
      if (!from.empty() && from[0] >= '0' && from[0] <= '9' && from.find(':') != std::string::npos)
        throw names_.mistake(line_.place(), Phrase{"時刻ではありません (09:00:2x)", "not a time (09:00:2x)"},
                             token->text);
      return;
    }
    expectation.from = from;
    if (hyphen != std::string::npos) {
      expectation.until = token->text.substr(hyphen + 1);
      if (!is_time_pattern(expectation.until))
        throw names_.mistake(
            line_.place(), Phrase{"時刻ではありません (09:00:00-09:00:20)", "not a time (09:00:00-09:00:20)"},
            token->text);
    }
    std::string latest = expectation.until.empty() ? expectation.from : expectation.until;
    std::ranges::replace(latest, 'x', '9');
    if (const auto time = scenario_time(latest)) latest_ = std::max(latest_, *time);
    line_.take();
  }

  ScenarioWord read_word() {
    using Word = ScenarioWord::Kind;
    const ScenarioPlace place = line_.place();
    const ScenarioToken token = names_.need(line_, {"期待する語", "a word"});
    const std::string& text = token.text;
    if (token.quoted) return {Word::place, text};
    if (text == "or") return {Word::alternative, names_.need_place(line_)};
    if (text == "affects") return {Word::affected, names_.site().devices[names_.need_device(line_)].name};
    if (text == "because")
      return {Word::reason, names_.need(line_, {"根拠の語", "the word of a reason"}).text};
    if (role_id(text)) {
      const bool deputy = line_.take("(");
      if (deputy) {
        names_.need_word(line_, "deputy");
        names_.need_word(line_, ")");
      }
      return {deputy ? Word::deputy : Word::role, text};
    }
    if (notification_kind(text) && text != "closed") return {Word::notification, text};
    for (const std::string_view change : {"opened", "updated", "reopened", "merged", "restored", "closed"})
      if (text == change) return {Word::change, text};
    if (category(text)) return {Word::category, text};
    if (severity(text)) return {Word::severity, text};
    // A device may be called as a cause is (hub, switch); the device is meant then.
    if (names_.is_place(text)) return {Word::place, text};
    if (cause(text)) return {Word::cause, text};
    if (names_.site().person(text)) return {Word::person, text};
    if (std::ranges::find(names_.site().channels, text, &Channel::name) != names_.site().channels.end())
      return {Word::channel, text};
    throw names_.mistake(
        place,
        Phrase{"期待できる語ではありません (役割、人、機器、部屋、分類、原因、通知の種類)",
               "not a word that can be expected (a role, person, device, room, category, cause or kind of "
               "message)"},
        text + names_.perhaps(text));
  }

  const ScenarioNames& names_;
  ScenarioLine& line_;
  Milliseconds& latest_;
};

}  // namespace

ScenarioExpectation read_expectation(const ScenarioNames& names, ScenarioLine& line, Milliseconds& latest) {
  return ExpectationReader(names, line, latest).read();
}

}  // namespace nethealth
