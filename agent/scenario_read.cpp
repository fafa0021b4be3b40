#include <algorithm>

#include "agent/scenario_line.hpp"

namespace nethealth {
namespace {

/// How long before the first `at` the polls begin, and how long after the last named time they go on.
constexpr Milliseconds before_the_first{std::chrono::minutes(2)};
constexpr Milliseconds after_the_last{std::chrono::minutes(1)};
constexpr std::chrono::year_month_day usual_day{std::chrono::year(2026), std::chrono::November,
                                                std::chrono::day(24)};

class ScenarioReader {
 public:
  ScenarioReader(std::string_view text, const std::string& file, const Site* configured, Language language,
                 Problems& problems)
      : configured_(configured), language_(language), problems_(problems), names_(scenario_.site, language) {
    scenario_.file = file;
    scenario_.day = usual_day;
    split(text);
  }

  ScenarioReading read() {
    each_line([this](ScenarioLine& line) { read_setting(line); });
    if (!choose_site()) return {std::nullopt, !own_};
    each_line([this](ScenarioLine& line) { read_statement(line); });
    std::ranges::stable_sort(scenario_.actions, {}, &ScenarioAction::at);
    settle_times();
    if (problems_.size() == before_) return {std::move(scenario_), false};
    std::ranges::stable_sort(problems_, {},
                             [](const Problem& one) { return std::pair(one.line, one.column); });
    return {};
  }

 private:
  // -- lines

  void split(std::string_view text) {
    before_ = problems_.size();
    int number = 0;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      int unclosed = 0;
      std::vector<ScenarioToken> tokens = scenario_tokens(text.substr(0, end), unclosed);
      ++number;
      texts_.emplace_back(text.substr(0, end));
      const int column =
          tokens.empty() ? 1 : tokens.back().column + static_cast<int>(tokens.back().text.size());
      if (unclosed != 0)
        add({number, unclosed},
            Phrase{"引用符が閉じていません", "a quotation mark is not closed"}.in(language_));
      else if (!tokens.empty())
        lines_.emplace_back(std::move(tokens), number, column);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  void add(ScenarioPlace place, std::string_view message) {
    problems_.push_back({scenario_.file, place.line, place.column, std::string(message), false});
  }

  template <class Read>
  void each_line(Read read) {
    for (ScenarioLine& line : lines_) {
      line.begin_again();
      try {
        read(line);
      } catch (const ScenarioMistake& found) {
        add(found.place, found.message);
      }
    }
  }

  // -- settings and the network

  void read_setting(ScenarioLine& line) {
    const ScenarioPlace place = line.place();
    if (line.take("topology"))
      read_topology(line);
    else if (line.take("device"))
      read_device(line);
    else if (line.take("start"))
      read_start(line);
    else if (line.take("end"))
      end_ = named_time(line);
    else if (line.take("observations"))
      read_observations(line);
    else if (line.peek()->text != "at" && line.peek()->text != "expect")
      throw names_.mistake(
          place,
          Phrase{"文は topology、device、start、end、observations、at、expect のどれかで始まります",
                 "a line begins with topology, device, start, end, observations, at or expect"},
          line.peek()->text);
  }

  void read_start(ScenarioLine& line) {
    const ScenarioPlace place = line.place();
    const std::string& date = names_.need(line, {"日付 (2026-11-24)", "a date (2026-11-24)"}).text;
    const auto moment = parse_time(date + "T00:00:00Z");
    if (!moment) throw names_.mistake(place, Phrase{"日付ではありません", "not a date"}, date);
    scenario_.day = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*moment));
    if (!line.done()) begin_ = named_time(line);
    names_.need_end(line);
  }

  void read_observations(ScenarioLine& line) {
    if (line.take("recorded"))
      scenario_.can_probe = false;
    else if (!line.take("live"))
      throw names_.mistake(line.place(), Phrase{"live か recorded です", "live or recorded"});
    names_.need_end(line);
  }

  Milliseconds named_time(ScenarioLine& line) {
    const Milliseconds time = names_.need_time(line);
    last_named_ = std::max(last_named_, time);
    return time;
  }

  ScenarioNetwork& own() {
    if (!own_) own_.emplace();
    return *own_;
  }

  struct HopEnd {
    DeviceIndex device = 0;
    std::string port;
  };

  void read_topology(ScenarioLine& line) {
    std::vector<HopEnd> above;
    do {
      std::vector<HopEnd> here;
      do {
        const std::string& name = names_.need(line, {"機器の名前", "a device's name"}).text;
        const std::size_t colon = name.find(':');
        here.push_back({own().device(name.substr(0, colon)),
                        colon == std::string::npos ? std::string() : name.substr(colon + 1)});
      } while (line.take(","));
      for (const HopEnd& near : above)
        for (const HopEnd& far : here) own().connect(near.device, near.port, far.device, "");
      above = std::move(here);
    } while (line.take(">"));
    names_.need_end(line);
  }

  void read_device(ScenarioLine& line) {
    const DeviceIndex device = own().device(names_.need(line, {"機器の名前", "a device's name"}).text);
    while (!line.done()) {
      const ScenarioPlace place = line.place();
      const std::string& word = line.take()->text;
      if (word == "room") {
        own()[device].room = own().room(names_.need(line, {"部屋の名前", "a room's name"}).text);
      } else if (word == "power") {
        do own()[device].power.push_back(own().device(names_.need(line, {"UPSの名前", "a UPS's name"}).text));
        while (line.take(","));
      } else if (word == "snmp") {
        own().set_snmp(device, true);
      } else if (word == "unpolled") {
        own()[device].addresses.clear();
        own().set_snmp(device, false);
      } else if (word == "without" && line.take("snmp")) {
        own().set_snmp(device, false);
      } else if (word == "office-hours") {
        own()[device].calendar = 0;
      } else if (word == "unpaged") {
        own()[device].page = false;
      } else if (word == "service") {
        read_service(line, own()[device]);
      } else if (const auto kind = device_kind(word)) {
        own().set_kind(device, *kind);
      } else {
        throw names_.mistake(
            place,
            Phrase{
                "機器の種類か room、power、snmp、without snmp、unpolled、office-hours、unpaged、service です",
                "a kind of device, or room, power, snmp, without snmp, unpolled, office-hours, unpaged, "
                "service"},
            word);
      }
    }
  }

  void read_service(ScenarioLine& line, Device& device) {
    Service service;
    service.name = names_.need(line, {"サービスの名前", "a service's name"}).text;
    if (line.take("http")) {
      service.kind = Service::Kind::http;
      service.url = "http://" + (device.addresses.empty() ? "10.0.0.1" : device.addresses[0]) + "/";
    } else {
      line.take("tcp");
      service.port = static_cast<std::uint16_t>(1000 + device.services.size());
    }
    if (line.take("needs")) {
      const ScenarioPlace place = line.place();
      const std::string& needed = names_.need(line, {"サービスの名前", "a service's name"}).text;
      const auto found = std::ranges::find(device.services, needed, &Service::name);
      if (found == device.services.end())
        throw names_.mistake(
            place, Phrase{"この機器にこのサービスはありません", "the device has no such service"}, needed);
      service.depends_on.push_back(static_cast<std::size_t>(found - device.services.begin()));
    }
    device.services.push_back(std::move(service));
  }

  bool choose_site() {
    if (own_) {
      std::string missing;
      auto site = own_->finish(language_, missing);
      if (!site)
        add({1, 1}, missing);
      else
        scenario_.site = std::move(*site);
      return site.has_value();
    }
    if (configured_ == nullptr) {
      add({1, 1}, Phrase{"topologyがないので、設定 (--config) が必要です",
                         "without a topology, a configuration is needed (--config)"}
                      .in(language_));
      return false;
    }
    scenario_.site = *configured_;
    return true;
  }

  // -- what happens, and what is expected

  void read_statement(ScenarioLine& line) {
    if (line.take("at")) {
      last_named_ = std::max(last_named_, read_actions(names_, line, scenario_.actions));
    } else if (line.take("expect")) {
      scenario_.expectations.push_back(read_expectation(names_, line, last_named_));
      ScenarioExpectation& read = scenario_.expectations.back();
      const std::string& text = texts_[static_cast<std::size_t>(read.place.line) - 1];
      read.text = text.substr(std::min(text.find("expect"), text.size()));
    }
  }

  void settle_times() {
    const Milliseconds first = scenario_.actions.empty() ? last_named_ : scenario_.actions.front().at;
    scenario_.begin = begin_.value_or(std::max(first - before_the_first, Milliseconds{0}));
    scenario_.end = end_.value_or(last_named_ + after_the_last);
    if (scenario_.expectations.empty() && problems_.size() == before_)
      add({1, 1}, Phrase{"expectの行がありません", "there is no line that begins with expect"}.in(language_));
    if (!scenario_.actions.empty() && first < scenario_.begin)
      add(scenario_.actions.front().place,
          Phrase{"startより前の時刻です", "this is before the start"}.in(language_));
  }

  Scenario scenario_;
  const Site* configured_;
  Language language_;
  Problems& problems_;
  ScenarioNames names_;  ///< what its site knows, once it is chosen
  std::size_t before_ = 0;
  std::vector<std::string> texts_;
  std::vector<ScenarioLine> lines_;
  std::optional<ScenarioNetwork> own_;
  std::optional<Milliseconds> begin_, end_;
  Milliseconds last_named_{0};
};

}  // namespace

ScenarioReading read_scenario(std::string_view text, const std::string& file, const Site* configured,
                              Language language, Problems& problems) {
  return ScenarioReader(text, file, configured, language, problems).read();
}

}  // namespace nethealth
