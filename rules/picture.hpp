#pragma once
// The read model: what status, incident list and later the pages show. Plain values, taken from the engine.

#include <optional>
#include <string>
#include <vector>

#include "rules/event.hpp"

namespace nethealth {

enum class DeviceHealth : std::uint8_t {
  healthy,
  fault,        ///< the located place of an open incident
  affected,     ///< cannot be used because of a fault elsewhere
  suspect,      ///< a bad sign not yet decided
  unknown,      ///< not observed yet, or we could not look
  off_hours,    ///< silent outside its calendar
  maintenance,  ///< planned work
};
std::string_view word(DeviceHealth);

struct DevicePicture {
  std::string name;
  std::string label;
  DeviceKind kind = DeviceKind::server;
  std::string room;
  DeviceHealth health = DeviceHealth::unknown;
  std::optional<Time> since;
  std::optional<Time> last_seen;  ///< the last answer of any probe
  std::vector<int> incidents;
  std::vector<Reason> signs;  ///< what is bad, newest sample of each
};

enum class IncidentState : std::uint8_t { open, restored, closed, merged };
std::string_view word(IncidentState);

struct NotificationPicture {
  Notification notification;
  Time queued;
  std::optional<Time> sent, acknowledged;
  std::string acknowledged_by;
  std::string failure;                 ///< the last reason, empty when none
  Failing failing = Failing::refused;  ///< of a failure
};

/// A silence in force, or waiting for its second person.
struct SilencePicture {
  SilenceAdded what;
  Time added;
  std::string confirmed_by;
  [[nodiscard]] bool in_force() const { return !what.waits || !confirmed_by.empty(); }
};

/// One entry of an incident's record.
struct StepRecord {
  IncidentStep what;
  Time entered;
  [[nodiscard]] Time done() const { return what.done.value_or(entered); }
};

enum class StepState : std::uint8_t {
  not_needed,  ///< by what is known now
  later,       ///< its turn has not come
  due,
  done,
};
std::string_view word(StepState);

/// Where one step of the procedure stands.
struct StepPicture {
  std::string id;
  StepState state = StepState::later;
  std::optional<Time> since, deadline;  ///< while due
  std::optional<StepRecord> record;     ///< the one that counts
};

/// Who was asked to answer by a step of the procedure, and who did.
struct SummonsPicture {
  std::string step;
  std::size_t wanted = 0;  ///< answers
  std::vector<std::string> answered, waiting;
  bool over = false;  ///< nobody is called any more
};

struct IncidentPicture {
  int number = 0;
  IncidentState state = IncidentState::open;
  IncidentOpened now;  ///< the fields of incident.opened as they stand
  std::string step;
  Time opened;
  std::optional<Time> restored, closed;
  std::vector<Time> returned = {};  ///< when it came back after it had been restored
  std::optional<std::string> acknowledged_by;
  std::optional<Time> acknowledged_at;
  std::vector<NotificationPicture> notifications;
  std::vector<StepRecord> records = {};     ///< all that was recorded, in order
  std::vector<StepPicture> procedure = {};  ///< its steps, in the plan's order
  std::size_t lines_kept = 0;               ///< of logs, in the journal
  std::vector<SummonsPicture> summons = {};
};

/// A drill of the contact network, or the test of one person's channels.
struct Drill {
  int number = 0;
  bool test = false;         ///< of one person: every channel at once
  bool planned = false;      ///< by Paging::drills
  bool result_told = false;  ///< of a planned one, when it was over
  Time began;
  std::vector<NotificationPicture> calls;

  struct Answer {
    std::string person;
    std::optional<Time> first_called, answered;
    std::string channel;   ///< that was answered, or called last
    bool reached = false;  ///< a channel took the message
  };
  /// One for each person, in the order of calling.
  [[nodiscard]] std::vector<Answer> answers() const;
  [[nodiscard]] bool all_answered() const;
  /// The person's last call while it is not answered; null when it is, or none was made.
  [[nodiscard]] const NotificationPicture* unanswered(const std::string& person) const;
};

/// What waits for one syslog receiver. While it is full nothing is queued for it but a record that says so,
/// and one when half of it was taken: the receiver sees where something is missing, and the journal has it.
struct SyslogSpool {
  std::size_t records = 0;
  std::optional<Time> since;  ///< something has been waiting without a break
  bool full = false;
};
inline constexpr std::string_view spool_full = "SPOOL-FULL";
inline constexpr std::string_view spool_resumed = "SPOOL-RESUMED";

struct Picture {
  std::vector<DevicePicture> devices;      ///< worst first, then by name
  std::vector<IncidentPicture> incidents;  ///< by number
  std::vector<SilencePicture> silences;    ///< not ended, by number
  std::vector<Drill> drills;               ///< by number
};

}  // namespace nethealth
