#include "agent/path_looks.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <optional>

#include "probes/icmp_trace.hpp"
#include "probes/neighbour_look.hpp"

namespace nethealth {
namespace {

std::vector<Address> addresses_of(const Device& device) {
  std::vector<Address> addresses;
  for (const std::string& text : device.addresses) {
    boost::system::error_code error;
    const Address address = boost::asio::ip::make_address(text, error);
    if (!error) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace

TraceSeen better(const TraceSeen& a, const TraceSeen& b) {
  if (outcome_weight(a.status) != outcome_weight(b.status))
    return outcome_weight(b.status) > outcome_weight(a.status) ? b : a;
  return b.hops.size() > a.hops.size() ? b : a;
}

ArpSeen better(const ArpSeen& a, const ArpSeen& b) {
  return outcome_weight(b.status) > outcome_weight(a.status) ? b : a;
}

class PathLooks::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, const Site& site, IcmpProber& icmp, Report seen)
      : io_(io), site_(site), icmp_(icmp), seen_(std::move(seen)) {}

  void want(DeviceIndex device, PathLook look) {
    const Wanted wanted{device, look};
    if (known_.contains(wanted)) return;
    if (waiting_.size() >= max_waiting) {
      ++dropped_;
      return;
    }
    known_.insert(wanted);
    waiting_.push_back(wanted);
    start();
  }

  void stop() { stopped_ = true; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  using Wanted = std::pair<DeviceIndex, PathLook>;

  void start() {
    while (running_ < max_running && !waiting_.empty()) {
      const Wanted wanted = waiting_.front();
      waiting_.pop_front();
      ++running_;
      if (wanted.second == PathLook::trace)
        ask<TraceSeen>(wanted, [this](const Address& address, auto answer) {
          trace_path(icmp_, address, TraceRequest{}, answer);
        });
      else
        ask<ArpSeen>(wanted, [this](const Address& address, auto answer) {
          neighbour_look(io_, address, NeighbourRequest{}, answer);
        });
    }
  }

  template <class T, class Ask>
  void ask(const Wanted& wanted, Ask one) {
    struct Best {
      std::size_t open;
      std::optional<T> seen;
    };
    const std::vector<Address> addresses = addresses_of(site_.devices[wanted.first]);
    const auto best = std::make_shared<Best>(Best{addresses.size(), {}});
    const auto answer = [weak = weak_from_this(), best, wanted](T seen) {
      best->seen = best->seen ? better(*best->seen, seen) : std::move(seen);
      if (const auto self = weak.lock(); --best->open == 0 && self) self->done(wanted, Seen(*best->seen));
    };
    for (const Address& address : addresses) one(address, answer);
    if (!addresses.empty()) return;
    boost::asio::post(io_, [weak = weak_from_this(), wanted] {
      T blind;
      blind.status = Outcome::blind;
      if (const auto self = weak.lock()) self->done(wanted, Seen(blind));
    });
  }

  void done(const Wanted& wanted, Seen seen) {
    if (stopped_) return;
    --running_;
    known_.erase(wanted);
    seen_(wanted.first, std::move(seen));
    start();
  }

  boost::asio::io_context& io_;
  const Site& site_;
  IcmpProber& icmp_;
  Report seen_;
  std::set<Wanted> known_;  ///< waiting or running
  std::deque<Wanted> waiting_;
  std::size_t running_ = 0;
  std::uint64_t dropped_ = 0;
  bool stopped_ = false;
};

PathLooks::PathLooks(boost::asio::io_context& io, const Site& site, IcmpProber& icmp, Report seen)
    : impl_(std::make_shared<Impl>(io, site, icmp, std::move(seen))) {}

PathLooks::~PathLooks() {
  impl_->stop();
}

void PathLooks::want(DeviceIndex device, PathLook look) {
  impl_->want(device, look);
}

std::uint64_t PathLooks::dropped() const {
  return impl_->dropped();
}

}  // namespace nethealth
