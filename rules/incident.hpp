#pragma once
// The incidents as the journal's records make them. apply() is the only way in, live and after a restart.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/event.hpp"
#include "rules/fault.hpp"
#include "rules/picture.hpp"

namespace nethealth {

struct Incident {
  IncidentPicture picture;
  Time last_event;

  // What the diagnosis holds on to while the incident is open. Not journaled: after a restart it is found
  // again from cause and place, and by what is then observed.
  std::optional<Fault> fault;
  std::set<SignIndex> owned;            ///< the bad signs it stands for
  std::optional<Time> recovering;       ///< since its first sign turned good
  std::map<SignIndex, int> bad_before;  ///< bad_count of its signs when recovery began
  bool seen_since_start = false;        ///< a sign of it was bad since the engine started

  [[nodiscard]] bool is_open() const { return picture.state == IncidentState::open; }
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
  /// The number of messages ever queued for the incident, for the next one's id.
  [[nodiscard]] int queued(int incident) const;

 private:
  void apply(Incident& incident, const Event& event);
  std::map<int, Incident> incidents_;
  std::map<std::string, Event> waiting_;  // by message id and target
  std::vector<std::string> waiting_order_;
  std::map<int, int> queued_;
};

}  // namespace nethealth
