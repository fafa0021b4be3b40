#pragma once
// The incidents as the journal's records make them. apply() is the only way in, live and after a restart.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/event.hpp"
#include "rules/fault.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// Calls somebody, and waits for an answer.
[[nodiscard]] bool is_call(NotificationKind kind);

/// When the time to answer is over. What came late leaves its reader the whole time from then on.
[[nodiscard]] Time answer_ends(const NotificationPicture& told);
[[nodiscard]] bool came_late(const NotificationPicture& told);

/// Decisions of a step that are about who has the incident, not about what was done. The last two are its
/// `step` too, so that nothing takes them for a step of the procedure.
namespace decisions {
inline constexpr std::string_view acknowledged = "acknowledged";
inline constexpr std::string_view passed = "passed";
inline constexpr std::string_view answer_expired = "answer_expired";
}  // namespace decisions

struct Incident {
  IncidentPicture picture;
  Time last_event;

  // The place in the chain, besides what the picture's calls say.
  std::set<std::string> passed;  ///< people who passed it on in this round
  std::optional<Time> moved_on;  ///< the last call waits no longer: it was passed on, or its answer expired
  std::optional<Time> stepped;   ///< the last step somebody took since the answer

  // What the diagnosis holds on to while the incident is open. Not journaled: after a restart it is found
  // again from cause and place, and by what is then observed.
  std::optional<Fault> fault;
  std::set<SignIndex> owned;         ///< the bad signs it stands for
  std::set<SignIndex> fell_with_it;  ///< of those: recorded behind something that works, but silent with it
  std::optional<Time> recovering;    ///< since its first sign turned good
  std::map<SignIndex, int> bad_before;  ///< bad_count of its signs when recovery began
  bool seen_since_start = false;        ///< a sign of it was bad since the engine started

  [[nodiscard]] bool is_open() const { return picture.state == IncidentState::open; }
  /// The last page or escalation; null before the first.
  [[nodiscard]] const NotificationPicture* last_call() const;
  [[nodiscard]] bool is_failure() const { return picture.now.procedure == ProcedureKind::failure; }
};

class IncidentBook {
 public:
  void apply(const Event& event);

  [[nodiscard]] int next_number() const { return incidents_.empty() ? 1 : incidents_.rbegin()->first + 1; }
  [[nodiscard]] Incident* find(int number);
  [[nodiscard]] std::map<int, Incident>& all() { return incidents_; }
  [[nodiscard]] const std::map<int, Incident>& all() const { return incidents_; }
  /// Queued messages without an outcome, oldest first.
  [[nodiscard]] std::vector<Event> unsent() const;
  /// By target.
  [[nodiscard]] const std::map<std::string, SyslogSpool>& spools() const { return spools_; }
  /// It was reported as failed, and is still tried.
  [[nodiscard]] bool is_late(const std::string& id) const { return late_.contains(id); }
  /// The number of messages ever queued for the incident, for the next one's id.
  [[nodiscard]] int queued(int incident) const;

 private:
  void apply(Incident& incident, const Event& event);
  std::map<int, Incident> incidents_;
  std::map<std::string, Event> waiting_;  // by message id and target
  std::vector<std::string> waiting_order_;
  std::map<int, int> queued_;
  std::map<std::string, SyslogSpool> spools_;
  std::set<std::string> late_;
};

}  // namespace nethealth
