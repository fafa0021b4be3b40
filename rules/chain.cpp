#include "rules/chain.hpp"

#include <array>
#include <vector>

namespace nethealth {

std::optional<Contact> contact_at(const Site& site, ProcedureKind procedure, int step) {
  constexpr std::array roles{RoleId::operations_sub_manager, RoleId::operations_manager, RoleId::deputy_chief,
                             RoleId::chief};
  std::vector<Contact> chain;
  for (const RoleId role : roles) {
    if (procedure == ProcedureKind::misconduct && role == RoleId::operations_sub_manager) continue;
    bool deputy = false;
    for (const PersonIndex person : site.role(role).people) {
      for (std::size_t channel = 0; channel < site.people[person].channels.size(); ++channel)
        chain.push_back({role, person, channel, 0, deputy});
      deputy = true;
    }
  }
  if (chain.empty() || step < 0) return std::nullopt;
  Contact contact = chain[static_cast<std::size_t>(step) % chain.size()];
  contact.round = step / static_cast<int>(chain.size());
  return contact;
}

}  // namespace nethealth
