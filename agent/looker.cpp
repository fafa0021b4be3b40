#include "agent/looker.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "probes/http_probe.hpp"
#include "probes/tcp_probe.hpp"

namespace nethealth {
namespace {

std::optional<Address> address_of(const std::string& text) {
  boost::system::error_code error;
  const Address address = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

/// The more an outcome says of the device, the higher.
int weight(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return 5;
    case Outcome::tls_error:
    case Outcome::auth_error:
      return 4;
    case Outcome::refused:
      return 3;
    case Outcome::error:
    case Outcome::unreachable:
      return 2;
    case Outcome::timeout:
      return 1;
    case Outcome::blind:
      return 0;
  }
  return 0;
}

/// One look under way.
struct Round {
  std::function<void(Seen)> seen;
  std::function<void()> finished;
  std::size_t open = 0;  ///< answers still to come

  void one_done() {
    if (--open == 0) finished();
  }
};
using SharedRound = std::shared_ptr<Round>;

/// Collects the answers of several addresses to one question and hands the best on.
template <class T>
struct Best {
  SharedRound round;
  std::size_t open = 0;
  std::optional<T> best;

  void answer(const T& one) {
    best = best ? better(*best, one) : one;
    if (--open > 0) return;
    round->seen(Seen(*best));
    round->one_done();
  }
};

}  // namespace

std::vector<Address> addresses_of(const Site& site) {
  std::vector<Address> addresses;
  for (const Device& device : site.devices)
    for (const std::string& text : device.addresses)
      if (const auto address = address_of(text)) addresses.push_back(*address);
  return addresses;
}

IcmpSeen better(const IcmpSeen& a, const IcmpSeen& b) {
  if (a.blind != b.blind) return a.blind ? b : a;
  if (a.received != b.received) return a.received > b.received ? a : b;
  if (a.error.has_value() != b.error.has_value()) return a.error ? a : b;
  return a;
}

ServiceSeen better(const ServiceSeen& a, const ServiceSeen& b) {
  return weight(b.status) > weight(a.status) ? b : a;
}

class Looker::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, const Site& site, Probers probers)
      : io_(io), site_(site), probers_(probers) {}

  void look(const LookTask& task, bool wanted, SharedRound round) {
    const Device& device = site_.devices[task.device];
    switch (task.kind) {
      case LookKind::icmp:
        return icmp(device, task.management, wanted, round);
      case LookKind::snmp:
        return snmp(device, task.management, wanted, round);
      case LookKind::tcp:
        return tcp(device, round);
      case LookKind::http:
        return http(device, round);
    }
  }

  void stop() { stopped_ = true; }

 private:
  static std::vector<std::string> addresses(const Device& device, bool management) {
    if (management) return {device.management->address};
    return device.addresses;
  }

  /// A callback that is silent once the looker is gone.
  template <class Function>
  auto guarded(Function function) {
    return [weak = weak_from_this(), function = std::move(function)](auto&&... arguments) {
      const auto self = weak.lock();
      if (self && !self->stopped_) function(std::forward<decltype(arguments)>(arguments)...);
    };
  }

  void later(std::function<void()> what) { boost::asio::post(io_, guarded(std::move(what))); }

  void icmp(const Device& device, bool management, bool wanted, const SharedRound& round) {
    IcmpRequest request;
    request.packets = wanted ? wanted_packets : device.polling.icmp.packets;
    request.spacing = wanted ? wanted_packet_spacing : packet_spacing;
    request.timeout = device.polling.icmp.timeout;
    const std::vector<std::string> targets = addresses(device, management);
    round->open = 1;
    const auto best = std::make_shared<Best<IcmpSeen>>(Best<IcmpSeen>{round, targets.size(), {}});
    for (const std::string& text : targets) {
      const auto answer = guarded([best, management](IcmpSeen seen) {
        seen.management = management;
        best->answer(seen);
      });
      if (const auto address = address_of(text)) {
        probers_.icmp.look(*address, request, answer);
      } else {
        IcmpSeen blind;
        blind.blind = true;
        later([answer, blind] { answer(blind); });
      }
    }
  }

  void snmp(const Device& device, bool management, bool wanted, const SharedRound& round) {
    const auto credential = management ? device.management->credential : device.credential;
    SnmpTarget target;
    target.credential = site_.credentials[*credential];
    target.timeout = device.polling.snmp.timeout;
    target.retries = device.polling.snmp.retries;
    if (wanted) {
      target.timeout = std::min(target.timeout, wanted_snmp_timeout);
      target.retries = std::min(target.retries, wanted_snmp_retries);
    }
    round->open = 1;
    next_agent(round, target, addresses(device, management), 0, management, wanted);
  }

  void next_agent(const SharedRound& round, SnmpTarget target, const std::vector<std::string>& agents,
                  std::size_t which, bool management, bool wanted) {
    target.address = agents[which];
    const auto answer = guarded([this, round, target, agents, which, management, wanted](SnmpSeen seen) {
      const bool silent = seen.status == Outcome::timeout || seen.status == Outcome::blind;
      if (silent && which + 1 < agents.size())
        return next_agent(round, target, agents, which + 1, management, wanted);
      seen.management = management;
      round->seen(Seen(std::move(seen)));
      round->one_done();
    });
    if (probers_.snmp == nullptr) {
      SnmpSeen blind;
      blind.status = Outcome::blind;
      return later([answer, blind] { answer(blind); });
    }
    if (wanted)
      probers_.snmp->look_interfaces(target, answer);
    else
      probers_.snmp->look(target, answer);
  }

  void tcp(const Device& device, const SharedRound& round) {
    for (const Service& service : device.services) round->open += service.kind == Service::Kind::tcp ? 1 : 0;
    for (const Service& service : device.services) {
      if (service.kind != Service::Kind::tcp) continue;
      const auto best =
          std::make_shared<Best<ServiceSeen>>(Best<ServiceSeen>{round, device.addresses.size(), {}});
      for (const std::string& text : device.addresses) {
        const auto answer = guarded([best](const ServiceSeen& seen) { best->answer(seen); });
        if (const auto address = address_of(text))
          tcp_look(io_, TcpRequest{*address, service.port, service.name, device.polling.tcp.timeout}, answer);
        else
          later([answer, name = service.name] { answer(ServiceSeen{"tcp", name, Outcome::blind, {}, {}}); });
      }
    }
  }

  void http(const Device& device, const SharedRound& round) {
    for (const Service& service : device.services) round->open += service.kind == Service::Kind::http ? 1 : 0;
    for (const Service& service : device.services) {
      if (service.kind != Service::Kind::http) continue;
      HttpRequest request;
      request.url = service.url;
      request.service = service.name;
      request.timeout = device.polling.http.timeout;
      http_look(probers_.curl, request, guarded([round](const ServiceSeen& seen) {
                  round->seen(Seen(seen));
                  round->one_done();
                }));
    }
  }

  boost::asio::io_context& io_;
  const Site& site_;
  Probers probers_;
  bool stopped_ = false;
};

Looker::Looker(boost::asio::io_context& io, const Site& site, Probers probers)
    : impl_(std::make_shared<Impl>(io, site, probers)) {}

Looker::~Looker() {
  impl_->stop();
}

void Looker::look(const LookTask& task, bool wanted, std::function<void(Seen)> seen,
                  std::function<void()> finished) {
  impl_->look(task, wanted, std::make_shared<Round>(Round{std::move(seen), std::move(finished), 0}));
}

}  // namespace nethealth
