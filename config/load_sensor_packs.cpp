#include "config/loading.hpp"

namespace nethealth {

void load_sensor_packs(Loading& load) {
  Reader& read = load.read;
  const Node* node = load.root.find("sensor_packs");
  if (node == nullptr || !read.map(*node, "sensor_packs", keys::sensor_packs)) return;
  SensorPackChoice& choice = load.site.sensor_packs;
  if (const Node* files = node->find("files")) {
    for (const Node* item : read.one_or_more(*files, "files")) {
      if (const auto text = read.text(*item, "files"))
        choice.files.push_back({resolve(load.folder, *text), item->file, item->line, item->column});
    }
  }
  if (const Node* without = node->find("without")) {
    for (const Node* item : read.one_or_more(*without, "without")) {
      if (const auto text = read.text(*item, "without"))
        choice.without.push_back({*text, item->file, item->line, item->column});
    }
  }
}

}  // namespace nethealth
