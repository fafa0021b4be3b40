#include "agent/pump.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "rules/nearby_lines.hpp"

namespace nethealth {
namespace {

/// What one call of the engine led to. Written whole or not at all.
struct Group {
  Batch batch;
  std::function<void(bool journaled)> released;  ///< empty once it was called
  bool acted_upon = false;
};

bool worth_little(const Event& event) {
  return std::holds_alternative<ProbeWanted>(event.what) || std::holds_alternative<SignSeen>(event.what);
}

auto key(const LogPosition& position) {
  return std::tie(position.device, position.path, position.file);
}

/// Adds what `later` says to `batch`; of each file only the last word counts.
void append_positions(Batch& batch, const Batch& later) {
  const auto drop = [](std::vector<LogPosition>& from, const LogPosition& position) {
    std::erase_if(from, [&](const LogPosition& other) { return key(other) == key(position); });
  };
  for (const LogPosition& position : later.positions) {
    drop(batch.positions, position);
    drop(batch.forgotten, position);
    batch.positions.push_back(position);
  }
  for (const LogPosition& position : later.forgotten) {
    drop(batch.positions, position);
    drop(batch.forgotten, position);
    batch.forgotten.push_back(position);
  }
}

/// The incident that kept the line these decisions are about; 0 when none did.
int keeper(const Decisions& decisions) {
  for (const Event& event : decisions.events)
    if (std::holds_alternative<EvidenceKept>(event.what)) return event.incident;
  return 0;
}

void append(Batch& batch, const Batch& later) {
  batch.events.insert(batch.events.end(), later.events.begin(), later.events.end());
  append_positions(batch, later);
}

}  // namespace

class Pump::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, SystemClock& clock, const Site& site, const LogMatcher& matcher,
       Engine& engine, PumpSinks sinks, PumpOptions options)
      : clock_(clock),
        site_(site),
        matcher_(matcher),
        engine_(engine),
        sinks_(std::move(sinks)),
        options_(options),
        wake_timer_(io),
        patience_timer_(io),
        retry_timer_(io) {}

  void stop() {
    stopped_ = true;
    wake_timer_.cancel();
    patience_timer_.cancel();
    retry_timer_.cancel();
  }

  Engine& engine() { return engine_; }
  Time now() { return clock_.now(); }

  /// The one way from decisions to deeds.
  void take(Decisions decisions, Batch extra = {}, std::function<void(bool)> released = {}) {
    set_wake(decisions.wake);
    for (const Event& event : decisions.events) {
      sinks_.decided(event);
      if (const auto* wanted = std::get_if<ProbeWanted>(&event.what)) sinks_.look(*wanted);
    }
    Group group;
    group.batch = std::move(extra);
    group.batch.events.insert(group.batch.events.end(), std::make_move_iterator(decisions.events.begin()),
                              std::make_move_iterator(decisions.events.end()));
    group.released = std::move(released);
    if (group.batch.events.empty() && group.batch.positions.empty() && group.batch.forgotten.empty()) {
      if (group.released) group.released(true);
      return;
    }
    waiting_events_ += group.batch.events.size();
    waiting_.push_back(std::move(group));
    if (failing_) act_upon(waiting_.back(), false);
    keep_within_bounds();
    commit();
  }

  void observe(const Observation& observation) {
    if (sinks_.observed) sinks_.observed(observation);
    take(engine_.observe(observation));
  }

  void take_lines(const LogLines& lines, std::function<void()> safe) {
    Batch position;
    (lines.gone ? position.forgotten : position.positions).push_back(lines.after);
    take(judge(lines.device, lines.lines, true), std::move(position),
         [safe = std::move(safe)](bool) { safe(); });
  }

  void hear(const std::string& device, const LogSeen& line, bool may_tell) {
    take(judge(device, std::span(&line, 1), may_tell));
  }

  /// What the next lines of one file led to, those near what was kept included.
  Decisions judge(const std::string& device, std::span<const LogSeen> lines, bool may_tell) {
    Decisions all;
    all.wake = wake_at_;
    const auto add = [&](Decisions decisions) {
      std::move(decisions.events.begin(), decisions.events.end(), std::back_inserter(all.events));
      all.wake = decisions.wake;
    };
    std::vector<std::pair<std::size_t, int>> kept;
    for (std::size_t index = 0; may_tell && index < lines.size(); ++index) {
      const LogSeen& line = lines[index];
      const bool tells = !matcher_.match(line.line, line.rules).empty();
      if (!tells && !sinks_.observed) continue;
      const Observation observation{now(), device, line};
      if (sinks_.observed) sinks_.observed(observation);
      if (!tells) continue;
      Decisions decisions = engine_.observe(observation);
      if (const int incident = keeper(decisions); incident > 0) kept.emplace_back(index, incident);
      add(std::move(decisions));
    }
    // A counted line may be kept only now, although it was read before and so stands near.
    std::set<std::tuple<int, std::string, std::uint64_t>> has;
    for (const Event& event : all.events)
      if (const auto* line = std::get_if<EvidenceKept>(&event.what))
        has.emplace(event.incident, line->file, line->offset);
    for (const NearbyLines::Near& near : nearby_.pass(now(), device, lines, kept))
      if (!has.contains({near.incident, near.line.file, near.line.offset}))
        add(engine_.keep(now(), near.incident, device, near.line, near.seen));
    return all;
  }

  void audit(const AuditRecord& record) { take(engine_.audit(now(), record)); }

  void act(const Act& what, Language language, std::function<void(Result<ActDone>)> done) {
    Result<Decisions> decisions = engine_.act(now(), what, language);
    if (!decisions) return done(tl::unexpected(decisions.error()));
    take(std::move(*decisions), {}, [done = std::move(done)](bool journaled) { done(ActDone{journaled}); });
  }

  [[nodiscard]] bool written() const { return in_flight_.empty() && waiting_.empty(); }
  [[nodiscard]] bool failing() const { return failing_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void set_wake(std::optional<Time> wake) {
    if (wake == wake_at_) return;
    wake_at_ = wake;
    if (!wake) {
      wake_timer_.cancel();
      return;
    }
    wake_timer_.expires_after(std::max(options_.least_pause, *wake - now()));
    wake_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->wake_due();
    });
  }

  /// Timers may fire a little early by the product's slewed time; then the rest is waited for.
  void wake_due() {
    const Time time = now();
    const std::optional<Time> due = std::exchange(wake_at_, std::nullopt);
    if (due && *due > time) return set_wake(due);
    take(engine_.wake(time));
  }

  void commit() {
    if (stopped_ || !in_flight_.empty() || waiting_.empty() || retrying_later_) return;
    Batch batch;
    while (!waiting_.empty() &&
           (in_flight_.empty() ||
            batch.events.size() + waiting_.front().batch.events.size() <= options_.events_in_a_commit)) {
      append(batch, waiting_.front().batch);
      waiting_events_ -= waiting_.front().batch.events.size();
      in_flight_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    lose_patience_later();
    sinks_.commit(std::move(batch), [weak = weak_from_this()](const Result<void>& result) {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      self->committed(result);
    });
  }

  void lose_patience_later() {
    patience_timer_.expires_after(options_.commit_patience);
    patience_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_ || self->in_flight_.empty()) return;
      self->storage_fails("no answer from the disk within " +
                          std::to_string(self->options_.commit_patience.count()) + " ms");
    });
  }

  void committed(const Result<void>& result) {
    patience_timer_.cancel();
    std::vector<Group> groups = std::exchange(in_flight_, {});
    if (result) {
      for (Group& group : groups) act_upon(group, true);
      if (std::exchange(failing_, false)) {
        sinks_.storage("");
        tell_engine(true, "");
      }
    } else {
      for (auto group = groups.rbegin(); group != groups.rend(); ++group) {
        waiting_events_ += group->batch.events.size();
        waiting_.push_front(std::move(*group));
      }
      retry_later();
      storage_fails(result.error().text());
      keep_within_bounds();
    }
    commit();
  }

  void retry_later() {
    retrying_later_ = true;
    retry_timer_.expires_after(options_.retry_interval);
    retry_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->retrying_later_ = false;
      self->commit();
    });
  }

  void storage_fails(const std::string& how) {
    const bool news = !std::exchange(failing_, true);
    for (Group& group : in_flight_) act_upon(group, false);
    for (Group& group : waiting_) act_upon(group, false);
    if (!news) return;
    sinks_.storage(how);
    tell_engine(false, how);
  }

  void tell_engine(bool works, const std::string& how) {
    MonitorSeen seen;
    seen.storage_ok = works;
    seen.storage_error = how;
    take(engine_.observe(Observation{now(), site_.devices[site_.monitor].name, seen}));
  }

  void act_upon(Group& group, bool journaled) {
    if (!std::exchange(group.acted_upon, true)) {
      for (const Event& event : group.batch.events) {
        if (const auto* queued = std::get_if<NotificationQueued>(&event.what))
          sinks_.send(Letter{queued->notification, event.incident, event.time},
                      DeliveryFlags{false, !journaled, false});
        if (const auto* queued = std::get_if<SyslogQueued>(&event.what))
          sinks_.send_syslog(*queued, event.time);
      }
    }
    if (const auto released = std::exchange(group.released, {})) released(journaled);
  }

  void keep_within_bounds() {
    if (waiting_events_ <= options_.uncommitted_events) return;
    // A tenth more than needed is dropped, so that the queue is not searched again for every further event.
    const std::size_t enough = options_.uncommitted_events - options_.uncommitted_events / 10;
    for (Group& group : waiting_) {
      if (waiting_events_ <= enough) return;
      if (group.acted_upon) forget(std::erase_if(group.batch.events, worth_little));
    }
    while (waiting_events_ > enough && waiting_.size() > 1 && waiting_.front().acted_upon) {
      Group oldest = std::move(waiting_.front());
      waiting_.pop_front();
      forget(oldest.batch.events.size());
      oldest.batch.events.clear();
      append_positions(oldest.batch, waiting_.front().batch);
      waiting_.front().batch.positions = std::move(oldest.batch.positions);
      waiting_.front().batch.forgotten = std::move(oldest.batch.forgotten);
    }
  }

  void forget(std::size_t events) {
    waiting_events_ -= events;
    dropped_ += events;
  }

  SystemClock& clock_;
  const Site& site_;
  const LogMatcher& matcher_;
  Engine& engine_;
  PumpSinks sinks_;
  PumpOptions options_;
  boost::asio::steady_timer wake_timer_;
  boost::asio::steady_timer patience_timer_;
  boost::asio::steady_timer retry_timer_;
  std::optional<Time> wake_at_;
  NearbyLines nearby_;
  std::deque<Group> waiting_;  ///< to be written, in order
  std::size_t waiting_events_ = 0;
  std::vector<Group> in_flight_;  ///< being written
  bool failing_ = false;
  bool retrying_later_ = false;
  bool stopped_ = false;
  std::uint64_t dropped_ = 0;
};

Pump::Pump(boost::asio::io_context& io, SystemClock& clock, const Site& site, const LogMatcher& matcher,
           Engine& engine, PumpSinks sinks, PumpOptions options)
    : impl_(std::make_shared<Impl>(io, clock, site, matcher, engine, std::move(sinks), options)) {}

Pump::~Pump() {
  impl_->stop();
}

void Pump::observe(const Observation& observation) {
  impl_->observe(observation);
}
void Pump::take_lines(const LogLines& lines, std::function<void()> safe) {
  impl_->take_lines(lines, std::move(safe));
}
void Pump::hear(const std::string& device, const LogSeen& line, bool may_tell) {
  impl_->hear(device, line, may_tell);
}
void Pump::report(const NotificationOutcome& outcome, std::function<void(bool)> released) {
  impl_->take(impl_->engine().report(impl_->now(), outcome), {}, std::move(released));
}
void Pump::report(const SyslogOutcome& outcome) {
  impl_->take(impl_->engine().report(impl_->now(), outcome));
}
void Pump::act(const Act& act, Language language, std::function<void(Result<ActDone>)> done) {
  impl_->act(act, language, std::move(done));
}
void Pump::was_down(Time from, Time until) {
  impl_->take(impl_->engine().was_down(impl_->now(), from, until));
}
void Pump::audit(const AuditRecord& record) {
  impl_->audit(record);
}
void Pump::wake() {
  impl_->take(impl_->engine().wake(impl_->now()));
}
bool Pump::written() const {
  return impl_->written();
}
bool Pump::storage_failing() const {
  return impl_->failing();
}
std::uint64_t Pump::dropped_events() const {
  return impl_->dropped();
}

}  // namespace nethealth
