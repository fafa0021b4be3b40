#pragma once
// The contact chain: who is told next, by which channel, and why. Pure; the place in the chain is a number.

#include <optional>
#include <string>

#include "config/site.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// One place in the chain: a person of a role, reached by one of that person's channels.
struct Contact {
  RoleId role = RoleId::operations_sub_manager;
  PersonIndex person = 0;
  std::size_t channel = 0;  ///< into Person::channels
  int round = 0;            ///< how often the whole chain was gone through before
  bool deputy = false;      ///< not the first person of the role
};

/// The contact at place `step`, from 0. A failure climbs operations_sub_manager, operations_manager,
/// deputy_chief, chief, then over again; misconduct starts at operations_manager. Within a role each person's
/// channels are tried in order, then the deputy's. Empty only when nobody in the chain has a channel.
std::optional<Contact> contact_at(const Site& site, ProcedureKind procedure, int step);

}  // namespace nethealth
