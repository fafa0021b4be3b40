#include "agent/duty.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <utility>

#include "agent/alert_keeper.hpp"
#include "agent/audit_trail.hpp"
#include "agent/descriptor_limit.hpp"
#include "agent/dispatch.hpp"
#include "agent/event_json.hpp"
#include "agent/heartbeat.hpp"
#include "agent/host_addresses.hpp"
#include "agent/lamp_keeper.hpp"
#include "agent/letter_facts.hpp"
#include "agent/log.hpp"
#include "agent/log_source_watch.hpp"
#include "agent/lookout.hpp"
#include "agent/mail_replies.hpp"
#include "agent/own_engine.hpp"
#include "agent/pump.hpp"
#include "agent/recorder.hpp"
#include "probes/dropped_count.hpp"
#include "probes/journal_follower.hpp"
#include "probes/log_follower.hpp"
#include "probes/syslog_listener.hpp"
#include "probes/trap_listener.hpp"
#include "rules/explain.hpp"
#include "rules/log_join.hpp"
#include "rules/nearby_lines.hpp"

namespace nethealth {
namespace {

constexpr std::chrono::hours head_interval{1};
constexpr std::chrono::minutes spool_is_late{1};

void log_event(const Event& event, const Site& site) {
  const bool worth_a_notice = !std::holds_alternative<ProbeWanted>(event.what) &&
                              !std::holds_alternative<SyslogQueued>(event.what) &&
                              !std::holds_alternative<SyslogOutcome>(event.what);
  if (!worth_a_notice) return;
  const auto object = contract_event(event, site.language, site.zone);
  if (object) log_notice(json_text(*object));
}

/// What ceased to work, or works again. `where` begins the line: a channel and its colon, or nothing.
void log_trouble(const std::string& where, Phrase well, Phrase bad, const std::string& trouble,
                 Language language, LogLevel level = LogLevel::warning) {
  if (trouble.empty()) return log_notice(where + std::string(well.in(language)));
  log_line(level, where + std::string(bad.in(language)) + trouble);
}

/// Every address of a device with a credential may send traps, its management controller's too.
std::vector<TrapSource> trap_sources(const Site& site) {
  std::vector<TrapSource> sources;
  for (DeviceIndex index = 0; index < site.devices.size(); ++index) {
    const Device& device = site.devices[index];
    if (device.credential) {
      for (const std::string& address : device.addresses)
        sources.push_back({address, index, {site.credentials[*device.credential]}});
    }
    if (device.management && device.management->credential)
      sources.push_back(
          {device.management->address, index, {site.credentials[*device.management->credential]}});
  }
  return sources;
}

std::vector<FollowedLog> logs_to_follow(const Site& site) {
  std::vector<FollowedLog> logs = followed_logs(site);
  for (FollowedLog& log : logs) log.continues = continuation_test(log.source.join);
  return logs;
}

}  // namespace

class Duty::Impl {
 public:
  Impl(boost::asio::io_context& io, SystemClock& clock, Store& store, Probers probers, CurlWorker& messages,
       const PageTokens& tokens, std::unique_ptr<Configuration> configuration, Past past)
      : configuration_(std::move(configuration)),
        site_(configuration_->site),
        messages_(messages),
        tokens_(tokens),
        clock_(clock),
        store_(store),
        engine_(site_, configuration_->matcher,
                EngineOptions{true, host_addresses(), &configuration_->procedures}),
        attempts_(std::move(past.attempts)),
        recorder_(site_.recorder ? std::make_unique<Recorder>(*site_.recorder, site_.zone, site_.language)
                                 : nullptr),
        snmp_engine_(own_engine(site_, store.installation(), clock.now(), past.alive)),
        dispatch_(io, messages, store, site_, snmp_engine_, reports(), [this] { return clock_.now(); }),
        pump_(io, clock, site_, configuration_->matcher, engine_, sinks()),
        lookout_(std::make_unique<Lookout>(
            io, clock, site_, probers,
            [this](const Observation& observation) { pump_.observe(observation); })),
        logs_(logs_to_follow(site_)),
        lamps_(
            io, messages, site_.channels, site_.language, [this] { return engine_.picture().incidents; },
            [this] { return clock_.now(); },
            [this](const std::string& lamp, const std::string& trouble) {
              log_trouble(lamp + ": ", {"表示灯は正常に戻りました", "the signal tower is right again"},
                          {"表示灯: ", "the signal tower: "}, trouble, site_.language);
            }),
        alerts_(
            io, messages, site_, [this] { return engine_.picture().incidents; },
            [this] { return clock_.now(); },
            [this](const std::string& channel, const std::string& trouble) {
              log_trouble(channel + ": ",
                          {"Alertmanager が再び受け取りました", "the Alertmanager takes alerts again"},
                          {"Alertmanager が受け取りません: ", "the Alertmanager takes no alerts: "}, trouble,
                          site_.language);
            }),
        follower_(std::make_unique<LogFollower>(
            io, logs_, past.positions,
            [this](const LogLines& lines) {
              take(lines, [this, batch = lines.batch] {
                if (follower_) follower_->acknowledge(batch);
              });
            },
            [this](const LogProblem& problem) { log_problem(problem); }, follower_options())),
        io_(io),
        snmp_(probers.snmp),
        icmp_(probers.icmp),
        head_timer_(io),
        log_sources_(site_, clock.now(), past.positions, past.alive),
        sources_timer_(io) {
    follow_journals(past.positions);
    for (const Event& event : past.events) {
      engine_.restore(event);
      const auto* record = std::get_if<AuditRecord>(&event.what);
      if (record != nullptr && record->code == configuration_read) digests_before_ = record->values;
    }
  }

  void start() {
    if (site_.heartbeat)
      heartbeat_ = std::make_unique<HeartbeatSender>(
          io_, messages_, *site_.heartbeat, [this](const std::string& trouble) {
            log_trouble("", {"外への生存信号が再び届いています", "the heartbeat arrives again"},
                        {"外への生存信号が届きません: ", "the heartbeat does not arrive: "}, trouble,
                        site_.language);
          });
    for (const Event& event : engine_.unsent()) send_again(event);
    if (const Result<void> result = lookout_->start(); !result) log_warning(result.error().text());
    follower_->start();
    for (const auto& journal : journals_) journal->start();
    listen_for_traps();
    listen_for_syslog();
    look_at_log_sources();
    trail_.configuration(configuration_->digests, digests_before_);
    pump_.wake();
    read_replies();
    witness_head();
    lamps_.changed();
    alerts_.changed();
  }

  ~Impl() { *ended_ = true; }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void stop_looking() {
    sources_timer_.cancel();
    replies_.reset();
    traps_.reset();
    syslog_.reset();
    follower_.reset();
    journals_.clear();
    lookout_.reset();
  }

  [[nodiscard]] ControlDesk desk() {
    return {
        site_,  engine_, pump_,  store_, clock_, tokens_, dropped(), log_sources_.states(), channel_states(),
        ended_, &trail_, &lamps_};
  }
  [[nodiscard]] const Site& site() const { return site_; }
  [[nodiscard]] const Engine& engine() const { return engine_; }
  [[nodiscard]] Pump& pump() { return pump_; }
  [[nodiscard]] bool log_positions_safe() const { return !follower_ || follower_->first_positions_safe(); }
  [[nodiscard]] std::size_t held() const { return dispatch_.held(); }

  [[nodiscard]] std::string summary() const {
    const std::string devices = std::to_string(site_.devices.size());
    const std::string looks = std::to_string(lookout_ ? lookout_->tasks() : 0);
    const std::string logs = std::to_string(logs_.size());
    if (site_.language == Language::ja)
      return site_.name + ": 機器" + devices + "、定期に調べるもの" + looks + "、ログ" + logs;
    return site_.name + ": " + devices + " devices, " + looks + " regular looks, " + logs + " log sources";
  }

 private:
  [[nodiscard]] std::vector<DroppedCount> dropped() const {
    std::vector<DroppedCount> all = dropped_counts(
        snmp_ != nullptr ? &snmp_->counters() : nullptr, traps_ ? &traps_->counters() : nullptr,
        syslog_ ? &syslog_->counters() : nullptr, &icmp_.counters());
    if (replies_) replies_->add_dropped(all);
    if (const auto count = lookout_ ? lookout_->dropped_path_looks() : 0; count > 0)
      all.push_back({"path", "too-many", count});
    return all;
  }

  [[nodiscard]] std::vector<ChannelState> channel_states() const {
    std::vector<ChannelState> all;
    if (replies_) replies_->add_states(all);
    add_spools(all);
    lamps_.add_states(all);
    alerts_.add_states(all);
    return all;
  }

  /// A receiver that took nothing for a while.
  void add_spools(std::vector<ChannelState>& all) const {
    for (const auto& [target, spool] : engine_.syslog_spools()) {
      if (!spool.full && (!spool.since || clock_.now() - *spool.since < spool_is_late)) continue;
      std::string text = std::to_string(spool.records) +
                         std::string(Phrase{" 件が送信待ち", " records wait"}.in(site_.language));
      if (spool.full)
        text += Phrase{"。これ以上はためず、記録にだけ残す",
                       "; no more are spooled, the rest is in the journal alone"}
                    .in(site_.language);
      all.push_back({target, "syslog", std::move(text), spool.since});
    }
  }

  std::function<bool(std::string_view)> sieve() {
    return [this](std::string_view line) { return configuration_->matcher.may_match(line); };
  }

  LogFollowerOptions follower_options() {
    LogFollowerOptions options;
    options.sieve = sieve();
    options.context_lines = NearbyLimits{}.before;
    // Half of what may be open stays for everything else: no page may want for a socket.
    options.files = std::min(options.files, raise_descriptor_limit() / 2);
    return options;
  }

  DispatchReports reports() {
    DispatchReports reports;
    reports.notification = [this](const NotificationOutcome& outcome) { pump_.report(outcome); };
    reports.syslog = [this](const SyslogOutcome& outcome) { pump_.report(outcome); };
    reports.refill = [this](const std::string& target) { refill(target); };
    return reports;
  }

  PumpSinks sinks() {
    PumpSinks sinks;
    sinks.commit = [this](Batch batch, Store::Done done) {
      store_.commit(std::move(batch), std::move(done));
    };
    sinks.send = [this](Letter letter, DeliveryFlags flags) {
      dispatch_.send(prepared(std::move(letter)), flags);
    };
    sinks.send_syslog = [this](const SyslogQueued& queued, Time time) {
      dispatch_.send_syslog(queued, time);
    };
    sinks.look = [this](const ProbeWanted& wanted) {
      if (lookout_) lookout_->want(wanted);
    };
    if (recorder_)
      sinks.observed = [this](const Observation& observation) { recorder_->record(observation); };
    sinks.decided = [this](const Event& event) {
      log_event(event, site_);
      lamps_.changed();
      alerts_.changed();
    };
    sinks.storage = [this](const std::string& trouble) {
      log_trouble("", {"記録に再び書けます", "the journal can be written again"},
                  {"記録に書けません。連絡は記録なしで出ます: ",
                   "the journal cannot be written, messages leave without it: "},
                  trouble, site_.language, LogLevel::error);
    };
    return sinks;
  }

  void look_at_log_sources() {
    for (const Observation& observation : log_sources_.look(clock_.now())) pump_.observe(observation);
    Batch learned;
    learned.positions = log_sources_.learned(clock_.now());
    if (!learned.positions.empty()) store_.commit(std::move(learned), [](const Result<void>&) {});
    sources_timer_.expires_after(LogSourceWatch::look_interval);
    sources_timer_.async_wait([this, ended = ended_](const boost::system::error_code& error) {
      if (!error && !*ended) look_at_log_sources();
    });
  }

  void follow_journals(const std::vector<LogPosition>& saved) {
    for (const FollowedLog& log : followed_journals(site_)) {
      JournalFollowerOptions options;
      options.sieve = sieve();
      options.context_lines = NearbyLimits{}.before;
      const std::size_t number = journals_.size();
      journals_.push_back(std::make_unique<JournalFollower>(
          io_, log, saved,
          [this, number](const LogLines& lines) {
            take(lines, [this, number, batch = lines.batch] {
              if (number < journals_.size()) journals_[number]->acknowledge(batch);
            });
          },
          [this](const LogProblem& problem) { log_problem(problem); }, options));
    }
  }

  /// `acknowledge` once what the lines say is in the journal.
  void take(const LogLines& lines, std::function<void()> acknowledge) {
    if (lines.read) log_sources_.read(lines.device, lines.after.path, lines.newest, clock_.now());
    pump_.take_lines(lines, std::move(acknowledge));
  }

  void listen_for_traps() {
    if (site_.traps.listen.empty()) return;
    Result<std::unique_ptr<TrapListener>> opened =
        TrapListener::open(io_, site_.traps.listen, trap_sources(site_), snmp_engine_,
                           [this](DeviceIndex device, TrapSeen trap) { take_trap(device, std::move(trap)); });
    if (opened)
      traps_ = std::move(*opened);
    else
      log_warning(std::string(Phrase{"SNMPトラップを聞けません: ", "SNMP traps cannot be heard: "}.in(
                      site_.language)) +
                  opened.error().text());
  }

  /// A trap says that something changed, and seldom all of it: the device is also looked at, at once.
  void take_trap(DeviceIndex device, TrapSeen trap) {
    const std::string& name = site_.devices[device].name;
    pump_.observe({clock_.now(), name, std::move(trap)});
    if (lookout_) lookout_->poll_now(device);
  }

  void read_replies() {
    replies_ = std::make_unique<MailReplies>(
        io_, messages_, site_, engine_, pump_, tokens_, clock_,
        [this](const std::string& channel, const std::string& trouble) {
          log_trouble(channel + ": ",
                      {"返信の受信箱が再び読めます", "the mailbox of replies can be read again"},
                      {"返信の受信箱が読めません: ", "the mailbox of replies cannot be read: "}, trouble,
                      site_.language);
        });
  }

  void listen_for_syslog() {
    const std::vector<SyslogSource> sources = syslog_sources(site_);
    if (sources.empty()) return;
    std::vector<std::string> problems;
    syslog_ = std::make_unique<SyslogListener>(
        io_, sources,
        [this](DeviceIndex device, const std::string& listen, const LogSeen& line) {
          log_sources_.read(site_.devices[device].name, listen, line.line, clock_.now());
          pump_.hear(site_.devices[device].name, line, configuration_->matcher.may_match(line.line));
        },
        problems);
    for (const std::string& problem : problems)
      log_warning(
          std::string(Phrase{"syslog を受けられません: ", "syslog cannot be heard: "}.in(site_.language)) +
          problem);
  }

  void log_problem(const LogProblem& problem) const {
    log_warning(problem.device + ": " + problem.file + ": " + problem.what);
  }

  [[nodiscard]] Letter prepared(Letter letter) const {
    letter = with_token(std::move(letter), tokens_, site_);
    return wants_facts(letter.notification, site_) ? with_facts(std::move(letter), engine_.picture(), site_)
                                                   : letter;
  }

  void send_again(const Event& event) {
    if (const auto* queued = std::get_if<NotificationQueued>(&event.what)) {
      const bool tried = attempts_.contains(queued->notification.id);
      const bool late = engine_.is_late(queued->notification.id);
      dispatch_.send(prepared({queued->notification, event.incident, event.time}),
                     DeliveryFlags{tried, false, late});
    }
    if (const auto* queued = std::get_if<SyslogQueued>(&event.what))
      dispatch_.send_syslog(*queued, event.time);
  }

  /// The end of the journal's chain goes to where the audit trail is kept, at the start and every hour: who
  /// cuts records off the end is shown by what stands there.
  void witness_head() {
    const ChainHead head = store_.head();
    for (const SyslogTarget& target : site_.syslog) {
      if (!target.audit) continue;
      SyslogQueued message;
      message.id = "0-head-" + std::to_string(head.records);
      message.target = target.target;
      message.message_id = "JOURNAL-HEAD";
      message.values = {{"records", std::to_string(head.records)}, {"hash", head.hash}};
      message.message = "journal of " + std::to_string(head.records) + " records ends with " + head.hash;
      dispatch_.send_syslog(message, clock_.now());
    }
    head_timer_.expires_after(head_interval);
    head_timer_.async_wait([this, ended = ended_](const boost::system::error_code& error) {
      if (!error && !*ended) witness_head();
    });
  }

  void refill(const std::string& target) {
    for (const Event& event : engine_.unsent()) {
      const auto* queued = std::get_if<SyslogQueued>(&event.what);
      if (queued != nullptr && queued->target == target) dispatch_.send_syslog(*queued, event.time);
    }
  }

  std::unique_ptr<Configuration> configuration_;
  const Site& site_;
  CurlWorker& messages_;
  const PageTokens& tokens_;
  SystemClock& clock_;
  Store& store_;
  Engine engine_;
  std::set<std::string> attempts_;
  std::unique_ptr<Recorder> recorder_;  ///< null: nothing is recorded
  const UsmEngine snmp_engine_;         ///< this host
  Dispatch dispatch_;
  Pump pump_;
  std::unique_ptr<Lookout> lookout_;
  std::vector<FollowedLog> logs_;
  LampKeeper lamps_;
  AlertKeeper alerts_;
  std::unique_ptr<HeartbeatSender> heartbeat_;
  std::unique_ptr<MailReplies> replies_;
  std::unique_ptr<LogFollower> follower_;
  std::vector<std::unique_ptr<JournalFollower>> journals_;
  boost::asio::io_context& io_;
  SnmpProber* snmp_;
  const IcmpProber& icmp_;
  std::unique_ptr<TrapListener> traps_;
  std::unique_ptr<SyslogListener> syslog_;
  boost::asio::steady_timer head_timer_;
  LogSourceWatch log_sources_;
  boost::asio::steady_timer sources_timer_;
  AuditTrail trail_{[this](const AuditRecord& record) { pump_.audit(record); }};
  FileDigests digests_before_;
  std::shared_ptr<bool> ended_ = std::make_shared<bool>(false);
};

Duty::Duty(boost::asio::io_context& io, SystemClock& clock, Store& store, Probers probers,
           CurlWorker& messages, const PageTokens& tokens, std::unique_ptr<Configuration> configuration,
           Past past)
    : impl_(std::make_unique<Impl>(io, clock, store, probers, messages, tokens, std::move(configuration),
                                   std::move(past))) {}

Duty::~Duty() = default;
void Duty::start() {
  impl_->start();
}
void Duty::was_down(Time from, Time until) {
  impl_->pump().was_down(from, until);
}
void Duty::stop_looking() {
  impl_->stop_looking();
}
const Site& Duty::site() const {
  return impl_->site();
}
ControlDesk Duty::desk() {
  return impl_->desk();
}
std::string Duty::summary() const {
  return impl_->summary();
}
bool Duty::log_positions_safe() const {
  return impl_->log_positions_safe();
}
std::size_t Duty::messages_held() const {
  return impl_->held();
}
bool Duty::storage_failing() const {
  return impl_->pump().storage_failing();
}
bool Duty::written() const {
  return impl_->pump().written();
}

bool Duty::incident_open() const {
  const Picture picture = impl_->engine().picture();
  return std::any_of(picture.incidents.begin(), picture.incidents.end(),
                     [](const IncidentPicture& incident) { return incident.state == IncidentState::open; });
}

}  // namespace nethealth
