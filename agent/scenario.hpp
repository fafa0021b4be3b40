#pragma once
// A user's own scenario: a network, what happens to it and who must be told, as text (grammar:
// tests/scenarios/README.md). Played in virtual time against the engine that runs live.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/configuration.hpp"
#include "config/node.hpp"
#include "config/site.hpp"
#include "probes/observation.hpp"

namespace nethealth {

/// From 1, counted in characters.
struct ScenarioPlace {
  int line = 0;
  int column = 0;
};

/// What a line speaks of.
struct ScenarioSubject {
  enum class Kind : std::uint8_t {
    all,
    device,   ///< device
    behind,   ///< everything behind the device, without it
    room,     ///< name: the room's devices
    load,     ///< what the feed `device` supplies
    port,     ///< device, name
    cable,    ///< device, peer
    agent,    ///< device
    service,  ///< device, name
    sensor,   ///< device, name, sensor_class
    channel,  ///< name
    person    ///< name
  };
  Kind kind = Kind::all;
  DeviceIndex device = 0;
  DeviceIndex peer = 0;
  std::string name;
  SensorClass sensor_class = SensorClass::other;
};

enum class ScenarioVerb : std::uint8_t {
  fall_silent,
  answer,
  die,
  hang,
  go_down,
  come_up,
  stay_up,
  count_errors,
  count_no_errors,
  be_cut,
  be_mended,
  refuse,
  time_out,
  fail,
  warn,
  be_well,
  run_on_battery,
  run_on_mains,
  lose_packets,  ///< number: of three
  write,         ///< text: a log line
  trap,          ///< text: the OID
  be_skipped,
  be_polled,
  answer_arp,   ///< though silent otherwise
  acknowledge,  ///< number: the incident
  close,        ///< number, text: the reason
  work,
  restart  ///< the daemon, from its journal
};

struct ScenarioAction {
  Milliseconds at{0};  ///< since midnight of the scenario's day
  std::vector<ScenarioSubject> subjects;
  ScenarioVerb verb = ScenarioVerb::answer;
  int number = 0;
  std::string text;
  ScenarioPlace place;
};

/// One word that an event must carry. A place is a device, its peer, a room or a component.
struct ScenarioWord {
  enum class Kind : std::uint8_t {
    notification,  ///< page, recovery ...
    change,        ///< opened, updated, reopened, merged, restored, closed
    role,
    deputy,  ///< a role, and not its first person
    person,
    channel,
    category,
    cause,
    severity,
    place,
    alternative,  ///< a place among the diagnosis's alternatives
    affected,     ///< a device that cannot be used
    reason        ///< the code of a reason in its evidence
  };
  Kind kind = Kind::place;
  std::string text;
};

struct ScenarioExpectation {
  enum class Kind : std::uint8_t { event, no_event, nothing_else };
  Kind kind = Kind::event;
  std::string from;  ///< HH:MM:SS, its beginning, or with x for any digit; empty: at any time
  std::string until;
  std::vector<ScenarioWord> words;
  std::string text;  ///< as written, for the report
  ScenarioPlace place;
};

struct Scenario {
  std::string file;
  std::chrono::year_month_day day;
  Milliseconds begin{0};  ///< since midnight; the first polls
  Milliseconds end{0};
  bool can_probe = true;                ///< somebody answers the engine's questions, as the daemon does
  std::vector<ScenarioAction> actions;  ///< in time order
  std::vector<ScenarioExpectation> expectations;
  Site site;
};

struct ScenarioReading {
  std::optional<Scenario> scenario;  ///< empty when a problem was added
  bool needs_configuration = false;
};
/// Reads and resolves one file. `configured` is the site of the configuration, for scenarios without a
/// topology of their own; null when there is none.
ScenarioReading read_scenario(std::string_view text, const std::string& file, const Site* configured,
                              Language language, Problems& problems);

/// A network of the scenario's own, as its `topology` and `device` lines describe it.
class ScenarioNetwork {
 public:
  ScenarioNetwork();

  /// The device of this name; made when it is new, of the kind that its name says.
  DeviceIndex device(const std::string& name);
  void connect(DeviceIndex near, const std::string& near_port, DeviceIndex far, const std::string& far_port);
  std::size_t room(const std::string& name);
  void set_snmp(DeviceIndex device, bool polled);
  void set_kind(DeviceIndex device, DeviceKind kind);
  [[nodiscard]] Device& operator[](DeviceIndex device) { return site_.devices[device]; }
  /// Empty when something is missing; `missing` says what.
  std::optional<Site> finish(Language language, std::string& missing);

 private:
  Site site_;
};

struct ScenarioResult {
  std::string file;
  std::size_t expectations = 0;
  Problems failures;  ///< each at the line that was not met
};

ScenarioResult play_scenario(const Scenario& scenario, const LogMatcher& matcher, Language language);

}  // namespace nethealth
