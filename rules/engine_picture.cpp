// The read model.

#include <algorithm>

#include "rules/evidence.hpp"
#include "rules/mind.hpp"

namespace nethealth {

namespace {

int badness(DeviceHealth health) {
  switch (health) {
    case DeviceHealth::fault:
      return 0;
    case DeviceHealth::affected:
      return 1;
    case DeviceHealth::suspect:
      return 2;
    case DeviceHealth::unknown:
      return 3;
    case DeviceHealth::maintenance:
      return 4;
    case DeviceHealth::off_hours:
      return 5;
    case DeviceHealth::healthy:
      break;
  }
  return 6;
}

void add_incidents(const std::map<int, Incident>& incidents, DevicePicture& shown) {
  for (const auto& [number, incident] : incidents) {
    if (!incident.is_open()) continue;
    const Diagnosis& diagnosis = incident.picture.now.diagnosis;
    const bool here = diagnosis.location.device == shown.name || diagnosis.location.peer == shown.name;
    const bool affected = std::ranges::binary_search(diagnosis.affected, shown.name);
    if (!here && !affected) continue;
    shown.incidents.push_back(number);
    shown.health = here ? DeviceHealth::fault
                        : std::min(shown.health, DeviceHealth::affected,
                                   [](DeviceHealth a, DeviceHealth b) { return badness(a) < badness(b); });
    if (!shown.since || incident.picture.opened < *shown.since) shown.since = incident.picture.opened;
  }
}

}  // namespace

Picture Engine::Mind::picture() {
  Picture picture;
  for (const auto& [number, incident] : book.all()) {
    picture.incidents.push_back(incident.picture);
    if (const auto run = runs_.find(number); run != runs_.end()) {
      picture.incidents.back().procedure = run->second.picture();
      for (const Summons& summons : summons_of(incident.picture, run->second))
        picture.incidents.back().summons.push_back(picture_of(summons));
    }
  }
  for (const auto& [number, silence] : silences.all()) picture.silences.push_back(silence);
  for (const auto& [number, drill] : drills.all()) picture.drills.push_back(drill);
  for (DeviceIndex device = 0; device < site_.devices.size(); ++device) {
    const Device& known = site_.devices[device];
    DevicePicture shown;
    shown.name = known.name;
    shown.label = known.label.empty() ? known.name : known.label;
    shown.kind = known.kind;
    if (known.room) shown.room = site_.rooms[*known.room].name;
    bool looked_at = false, bad = false;
    for (const SignIndex index : states_.of(device)) {
      const Sign& sign = states_[index];
      if (sign.known && sign.kind != SignKind::log) looked_at = true;
      if (sign.last_good && (!shown.last_seen || *sign.last_good > *shown.last_seen))
        shown.last_seen = sign.last_good;
      if (!sign.known || !sign.bad || masked(sign)) continue;
      bad = true;
      shown.signs.push_back(reason_of(world(), index));
      if (sign.first_bad && (!shown.since || *sign.first_bad < *shown.since)) shown.since = sign.first_bad;
    }
    // What has no address is known by what hangs on it.
    if (known.addresses.empty() && device != site_.monitor)
      for (const DeviceIndex behind : topology_.behind({false, device}))
        if (const auto ping = states_.ping(behind); ping && states_[*ping].known && !states_[*ping].bad)
          looked_at = true;
    if (device == site_.monitor) looked_at = true;
    shown.health = !looked_at ? DeviceHealth::unknown : bad ? DeviceHealth::suspect : DeviceHealth::healthy;
    if (bad && excused(device)) shown.health = DeviceHealth::off_hours;
    add_incidents(book.all(), shown);
    if (in_maintenance_window(site_, device, now) && shown.incidents.empty() && bad)
      shown.health = DeviceHealth::maintenance;
    picture.devices.push_back(std::move(shown));
  }
  std::ranges::stable_sort(picture.devices, [](const DevicePicture& a, const DevicePicture& b) {
    return badness(a.health) != badness(b.health) ? badness(a.health) < badness(b.health) : a.name < b.name;
  });
  return picture;
}

}  // namespace nethealth
