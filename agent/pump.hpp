#pragma once
// The heart of the daemon: everything that happens goes to the engine through here, and everything the engine
// decides goes to the journal first and then out. All inputs take the same way, one at a time, on one thread.
//
// Written first, acted upon after - with one exception: no page depends on the disk. When a commit fails, or
// has not returned within `commit_patience`, what waits for it leaves from memory, marked as unjournaled; the
// engine is told once that storage is broken, and once that it works again. What could not be written is kept
// in order and tried again every `retry_interval`. A wanted probe does not wait for the journal: looking is
// harmless.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/courier.hpp"
#include "agent/store.hpp"
#include "agent/system_clock.hpp"
#include "rules/engine.hpp"

namespace nethealth {

/// Where decisions go. Called on the io_context; none may call the pump from inside.
struct PumpSinks {
  /// As Store::commit.
  std::function<void(Batch, Store::Done)> commit;
  std::function<void(Letter, DeliveryFlags)> send;
  std::function<void(const SyslogQueued&, Time)> send_syslog;
  std::function<void(const ProbeWanted&)> look;
  /// Every observation, log lines that mean nothing included; may be empty.
  std::function<void(const Observation&)> observed;
  /// Every event as it is decided, for the log.
  std::function<void(const Event&)> decided;
  /// Storage stopped working (the text says how), or works again (empty).
  std::function<void(const std::string&)> storage;
};

struct PumpOptions {
  Milliseconds commit_patience{3'000};
  Milliseconds retry_interval{3'000};
  /// Kept while the journal cannot be written. Beyond it wanted probes and counted signs are dropped, oldest
  /// first, then whole records; each is counted.
  std::size_t uncommitted_events = 100'000;
  std::size_t events_in_a_commit = 5'000;
  /// An engine that wants to be woken again and again at one moment cannot take the whole processor.
  Milliseconds least_pause{5};
};

class Pump {
 public:
  /// What came of an act: `journaled` is false when it is in memory only.
  struct ActDone {
    bool journaled = true;
  };

  Pump(boost::asio::io_context& io, SystemClock& clock, const Site& site, const LogMatcher& matcher,
       Engine& engine, PumpSinks sinks, PumpOptions options = {});
  /// No sink is called after this.
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  void observe(const Observation& observation);
  /// Matches every line, shows the engine those that mean something and those near what an incident keeps,
  /// and saves the position with what they led to. `safe` is called when the file may go on.
  void take_lines(const LogLines& lines, std::function<void()> safe);
  /// A line that came by itself and has no position (syslog). Where it cannot mean anything (`may_tell`), it
  /// only counts as one near others.
  void hear(const std::string& device, const LogSeen& line, bool may_tell);
  /// `released` is called when it is in the journal, or only in memory (false).
  void report(const NotificationOutcome& outcome, std::function<void(bool journaled)> released = {});
  void report(const SyslogOutcome& outcome);
  /// `done` comes when the act is on the disk or storage is known to be broken; at once when it is refused.
  void act(const Act& act, Language language, std::function<void(Result<ActDone>)> done);
  void was_down(Time from, Time until);
  /// What somebody did to the program itself; the audit trail.
  void audit(const AuditRecord& record);
  /// Begins the engine's own time.
  void wake();

  /// Everything decided is on the disk, and acted upon.
  [[nodiscard]] bool written() const;
  [[nodiscard]] bool storage_failing() const;
  [[nodiscard]] std::uint64_t dropped_events() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
