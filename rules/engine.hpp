#pragma once
// The fold: observations, people's acts, outcomes of sending and the passing of time go in; decisions come
// out. The only class with memory in this folder. It never reads a clock, waits, logs, or touches a socket or
// a file. Calls are in time order; a time before the last one is taken as the last one.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/result.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"
#include "rules/event.hpp"
#include "rules/log_matcher.hpp"
#include "rules/picture.hpp"
#include "rules/procedure_acts.hpp"
#include "rules/reasoning.hpp"

namespace nethealth {

/// All that the engine ever says. The events are journaled in order, then acted upon: notifications and
/// syslog messages leave, wanted probes run. `wake` must then be called at that time at the latest.
struct Decisions {
  std::vector<Event> events;
  std::optional<Time> wake;
};

struct EngineOptions {
  /// Somebody answers `probe.wanted`: the engine asks, and waits a little for the answers before it decides.
  bool can_probe = true;
  /// Addresses of the monitoring host: what it does to look is never misconduct.
  std::vector<std::string> own_addresses;
  /// The procedures in force; they must outlive the engine. Those that ship when null.
  const Procedures* procedures = nullptr;
};

/// A person's act. `person` is a name in Site::people.
struct Acknowledge {
  int incident = 0;
  std::string person;
};
struct Close {
  int incident = 0;
  std::string person;
  std::string reason;
  std::string decision = {};  ///< a QuickClosing's word; empty for the procedure's end
};
using Act = std::variant<Acknowledge, Close, TakeStep, AddNote, OpenByHand, Reclassify, DecideMeasure>;

class Engine {
 public:
  /// `site` and `matcher` must outlive the engine.
  Engine(const Site& site, const LogMatcher& matcher, EngineOptions options = {});
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Decisions observe(const Observation& observation);
  Decisions wake(Time now);
  /// What became of a queued message.
  Decisions report(Time now, const NotificationOutcome& outcome);
  Decisions report(Time now, const SyslogOutcome& outcome);
  /// Refused with a sentence that says what is missing.
  Result<Decisions> act(Time now, const Act& act, Language language);

  /// Rebuilds incidents, the contact chain and counters from one record of the journal, oldest first, before
  /// anything else is called. Check states start unknown; nothing counts as restored until it was observed.
  void restore(const Event& event);

  /// Messages that were queued and whose outcome is not recorded, oldest first: what to send (again) at
  /// start.
  [[nodiscard]] std::vector<Event> unsent() const;

  [[nodiscard]] Picture picture() const;
  [[nodiscard]] const Procedures& procedures() const;
  /// What a step would record and whom it would tell, without doing it; refused as the act itself.
  [[nodiscard]] Result<IncidentStep> draft(Time now, const TakeStep& take, Language language) const;

  /// The whole reasoning of an incident, as it stands now; empty when there is no such incident.
  [[nodiscard]] std::optional<Reasoning> why(int incident) const;
  /// Why nothing is said of a device, or what is; empty when the site has no such device.
  [[nodiscard]] std::vector<Reason> why_not(const std::string& device) const;

 private:
  class Mind;
  std::unique_ptr<Mind> mind_;
};

}  // namespace nethealth
