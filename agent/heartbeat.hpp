#pragma once
// The sign of life to an outside place, which raises the alarm when it stays away: a GET each interval, from
// the thread that also decides, so that a daemon that hangs falls silent.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "config/site.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

class HeartbeatSender {
 public:
  /// The place ceased to take it (the text says how), or takes it again (empty).
  using Trouble = std::function<void(const std::string& what)>;

  /// Begins at once. `io` and `curl` must outlive it.
  HeartbeatSender(boost::asio::io_context& io, CurlWorker& curl, const Heartbeat& heartbeat, Trouble trouble);
  ~HeartbeatSender();
  HeartbeatSender(const HeartbeatSender&) = delete;
  HeartbeatSender& operator=(const HeartbeatSender&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
