#include "rules/chain.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace nethealth {

namespace {

constexpr std::array chain_roles{RoleId::operations_sub_manager, RoleId::operations_manager,
                                 RoleId::deputy_chief, RoleId::chief};

bool is_climbed(RoleId role, ProcedureKind procedure) {
  return procedure == ProcedureKind::failure || role != RoleId::operations_sub_manager;
}

bool is_open_at(const Site& site, const std::optional<std::size_t>& calendar, Time time) {
  return !calendar || is_open(site.calendars[*calendar], site.zone, time);
}

/// The rota's one of now first, then the role's people; nobody twice.
std::vector<PersonIndex> in_order(const Role& role, Time time) {
  std::vector<PersonIndex> order;
  if (role.rota && !role.rota->people.empty()) {
    const auto turns = time < role.rota->from ? 0 : (time - role.rota->from) / role.rota->every;
    order.push_back(role.rota->people[static_cast<std::size_t>(turns) % role.rota->people.size()]);
  }
  for (const PersonIndex person : role.people)
    if (std::ranges::find(order, person) == order.end()) order.push_back(person);
  return order;
}

void append(std::vector<Contact>& chain, RoleId role, const std::vector<PersonIndex>& people, auto channels) {
  bool deputy = false;
  for (const PersonIndex person : people) {
    for (const std::size_t channel : channels(person)) chain.push_back({role, person, channel, deputy});
    deputy = true;
  }
}

/// The moments at which somebody begins or ceases to be available.
std::set<Time> changes(const Site& site, ProcedureKind procedure, Time from, Time until) {
  std::set<Time> moments{from};
  std::set<std::size_t> calendars;
  const auto note = [&](Time time) {
    if (time > from && time < until) moments.insert(time);
  };
  for (const Contact& contact : whole_chain(site, procedure)) {
    const Person& person = site.people[contact.person];
    for (const Absence& absence : person.absences) {
      note(absence.from);
      note(absence.until);
    }
    if (person.calendar) calendars.insert(*person.calendar);
    if (const auto& calendar = person.channels[contact.channel].calendar) calendars.insert(*calendar);
  }
  for (const std::size_t calendar : calendars) {
    std::optional<Time> next = from;
    while ((next = next_change(site.calendars[calendar], site.zone, *next)) && *next < until) note(*next);
  }
  return moments;
}

}  // namespace

bool is_available(const Site& site, PersonIndex index, Time time) {
  const Person& person = site.people[index];
  const bool away = std::ranges::any_of(
      person.absences, [&](const Absence& absence) { return time >= absence.from && time < absence.until; });
  return !away && is_open_at(site, person.calendar, time);
}

std::vector<PersonIndex> people_at(const Site& site, RoleId role, Time time) {
  std::vector<PersonIndex> people = in_order(site.role(role), time);
  std::erase_if(people, [&](PersonIndex person) { return !is_available(site, person, time); });
  return people;
}

std::vector<std::size_t> channels_at(const Site& site, PersonIndex person, Time time) {
  std::vector<std::size_t> channels;
  for (std::size_t i = 0; i < site.people[person].channels.size(); ++i)
    if (is_open_at(site, site.people[person].channels[i].calendar, time)) channels.push_back(i);
  return channels;
}

std::vector<Contact> chain_at(const Site& site, ProcedureKind procedure, Time time) {
  std::vector<Contact> chain;
  for (const RoleId role : chain_roles)
    if (is_climbed(role, procedure))
      append(chain, role, people_at(site, role, time),
             [&](PersonIndex person) { return channels_at(site, person, time); });
  return chain;
}

std::vector<Contact> whole_chain(const Site& site, ProcedureKind procedure) {
  std::vector<Contact> chain;
  for (const RoleId role : chain_roles) {
    if (!is_climbed(role, procedure)) continue;
    std::vector<PersonIndex> people = site.role(role).people;
    if (const auto& rota = site.role(role).rota)
      for (const PersonIndex person : rota->people)
        if (std::ranges::find(people, person) == people.end()) people.push_back(person);
    append(chain, role, people, [&](PersonIndex person) {
      std::vector<std::size_t> all(site.people[person].channels.size());
      for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
      return all;
    });
  }
  return chain;
}

std::vector<Contact> callable_chain(const Site& site, ProcedureKind procedure, Time time) {
  std::vector<Contact> chain = chain_at(site, procedure, time);
  return chain.empty() ? whole_chain(site, procedure) : chain;
}

std::optional<Time> first_gap(const Site& site, ProcedureKind procedure, Time from, Time until) {
  // A rota changes who is first, and may bring in a person who is in no role: its turns count too.
  std::set<Time> moments = changes(site, procedure, from, until);
  for (const RoleId role : chain_roles) {
    const auto& rota = site.role(role).rota;
    if (!rota || !is_climbed(role, procedure)) continue;
    Time turn = rota->from;
    if (turn < from) turn += ((from - turn) / rota->every) * rota->every;
    for (; turn < until; turn += rota->every)
      if (turn > from) moments.insert(turn);
  }
  for (const Time moment : moments)
    if (chain_at(site, procedure, moment).empty()) return moment;
  return std::nullopt;
}

}  // namespace nethealth
