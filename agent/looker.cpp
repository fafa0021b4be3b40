#include "agent/looker.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "probes/http_probe.hpp"
#include "probes/name_time_mail_probe.hpp"
#include "probes/plugin_probe.hpp"
#include "probes/tcp_probe.hpp"

namespace nethealth {
namespace {

std::optional<Address> address_of(const std::string& text) {
  boost::system::error_code error;
  const Address address = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  return address;
}

/// A certificate that ends sooner is told.
constexpr std::chrono::days certificate_warning{21};

std::string_view service_word(Service::Kind kind) {
  switch (kind) {
    case Service::Kind::tcp:
      return "tcp";
    case Service::Kind::http:
      return "http";
    case Service::Kind::dns:
      return "dns";
    case Service::Kind::ntp:
      return "ntp";
    case Service::Kind::smtp:
      return "smtp";
    case Service::Kind::plugin:
      break;
  }
  return "plugin";
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

int outcome_weight(Outcome outcome) {
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
  return outcome_weight(b.status) > outcome_weight(a.status) ? b : a;
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
      case LookKind::plugin:
        return plugin(device, round);
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

  static std::vector<const Service*> services(const Device& device, std::string_view look) {
    std::vector<const Service*> asked;
    for (const Service& service : device.services)
      if (service.look() == look) asked.push_back(&service);
    return asked;
  }

  void tcp(const Device& device, const SharedRound& round) {
    const auto asked = services(device, "tcp");
    round->open += asked.size();
    for (const Service* service : asked) {
      const auto best =
          std::make_shared<Best<ServiceSeen>>(Best<ServiceSeen>{round, device.addresses.size(), {}});
      for (const std::string& text : device.addresses) {
        const auto answer = guarded([best](const ServiceSeen& seen) { best->answer(seen); });
        if (const auto address = address_of(text))
          ask(*service, *address, device.polling.tcp.timeout, answer);
        else
          later([answer, service] { answer(blind(*service)); });
      }
    }
  }

  static ServiceSeen blind(const Service& service) {
    return ServiceSeen{std::string(service_word(service.kind)), service.name, Outcome::blind, {}, {}};
  }

  void ask(const Service& service, const Address& address, Milliseconds timeout,
           const std::function<void(ServiceSeen)>& answer) {
    const ServiceAsk where{address, service.port, service.name, timeout};
    switch (service.kind) {
      case Service::Kind::dns:
        return dns_look(io_, where, service.ask, service.answers, answer);
      case Service::Kind::ntp:
        return ntp_look(io_, where, service.offset, answer);
      case Service::Kind::smtp:
        return smtp_look(io_, where, answer);
      default:
        return tcp_look(io_, TcpRequest{address, service.port, service.name, timeout}, answer);
    }
  }

  void http(const Device& device, const SharedRound& round) {
    const auto asked = services(device, "http");
    round->open += asked.size();
    for (const Service* service : asked) {
      HttpRequest request;
      request.url = service->url;
      request.service = service->name;
      request.body = service->body;
      request.timeout = device.polling.http.timeout;
      request.certificate = guarded([round, service](std::chrono::seconds left) {
        if (left < certificate_warning)
          round->seen(note_of(*service, "nethealth: the certificate of " + service->name + " (" +
                                            service->url + ") expires in " +
                                            std::to_string(left / std::chrono::days(1)) + " days"));
      });
      http_look(probers_.curl, std::move(request), guarded([round](const ServiceSeen& seen) {
                  round->seen(Seen(seen));
                  round->one_done();
                }));
    }
  }

  void plugin(const Device& device, const SharedRound& round) {
    const auto asked = services(device, "plugin");
    round->open += asked.size();
    for (const Service* service : asked)
      plugin_look(
          io_, PluginRequest{service->command, service->name}, guarded([round, service](PluginSeen plugin) {
            if (plugin.warning)
              round->seen(
                  note_of(*service, "nethealth: plugin " + service->name + " warns: " + plugin.seen.text));
            round->seen(Seen(std::move(plugin.seen)));
            round->one_done();
          }));
  }

  /// What is no outage of a service but worth to be told goes the way of a log line, to the rules of a pack
  /// of its own.
  static Seen note_of(const Service& service, std::string line) {
    LogSeen note;
    note.file = "nethealth:" + service.name;
    note.rules = {"services"};
    note.line = std::move(line);
    return Seen(std::move(note));
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
