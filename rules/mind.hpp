#pragma once
// The inside of the engine: its memory, and the steps of one turn. Private to rules/engine*.cpp.

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/chain.hpp"
#include "rules/check_state.hpp"
#include "rules/diagnosis.hpp"
#include "rules/drill.hpp"
#include "rules/engine.hpp"
#include "rules/incident.hpp"
#include "rules/message.hpp"
#include "rules/procedure_run.hpp"
#include "rules/silence.hpp"
#include "rules/summons.hpp"
#include "rules/topology.hpp"

namespace nethealth {

/// Limits and times of the engine, by name.
namespace limits {
/// A verdict is looked for at most so often; in a storm more seldom, for it costs as much as there is bad.
inline constexpr std::size_t storm_signs = 200;
constexpr Milliseconds evaluation_gap(std::size_t bad_signs) {
  if (bad_signs <= storm_signs) return Milliseconds(100);
  return Milliseconds(1'000 + static_cast<std::int64_t>(bad_signs) / 2);
}
/// Looks that one bad sign asks for at its neighbours.
inline constexpr std::size_t neighbours_asked = 16;
/// An asked look that has not come back is no longer waited for.
inline constexpr Milliseconds answer_wait{3000};
/// The longest wait for what would tell the rivals apart, when looks can be asked for.
inline constexpr Milliseconds live_hold{2500};
/// A silent agent takes two time limits to show, and tells a hung server from a dead service.
inline constexpr Milliseconds live_hold_of_services{4000};
inline constexpr Milliseconds ask_again_after{150};
/// An echo look takes longer than this: what comes back sooner was sent before it was asked for.
inline constexpr Milliseconds shortest_icmp_look{100};
/// A computer that answers ping again has so long to start its agent and its services.
inline constexpr Milliseconds booting{std::chrono::minutes(3)};
/// Between the first good look and "restored", when looks are frequent: a link that comes up may bounce.
inline constexpr Milliseconds live_settling{2000};
/// The same cause and place back within this time is the same incident.
inline constexpr Milliseconds reopening{std::chrono::minutes(30)};
/// What came back so often within that time flaps: it is restored only after it was well for longer.
inline constexpr std::size_t flapping_returns = 2;
inline constexpr Milliseconds flapping_settling{std::chrono::minutes(5)};
/// So many must have fallen silent together before a further one in the same round is taken for one of them.
inline constexpr std::ptrdiff_t fell_together = 3;
/// A log sign without a further line for so long counts as over.
inline constexpr Milliseconds log_quiet{std::chrono::minutes(15)};
/// Misconduct events of one cause and source or device join within this time.
inline constexpr Milliseconds misconduct_joins{std::chrono::hours(1)};
inline constexpr std::size_t misconduct_reasons = 50;
inline constexpr std::size_t counted_times = 1000;
inline constexpr std::size_t counted_sources = 10'000;  // of all rules together
inline constexpr std::size_t waiting_lines = 20;  // of one rule and source, until an incident comes of them
inline constexpr std::size_t evidence_lines = 2'000;  // kept of one incident
inline constexpr std::size_t evidence_line_bytes = std::size_t{4} * 1024;
inline constexpr Milliseconds success_within = std::chrono::minutes(15);
/// When nobody in the whole chain can be reached, it is gone through again after this time; twice as long
/// after each further round, to the longest.
inline constexpr Milliseconds next_round{60'000};
inline constexpr Milliseconds longest_next_round{std::chrono::minutes(30)};
/// Nobody is called for a drill that began longer ago.
inline constexpr Milliseconds drill_lasts{std::chrono::hours(2)};
/// A planned drill waits so long for the end of an emergency, or for the monitoring to run again.
inline constexpr Milliseconds planned_drill_waits{std::chrono::hours(2)};
inline constexpr Milliseconds look_for_the_end{60'000};
/// That one was left out is told so long after it was due, and not later.
inline constexpr Milliseconds left_out_is_news{std::chrono::hours(24)};
/// Nats against "nothing happened" that a page needs, and against the best rival that needs no further look.
inline constexpr double page_margin = 3.0;
inline constexpr double page_lead = 3.0;
/// Nats of bad samples, so that chance makes less than one page in some thousand device-hours: a living thing
/// is looked at up to 360 times an hour, and each run of silent looks has this one chance.
inline constexpr double page_evidence = 13.4;
/// The same for what SNMP and services alone show: they are looked at a third as often.
inline constexpr double page_evidence_of_slow_looks = 12.3;
inline constexpr double changed_confidence = 0.15;
/// A step past its deadline is reminded of so often at most, and no more than so many times.
inline constexpr Milliseconds reminder_gap{std::chrono::minutes(15)};
inline constexpr Milliseconds longest_reminder_gap{std::chrono::hours(24)};
inline constexpr int step_reminders = 8;
/// A measure past its due date, until it is carried out.
inline constexpr Milliseconds measure_reminder_gap{std::chrono::hours(24 * 7)};
}  // namespace limits

/// Planned work covers the device now.
[[nodiscard]] bool in_maintenance_window(const Site& site, DeviceIndex device, Time now);

/// Before the round in which everybody who did not answer is called again.
Milliseconds pause_before(int round);

/// Which channel of the person the message went by.
std::optional<std::size_t> channel_of(const Site& site, const Person& person, const Notification& told);

class Engine::Mind {
 public:
  Mind(const Site& site, const LogMatcher& matcher, EngineOptions options);

  void observe(const Observation& observation);
  void act(const Acknowledge& acknowledge);
  void act(const Close& close);
  void act(const TakeStep& take);
  void act(const AddNote& note);
  void act(const OpenByHand& report);
  void act(const Reclassify& reclassify);
  void act(const DecideMeasure& measure);
  void act(const Pass& pass);
  void act(const AddSilence& add);
  void act(const ConfirmSilence& confirm);
  void act(const EndSilence& end);
  void act(const StartDrill& start);
  void act(const AnswerDrill& answer);
  void was_down(Time from, Time until);
  void report(const NotificationOutcome& outcome, int incident);
  void act(const ExportEvidence& exported);
  void keep_near(int incident, const std::string& device, const LogSeen& line, Time seen);
  void audit_trail(AuditRecord record);
  [[nodiscard]] std::optional<std::string> refusal(const Act& act, Language language);
  [[nodiscard]] Result<IncidentStep> draft(const TakeStep& take, Language language);
  [[nodiscard]] const Procedures& procedures() const { return procedures_; }
  void restore(const Event& event);
  [[nodiscard]] Picture picture();
  [[nodiscard]] std::optional<Reasoning> why(int incident);
  [[nodiscard]] std::vector<Reason> why_not(DeviceIndex device);
  [[nodiscard]] std::optional<DeviceIndex> device(const std::string& name) const {
    const auto found = devices_.find(name);
    return found == devices_.end() ? std::nullopt : std::optional(found->second);
  }

  void advance(Time time) { now = std::max(now, time); }
  /// Evaluates if something changed, asks, escalates; then hands out what was decided.
  Decisions finish();
  void emit(int incident, Decision what);

  Time now{Time::min()};
  IncidentBook book;
  DrillBook drills;
  SilenceBook silences;

 private:
  void remember(const Event& event);
  // engine.cpp
  void note(const std::vector<Touch>& touches);
  void quieten_logs();
  void observe_trap(DeviceIndex device, const TrapSeen& trap);
  void observe_log(DeviceIndex device, const LogSeen& log);

  // engine_diagnose.cpp
  [[nodiscard]] World world() const { return {site_, topology_, states_, now, loops_}; }
  void evaluate();
  [[nodiscard]] std::vector<SignIndex> collect();
  [[nodiscard]] bool excused(DeviceIndex device);
  [[nodiscard]] bool masked(const Sign& sign);
  [[nodiscard]] bool masked_port(const Sign& sign);
  [[nodiscard]] bool held_back(SignIndex sign);
  [[nodiscard]] std::vector<Fault> held();
  void assign(const std::vector<Verdict>& verdicts);
  void merge_explained(const std::vector<Verdict>& verdicts, const std::vector<Incident*>& owners);
  void refresh(Incident& incident, const Verdict& verdict);
  void consider(const Verdict& verdict);
  [[nodiscard]] bool ripe(const Verdict& verdict);
  /// Nats of bad samples that a page on these signs needs.
  [[nodiscard]] double evidence_needed(std::span<const SignIndex> signs) const;
  [[nodiscard]] bool only_a_port_says_so(const Verdict& verdict) const;
  [[nodiscard]] bool awaited(SignIndex sign, bool with_services);
  [[nodiscard]] bool in_maintenance(const Verdict& verdict);
  void open(const Verdict& verdict);
  void review_recoveries();
  void find_again(Incident& incident);
  [[nodiscard]] bool is_good(SignIndex sign);
  /// The verdict as it is told of an incident: how often it came back of late, and what fell with it.
  [[nodiscard]] Diagnosis diagnosis_of(const Verdict& verdict, const Incident& incident,
                                       std::size_t returns) const;
  [[nodiscard]] Incident* fell_with(const Verdict& verdict);
  [[nodiscard]] std::size_t returns_of_late(const Incident& incident) const;
  /// What flaps and turns bad again was not coming back.
  void ends_recovery(SignIndex sign);
  void own_what_it_hid(Incident& incident);
  /// How long everything must have been well before it counts as restored.
  [[nodiscard]] Milliseconds settling(const Incident& incident) const;
  void restored(Incident& incident);
  void dismiss(Incident& incident);
  /// The open incident that a bad sign belongs to.
  [[nodiscard]] const Incident* owner_of(SignIndex sign) const;
  void came_back(const Incident& incident, const Sign& sign);
  void own(Incident& incident, const Verdict& verdict);
  [[nodiscard]] int looks_needed(SignKind kind) const;

  // engine_reasoning.cpp
  [[nodiscard]] RivalReasoning reasoning_of(const Rival& rival, Time onset) const;
  [[nodiscard]] Reason why_quiet(SignIndex sign, std::span<const Verdict> verdicts);
  [[nodiscard]] Reason weighed(SignIndex sign, const std::string& code, double evidence_nats,
                               double needed_nats) const;

  // engine_ask.cpp
  void ask();
  void ask_about(SignIndex sign);
  /// The looks that are worth their packets only when they tell the verdict from its rivals.
  void ask_apart(const Verdict& verdict);
  void ask_who_is_there(const Verdict& verdict);
  void ask_for_the_way(const Verdict& verdict);
  [[nodiscard]] bool on_own_wire(DeviceIndex device) const;
  [[nodiscard]] bool awaited_trace(const Verdict& verdict) const;
  void want(DeviceIndex device, const std::string& probe, SignIndex why);
  void answered(DeviceIndex device, const Observation& observation);
  [[nodiscard]] bool is_asked(SignIndex sign) const;

  // engine_page.cpp
  /// Of the incident's next message; one number for notifications and syslog messages together.
  [[nodiscard]] std::string next_message_id(int incident) const;
  /// To this person by this way; what it says is still to be filled in.
  [[nodiscard]] Notification addressed(int incident, NotificationKind kind, RoleId role, const Person& person,
                                       const ContactChannel& way) const;
  struct NextContact {
    Contact contact;
    int round = 0;
  };
  /// `draft` has its kind, step, round and about.
  void queue(Incident& incident, const Notification& draft, const Contact& contact);
  void page(Incident& incident);
  void call(Incident& incident, const NextContact& next);
  void escalate();
  /// Whether the message asks its reader to answer.
  [[nodiscard]] bool asks_answer(const Incident& incident, const Notification& draft) const;
  void remind_or_expire(Incident& incident);
  [[nodiscard]] std::optional<Time> next_call(const Incident& incident) const;
  [[nodiscard]] std::optional<NextContact> next_contact(const Incident& incident) const;
  [[nodiscard]] std::optional<Time> quiet_until(const Incident& incident) const;
  void find_cut_channels();
  [[nodiscard]] std::optional<std::string> refusal_to_pass(const Incident& incident, const Pass& pass,
                                                           Language language) const;
  void syslog(const Incident& incident, bool security, int severity, const std::string& message_id);
  void audit(int incident, const std::string& message_id, const std::string& person, const std::string& text);
  /// Every record of syslog goes this way.
  void queue_syslog(int incident, SyslogQueued message);

  // engine_tell.cpp
  [[nodiscard]] Message words_of(const Incident& incident, const Notification& told, Detail detail) const;
  [[nodiscard]] std::size_t channel_to(const Incident& incident, PersonIndex person) const;
  void tell(Incident& incident, RoleId role, PersonIndex person, NotificationKind kind,
            std::string_view about);
  /// In the role in which the person was last called.
  void tell(Incident& incident, const std::string& person, NotificationKind kind, std::string_view about);
  /// Everybody who was called, or only who has it in hand.
  void tell_paged(Incident& incident, NotificationKind kind, bool only_last);
  void tell_role(Incident& incident, RoleId role, NotificationKind kind, std::string_view about);
  bool tell_by_next_channel(Incident& incident, const Notification& failed);
  void tell_undelivered(Incident& incident, const Notification& failed);

  // engine_summons.cpp: steps that several people must answer
  [[nodiscard]] const ProcedureStep* summoning_step(int incident, std::string_view step) const;
  void call_summoned();
  /// The moment at which the next of them is called.
  std::optional<Time> call_summoned(Incident& incident);
  std::optional<Time> call_summoned(Incident& incident, const Summons& summons);
  [[nodiscard]] NextContact next_way_to(const Notification& last) const;
  void tell_who_is_missing(Incident& incident, const Summons& summons);
  /// The summons that this answers; null when it is an answer to a page.
  [[nodiscard]] const NotificationPicture* summons_for(const Incident& incident,
                                                       const Acknowledge& acknowledge) const;

  // engine_count.cpp
  /// How often a counting rule hit from this source within its time, this hit included.
  std::ptrdiff_t count_hit(DeviceIndex device, const LogRule& rule, const std::string& source,
                           const LogSeen& log);
  void forget_counts();
  void remember_line(const SignSeen& seen, Time time);
  void keep_counted(int incident, const std::string& source);
  void keep_evidence(int incident, EvidenceKept kept);
  /// Of a failure: whether its rule counts, and not to enough yet.
  bool often_enough(DeviceIndex device, const LogHit& hit, const LogSeen& log);

  // engine_house.cpp: what concerns no incident
  [[nodiscard]] std::optional<std::string> refusal_of_house(const Act& act, Language language) const;
  [[nodiscard]] bool silenced(const std::vector<DeviceIndex>& places, Cause cause) const;
  [[nodiscard]] std::optional<Time> silenced_until(const Incident& incident) const;
  void end_silences();
  void hold_planned_drill();
  [[nodiscard]] bool in_emergency() const;
  void go_on_with_drills();
  /// Calls who comes next; the moment of the call after that, empty when the drill is over.
  std::optional<Time> go_on_with(const Drill& drill);
  void queue_drill(const Drill& drill, PersonIndex person, std::size_t channel);
  /// To the first of the chain, or to the operations manager; nobody has to answer it.
  void tell_of_house(const Contact& contact, const Message& message, std::string about);
  void tell_operations_manager(const Message& message, std::string about);

  // engine_misconduct.cpp
  void misconduct(DeviceIndex device, const LogHit& hit, const LogSeen& log);
  void login_succeeded(DeviceIndex device, const LogHit& hit, const LogSeen& log);
  /// The number of the incident that it opened or joined.
  int open_misconduct(DeviceIndex device, Cause cause, int level, const std::string& source, Reason reason);

  // engine_procedure.cpp: the written procedure
  void follow(const Event& event, bool live);
  [[nodiscard]] ProcedureRun& run_of(int incident) { return runs_.at(incident); }
  void tell_counter();
  void remind();
  struct Reminder {
    Time at;
    int incident = 0;
    std::string about;
    RoleId role = RoleId::operations_manager;
    std::string person;  ///< empty: whoever holds the role
  };
  [[nodiscard]] std::vector<Reminder> reminders();
  void step_reminders(int number, const Incident& incident, std::vector<Reminder>& due);
  void measure_reminders(int number, const Incident& incident, std::vector<Reminder>& due);
  [[nodiscard]] std::optional<Time> reminder_time(const Incident& incident, const std::string& about,
                                                  Time since, Time deadline, Milliseconds interval) const;
  [[nodiscard]] std::optional<std::string> refusal_of(const TakeStep& take, Language language);
  [[nodiscard]] std::optional<std::string> refusal_of(const AddNote& note, Language language) const;
  [[nodiscard]] std::optional<std::string> refusal_of(const OpenByHand& report, Language language) const;
  [[nodiscard]] std::optional<std::string> refusal_of(const Reclassify& reclassify, Language language);
  [[nodiscard]] std::optional<std::string> refusal_of(const DecideMeasure& measure, Language language);
  /// The role in which they were told of the incident, else the first they hold.
  [[nodiscard]] std::string role_of(const std::string& person, const Incident& incident) const;
  [[nodiscard]] std::string full_role(const std::string& person) const;

  [[nodiscard]] std::optional<Time> wake_time();

  const Site& site_;
  const LogMatcher& matcher_;
  EngineOptions options_;
  Topology topology_;
  CheckStates states_;
  std::vector<Event> out_;
  std::set<SignIndex> bad_;
  std::set<SignIndex> bad_logs_;  // of them, those that only time makes good
  bool dirty_ = false;
  std::set<std::string> cut_channels_;  ///< Channel::name; as of the last escalate()
  /// An open incident is coming back, or its place was not yet looked at by this engine: every look counts.
  bool watching_ = true;
  std::optional<Time> last_evaluation_;
  std::optional<Time> reconsider_;  // a hold ends
  std::vector<Fault> undecided_;
  std::set<SignIndex> suspicious_;  // bad, and of no incident yet
  struct Asked {
    Time at;
    bool answered = false;
  };
  std::map<std::pair<DeviceIndex, std::string>, Asked> asked_;
  struct Hours {
    Time at{Time::min()};
    bool open = true;
    std::optional<Time> opened;
  };
  std::vector<Hours> hours_;  // by calendar, of the moment `at`
  /// Misconduct signs, by rule and source: one attempt can write lines of several rules.
  std::map<std::pair<std::string, std::string>, std::deque<Time>> counted_;
  struct CountedLine {
    Time time;
    SignSeen seen;
  };
  std::map<std::pair<std::string, std::string>, std::deque<CountedLine>> counted_lines_;
  std::string last_kept_;  ///< which line of which incident
  /// Bad when a person closed their incident; they count again once they were good.
  std::set<SignIndex> dismissed_;
  std::vector<DeviceIndex> loops_;       // that are suspected, by the last evaluation
  std::map<DeviceIndex, Time> booting_;  // answers ping again since, after a fault of its own
  std::unordered_map<std::string, DeviceIndex> devices_;
  const Procedures& procedures_;
  std::map<int, ProcedureRun> runs_;
  struct CounterNews {
    int incident = 0;
    bool recovered = false;
  };
  std::vector<CounterNews> counter_news_;
  bool reminders_changed_ = true;
  std::optional<Time> next_reminder_;
  /// By incident: when its summons are to be looked at. Those that something happened to are due.
  std::map<int, Time> summons_due_;
  std::optional<Time> plan_look_;  ///< when a planned drill may begin, or one is to be told as left out
};

}  // namespace nethealth
