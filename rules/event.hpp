#pragma once
// What the engine decides: the records that the journal keeps and `replay` prints (contract, section Events).
// Reasons are kept as data; sentences are made at output, in the reader's language (explain.hpp).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/site.hpp"
#include "config/time.hpp"

namespace nethealth {

enum class ProcedureKind : std::uint8_t { failure, misconduct };
enum class Severity : std::uint8_t { stopped, at_risk };
enum class Category : std::uint8_t { hardware, software, network, undetermined, misconduct };
enum class Cause : std::uint8_t {
  device_power,
  device_hardware,
  device_hang,
  service,
  agent,
  link,
  switch_,
  hub,
  router,
  power_feed,
  environment,
  monitor_uplink,
  configuration,
  loop,
  unknown,
  misuse,
  unauthorised_access,
  malware,
  unknown_device,
  other
};

/// Where. Empty text means "none". Of a cable, `device` is the end nearer the monitor and `peer` the other.
struct Location {
  std::string device;
  std::string component;
  std::string port;
  std::string peer;
  std::string room;
  std::vector<std::string> ports;  ///< of a loop
  friend bool operator==(const Location&, const Location&) = default;
};

/// One fact a verdict rests on, or excludes: a code of the catalogue in explain.cpp, when it was observed,
/// and the words that fill the sentence.
struct Reason {
  std::string code;
  std::optional<Time> time;
  std::map<std::string, std::string> values;
  friend bool operator==(const Reason&, const Reason&) = default;
};

struct Alternative {
  Category category = Category::undetermined;
  Cause cause = Cause::unknown;
  Location location;
  double confidence = 0;
  friend bool operator==(const Alternative&, const Alternative&) = default;
};

struct Diagnosis {
  Category category = Category::undetermined;
  Cause cause = Cause::unknown;
  Location location;
  double confidence = 0;  ///< the posterior of cause and place
  std::vector<Reason> evidence;
  std::vector<std::string> affected;  ///< other devices that cannot be used, sorted, without the located one
  std::vector<Alternative> alternatives;
  friend bool operator==(const Diagnosis&, const Diagnosis&) = default;
};

enum class NotificationKind : std::uint8_t {
  page,
  escalation,
  reminder,
  report,
  request,
  revised,
  handover,
  recovery,
  closed,
  drill
};

/// One message to one person by one channel. The id is the same after a restart, so that a repeat is known.
struct Notification {
  std::string id;
  NotificationKind kind = NotificationKind::page;
  RoleId role = RoleId::operations_sub_manager;
  std::string person;
  std::string channel;  ///< Channel::name
  std::string address;
  std::string subject;
  std::string body;
  std::optional<Time> answer_by;  ///< page and escalation: when the next in the chain is asked
  int step = 0;                   ///< the how-manieth call, from 0, counting on through every round
  int round = 0;                  ///< how often the whole chain was gone through before
  /// What else it says: a word of message.hpp, the step of the procedure it comes from, or "drill N".
  std::string about = {};
};

/// A file that was handed in with a step. The journal holds its checksum, the agent the file.
struct Attachment {
  std::string name;
  std::string sha256;
  std::uint64_t bytes = 0;
  friend bool operator==(const Attachment&, const Attachment&) = default;
};

struct IncidentOpened {
  ProcedureKind procedure = ProcedureKind::failure;
  Severity severity = Severity::stopped;
  Diagnosis diagnosis;
  std::optional<int> threat_level;  ///< misconduct only
  std::vector<int> earlier;
  std::optional<int> split_from;
  bool paged = true;             ///< false when every located device has `page: false`
  std::string reported_by = {};  ///< the person who opened it by hand; empty when the agent found it
  std::string threat_rows = {};  ///< rows of the plan's threat table it rests on, separated by commas
};
/// The changed fields among the above, whole.
struct IncidentUpdated {
  std::optional<Severity> severity;
  std::optional<Diagnosis> diagnosis;
  std::optional<int> threat_level;
  bool reopened = false;                        ///< the same cause came back within the reopening time
  std::optional<ProcedureKind> procedure = {};  ///< reclassified by a person
};
struct IncidentMerged {
  int into = 0;
};
struct IncidentRestored {};
/// A step of the procedure that a person took, or another act that stands in the incident's record: `note`,
/// `measure`, `reclassified`, `opened`, `closed`.
struct IncidentStep {
  std::string step;
  std::string role;
  std::string person;
  std::string decision;
  std::string text;
  std::map<std::string, std::string> answers = {};  ///< the parts the step asks for
  std::string reason = {};                          ///< of a correction, an absence, a decision
  std::optional<Time> done = {};                    ///< when it really happened, if entered later
  bool by_telephone = false;
  std::string deputy_for = {};  ///< the principal in whose absence a deputy acted
  std::vector<Attachment> attachments = {};
};
struct IncidentClosed {
  std::string reason;
};
struct NotificationQueued {
  Notification notification;
};
enum class Delivery : std::uint8_t { sent, failed, acknowledged };
/// What is known of a message that failed: refused for good, or tried on, in one case with a copy that may
/// have arrived.
enum class Failing : std::uint8_t { refused, retrying, unknown };
/// What became of a notification. `acknowledged` carries who answered.
struct NotificationOutcome {
  std::string id;
  Delivery delivery = Delivery::sent;
  std::string reason;
  std::string person;
  Failing failing = Failing::refused;  ///< of `failed`

  /// Nothing more is tried.
  [[nodiscard]] bool is_final() const { return delivery != Delivery::failed || failing == Failing::refused; }
};
struct SyslogQueued {
  std::string id;
  std::string target;                         ///< SyslogTarget::target
  int severity = 5;                           ///< RFC 5424 6.2.1
  std::string message_id;                     ///< MSGID
  std::map<std::string, std::string> values;  ///< structured data
  std::string message;
};
struct SyslogOutcome {
  std::string id;
  std::string target;
  bool sent = true;
  std::string reason;
  std::string message = {};  ///< of the queued record, which the contract shows again
};
struct ProbeWanted {
  std::string device;
  std::string probe;  ///< icmp, snmp, tcp, http
  Reason why;
};
/// Nothing of this device, room or cause is paged until it ends; never for misconduct. One of the first three
/// is set. `confirmed_by` stays empty while a second person is still needed, and it then has no effect.
struct SilenceAdded {
  int silence = 0;  ///< from 1
  std::string device;
  std::string room;
  std::string cause;
  Time until;
  std::string person;
  std::string reason;
  bool waits = false;  ///< for a second person
};
struct SilenceConfirmed {
  int silence = 0;
  std::string person;
};
struct SilenceEnded {
  int silence = 0;
  std::string person;  ///< empty when its time was over
};
/// A log line that a counting rule needs again after a restart. Kept in the journal, not printed by replay.
struct SignSeen {
  std::string device;
  std::string rule;
  std::string source;  ///< the counting key
  std::string file;
  std::uint64_t offset = 0;
  std::string line = {};  ///< of a security rule: it is evidence if an incident comes of it
};
/// A line that belongs to a misconduct incident, as it was written: the originals are in the journal and in
/// what is exported from it, and nowhere else. Its event's time is when it was kept.
struct EvidenceKept {
  std::string device;
  std::string file;  ///< empty: no log file, an SNMP trap
  std::uint64_t offset = 0;
  std::string line;
  std::string rule = {};  ///< that it matched; empty for a line that stood near such a one
  std::string source = {};
  std::optional<Time> seen = {};  ///< when it was read, if before it was kept
};
/// Who did what to the program itself: a log-in, a change of the configuration, an export. Journal only.
struct AuditRecord {
  std::string code;    ///< LOG-IN, CONFIGURATION-READ ...
  std::string person;  ///< Person::name, or an account of the host; empty where nobody is known
  std::string text;
  std::map<std::string, std::string> values = {};
};

using Decision = std::variant<IncidentOpened, IncidentUpdated, IncidentMerged, IncidentRestored, IncidentStep,
                              IncidentClosed, NotificationQueued, NotificationOutcome, SyslogQueued,
                              SyslogOutcome, ProbeWanted, SignSeen, SilenceAdded, SilenceConfirmed,
                              SilenceEnded, EvidenceKept, AuditRecord>;

struct Event {
  Time time;
  int incident = 0;  ///< from 1; 0 where there is none
  Decision what;
};

/// The contract's word: "incident.opened", "notification.failed" ...
std::string_view type_word(const Event& event);

std::string_view word(ProcedureKind);
std::string_view word(Severity);
std::string_view word(Category);
std::string_view word(Cause);
std::string_view word(NotificationKind);
std::string_view word(Failing);

std::optional<ProcedureKind> procedure_kind(std::string_view);
std::optional<Severity> severity(std::string_view);
std::optional<Category> category(std::string_view);
std::optional<Cause> cause(std::string_view);
std::optional<NotificationKind> notification_kind(std::string_view);
std::optional<Failing> failing(std::string_view);

}  // namespace nethealth
