// What the site adds to the written procedure: its own plan, office hours, substitutes at the counter, the
// annex.

#include <algorithm>

#include "config/loading.hpp"

namespace nethealth {
namespace {

std::vector<std::string> texts(Reader& read, const Node& node, std::string_view key) {
  std::vector<std::string> list;
  for (const Node* item : read.one_or_more(node, key))
    if (const auto text = read.text(*item, key)) list.push_back(*text);
  return list;
}

/// The named calendar, else the one called office.
void load_office_hours(Loading& load, const Node* calendar) {
  if (calendar != nullptr) {
    load.site.office_calendar = load.calendars.find(load.read, *calendar, "calendar");
    return;
  }
  load.site.office_calendar = load.calendars.index("office");
}

void load_task(Loading& load, const Node& item) {
  Reader& read = load.read;
  if (!read.map(item, "tasks", keys::task)) return;
  CounterTask task;
  if (const Node* name = read.require(item, "task")) set(task.task, read.text(*name, "task"));
  if (const Node* instead = read.require(item, "instead")) set(task.instead, read.text(*instead, "instead"));
  if (const Node* needs = item.find("needs"))
    for (const Node* device : read.one_or_more(*needs, "needs"))
      if (const auto found = load.devices.find(read, *device, "needs"))
        task.needs.push_back(static_cast<DeviceIndex>(*found));
  load.site.tasks.push_back(std::move(task));
}

}  // namespace

void load_procedures(Loading& load) {
  Reader& read = load.read;
  const Node* calendar = nullptr;
  if (const Node* node = load.root.find("procedures");
      node != nullptr && read.map(*node, "procedures", keys::procedures)) {
    calendar = node->find("calendar");
    if (const Node* files = node->find("files"))
      for (const std::string& path : texts(read, *files, "files"))
        load.site.procedure_files.push_back(resolve(load.folder, path));
  }
  load_office_hours(load, calendar);
  if (const Node* tasks = load.root.find("tasks"))
    for (const Node* item : read.list(*tasks, "tasks")) load_task(load, *item);
  const Node* annex = load.root.find("emergency_measures");
  if (annex == nullptr) return;
  for (const Node* item : read.list(*annex, "emergency_measures")) {
    if (!read.map(*item, "emergency_measures", keys::emergency_measure)) continue;
    AnnexRow row;
    if (const Node* events = read.require(*item, "events")) row.events = texts(read, *events, "events");
    if (const Node* measures = read.require(*item, "measures"))
      row.measures = texts(read, *measures, "measures");
    load.site.annex.push_back(std::move(row));
  }
}

}  // namespace nethealth
