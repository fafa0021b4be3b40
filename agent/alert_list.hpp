#pragma once
// The incidents as alerts of Prometheus' Alertmanager (API v2, POST /api/v2/alerts). Pure.
//
// An alert is known by its labels; whoever sends it says again and again that it still stands. One whose
// `ends` has passed is resolved. So nothing has to be remembered over a restart: what is open is said again,
// what ended lately is said to have ended, and what nobody speaks of any more ends by itself.

#include <map>
#include <string>
#include <vector>

#include "config/site.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// How long it is said that an alert has ended: Prometheus' own resolved retention.
inline constexpr Milliseconds alert_resolved_for = std::chrono::minutes(15);
/// An alert that is not said again for so many intervals ends by itself.
inline constexpr int alert_intervals_valid = 4;
/// Alerts of one post; the oldest incidents first.
inline constexpr std::size_t most_alerts = 1'000;

using AlertLabels = std::map<std::string, std::string>;

struct ActiveAlert {
  int incident = 0;
  AlertLabels labels;
  AlertLabels annotations;
  Time starts;
  Time ends;
  std::string url;  ///< of the incident; empty without a public address
};

/// One for each paged incident of the channel's severities that is open, or ended lately.
std::vector<ActiveAlert> alerts_of(const std::vector<IncidentPicture>& incidents, const Channel& channel,
                                   const Site& site, Time now);

/// The body to post.
std::string alerts_text(const std::vector<ActiveAlert>& alerts);

}  // namespace nethealth
