#include "agent/replay.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <ostream>
#include <string_view>
#include <unordered_set>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "probes/observation_json.hpp"

namespace nethealth {
namespace {

class Player {
 public:
  Player(const std::string& name, const Site& site, Engine& engine, Language language, std::ostream& out,
         std::ostream& err)
      : name_(name), site_(site), engine_(engine), language_(language), out_(out), err_(err) {
    for (const Device& device : site.devices) known_.insert(device.name);
  }

  void play(const ReadLine& line) {
    ++count_.lines;
    if (line.too_long) return bad(language_ == Language::ja ? "行が長すぎます" : "the line is too long");
    const Result<Observation> observation = parse_observation(line.text, language_);
    if (!observation) return bad(observation.error().text());
    if (last_ && observation->time < *last_)
      return bad(language_ == Language::ja ? "前の行より古い時刻です" : "older than the line before");
    if (!known_.contains(observation->device))
      return bad((language_ == Language::ja ? "設定にない機器です: " : "no device of the configuration: ") +
                 observation->device);
    pass_time_until(observation->time);
    last_ = observation->time;
    settle(observation->time, engine_.observe(*observation));
  }

  void input_failed(const std::string& why) {
    err_ << name_ << ":" << count_.lines + 1 << ": " << why << "\n";
    count_.broken = true;
  }

  [[nodiscard]] const ReplayCount& count() const { return count_; }

 private:
  void bad(const std::string& message) {
    ++count_.bad;
    err_ << name_ << ":" << count_.lines << ": " << without_controls(message) << "\n";
  }

  void pass_time_until(Time time) {
    int at_one_moment = 0;
    while (wake_ && *wake_ <= time && !count_.broken) {
      const Time now = last_ ? std::max(*wake_, *last_) : *wake_;
      wake_.reset();
      settle(now, engine_.wake(now));
      at_one_moment = wake_ && *wake_ <= now ? at_one_moment + 1 : 0;
      if (at_one_moment > max_wakes_at_one_moment) input_failed("the engine does not come to rest");
      last_ = now;
    }
  }

  /// Prints what was decided, and reports every message as delivered until nothing follows from that any
  /// more.
  void settle(Time now, Decisions decisions) {
    std::deque<Event> events;
    const auto add = [&](Decisions more) {
      wake_ = more.wake;
      std::move(more.events.begin(), more.events.end(), std::back_inserter(events));
    };
    add(std::move(decisions));
    while (!events.empty()) {
      const Event event = std::move(events.front());
      events.pop_front();
      if (const auto object = contract_event(event, language_, site_.zone))
        out_ << json_text(*object) << "\n";
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
        add(engine_.report(now, NotificationOutcome{queued->notification.id, Delivery::sent, {}, {}}));
      if (const auto* queued = std::get_if<SyslogQueued>(&event.what))
        add(engine_.report(now, SyslogOutcome{queued->id, queued->target, true, {}, queued->message}));
    }
  }

  const std::string& name_;
  const Site& site_;
  std::unordered_set<std::string_view> known_;  ///< devices; Site::device goes through all of them
  Engine& engine_;
  Language language_;
  std::ostream& out_;
  std::ostream& err_;
  std::optional<Time> last_;  ///< the engine's time
  std::optional<Time> wake_;
  ReplayCount count_;
};

}  // namespace

ReplayCount replay(LineReader& reader, const std::string& name, const Site& site, Engine& engine,
                   Language language, std::ostream& out, std::ostream& err) {
  Player player(name, site, engine, language, out, err);
  while (!player.count().broken) {
    const auto line = reader.next();
    if (!line) break;
    player.play(*line);
  }
  if (!reader.failure().empty()) player.input_failed(reader.failure());
  return player.count();
}

}  // namespace nethealth
