#include "agent/own_engine.hpp"

#include <algorithm>

#include "probes/trap_listener.hpp"

namespace nethealth {
namespace {

std::uint32_t boots_of(Time now, std::optional<Time> alive) {
  using std::chrono::seconds;
  constexpr Time first = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  const Time latest = alive ? std::max(now, *alive + seconds(1)) : now;
  const auto passed = std::chrono::duration_cast<seconds>(latest - first).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(passed, 1, INT32_MAX - 1));
}

}  // namespace

UsmEngine own_engine(const Site& site, std::string_view installation, Time now, std::optional<Time> alive) {
  const auto given =
      std::ranges::find_if(site.channels, [](const Channel& channel) { return !channel.engine_id.empty(); });
  UsmEngine own;
  own.id = given != site.channels.end() ? given->engine_id : engine_id_of(installation);
  own.boots = boots_of(now, alive);
  own.as_of = std::chrono::steady_clock::now();
  return own;
}

}  // namespace nethealth
