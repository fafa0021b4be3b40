#include "agent/audit_trail.hpp"

#include "probes/json_text.hpp"

namespace nethealth {
namespace {

constexpr std::size_t claimed_shown_bytes = 64;

}  // namespace

void AuditTrail::acts(const std::string& person, const std::string& way, const std::string& from) {
  if (known_.size() >= arrivals_remembered) known_.clear();
  if (!known_.insert(way + "\n" + person + "\n" + from).second) return;
  keep_({"LOG-IN", person, "acts by " + way, {{"way", way}, {"from", from}}});
}

void AuditTrail::came_in(const std::string& person, const std::string& from) {
  keep_({"LOG-IN", person, "logged in by password", {{"way", "password"}, {"from", from}}});
}

void AuditTrail::left(const std::string& person, const std::string& from) {
  keep_({"LOG-OUT", person, "logged out", {{"from", from}}});
}

void AuditTrail::refused(const std::string& claimed, const std::string& way, const std::string& from,
                         Time now) {
  const Time hour = std::chrono::floor<std::chrono::hours>(now);
  if (hour != hour_) {
    if (refusals_ > refusals_recorded_an_hour)
      keep_({"LOG-IN-REFUSED",
             "",
             "and " + std::to_string(refusals_ - refusals_recorded_an_hour) + " more in the hour before",
             {{"count", std::to_string(refusals_ - refusals_recorded_an_hour)}}});
    hour_ = hour;
    refusals_ = 0;
  }
  if (++refusals_ > refusals_recorded_an_hour) return;
  keep_({"LOG-IN-REFUSED",
         "",
         "refused: " + way,
         {{"claimed", mend_utf8(cut_utf8(claimed, claimed_shown_bytes))}, {"way", way}, {"from", from}}});
}

void AuditTrail::configuration(const FileDigests& now, const FileDigests& before) {
  std::string changed;
  const auto add = [&](const std::string& what, const std::string& file) {
    changed += (changed.empty() ? "" : ", ") + what + " " + file;
  };
  for (const auto& [file, digest] : now) {
    const auto known = before.find(file);
    if (known == before.end())
      add("new", file);
    else if (known->second != digest)
      add("changed", file);
  }
  for (const auto& [file, digest] : before)
    if (!now.contains(file)) add("gone", file);
  keep_({configuration_read, "",
         changed.empty() ? "configuration read, as before" : "configuration read: " + changed, now});
}

}  // namespace nethealth
