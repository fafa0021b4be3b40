#pragma once
// The contact chain: who can be called at a moment, in which order, and by which channels. Pure.
//
// A failure climbs operations_sub_manager, operations_manager, deputy_chief, chief, then over again;
// misconduct starts at operations_manager. Within a role whoever has the turn of the rota comes first, then
// the role's people in their order; each person's channels are tried in order. Who is away, or outside the
// hours given for the person or the channel, is passed over.

#include <optional>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// One place in the chain: a person of a role, reached by one of that person's channels.
struct Contact {
  RoleId role = RoleId::operations_sub_manager;
  PersonIndex person = 0;
  std::size_t channel = 0;  ///< into Person::channels
  bool deputy = false;      ///< not the first person of the role
  friend bool operator==(const Contact&, const Contact&) = default;
};

/// Neither away nor outside the person's own hours.
bool is_available(const Site& site, PersonIndex person, Time time);

/// The people of a role who can be called now, whoever has the turn first.
std::vector<PersonIndex> people_at(const Site& site, RoleId role, Time time);

/// The channels of a person that may be used now; into Person::channels.
std::vector<std::size_t> channels_at(const Site& site, PersonIndex person, Time time);

/// Everybody the chain reaches at that moment. Empty when it reaches nobody.
std::vector<Contact> chain_at(const Site& site, ProcedureKind procedure, Time time);

/// The same without regard to hours and absences.
std::vector<Contact> whole_chain(const Site& site, ProcedureKind procedure);

/// Whom to call: the chain of that moment, or the whole one when it reaches nobody. Better to wake somebody
/// on leave than nobody.
std::vector<Contact> callable_chain(const Site& site, ProcedureKind procedure, Time time);

/// The first minute of [from, until) at which the chain reaches nobody.
std::optional<Time> first_gap(const Site& site, ProcedureKind procedure, Time from, Time until);

}  // namespace nethealth
