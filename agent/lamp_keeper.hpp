#pragma once
// Keeps the site's signal towers at what the incidents ask for. Nothing is queued: what counts is how things
// stand, so a restart or a tower that was away ends at the right light. Each is told anew every
// `lamp_refresh`, which also shows whether it still answers.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/lamp.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

struct LampTimes {
  Milliseconds settle{100};  ///< changes within it are one command
  Milliseconds refresh{60'000};
  Milliseconds retry{5'000};
  Milliseconds patience{5'000};  ///< for one command
};

class LampKeeper {
 public:
  using Incidents = std::function<std::vector<IncidentPicture>()>;
  /// A tower ceased to answer (the text says how), or answers again (empty).
  using Trouble = std::function<void(const std::string& channel, const std::string& what)>;

  /// Only channels of type patlite count. Callbacks come on `io`; all must outlive the keeper.
  LampKeeper(boost::asio::io_context& io, CurlWorker& curl, const std::vector<Channel>& channels,
             Incidents incidents, Trouble trouble, LampTimes times = {});
  ~LampKeeper();
  LampKeeper(const LampKeeper&) = delete;
  LampKeeper& operator=(const LampKeeper&) = delete;

  /// Something was decided: look again soon.
  void changed();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
