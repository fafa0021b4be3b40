#include "agent/replay.hpp"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iterator>
#include <optional>
#include <ostream>
#include <string_view>
#include <unordered_set>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "agent/recorder.hpp"
#include "probes/observation_json.hpp"

namespace nethealth {
namespace {

/// One engine's virtual time.
class Player {
 public:
  explicit Player(Replayed replayed) : to_(std::move(replayed)) {
    for (const Device& device : to_.site.devices) known_.insert(device.name);
  }

  [[nodiscard]] bool knows(const std::string& device) const { return known_.contains(device); }
  [[nodiscard]] bool rests() const { return rests_; }

  /// `observation` is not older than the one before, and of a known device.
  void play(const Observation& observation) {
    pass_time_until(observation.time);
    last_ = observation.time;
    settle(observation.time, to_.engine.observe(observation));
  }

 private:
  void pass_time_until(Time time) {
    int at_one_moment = 0;
    while (wake_ && *wake_ <= time && rests_) {
      const Time now = last_ ? std::max(*wake_, *last_) : *wake_;
      wake_.reset();
      settle(now, to_.engine.wake(now));
      at_one_moment = wake_ && *wake_ <= now ? at_one_moment + 1 : 0;
      rests_ = at_one_moment <= max_wakes_at_one_moment;
      last_ = now;
    }
  }

  /// Hands on what was decided, and reports every message as delivered until nothing follows from that any
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
      to_.decided(event);
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
        add(to_.engine.report(now, NotificationOutcome{queued->notification.id, Delivery::sent, {}, {}}));
      if (const auto* queued = std::get_if<SyslogQueued>(&event.what))
        add(to_.engine.report(now, SyslogOutcome{queued->id, queued->target, true, {}, queued->message}));
    }
  }

  Replayed to_;
  std::unordered_set<std::string_view> known_;  ///< devices; Site::device goes through all of them
  std::optional<Time> last_;                    ///< the engine's time
  std::optional<Time> wake_;
  bool rests_ = true;
};

}  // namespace

class Replay::Impl {
 public:
  Impl(std::vector<Replayed> engines, Language language, std::ostream& err) : language_(language), err_(err) {
    for (Replayed& replayed : engines) players_.emplace_back(std::move(replayed));
  }

  void play(LineReader& reader, const std::string& name) {
    name_ = &name;
    line_ = 0;
    while (std::ranges::all_of(players_, &Player::rests)) {
      const auto line = reader.next();
      if (!line) break;
      ++line_;
      ++count_.lines;
      take(*line);
      if (!std::ranges::all_of(players_, &Player::rests)) fail("the engine does not come to rest");
    }
    if (!reader.failure().empty()) fail(reader.failure());
  }

  [[nodiscard]] const ReplayCount& count() const { return count_; }

 private:
  void take(const ReadLine& line) {
    if (line.too_long) return bad(language_ == Language::ja ? "行が長すぎます" : "the line is too long");
    const Result<Observation> observation = parse_observation(line.text, language_);
    if (!observation) return bad(observation.error().text());
    if (last_ && observation->time < *last_)
      return bad(language_ == Language::ja ? "前の行より古い時刻です" : "older than the line before");
    last_ = observation->time;
    bool known = true;
    for (Player& player : players_) {
      if (player.knows(observation->device))
        player.play(*observation);
      else
        known = false;
    }
    if (!known)
      bad((language_ == Language::ja ? "設定にない機器です: " : "no device of the configuration: ") +
          observation->device);
  }

  void bad(const std::string& message) {
    ++count_.bad;
    err_ << *name_ << ":" << line_ << ": " << without_controls(message) << "\n";
  }

  void fail(const std::string& why) {
    err_ << *name_ << ":" << line_ + 1 << ": " << why << "\n";
    count_.broken = true;
  }

  Language language_;
  std::ostream& err_;
  std::vector<Player> players_;
  const std::string* name_ = nullptr;
  std::uint64_t line_ = 0;  ///< of this file
  std::optional<Time> last_;
  ReplayCount count_;
};

Replay::Replay(std::vector<Replayed> engines, Language language, std::ostream& err)
    : impl_(std::make_unique<Impl>(std::move(engines), language, err)) {}
Replay::~Replay() = default;
void Replay::play(LineReader& reader, const std::string& name) {
  impl_->play(reader, name);
}
const ReplayCount& Replay::count() const {
  return impl_->count();
}

std::function<void(const Event&)> print_events(const Site& site, Language language, std::ostream& out) {
  return [&site, language, &out](const Event& event) {
    if (const auto object = contract_event(event, language, site.zone)) out << json_text(*object) << "\n";
  };
}

std::vector<std::string> replayed_files(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    if (entry.path().string().ends_with(recording_suffix)) files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

}  // namespace nethealth
