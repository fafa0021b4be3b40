#pragma once
// Carries records to one syslog target, in order, over UDP or TCP.
//
// Syslog has no acknowledgement. Over TCP a record counts as sent when the other side's system has confirmed
// every byte and the connection still stood `settle` later; after a break every record that does not count
// yet is sent again whole, with the same sequenceId. Over UDP it counts as sent when no ICMP error came
// within `settle`.
//
// Memory holds `held` records at most. Beyond that offer() says no: the record stays unsent in the journal,
// and `refill` is called when the queue has run empty; offer the journal's unsent records again then.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/syslog_message.hpp"
#include "config/site.hpp"
#include "rules/event.hpp"

namespace nethealth {

struct SyslogCourierOptions {
  std::vector<Milliseconds> delays{Milliseconds{1'000}, Milliseconds{5'000}, Milliseconds{15'000},
                                   Milliseconds{60'000}};  ///< between connections; the last one repeats
  Milliseconds connect_limit{10'000};
  Milliseconds settle_tcp{1'000};
  Milliseconds settle_udp{100};
  Milliseconds stall_limit{30'000};    ///< nothing confirmed for so long: the connection is given up
  std::size_t held = 200'000;          ///< records
  std::size_t unsettled_tcp = 20'000;  ///< records written that do not count as sent yet
  std::size_t unsettled_udp = 100;
};

class SyslogCourier {
 public:
  using Report = std::function<void(const SyslogOutcome&)>;
  /// What keeps it from sending, when that begins, and empty text when it works again. For the log.
  using Trouble = std::function<void(const std::string&)>;

  /// Callbacks come on `io`, never from inside offer().
  SyslogCourier(boost::asio::io_context& io, SyslogTarget target, SyslogIdentity identity, Zone zone,
                Report report, std::function<void()> refill, Trouble trouble,
                SyslogCourierOptions options = {});
  /// No callback comes after this. What does not count as sent stays unsent in the journal.
  ~SyslogCourier();
  SyslogCourier(const SyslogCourier&) = delete;
  SyslogCourier& operator=(const SyslogCourier&) = delete;

  /// False when there is no room: see above. An id that is held already is taken as done.
  bool offer(const SyslogQueued& queued, Time time);

  [[nodiscard]] std::size_t held() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
