#include <filesystem>

#include "config/loading.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_keep = std::chrono::hours(1);
constexpr Milliseconds longest_keep = std::chrono::days(400);
constexpr int least_limit_mb = 50;
constexpr int most_limit_mb = 1'000'000;

}  // namespace

void load_recorder(Loading& load) {
  Reader& read = load.read;
  const Node* node = load.root.find("recorder");
  if (node == nullptr || !read.map(*node, "recorder", keys::recorder)) return;
  RecorderPlan& plan = load.site.recorder.emplace();
  const Node* folder = node->find("folder");
  if (folder == nullptr && load.site.store_path == ":memory:")
    read.report(*node, {"recorder: store がメモリーの中なので folder が要ります",
                        "recorder: the store is in memory, so folder must say where"});
  plan.folder = (std::filesystem::path(load.site.store_path).parent_path() / "recorder").string();
  if (folder != nullptr) {
    if (const auto text = read.text(*folder, "folder")) plan.folder = resolve(load.folder, *text);
  }
  if (const Node* keep = node->find("keep"))
    set(plan.keep, read.duration(*keep, "keep", shortest_keep, longest_keep));
  if (const Node* limit = node->find("limit_mb"))
    set(plan.limit_mb, read.integer(*limit, "limit_mb", least_limit_mb, most_limit_mb));
}

}  // namespace nethealth
