#pragma once
// One configuration at work: the engine rebuilt from the journal, and everything around it that depends on
// the site - pump, couriers, lookout, log follower. A reload ends one duty and begins another.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "agent/configuration.hpp"
#include "agent/control_desk.hpp"
#include "agent/looker.hpp"
#include "agent/page_token.hpp"
#include "agent/store.hpp"
#include "agent/system_clock.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

class Duty {
 public:
  /// All but `configuration` must outlive the duty. `past` is everything the journal holds.
  /// `tokens` go into the pages; `messages` carries mail and webhooks, apart from the probes, whose floods
  /// must not delay a page.
  Duty(boost::asio::io_context& io, SystemClock& clock, Store& store, Probers probers, CurlWorker& messages,
       const PageTokens& tokens, std::unique_ptr<Configuration> configuration, Past past);
  /// Ends in reverse order; nothing is called after it.
  ~Duty();
  Duty(const Duty&) = delete;
  Duty& operator=(const Duty&) = delete;

  /// Sends what was left unsent, then begins to look.
  void start();
  /// The daemon did not run in that time: somebody is told.
  void was_down(Time from, Time until);

  /// No more looks and log lines; messages go on leaving and being reported.
  void stop_looking();

  [[nodiscard]] const Site& site() const;
  [[nodiscard]] ControlDesk desk();
  /// "18 devices, 41 looks, 4 log sources".
  [[nodiscard]] std::string summary() const;

  /// LogFollower::first_positions_safe().
  [[nodiscard]] bool log_positions_safe() const;

  /// Messages that are not finished.
  [[nodiscard]] std::size_t messages_held() const;
  [[nodiscard]] bool storage_failing() const;
  /// Everything decided is in the journal.
  [[nodiscard]] bool written() const;
  /// An incident is open, so somebody's time to answer is running.
  [[nodiscard]] bool incident_open() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nethealth
