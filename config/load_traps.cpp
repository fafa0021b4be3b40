#include "config/loading.hpp"

namespace nethealth {

void load_traps(Loading& load) {
  Reader& read = load.read;
  const Node* node = load.root.find("traps");
  if (node == nullptr || !read.map(*node, "traps", keys::traps)) return;
  const Node* listen = node->find("listen");
  if (listen == nullptr) return;
  load.site.traps.listen.clear();
  for (const Node* item : read.list(*listen, "listen")) {
    const auto text = read.text(*item, "listen");
    if (!text) continue;
    if (split_host_port(*text)) {
      load.site.traps.listen.push_back(*text);
    } else {
      read.unexpected(
          *item, "listen",
          {"0.0.0.0:162 のように アドレス:ポート を書いてください", "ADDRESS:PORT such as 0.0.0.0:162"});
    }
  }
}

}  // namespace nethealth
