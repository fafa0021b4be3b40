#include "agent/courier_syslog.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <set>
#include <utility>

#include "agent/syslog_link.hpp"

namespace nethealth {
namespace {

using boost::asio::steady_timer;

constexpr std::size_t write_limit_records = 128;

struct QueuedRecord {
  SyslogQueued queued;
  Time time;
  std::uint32_t sequence = 0;
};

/// Records that were written together and do not count as sent yet.
struct Written {
  std::size_t records = 0;
  std::uint64_t end = 0;  ///< bytes of the connection up to their end
  steady_timer::time_point due;
};

}  // namespace

class SyslogCourier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, SyslogTarget target, SyslogIdentity identity, Zone zone, Report report,
       std::function<void()> refill, Trouble trouble, SyslogCourierOptions options)
      : io_(io),
        target_(std::move(target)),
        identity_(std::move(identity)),
        zone_(zone),
        report_(std::move(report)),
        refill_(std::move(refill)),
        trouble_(std::move(trouble)),
        options_(std::move(options)),
        tcp_(target_.transport != SyslogTransport::udp),
        limit_(io),
        settle_(io) {}

  bool offer(const SyslogQueued& queued, Time time) {
    if (ids_.contains(queued.id)) return true;
    // Once one was turned away, all later ones are, or they would overtake it.
    if (refill_wanted_ || queue_.size() >= options_.held) {
      refill_wanted_ = true;
      return false;
    }
    ids_.insert(queued.id);
    queue_.push_back({queued, time, next_sequence_});
    next_sequence_ = next_sequence_ == syslog_sequence_limit ? 1 : next_sequence_ + 1;
    if (!kicked_) {
      kicked_ = true;
      boost::asio::post(io_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self || self->stopped_) return;
        self->kicked_ = false;
        self->go_on();
      });
    }
    return true;
  }

  void stop() {
    stopped_ = true;
    link_.reset();
    limit_.cancel();
    settle_.cancel();
  }

  [[nodiscard]] std::size_t held() const { return queue_.size(); }

 private:
  enum class State : std::uint8_t { idle, opening, open, pausing };

  void go_on() {
    if (state_ == State::idle && !queue_.empty()) open();
    if (state_ == State::open) write();
  }

  /// Runs `then` when the timer ends, if the state of things is still the same.
  template <class Then>
  void after(steady_timer& timer, Milliseconds delay, Then then) {
    timer.expires_after(delay);
    timer.async_wait([weak = weak_from_this(), then](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->stopped_) then(*self);
    });
  }

  void open() {
    state_ = State::opening;
    link_ = syslog_link(io_, target_);
    after(limit_, options_.connect_limit, [](Impl& self) {
      if (self.state_ == State::opening) self.broken("no connection within the time limit");
    });
    const auto weak = weak_from_this();
    link_->open(
        [weak](const std::string& trouble) {
          if (const auto self = weak.lock(); self && !self->stopped_) self->opened(trouble);
        },
        [weak](const std::string& trouble) {
          if (const auto self = weak.lock(); self && !self->stopped_) self->broken(trouble);
        });
  }

  void opened(const std::string& trouble) {
    limit_.cancel();
    if (!trouble.empty()) return broken(trouble);
    state_ = State::open;
    last_progress_ = steady_timer::clock_type::now();
    write();
  }

  void write() {
    const std::size_t most = tcp_ ? options_.unsettled_tcp : options_.unsettled_udp;
    if (writing_ || unsettled_ >= std::min(most, queue_.size())) return;
    const std::size_t count = std::min({write_limit_records, queue_.size() - unsettled_, most - unsettled_});
    std::vector<std::string> messages;
    for (std::size_t i = 0; i < count; ++i) {
      const QueuedRecord& record = queue_[unsettled_ + i];
      messages.push_back(
          syslog_message(record.queued, record.time, record.sequence, target_, identity_, zone_));
    }
    writing_ = true;
    link_->write(std::move(messages), [weak = weak_from_this(), count](const std::string& trouble) {
      if (const auto self = weak.lock(); self && !self->stopped_) self->written(count, trouble);
    });
    // A receiver that takes nothing holds up the write itself.
    watch_for_stall();
  }

  void written(std::size_t count, const std::string& trouble) {
    writing_ = false;
    if (!trouble.empty()) return broken(trouble);
    const auto settle = tcp_ ? options_.settle_tcp : options_.settle_udp;
    const auto now = steady_timer::clock_type::now();
    last_progress_ = now;
    if (written_.empty()) settle_later(settle);
    written_.push_back({count, link_->written_bytes(), now + settle});
    unsettled_ += count;
    write();
  }

  void settle_later(Milliseconds delay) {
    after(settle_, delay, [](Impl& self) { self.settle(); });
  }

  /// Counts what is due and confirmed as sent, if the connection still stands.
  void settle() {
    if (state_ != State::open) return;
    if (const std::string trouble = link_->trouble(); !trouble.empty()) return broken(trouble);
    const auto now = steady_timer::clock_type::now();
    const std::uint64_t written = link_->written_bytes();
    // Parts of a write under way are pending too, so this may fall short; it never exceeds the truth.
    const std::uint64_t confirmed = written - std::min(written, link_->unconfirmed_bytes());
    std::size_t records = 0;
    while (!written_.empty() && written_.front().due <= now && written_.front().end <= confirmed) {
      records += written_.front().records;
      written_.pop_front();
    }
    if (records > 0) last_progress_ = now;
    if (!written_.empty()) settle_later(next_settle(now));
    if (records > 0) count_as_sent(records);
    if (!stopped_ && state_ == State::open) write();
  }

  [[nodiscard]] Milliseconds next_settle(steady_timer::time_point now) const {
    constexpr Milliseconds least{1};
    const auto wait = std::chrono::ceil<Milliseconds>(written_.front().due - now);
    // What is due already waits for its confirmation.
    return wait > least ? wait : std::max(least, (tcp_ ? options_.settle_tcp : options_.settle_udp) / 4);
  }

  void watch_for_stall() {
    after(limit_, options_.stall_limit, [](Impl& self) {
      if (self.state_ != State::open || (!self.writing_ && self.written_.empty())) return;
      const auto still = steady_timer::clock_type::now() - self.last_progress_;
      if (still >= self.options_.stall_limit) return self.broken("the other side takes nothing");
      self.watch_for_stall();
    });
  }

  void count_as_sent(std::size_t records) {
    failures_ = 0;
    if (std::exchange(in_trouble_, false)) trouble_({});
    for (; records > 0 && !stopped_; --records) {
      const QueuedRecord record = std::move(queue_.front());
      queue_.pop_front();
      --unsettled_;
      ids_.erase(record.queued.id);
      SyslogOutcome outcome{record.queued.id, record.queued.target, true, {}};
      outcome.message = record.queued.message;
      report_(outcome);
    }
    if (queue_.empty() && !stopped_ && std::exchange(refill_wanted_, false)) refill_();
  }

  /// Everything that does not count as sent begins anew, on a new connection.
  void broken(const std::string& trouble) {
    link_.reset();
    limit_.cancel();
    settle_.cancel();
    written_.clear();
    unsettled_ = 0;
    writing_ = false;
    state_ = State::idle;
    // A receiver may close a connection that nothing is sent over.
    if (queue_.empty()) return;
    state_ = State::pausing;
    const Milliseconds delay = options_.delays.at(std::min(failures_++, options_.delays.size() - 1));
    after(limit_, delay, [](Impl& self) {
      self.state_ = State::idle;
      self.go_on();
    });
    if (!std::exchange(in_trouble_, true)) trouble_(trouble);
  }

  boost::asio::io_context& io_;
  const SyslogTarget target_;
  const SyslogIdentity identity_;
  const Zone zone_;
  const Report report_;
  const std::function<void()> refill_;
  const Trouble trouble_;
  const SyslogCourierOptions options_;
  const bool tcp_;

  std::deque<QueuedRecord> queue_;  ///< the first `unsettled_` are written
  std::set<std::string> ids_;
  std::uint32_t next_sequence_ = 1;
  bool refill_wanted_ = false;
  bool kicked_ = false;
  bool stopped_ = false;

  State state_ = State::idle;
  std::shared_ptr<SyslogLink> link_;  ///< its callbacks end with it
  bool writing_ = false;
  std::size_t unsettled_ = 0;
  std::deque<Written> written_;
  steady_timer::time_point last_progress_;
  std::size_t failures_ = 0;
  bool in_trouble_ = false;
  steady_timer limit_;  ///< of opening, of a stall, of the pause between connections
  steady_timer settle_;
};

SyslogCourier::SyslogCourier(boost::asio::io_context& io, SyslogTarget target, SyslogIdentity identity,
                             Zone zone, Report report, std::function<void()> refill, Trouble trouble,
                             SyslogCourierOptions options)
    : impl_(std::make_shared<Impl>(io, std::move(target), std::move(identity), zone, std::move(report),
                                   std::move(refill), std::move(trouble), std::move(options))) {}

SyslogCourier::~SyslogCourier() {
  impl_->stop();
}

bool SyslogCourier::offer(const SyslogQueued& queued, Time time) {
  return impl_->offer(queued, time);
}

std::size_t SyslogCourier::held() const {
  return impl_->held();
}

}  // namespace nethealth
