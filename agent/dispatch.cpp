#include "agent/dispatch.hpp"

#include <unistd.h>

#include <array>
#include <utility>

#include "agent/courier_command.hpp"
#include "agent/courier_mail.hpp"
#include "agent/courier_snmp_trap.hpp"
#include "agent/courier_webhook.hpp"
#include "agent/log.hpp"

namespace nethealth {
namespace {

constexpr std::size_t host_name_bytes = 256;

SyslogIdentity own_identity() {
  std::array<char, host_name_bytes> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {"-", std::to_string(getpid())};
  return {name.data(), std::to_string(getpid())};
}

void log_trouble(const std::string& target, const std::string& trouble, Language language) {
  if (trouble.empty())
    log_notice(target +
               Phrase{": syslogの送信が回復しました", ": syslog messages leave again"}.in(language).data());
  else
    log_warning(target +
                Phrase{": syslogを送信できません: ", ": syslog messages cannot leave: "}.in(language).data() +
                trouble);
}

OutboxOptions outbox_options(const Paging& paging) {
  OutboxOptions options;
  options.give_up = paging.give_up;
  options.most_messages = paging.most_messages;
  options.most_within = paging.most_within;
  return options;
}

}  // namespace

Dispatch::Dispatch(boost::asio::io_context& io, CurlWorker& curl, Store& store, const Site& site,
                   const UsmEngine& own, DispatchReports reports, std::function<Time()> now)
    : outbox_(
          io,
          [&store](const std::string& id, Store::Done done) {
            Batch batch;
            batch.attempts.push_back(id);
            store.commit(std::move(batch), std::move(done));
          },
          std::move(reports.notification), site.language, outbox_options(site.paging), std::move(now)) {
  for (const Channel& channel : site.channels) add_channel(io, channel, curl, store, site, own);
  for (const SyslogTarget& target : site.syslog) {
    const auto refill = [again = reports.refill, name = target.target] { again(name); };
    const auto trouble = [name = target.target, language = site.language](const std::string& what) {
      log_trouble(name, what, language);
    };
    syslog_.emplace_back(target.target, std::make_unique<SyslogCourier>(io, target, own_identity(), site.zone,
                                                                        reports.syslog, refill, trouble));
  }
}

Dispatch::~Dispatch() = default;

void Dispatch::add_channel(boost::asio::io_context& io, const Channel& channel, CurlWorker& curl,
                           const Store& store, const Site& site, const UsmEngine& own) {
  switch (channel.type) {
    case Channel::Type::smtp:
      return outbox_.add_channel(
          channel.name,
          std::make_unique<MailCourier>(curl, channel, store.installation(), site.zone, site.language));
    case Channel::Type::webhook:
      return outbox_.add_channel(channel.name,
                                 std::make_unique<WebhookCourier>(curl, channel, site.language));
    case Channel::Type::patlite:  // shows how things stand, and takes no messages (lamp_keeper.hpp)
      return;
    case Channel::Type::alertmanager:
      return;
    case Channel::Type::snmp_trap:
      return outbox_.add_channel(
          channel.name, std::make_unique<SnmpTrapCourier>(io, channel, site.credentials[channel.credential],
                                                          own, site.zone, site.language));
    case Channel::Type::command:
      return outbox_.add_channel(channel.name, std::make_unique<CommandCourier>(io, channel));
  }
}

void Dispatch::send(Letter letter, DeliveryFlags flags) {
  outbox_.send(std::move(letter), flags);
}

void Dispatch::send_syslog(const SyslogQueued& queued, Time time) {
  for (const auto& [target, courier] : syslog_)
    if (target == queued.target) courier->offer(queued, time);
}

}  // namespace nethealth
