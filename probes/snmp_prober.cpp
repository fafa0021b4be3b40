#include "probes/snmp_prober.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <set>
#include <unordered_map>
#include <utility>

#include "probes/snmp_interfaces.hpp"
#include "probes/snmp_objects.hpp"
#include "probes/snmp_sensors.hpp"
#include "probes/snmp_totals.hpp"
#include "probes/snmp_uptime.hpp"
#include "probes/snmp_walk.hpp"

namespace nethealth {
namespace {

using Clock = std::chrono::steady_clock;
using boost::asio::ip::udp;

/// Requests in a row that time out after the agent had answered: it has gone silent in the middle of the
/// look.
constexpr int max_silent_requests = 2;
/// Looks in a row in which one table made the agent silent: then it is treated as absent for a while.
constexpr int max_table_strikes = 3;
/// Taken at once for what a look reads: a device of some twenty ports.
constexpr std::size_t look_memory_bytes = 32 * 1024;
/// Names, classes and limits kept of one agent.
constexpr std::size_t max_fixed_objects = 10'000;

const Oid sys_object_id{1, 3, 6, 1, 2, 1, 1, 2, 0};
const Oid hr_system_uptime{1, 3, 6, 1, 2, 1, 25, 1, 1, 0};

bool same(const Credential& a, const Credential& b) {
  return a.version == b.version && a.community == b.community && a.user == b.user && a.auth == b.auth &&
         a.auth_passphrase == b.auth_passphrase && a.privacy == b.privacy &&
         a.privacy_passphrase == b.privacy_passphrase;
}

/// What is remembered of an agent between looks.
struct Agent {
  std::shared_ptr<SnmpPeer> peer;
  SnmpUptime uptime;
  SnmpTotals totals;
  bool no_bulk = false;  ///< it left a bulk request unanswered and the same by single rows not
  Oid sys_object_id;
  std::set<std::uint32_t> enterprises;
  std::optional<Clock::time_point> surveyed;  ///< when the enterprises were looked for; rules are chosen
  std::vector<const SensorRule*> rules;
  std::map<Oid, Clock::time_point> absent;  ///< tables by first column, objects by instance; until when
  std::map<Oid, int> strikes;
  std::map<Oid, std::size_t> rows;  ///< of tables that had some, by first column: how many, last time
  SnmpReadings fixed;
  std::set<Oid> fixed_missing;
  std::optional<Clock::time_point> fixed_since;
  std::size_t looking = 0;
  std::deque<std::function<void()>> waiting;

  [[nodiscard]] bool is_absent(const Oid& oid, Clock::time_point now) const {
    const auto found = absent.find(oid);
    return found != absent.end() && now < found->second;
  }
  void forget_findings() {
    absent.clear();
    strikes.clear();
    rows.clear();
    fixed.clear();
    fixed_missing.clear();
    fixed_since.reset();
    surveyed.reset();
    no_bulk = false;
  }
};

/// One look, from the first request to its callback.
class SnmpLook : public std::enable_shared_from_this<SnmpLook> {
 public:
  SnmpLook(boost::asio::io_context& io, SnmpRequester& requester, std::vector<SensorPack>& packs,
           std::shared_ptr<Agent> agent, bool quick, SnmpProber::Done done)
      : requester_(requester),
        packs_(packs),
        agent_(std::move(agent)),
        quick_(quick),
        done_(std::move(done)),
        deadline_(io) {}

  void begin() {
    started_ = Clock::now();
    const auto rounds = 2 * agent_->peer->timeout * (1 + agent_->peer->retries);
    deadline_.expires_after(std::max<Milliseconds>(snmp_look_deadline, rounds));
    deadline_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (cancelled || self->finished_) return;
      ++self->requester_.counters().looks_cut;
      self->finish();
    });
    identify();
  }

  /// Ends without the callback; what was asked may already be gone.
  void abandon() {
    finished_ = true;
    done_ = nullptr;
    deadline_.cancel();
  }

 private:
  using Then = std::function<void(bool ended_by_silence)>;

  /// Asks until the task is done, the agent falls silent, or time or room is up.
  void run(const std::shared_ptr<SnmpTask>& task, Clock::time_point until, const Then& then) {
    if (finished_) return;
    auto request = task->next();
    if (!request) {
      then(false);
      return;
    }
    if (Clock::now() >= until) {
      ++requester_.counters().walks_cut;
      then(false);
      return;
    }
    requester_.request(agent_->peer, std::move(*request),
                       [self = shared_from_this(), task, until, then](SnmpReply reply) {
                         self->take(task, until, then, std::move(reply));
                       });
  }

  void take(const std::shared_ptr<SnmpTask>& task, Clock::time_point until, const Then& then,
            SnmpReply reply) {
    if (finished_) return;
    if (reply.outcome == Outcome::ok) {
      answered_ = true;
      silent_ = 0;
      if (std::exchange(gently_, false)) agent_->no_bulk = true;
      task->accept(std::move(reply.response), reply.bytes, readings_);
      if (readings_.size() >= snmp_look_readings) {
        ++requester_.counters().looks_cut;
        finish();
      } else {
        run(task, until, then);
      }
      return;
    }
    if (!answered_ || reply.outcome == Outcome::auth_error) {
      seen_.status = reply.outcome;
      finish();
      return;
    }
    if (++silent_ >= max_silent_requests) {
      finish();
      return;
    }
    if (task->retry_gently()) {
      gently_ = true;
      run(task, until, then);
      return;
    }
    then(true);
  }

  [[nodiscard]] static Clock::time_point walk_limit() { return Clock::now() + max_walk_time; }

  void identify() {
    std::vector<Oid> wanted{snmp_object::sys_up_time};
    if (!agent_->is_absent(hr_system_uptime, started_)) wanted.push_back(hr_system_uptime);
    if (!quick_) wanted.push_back(sys_object_id);
    const auto gets = std::make_shared<SnmpGets>(std::move(wanted));
    run(gets, walk_limit(), [self = shared_from_this(), gets](bool) {
      if (gets->refusal() != 0) {
        self->seen_.status = Outcome::auth_error;
        self->finish();
        return;
      }
      if (gets->missing().contains(hr_system_uptime)) self->mark_absent(hr_system_uptime);
      self->read_uptime();
      self->survey();
    });
  }

  void read_uptime() {
    const auto ticks_of = [&](const Oid& oid) -> std::optional<std::uint32_t> {
      const auto found = readings_.find(oid);
      if (found == readings_.end()) return std::nullopt;
      const auto ticks = found->second.whole();
      if (!ticks || *ticks > UINT32_MAX) return std::nullopt;
      return static_cast<std::uint32_t>(*ticks);
    };
    const auto host = ticks_of(hr_system_uptime);
    const auto ticks = host ? host : ticks_of(snmp_object::sys_up_time);
    if (!ticks) return;
    const SnmpUptime::Reading reading = agent_->uptime.read(*ticks, host.has_value(), Clock::now());
    if (reading.restarted) agent_->forget_findings();
    seen_.uptime_s = reading.seconds;
  }

  /// Which packs fit is asked once, and again after a restart, another sysObjectID, or an hour.
  void survey() {
    const auto found = readings_.find(sys_object_id);
    const Oid id = found == readings_.end() ? Oid{} : found->second.oid();
    Agent& agent = *agent_;
    const bool fresh = agent.surveyed && started_ - *agent.surveyed < snmp_absent_recheck;
    if (quick_ || (fresh && id == agent.sys_object_id)) {
      walk_interfaces(0);
      return;
    }
    const auto task = std::make_shared<SnmpSurvey>();
    run(task, walk_limit(), [self = shared_from_this(), task, id](bool) {
      self->choose_rules(id, task->enterprises());
      self->walk_interfaces(0);
    });
  }

  void choose_rules(const Oid& id, const std::set<std::uint32_t>& enterprises) {
    Agent& agent = *agent_;
    const bool same = agent.surveyed && id == agent.sys_object_id && enterprises == agent.enterprises;
    agent.surveyed = started_;
    if (same) return;
    agent.forget_findings();
    agent.surveyed = started_;
    agent.sys_object_id = id;
    agent.enterprises = enterprises;
    agent.rules.clear();
    for (SensorPack& pack : packs_) {
      if (!pack.applies_to(id, enterprises)) continue;
      read_rules(pack);
      for (const SensorRule& rule : pack.rules) agent.rules.push_back(&rule);
    }
  }

  void walk_interfaces(std::size_t at) {
    const auto& tables = interface_tables();
    while (at < tables.size() && !wants(tables[at], at)) ++at;
    if (at >= tables.size()) {
      if (quick_) {
        finish();
      } else {
        read_scalars();
      }
      return;
    }
    walk(tables[at].columns, false, [self = shared_from_this(), at] { self->walk_interfaces(at + 1); });
  }

  [[nodiscard]] bool wants(const InterfaceTable& table, std::size_t at) const {
    if (quick_ && !table.quick) return false;
    if (at == if_speed_table) return !has_rows(interface_tables()[if_x_table].columns.back());
    return !agent_->is_absent(table.columns.front(), started_);
  }

  [[nodiscard]] bool has_rows(const Oid& column) const {
    const auto first = readings_.lower_bound(column);
    return first != readings_.end() && starts_with(first->first, column);
  }

  void mark_absent(const Oid& oid) { agent_->absent[oid] = Clock::now() + snmp_absent_recheck; }

  /// Walks what of these columns this look has not walked yet.
  void walk(const std::vector<Oid>& columns, bool comes_and_goes, const std::function<void()>& then) {
    std::vector<Oid> wanted;
    for (const Oid& column : columns) {
      if (walked_.insert(column).second) wanted.push_back(column);
    }
    const Oid key = columns.front();
    const auto last_time = agent_->rows.find(key);
    const auto task = std::make_shared<SnmpWalk>(
        std::move(wanted), agent_->no_bulk ? SnmpVersion::v1 : agent_->peer->credential.version,
        last_time == agent_->rows.end() ? 0 : last_time->second);
    run(task, walk_limit(), [self = shared_from_this(), task, key, comes_and_goes, then](bool silent) {
      self->walked(*task, key, comes_and_goes, silent);
      then();
    });
  }

  void walked(const SnmpWalk& walk, const Oid& key, bool comes_and_goes, bool silent) {
    SnmpCounters& counters = requester_.counters();
    if (walk.not_increasing()) ++counters.walks_not_increasing;
    if (walk.cut()) ++counters.walks_cut;
    if (silent) {
      if (++agent_->strikes[key] >= max_table_strikes) mark_absent(key);
      return;
    }
    agent_->strikes.erase(key);
    if (has_rows(key)) {
      agent_->rows[key] = walk.table_rows();
    } else if (!comes_and_goes && !agent_->rows.contains(key)) {
      mark_absent(key);
    }
  }

  void read_scalars() {
    std::set<Oid> wanted;
    for (const SensorRule* rule : agent_->rules) {
      if (rule->gate) wanted.insert(*rule->gate);
      for (const SensorCondition& condition : rule->conditions) {
        if (condition.scalar) wanted.insert(condition.oid);
      }
      if (!rule->scalar) continue;
      for (const Oid& oid : rule->live()) wanted.insert(oid);
      for (const Oid& oid : rule->fixed()) wanted.insert(oid);
    }
    std::erase_if(wanted, [&](const Oid& oid) { return agent_->is_absent(oid, started_); });
    const auto gets = std::make_shared<SnmpGets>(std::vector<Oid>(wanted.begin(), wanted.end()));
    run(gets, walk_limit(), [self = shared_from_this(), gets](bool) {
      for (const Oid& oid : gets->missing()) self->mark_absent(oid);
      self->walk_sensors(0);
    });
  }

  [[nodiscard]] bool wants(const SensorRule& rule) const {
    if (rule.scalar || rule.live().empty()) return false;
    if (agent_->is_absent(rule.live().front(), started_)) return false;
    if (!rule.gate) return true;
    const auto gate = readings_.find(*rule.gate);
    return gate != readings_.end() && gate->second.whole().value_or(0) > 0;
  }

  void walk_sensors(std::size_t at) {
    const auto& rules = agent_->rules;
    while (at < rules.size() && !wants(*rules[at])) ++at;
    if (at >= rules.size()) {
      read_fixed();
      return;
    }
    walk(rules[at]->live(), rules[at]->gate.has_value(),
         [self = shared_from_this(), at] { self->walk_sensors(at + 1); });
  }

  /// Names, classes and limits of the rows found, as far as they are not known already.
  void read_fixed() {
    Agent& agent = *agent_;
    if (!agent.fixed_since || started_ - *agent.fixed_since >= snmp_fixed_recheck) {
      agent.fixed.clear();
      agent.fixed_missing.clear();
      agent.fixed_since = started_;
    }
    std::set<Oid> wanted;
    for (const SensorRule* rule : agent.rules) {
      if (!rule->scalar && !rule->live().empty()) want_fixed(*rule, wanted);
    }
    const auto gets = std::make_shared<SnmpGets>(std::vector<Oid>(wanted.begin(), wanted.end()));
    run(gets, walk_limit(), [self = shared_from_this(), gets, wanted](bool) {
      Agent& known = *self->agent_;
      known.fixed_missing.insert(gets->missing().begin(), gets->missing().end());
      for (const Oid& oid : wanted) {
        const auto read = self->readings_.find(oid);
        if (read != self->readings_.end()) known.fixed.insert(*read);
      }
      self->readings_.insert(known.fixed.begin(), known.fixed.end());
      self->finish();
    });
  }

  void want_fixed(const SensorRule& rule, std::set<Oid>& wanted) const {
    const Oid row_column = rule.live().front();
    const std::vector<Oid> columns = rule.fixed();
    for (auto row = readings_.lower_bound(row_column);
         row != readings_.end() && starts_with(row->first, row_column); ++row) {
      const Oid index = index_of(row->first, row_column);
      for (const Oid& column : columns) {
        Oid instance = joined(column, index);
        const bool known = readings_.contains(instance) || agent_->fixed.contains(instance) ||
                           agent_->fixed_missing.contains(instance);
        if (known || agent_->fixed.size() + wanted.size() >= max_fixed_objects) continue;
        wanted.insert(std::move(instance));
      }
    }
  }

  void finish() {
    if (finished_) return;
    finished_ = true;
    deadline_.cancel();
    readings_.insert(agent_->fixed.begin(), agent_->fixed.end());
    if (seen_.status == Outcome::ok && !answered_) seen_.status = Outcome::timeout;
    const bool shows_nothing = readings_.empty() && agent_->enterprises.empty();
    if (seen_.status == Outcome::ok && shows_nothing) seen_.status = Outcome::auth_error;
    if (seen_.status == Outcome::ok) {
      seen_.interfaces = interfaces_of(readings_, agent_->totals);
      if (!quick_) seen_.sensors = sensors_of(agent_->rules, readings_);
    }
    const SnmpProber::Done done = std::move(done_);
    done(std::move(seen_));
  }

  SnmpRequester& requester_;
  std::vector<SensorPack>& packs_;
  std::shared_ptr<Agent> agent_;
  bool quick_;
  SnmpProber::Done done_;
  boost::asio::steady_timer deadline_;
  Clock::time_point started_;
  std::pmr::monotonic_buffer_resource memory_{look_memory_bytes};  ///< freed as one, with the look
  SnmpReadings readings_{&memory_};
  std::set<Oid> walked_;
  SnmpSeen seen_;
  int silent_ = 0;
  bool gently_ = false;  ///< the request under way repeats an unanswered one in a simpler way
  bool answered_ = false;
  bool finished_ = false;
};

}  // namespace

class SnmpProber::Impl : public std::enable_shared_from_this<SnmpProber::Impl> {
 public:
  Impl(boost::asio::io_context& io, std::unique_ptr<SnmpRequester> requester, std::vector<SensorPack> packs)
      : io_(io), requester_(std::move(requester)), packs_(std::move(packs)) {}

  void look(const SnmpTarget& target, bool quick, Done done) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(target.address, error);
    if (error || !why_unusable(target.credential, Language::en).empty()) {
      end_blind(std::move(done));
      return;
    }
    const auto agent = agent_of(udp::endpoint(address, target.port), target);
    if (agent->looking < snmp_looks_per_agent) {
      start(agent, quick, std::move(done));
    } else if (agent->waiting.size() < snmp_waiting_looks_per_agent) {
      agent->waiting.push_back(
          [weak = weak_from_this(), agent_weak = std::weak_ptr(agent), quick, done = std::move(done)] {
            const auto self = weak.lock();
            const auto waited_for = agent_weak.lock();
            if (self && waited_for) self->start(waited_for, quick, done);
          });
    } else {
      end_blind(std::move(done));
    }
  }

  void forget() {
    forget_snmp_keys();
    agents_.clear();
  }

  void close() {
    closed_ = true;
    for (const auto& [id, look] : looks_) look->abandon();
    looks_.clear();
    agents_.clear();
  }

  [[nodiscard]] const SnmpCounters& counters() const { return requester_->counters(); }

 private:
  void end_blind(Done done) {
    boost::asio::post(io_, [weak = weak_from_this(), done = std::move(done)] {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      SnmpSeen seen;
      seen.status = Outcome::blind;
      done(std::move(seen));
    });
  }

  std::shared_ptr<Agent> agent_of(const udp::endpoint& endpoint, const SnmpTarget& target) {
    const std::string key = endpoint.address().to_string() + ' ' + std::to_string(endpoint.port()) + ' ' +
                            target.credential.name + ' ' + target.credential.user;
    if (agents_.size() >= snmp_remembered_agents && !agents_.contains(key)) {
      std::erase_if(agents_, [](const auto& entry) { return entry.second->looking == 0; });
    }
    std::shared_ptr<Agent>& agent = agents_[key];
    if (!agent || !same(agent->peer->credential, target.credential)) {
      agent = std::make_shared<Agent>();
      agent->peer = std::make_shared<SnmpPeer>();
      agent->peer->endpoint = endpoint;
      agent->peer->credential = target.credential;
    }
    agent->peer->timeout = target.timeout;
    agent->peer->retries = target.retries;
    return agent;
  }

  void start(const std::shared_ptr<Agent>& agent, bool quick, Done done) {
    ++agent->looking;
    const std::uint64_t id = ++last_look_;
    auto ended = [weak = weak_from_this(), agent, id, done = std::move(done)](SnmpSeen seen) {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      self->looks_.erase(id);
      --agent->looking;
      if (!agent->waiting.empty()) {
        const auto next = std::move(agent->waiting.front());
        agent->waiting.pop_front();
        next();
      }
      done(std::move(seen));
    };
    const auto look = std::make_shared<SnmpLook>(io_, *requester_, packs_, agent, quick, std::move(ended));
    looks_.emplace(id, look);
    look->begin();
  }

  boost::asio::io_context& io_;
  std::unique_ptr<SnmpRequester> requester_;
  std::vector<SensorPack> packs_;
  std::unordered_map<std::string, std::shared_ptr<Agent>> agents_;
  std::unordered_map<std::uint64_t, std::shared_ptr<SnmpLook>> looks_;
  std::uint64_t last_look_ = 0;
  bool closed_ = false;
};

SnmpProber::SnmpProber(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
SnmpProber::~SnmpProber() {
  impl_->close();
}

Result<std::unique_ptr<SnmpProber>> SnmpProber::open(boost::asio::io_context& io,
                                                     std::vector<SensorPack> packs) {
  auto requester = SnmpRequester::open(io);
  if (!requester) return tl::unexpected(requester.error());
  auto impl = std::make_shared<Impl>(io, std::move(*requester), std::move(packs));
  return std::unique_ptr<SnmpProber>(new SnmpProber(std::move(impl)));
}

void SnmpProber::look(const SnmpTarget& target, Done done) {
  impl_->look(target, false, std::move(done));
}
void SnmpProber::look_interfaces(const SnmpTarget& target, Done done) {
  impl_->look(target, true, std::move(done));
}
const SnmpCounters& SnmpProber::counters() const {
  return impl_->counters();
}
void SnmpProber::forget() {
  impl_->forget();
}

}  // namespace nethealth
