#include "agent/lookout.hpp"

#include <boost/asio/steady_timer.hpp>
#include <utility>
#include <vector>

#include "agent/path_looks.hpp"
#include "probes/monitor_probe.hpp"

namespace nethealth {

class Lookout::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, SystemClock& clock, const Site& site, Probers probers,
       std::function<void(const Observation&)> seen, LookoutOptions options)
      : io_(io),
        clock_(clock),
        site_(site),
        seen_(std::move(seen)),
        options_(options),
        scheduler_(look_tasks(site), clock.now()),
        looker_(io, site, probers),
        path_looks_(io, site, probers.icmp,
                    [this](DeviceIndex device, Seen what) { report(device, std::move(what)); }),
        monitor_(io, probers.icmp),
        targets_(addresses_of(site)),
        timer_(io),
        monitor_timer_(io) {}

  Result<void> start() {
    link_watch_ = std::make_unique<LinkWatch>(io_, [this] { look_at_monitor(); });
    look_at_monitor();
    watch_monitor();
    arm();
    return link_watch_->open();
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    monitor_timer_.cancel();
    link_watch_.reset();
  }

  void want(const ProbeWanted& wanted) {
    const auto device = site_.device(wanted.device);
    if (!device) return;
    if (*device == site_.monitor) return look_at_monitor();
    if (wanted.probe == "trace") return path_looks_.want(*device, PathLook::trace);
    if (wanted.probe == "arp") return path_looks_.want(*device, PathLook::arp);
    const auto kind = look_kind(wanted.probe);
    if (kind && scheduler_.want(*device, *kind)) arm();
  }

  void poll_now(DeviceIndex device) {
    if (scheduler_.poll_now(device, LookKind::snmp)) arm();
  }

  [[nodiscard]] const Scheduler& scheduler() const { return scheduler_; }
  [[nodiscard]] const PathLooks& path_looks() const { return path_looks_; }

 private:
  /// Sets the timer to the scheduler's next moment. Looks are started by the timer alone, never from inside a
  /// call.
  void arm() {
    const Time now = clock_.now();
    const std::optional<Time> wake = scheduler_.wake(now);
    if (!wake) return;
    if (armed_ && armed_for_ <= *wake) return;
    armed_ = true;
    armed_for_ = *wake;
    timer_.expires_after(*wake <= now ? Milliseconds(0) : std::max(*wake - now, options_.grain));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->armed_ = false;
      self->start_due();
    });
  }

  void start_due() {
    for (const Look& look : scheduler_.due(clock_.now())) {
      const LookTask& task = scheduler_.task(look.task);
      looker_.look(
          task, look.wanted, [this, device = task.device](Seen seen) { report(device, std::move(seen)); },
          [this, look] {
            scheduler_.finished(look);
            arm();
          });
    }
    arm();
  }

  void report(DeviceIndex device, Seen seen) {
    seen_(Observation{clock_.now(), site_.devices[device].name, std::move(seen)});
  }

  void watch_monitor() {
    monitor_timer_.expires_after(options_.monitor_interval);
    monitor_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->stopped_) return;
      self->look_at_monitor();
      self->watch_monitor();
    });
  }

  /// One at a time; a change during a look makes another follow it.
  void look_at_monitor() {
    if (std::exchange(monitor_busy_, true)) {
      monitor_again_ = true;
      return;
    }
    monitor_.look(targets_, [weak = weak_from_this()](MonitorSeen seen) {
      const auto self = weak.lock();
      if (!self || self->stopped_) return;
      self->monitor_busy_ = false;
      self->report(self->site_.monitor, Seen(std::move(seen)));
      if (std::exchange(self->monitor_again_, false)) self->look_at_monitor();
    });
  }

  boost::asio::io_context& io_;
  SystemClock& clock_;
  const Site& site_;
  std::function<void(const Observation&)> seen_;
  LookoutOptions options_;
  Scheduler scheduler_;
  Looker looker_;
  PathLooks path_looks_;
  MonitorProbe monitor_;
  std::unique_ptr<LinkWatch> link_watch_;
  std::vector<Address> targets_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer monitor_timer_;
  bool armed_ = false;
  Time armed_for_;
  bool monitor_busy_ = false;
  bool monitor_again_ = false;
  bool stopped_ = false;
};

Lookout::Lookout(boost::asio::io_context& io, SystemClock& clock, const Site& site, Probers probers,
                 std::function<void(const Observation&)> seen, LookoutOptions options)
    : impl_(std::make_shared<Impl>(io, clock, site, probers, std::move(seen), options)) {}

Lookout::~Lookout() {
  impl_->stop();
}
Result<void> Lookout::start() {
  return impl_->start();
}
void Lookout::want(const ProbeWanted& wanted) {
  impl_->want(wanted);
}
void Lookout::poll_now(DeviceIndex device) {
  impl_->poll_now(device);
}
std::uint64_t Lookout::skipped_polls() const {
  return impl_->scheduler().skipped();
}
std::uint64_t Lookout::dropped_path_looks() const {
  return impl_->path_looks().dropped();
}
std::size_t Lookout::tasks() const {
  return impl_->scheduler().size();
}

}  // namespace nethealth
