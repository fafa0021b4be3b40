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
  /// So many records wait for one syslog receiver that is away (SyslogSpool).
  std::size_t syslog_spool_records = 100'000;
};

/// A person's act. `person` is a name in Site::people.
struct Acknowledge {
  int incident = 0;
  std::string person;
  std::string noted_by = {};      ///< who wrote it down for a person who answered by telephone; else empty
  std::string way = {};           ///< by what the answer came, when not by a program of ours
  std::string notification = {};  ///< the message it answers, where that is known
};
/// "Not me, next": whoever has it, or was called last, passes it on.
struct Pass {
  int incident = 0;
  std::string person;
  std::string reason;
};
struct Close {
  int incident = 0;
  std::string person;
  std::string reason;
  std::string decision = {};  ///< a QuickClosing's word; empty for the procedure's end
};
/// Nothing of one device, room or cause is paged until `until`; one of the three is set.
struct AddSilence {
  std::string person;
  std::string reason;
  std::string device;
  std::string room;
  std::string cause;
  Time until;
};
/// The second person whom the site's policy asks for.
struct ConfirmSilence {
  int silence = 0;
  std::string person;
};
struct EndSilence {
  int silence = 0;
  std::string person;
};
/// Everybody with a channel is called, marked as a drill; or one person, by all channels, as a test.
struct StartDrill {
  std::string person;       ///< empty: held by plan
  std::string tested = {};  ///< the one person; empty for everybody
};
struct AnswerDrill {
  std::string person;
  std::string way = {};
};
using Act = std::variant<Acknowledge, Close, TakeStep, AddNote, OpenByHand, Reclassify, DecideMeasure, Pass,
                         AddSilence, ConfirmSilence, EndSilence, StartDrill, AnswerDrill, ExportEvidence>;

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

  /// A line that stood near one that an incident keeps (nearby_lines.hpp) is kept with it.
  Decisions keep(Time now, int incident, const std::string& device, const LogSeen& line, Time seen);
  /// What somebody did to the program itself goes into the journal, and to the syslog servers that take the
  /// audit trail.
  Decisions audit(Time now, const AuditRecord& record);

  /// Rebuilds incidents, the contact chain and counters from one record of the journal, oldest first, before
  /// anything else is called. Check states start unknown; nothing counts as restored until it was observed.
  void restore(const Event& event);

  /// The daemon did not run from `from` to `until` and saw nothing: somebody is told.
  Decisions was_down(Time now, Time from, Time until);

  /// Messages that were queued and have no final outcome, oldest first: what to send (again) at start.
  [[nodiscard]] std::vector<Event> unsent() const;
  /// Of them: it was reported as failed already, and is tried on.
  /// What waits for the syslog receivers, by target.
  [[nodiscard]] const std::map<std::string, SyslogSpool>& syslog_spools() const;
  [[nodiscard]] bool is_late(const std::string& notification) const;

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
