// The lines that begin with `at`.

#include <algorithm>
#include <array>
#include <charconv>

#include "agent/scenario_line.hpp"

namespace nethealth {
namespace {

using SubjectKind = ScenarioSubject::Kind;
using Verb = ScenarioVerb;

struct SpokenVerb {
  std::string_view words;  ///< of several; `#` is a number, `"` a text, both of which may be left out
  Verb verb;
};

/// The longest that fits is meant.
constexpr std::array spoken_verbs{SpokenVerb{"fall silent", Verb::fall_silent},
                                  SpokenVerb{"falls silent", Verb::fall_silent},
                                  SpokenVerb{"answer #", Verb::answer},
                                  SpokenVerb{"answers #", Verb::answer},
                                  SpokenVerb{"die", Verb::die},
                                  SpokenVerb{"dies", Verb::die},
                                  SpokenVerb{"hang", Verb::hang},
                                  SpokenVerb{"hangs", Verb::hang},
                                  SpokenVerb{"goes down", Verb::go_down},
                                  SpokenVerb{"go down", Verb::go_down},
                                  SpokenVerb{"comes up", Verb::come_up},
                                  SpokenVerb{"come up", Verb::come_up},
                                  SpokenVerb{"stays up", Verb::stay_up},
                                  SpokenVerb{"stay up", Verb::stay_up},
                                  SpokenVerb{"counts errors", Verb::count_errors},
                                  SpokenVerb{"counts no errors", Verb::count_no_errors},
                                  SpokenVerb{"is cut", Verb::be_cut},
                                  SpokenVerb{"is mended", Verb::be_mended},
                                  SpokenVerb{"refuse", Verb::refuse},
                                  SpokenVerb{"refuses", Verb::refuse},
                                  SpokenVerb{"times out", Verb::time_out},
                                  SpokenVerb{"fails", Verb::fail},
                                  SpokenVerb{"warns", Verb::warn},
                                  SpokenVerb{"is well", Verb::be_well},
                                  SpokenVerb{"runs on battery", Verb::run_on_battery},
                                  SpokenVerb{"runs on mains", Verb::run_on_mains},
                                  SpokenVerb{"loses # of 3", Verb::lose_packets},
                                  SpokenVerb{"lose # of 3", Verb::lose_packets},
                                  SpokenVerb{"writes \"", Verb::write},
                                  SpokenVerb{"traps \"", Verb::trap},
                                  SpokenVerb{"is skipped", Verb::be_skipped},
                                  SpokenVerb{"are skipped", Verb::be_skipped},
                                  SpokenVerb{"is polled", Verb::be_polled},
                                  SpokenVerb{"are polled", Verb::be_polled},
                                  SpokenVerb{"acknowledges #", Verb::acknowledge},
                                  SpokenVerb{"closes # \"", Verb::close},
                                  SpokenVerb{"still answers ARP", Verb::answer_arp},
                                  SpokenVerb{"still answer ARP", Verb::answer_arp},
                                  SpokenVerb{"works", Verb::work},
                                  SpokenVerb{"restarts", Verb::restart}};

struct FittingVerb {
  Verb verb;
  SubjectKind kind;
};

/// Which verbs go with which subjects, beyond devices and what stands for several of them.
constexpr std::array fitting{
    FittingVerb{Verb::go_down, SubjectKind::port},         FittingVerb{Verb::come_up, SubjectKind::port},
    FittingVerb{Verb::stay_up, SubjectKind::port},         FittingVerb{Verb::count_errors, SubjectKind::port},
    FittingVerb{Verb::count_no_errors, SubjectKind::port}, FittingVerb{Verb::be_cut, SubjectKind::cable},
    FittingVerb{Verb::be_mended, SubjectKind::cable},      FittingVerb{Verb::fall_silent, SubjectKind::agent},
    FittingVerb{Verb::answer, SubjectKind::agent},         FittingVerb{Verb::refuse, SubjectKind::agent},
    FittingVerb{Verb::refuse, SubjectKind::service},       FittingVerb{Verb::time_out, SubjectKind::service},
    FittingVerb{Verb::answer, SubjectKind::service},       FittingVerb{Verb::fail, SubjectKind::sensor},
    FittingVerb{Verb::warn, SubjectKind::sensor},          FittingVerb{Verb::be_well, SubjectKind::sensor},
    FittingVerb{Verb::fail, SubjectKind::channel},         FittingVerb{Verb::work, SubjectKind::channel},
    FittingVerb{Verb::acknowledge, SubjectKind::person},   FittingVerb{Verb::close, SubjectKind::person}};

constexpr std::array device_verbs{
    Verb::fall_silent,  Verb::answer,  Verb::die,          Verb::hang, Verb::run_on_battery,
    Verb::run_on_mains, Verb::write,   Verb::lose_packets, Verb::trap, Verb::be_skipped,
    Verb::be_polled,    Verb::restart, Verb::answer_arp};

bool is_of_devices(SubjectKind kind) {
  return kind == SubjectKind::all || kind == SubjectKind::device || kind == SubjectKind::behind ||
         kind == SubjectKind::room || kind == SubjectKind::load;
}

bool fits(Verb verb, SubjectKind kind) {
  if (is_of_devices(kind)) return std::ranges::find(device_verbs, verb) != device_verbs.end();
  return std::ranges::any_of(fitting,
                             [&](const FittingVerb& one) { return one.verb == verb && one.kind == kind; });
}

struct NamedClass {
  std::string_view name;
  SensorClass sensor_class;
};
constexpr std::array sensor_classes{NamedClass{"fan", SensorClass::fan},
                                    NamedClass{"power", SensorClass::power},
                                    NamedClass{"temperature", SensorClass::temperature},
                                    NamedClass{"voltage", SensorClass::voltage},
                                    NamedClass{"disk", SensorClass::disk},
                                    NamedClass{"memory", SensorClass::memory},
                                    NamedClass{"battery", SensorClass::battery},
                                    NamedClass{"humidity", SensorClass::humidity},
                                    NamedClass{"smoke", SensorClass::smoke},
                                    NamedClass{"water", SensorClass::water},
                                    NamedClass{"door", SensorClass::door},
                                    NamedClass{"other", SensorClass::other}};

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

class ActionReader {
 public:
  ActionReader(const ScenarioNames& names, ScenarioLine& line) : names_(names), line_(line) {}

  Milliseconds read(std::vector<ScenarioAction>& actions) {
    const Milliseconds at = names_.need_time(line_);
    do {
      ScenarioAction action;
      action.at = at;
      action.place = line_.place();
      do action.subjects.push_back(read_subject());
      while (line_.take(","));
      read_verb(action);
      actions.push_back(std::move(action));
    } while (line_.take(";"));
    names_.need_end(line_);
    return at;
  }

 private:
  void read_verb(ScenarioAction& action) {
    const ScenarioPlace place = line_.place();
    for (const SpokenVerb& spoken : spoken_verbs) {
      const auto length = matching(spoken.words, action);
      if (!length) continue;
      for (const ScenarioSubject& subject : action.subjects)
        if (!fits(spoken.verb, subject.kind))
          throw names_.mistake(
              place,
              Phrase{"この動詞はこの主語には使えません", "this verb does not go with what stands before it"},
              line_.peek()->text);
      action.verb = spoken.verb;
      line_.skip(*length);
      return;
    }
    throw names_.mistake(
        place,
        Phrase{"知らない動詞です (tests/scenarios/README.md)", "an unknown verb (tests/scenarios/README.md)"},
        line_.done() ? "" : line_.peek()->text);
  }

  /// How many words of the line the verb takes; nothing when it is another verb.
  std::optional<std::size_t> matching(std::string_view words, ScenarioAction& action) {
    std::size_t taken = 0;
    int number = 0;
    std::string text;
    while (!words.empty()) {
      const std::size_t space = std::min(words.find(' '), words.size());
      const std::string_view word = words.substr(0, space);
      words.remove_prefix(std::min(space + 1, words.size()));
      const ScenarioToken* token = line_.peek(taken);
      const bool there = token != nullptr && token->text != ";";
      if (word == "#") {
        const auto read = there ? number_of(token->text) : std::nullopt;
        if (!read) continue;
        number = *read;
      } else if (word == "\"") {
        if (!there || !token->quoted) return std::nullopt;
        text = token->text;
      } else if (!there || token->quoted || token->text != word) {
        return std::nullopt;
      }
      ++taken;
    }
    action.number = number;
    action.text = text;
    return taken;
  }

  ScenarioSubject read_subject() {
    ScenarioSubject subject;
    if (line_.take("all")) return subject;
    if (line_.take("everything")) {
      subject.kind = SubjectKind::behind;
      names_.need_word(line_, "behind");
      subject.device = names_.need_device(line_);
    } else if (line_.take("room")) {
      subject.kind = SubjectKind::room;
      subject.name = names_.need_room(line_);
    } else if (line_.take("load")) {
      subject.kind = SubjectKind::load;
      names_.need_word(line_, "of");
      subject.device = names_.need_device(line_);
    } else if (line_.take("agent")) {
      subject.kind = SubjectKind::agent;
      names_.need_word(line_, "of");
      subject.device = names_.need_device(line_);
    } else if (line_.take("cable")) {
      subject.kind = SubjectKind::cable;
      subject.device = names_.need_device(line_);
      subject.peer = need_cable(subject.device);
    } else if (line_.take("channel")) {
      subject.kind = SubjectKind::channel;
      subject.name = names_.need_channel(line_);
    } else if (line_.take("service")) {
      read_service_subject(subject);
    } else if (line_.take("sensor")) {
      read_sensor_subject(subject);
    } else {
      read_named_subject(subject);
    }
    return subject;
  }

  DeviceIndex need_cable(DeviceIndex one) {
    const ScenarioPlace place = line_.place();
    const DeviceIndex other = names_.need_device(line_);
    const auto joins = [&](const Cable& cable) {
      return (cable.a == one && cable.b == other) || (cable.a == other && cable.b == one);
    };
    if (std::ranges::none_of(names_.site().cables, joins))
      throw names_.mistake(place, Phrase{"この二台の間にケーブルはありません", "no cable joins these two"});
    return other;
  }

  void read_service_subject(ScenarioSubject& subject) {
    subject.kind = SubjectKind::service;
    const ScenarioPlace place = line_.place();
    subject.name = names_.need(line_, {"サービスの名前", "a service's name"}).text;
    names_.need_word(line_, "of");
    subject.device = names_.need_device(line_);
    const auto& services = names_.site().devices[subject.device].services;
    if (std::ranges::find(services, subject.name, &Service::name) == services.end())
      throw names_.mistake(place,
                           Phrase{"この機器にこのサービスはありません", "the device has no such service"},
                           subject.name);
  }

  void read_sensor_subject(ScenarioSubject& subject) {
    subject.kind = SubjectKind::sensor;
    subject.name = names_.need(line_, {"センサーの名前", "a sensor's name"}).text;
    if (line_.take("(")) {
      const ScenarioPlace place = line_.place();
      const std::string& word = names_.need(line_, {"センサーの種類", "a class of sensors"}).text;
      const auto found = std::ranges::find(sensor_classes, word, &NamedClass::name);
      if (found == sensor_classes.end())
        throw names_.mistake(place, Phrase{"知らない種類のセンサーです", "an unknown class of sensors"},
                             word);
      subject.sensor_class = found->sensor_class;
      names_.need_word(line_, ")");
    }
    names_.need_word(line_, "of");
    subject.device = names_.need_device(line_);
  }

  void read_named_subject(ScenarioSubject& subject) {
    const ScenarioPlace place = line_.place();
    const std::string& name = names_.need(line_, {"主語", "a subject"}).text;
    if (const auto device = names_.find_device(name)) {
      subject.kind = SubjectKind::device;
      subject.device = *device;
      return;
    }
    const std::size_t colon = name.find(':');
    if (const auto device = names_.find_device(name.substr(0, colon)); device && colon != std::string::npos) {
      subject = {SubjectKind::port, *device, 0, name.substr(colon + 1), SensorClass::other};
      if (!is_port(*device, subject.name))
        throw names_.mistake(place, Phrase{"ケーブルの挿さっていないポートです", "a port without a cable"},
                             name);
      return;
    }
    if (names_.site().person(name)) {
      subject.kind = SubjectKind::person;
      subject.name = name;
      return;
    }
    throw names_.mistake(place, Phrase{"知らない名前です", "an unknown name"}, name + names_.perhaps(name));
  }

  [[nodiscard]] bool is_port(DeviceIndex device, const std::string& port) const {
    return std::ranges::any_of(names_.site().cables, [&](const Cable& cable) {
      return (cable.a == device && cable.port_a == port) || (cable.b == device && cable.port_b == port);
    });
  }

  const ScenarioNames& names_;
  ScenarioLine& line_;
};

}  // namespace

Milliseconds read_actions(const ScenarioNames& names, ScenarioLine& line,
                          std::vector<ScenarioAction>& actions) {
  return ActionReader(names, line).read(actions);
}

}  // namespace nethealth
