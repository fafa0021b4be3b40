#pragma once
// Keeps the site's Alertmanagers at what the incidents are (alert_list.hpp): soon after a decision, and every
// `interval` of the channel while nothing changes. Nothing is queued.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/alert_list.hpp"
#include "agent/channel_state.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

struct AlertTimes {
  Milliseconds settle{100};  ///< changes within it are one post
  Milliseconds retry{5'000};
  Milliseconds patience{10'000};  ///< for one post
};

class AlertKeeper {
 public:
  using Incidents = std::function<std::vector<IncidentPicture>()>;
  using Now = std::function<Time()>;

  /// Only the site's channels of type alertmanager count. Callbacks come on `io`; all must outlive the
  /// keeper.
  AlertKeeper(boost::asio::io_context& io, CurlWorker& curl, const Site& site, Incidents incidents, Now now,
              ChannelTrouble trouble, AlertTimes times = {});
  ~AlertKeeper();
  AlertKeeper(const AlertKeeper&) = delete;
  AlertKeeper& operator=(const AlertKeeper&) = delete;

  /// Something was decided: look again soon.
  void changed();
  void add_states(std::vector<ChannelState>& all) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
