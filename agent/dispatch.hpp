#pragma once
// Everything that leaves the house for people and for other log servers: one outbox with a courier for each
// channel of the site, and one courier for each syslog target.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/courier.hpp"
#include "agent/courier_syslog.hpp"
#include "agent/outbox.hpp"
#include "agent/store.hpp"
#include "config/site.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

struct UsmEngine;

struct DispatchReports {
  std::function<void(const NotificationOutcome&)> notification;
  std::function<void(const SyslogOutcome&)> syslog;
  /// The courier of this target has room again: offer what the journal still holds unsent.
  std::function<void(const std::string& target)> refill;
};

class Dispatch {
 public:
  /// `own` is this host as an SNMPv3 engine. All must outlive the dispatch. The reports come on `io`, never
  /// from inside send.
  Dispatch(boost::asio::io_context& io, CurlWorker& curl, Store& store, const Site& site,
           const UsmEngine& own, DispatchReports reports, std::function<Time()> now);
  ~Dispatch();
  Dispatch(const Dispatch&) = delete;
  Dispatch& operator=(const Dispatch&) = delete;

  void send(Letter letter, DeliveryFlags flags);
  void send_syslog(const SyslogQueued& queued, Time time);

  /// Notifications that are not finished.
  [[nodiscard]] std::size_t held() const { return outbox_.held(); }

 private:
  void add_channel(boost::asio::io_context& io, const Channel& channel, CurlWorker& curl, const Store& store,
                   const Site& site, const UsmEngine& own);

  Outbox outbox_;
  std::vector<std::pair<std::string, std::unique_ptr<SyslogCourier>>> syslog_;
};

}  // namespace nethealth
