// Plays a scenario in virtual time, against the engine.

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <queue>

#include "agent/scenario_told.hpp"
#include "agent/scenario_world.hpp"
#include "rules/engine.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds monitor_interval{1000};
/// Devices' first looks lie at these shares of their interval: the golden section spreads any number evenly.
constexpr double golden_section = 0.6180339887;

class ScenarioPlayer {
 public:
  ScenarioPlayer(const Scenario& scenario, const LogMatcher& matcher)
      : scenario_(scenario), site_(scenario.site), matcher_(matcher), world_(site_) {
    start_engine();
    now_ = moment(scenario.begin);
    schedule_polls();
    for (const ScenarioAction& action : scenario.actions)
      at(moment(action.at), [this, &action] { act(action); });
  }

  std::vector<ScenarioTold> play() {
    const Time end = moment(scenario_.end);
    while (true) {
      const Time next = steps_.empty() ? end : std::min(end, steps_.top().time);
      if (wake_ && *wake_ <= next) {
        now_ = std::max(now_, *wake_);
        wake_.reset();
        take(engine_->wake(now_));
        continue;
      }
      if (next >= end) return std::move(told_);
      const Step step = steps_.top();
      steps_.pop();
      now_ = std::max(now_, step.time);
      step.what();
    }
  }

 private:
  struct Step {
    Time time;
    std::size_t order = 0;
    std::function<void()> what;
    bool operator<(const Step& other) const {
      return time != other.time ? time > other.time : order > other.order;
    }
  };

  [[nodiscard]] Time moment(Milliseconds since_midnight) const {
    return site_.zone.moment(scenario_.day, since_midnight);
  }
  void at(Time time, std::function<void()> what) { steps_.push({time, ++order_, std::move(what)}); }

  void start_engine() {
    EngineOptions options;
    options.can_probe = scenario_.can_probe;
    engine_ = std::make_unique<Engine>(site_, matcher_, options);
    for (const Event& event : journal_) engine_->restore(event);
    wake_ = now_;
  }

  // -- looks

  void schedule_polls() {
    for (DeviceIndex device = 0; device < site_.devices.size(); ++device) {
      const Polling& polling = site_.devices[device].polling;
      if (device == site_.monitor) poll(device, "monitor", monitor_interval, 0);
      poll(device, "icmp", polling.icmp.interval, device);
      poll(device, "snmp", polling.snmp.interval, device + 0.3);
      poll(device, "tcp", polling.tcp.interval, device + 0.6);
      poll(device, "http", polling.http.interval, device + 0.8);
    }
  }
  void poll(DeviceIndex device, const std::string& probe, Milliseconds interval, double place) {
    const double share = place * golden_section - std::floor(place * golden_section);
    const Milliseconds offset(static_cast<std::int64_t>(share * static_cast<double>(interval.count())));
    at(moment(scenario_.begin) + offset, [=, this] { repeat(device, probe, interval); });
  }
  void repeat(DeviceIndex device, const std::string& probe, Milliseconds interval) {
    look(device, probe);
    at(now_ + interval, [=, this] { repeat(device, probe, interval); });
  }
  void look(DeviceIndex device, const std::string& probe) {
    for (TimedObservation& one : world_.look(device, probe, now_))
      at(one.observation.time, [this, seen = std::move(one.observation)] { take(engine_->observe(seen)); });
  }

  // -- what the lines say

  void act(const ScenarioAction& action) {
    world_.apply(action, now_);
    if (action.verb == ScenarioVerb::restart) start_engine();
    for (const ScenarioSubject& subject : action.subjects) {
      if (subject.kind == ScenarioSubject::Kind::channel) {
        if (action.verb == ScenarioVerb::fail)
          failing_.insert(subject.name);
        else
          failing_.erase(subject.name);
      } else if (subject.kind == ScenarioSubject::Kind::person) {
        act_as(subject.name, action);
      } else if (action.verb == ScenarioVerb::write) {
        for (const DeviceIndex device : world_.devices_of(subject))
          take(engine_->observe(
              {now_, site_.devices[device].name, LogSeen{"scenario", ++written_, {}, action.text}}));
      } else if (action.verb == ScenarioVerb::trap) {
        for (const DeviceIndex device : world_.devices_of(subject))
          take(engine_->observe({now_, site_.devices[device].name, TrapSeen{action.text, {}}}));
      }
    }
  }
  void act_as(const std::string& person, const ScenarioAction& action) {
    const int incident = action.number != 0 ? action.number : last_incident_;
    const Act what = action.verb == ScenarioVerb::close ? Act(Close{incident, person, action.text})
                                                        : Act(Acknowledge{incident, person});
    if (auto decided = engine_->act(now_, what, Language::en)) take(std::move(*decided));
  }

  // -- what is decided

  void take(Decisions decisions) {
    wake_ = decisions.wake;
    for (Event& event : decisions.events) {
      note(event);
      journal_.push_back(event);
      if (const auto* wanted = std::get_if<ProbeWanted>(&event.what)) {
        if (const auto device = site_.device(wanted->device))
          at(now_, [this, device = *device, probe = wanted->probe] { look(device, probe); });
      } else if (const auto* queued = std::get_if<NotificationQueued>(&event.what)) {
        const Notification& message = queued->notification;
        const bool fails = failing_.contains(message.channel);
        take(engine_->report(now_, NotificationOutcome{message.id, fails ? Delivery::failed : Delivery::sent,
                                                       fails ? "scenario" : "", ""}));
      } else if (const auto* line = std::get_if<SyslogQueued>(&event.what)) {
        take(engine_->report(now_, SyslogOutcome{line->id, line->target, true, "", line->message}));
      }
    }
  }

  void note(const Event& event) {
    IncidentOpened& state = states_[event.incident];
    if (const auto* opened = std::get_if<IncidentOpened>(&event.what)) {
      state = *opened;
      last_incident_ = event.incident;
      add(event, "opened", false);
    } else if (const auto* updated = std::get_if<IncidentUpdated>(&event.what)) {
      if (updated->severity) state.severity = *updated->severity;
      if (updated->diagnosis) state.diagnosis = *updated->diagnosis;
      add(event, updated->reopened ? "reopened" : "updated", false);
    } else if (std::holds_alternative<IncidentMerged>(event.what)) {
      add(event, "merged", false);
    } else if (std::holds_alternative<IncidentRestored>(event.what)) {
      add(event, "restored", false);
    } else if (std::holds_alternative<IncidentClosed>(event.what)) {
      add(event, "closed", false);
    } else if (const auto* queued = std::get_if<NotificationQueued>(&event.what)) {
      const Notification& message = queued->notification;
      add(event, std::string(word(message.kind)), true)
          .receivers.push_back({message.role, message.person, message.channel});
    }
  }
  ScenarioTold& add(const Event& event, std::string what, bool message) {
    const bool to_one = what == "page" || what == "escalation";
    if (message && !to_one && !told_.empty()) {
      ScenarioTold& last = told_.back();
      if (last.message && last.time == event.time && last.incident == event.incident && last.what == what)
        return last;
    }
    told_.push_back(
        {event.time, event.incident, message, std::move(what), {}, states_[event.incident], false});
    return told_.back();
  }

  const Scenario& scenario_;
  const Site& site_;
  const LogMatcher& matcher_;
  ScenarioWorld world_;
  std::unique_ptr<Engine> engine_;
  Time now_;
  std::optional<Time> wake_;
  std::priority_queue<Step> steps_;
  std::size_t order_ = 0;
  std::uint64_t written_ = 0;
  std::vector<Event> journal_;
  std::set<std::string> failing_;
  std::map<int, IncidentOpened> states_;
  int last_incident_ = 0;
  std::vector<ScenarioTold> told_;
};

}  // namespace

ScenarioResult play_scenario(const Scenario& scenario, const LogMatcher& matcher, Language language) {
  return judge_scenario(scenario, ScenarioPlayer(scenario, matcher).play(), language);
}

}  // namespace nethealth
