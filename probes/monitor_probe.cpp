#include "probes/monitor_probe.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "probes/netlink_routes.hpp"

namespace nethealth {
namespace {

/// Gateways change seldom; more than this many were never one site's.
constexpr std::size_t max_known_gateways = 16;

/// The ways towards the targets, summed up.
struct Ways {
  std::set<unsigned> interfaces;
  std::optional<Address> gateway;
  bool some_lost = false;
  bool some_local = false;
  bool unknown = false;  ///< the kernel could not be asked
};

Ways ways_to(const std::vector<Address>& targets) {
  Ways ways;
  const std::size_t step = targets.size() / MonitorProbe::max_targets + 1;
  for (std::size_t i = 0; i < targets.size(); i += step) {
    const auto answer = route_to(targets[i]);
    if (!answer) {
      ways.unknown = true;
      return ways;
    }
    const auto& route = *answer;
    if (!route) {
      ways.some_lost = true;
    } else if (route->local) {
      ways.some_local = true;
    } else {
      ways.interfaces.insert(route->interface);
      if (!ways.gateway) ways.gateway = route->gateway;
    }
  }
  return ways;
}

std::optional<bool> carrier_of(const Ways& ways) {
  if (ways.unknown) return std::nullopt;
  for (const unsigned interface : ways.interfaces) {
    const auto carrier = has_carrier(interface);
    if (!carrier) return std::nullopt;
    if (*carrier) return true;
  }
  if (!ways.interfaces.empty() || ways.some_lost) return false;
  if (ways.some_local) return true;
  return std::nullopt;
}

/// The default route's, else the first towards the targets.
std::optional<Address> gateway_of(const Ways& ways) {
  const auto route = default_route();
  return route && *route && (*route)->gateway ? (*route)->gateway : ways.gateway;
}

}  // namespace

class MonitorProbe::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(boost::asio::io_context& io, IcmpProber& prober) : io_(io), prober_(prober) {}

  void look(const std::vector<Address>& targets, std::function<void(MonitorSeen)> callback) {
    const Ways ways = ways_to(targets);
    MonitorSeen seen;
    seen.carrier = carrier_of(ways);
    const auto gateway = gateway_of(ways);
    if (!gateway) {
      boost::asio::post(io_, [weak = weak_from_this(), seen, callback = std::move(callback)] {
        if (!weak.expired()) callback(seen);
      });
      return;
    }
    prober_.look(*gateway, gateway_request,
                 [weak = weak_from_this(), address = *gateway, seen,
                  callback = std::move(callback)](const IcmpSeen& answer) mutable {
                   const auto core = weak.lock();
                   if (!core) return;
                   seen.gateway_ok = core->judge(address, answer);
                   callback(seen);
                 });
  }

 private:
  std::optional<bool> judge(const Address& gateway, const IcmpSeen& answer) {
    if (answer.blind) return std::nullopt;
    if (answer.received > 0) {
      if (known_.size() >= max_known_gateways) known_.clear();
      known_.insert(gateway);
      return true;
    }
    const bool nobody_there = answer.error && answer.error->from.empty();
    if (nobody_there || known_.contains(gateway)) return false;
    return std::nullopt;
  }

  boost::asio::io_context& io_;
  IcmpProber& prober_;
  std::set<Address> known_;  ///< gateways that have answered
};

MonitorProbe::MonitorProbe(boost::asio::io_context& io, IcmpProber& prober)
    : core_(std::make_shared<Core>(io, prober)) {}
MonitorProbe::~MonitorProbe() = default;

void MonitorProbe::look(std::vector<Address> targets, std::function<void(MonitorSeen)> callback) {
  core_->look(targets, std::move(callback));
}

class LinkWatch::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(boost::asio::io_context& io, std::function<void()> changed)
      : descriptor_(io), timer_(io), changed_(std::move(changed)) {}

  Result<void> open() {
    const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    sockaddr_nl where{};
    where.nl_family = AF_NETLINK;
    where.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
    if (descriptor < 0 || ::bind(descriptor, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
      const std::string why = std::system_category().message(errno);
      if (descriptor >= 0) ::close(descriptor);
      return failure("rtnetlink", "changes of this host's links cannot be watched: " + why);
    }
    boost::system::error_code error;
    descriptor_.assign(descriptor, error);
    if (error) {
      ::close(descriptor);
      return failure("rtnetlink", "changes of this host's links cannot be watched: " + error.message());
    }
    wait();
    return {};
  }

  void stop() {
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    timer_.cancel();
  }

 private:
  void wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [weak = weak_from_this()](const boost::system::error_code& error) {
                             const auto core = weak.lock();
                             if (!core || error) return;
                             core->drain();
                             core->note();
                             core->wait();
                           });
  }

  /// What changed is asked of the kernel anew, so the messages themselves are thrown away; ENOBUFS, messages
  /// the kernel had to drop, is a change too.
  void drain() {
    std::array<char, 4096> unread;
    while (::recv(descriptor_.native_handle(), unread.data(), unread.size(), 0) >= 0 || errno == ENOBUFS) {
    }
  }

  void note() {
    if (resting_) {
      again_ = true;
      return;
    }
    resting_ = true;
    again_ = false;
    timer_.expires_after(least_gap);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto core = weak.lock();
      if (!core || error) return;
      core->resting_ = false;
      if (core->again_) core->note();
    });
    changed_();
  }

  boost::asio::posix::stream_descriptor descriptor_;
  boost::asio::steady_timer timer_;
  std::function<void()> changed_;
  bool resting_ = false;
  bool again_ = false;
};

LinkWatch::LinkWatch(boost::asio::io_context& io, std::function<void()> changed)
    : core_(std::make_shared<Core>(io, std::move(changed))) {}
LinkWatch::~LinkWatch() {
  core_->stop();
}

Result<void> LinkWatch::open() {
  return core_->open();
}

}  // namespace nethealth
