#include "agent/outbox.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <utility>

#include "agent/message_digest.hpp"

namespace nethealth {
namespace {

using boost::asio::steady_timer;
using Kind = DeliveryResult::Kind;

bool is_urgent(NotificationKind kind) {
  return kind == NotificationKind::page || kind == NotificationKind::escalation;
}

/// One notification on its way.
struct Parcel {
  Parcel(boost::asio::io_context& io, Letter given, DeliveryFlags given_flags)
      : letter(std::move(given)), flags(given_flags), patience(io), pause(io) {}

  Letter letter;
  DeliveryFlags flags;
  Courier* courier = nullptr;
  std::size_t tries = 0;
  bool noted = false;  ///< the journal answered, or was not waited for any longer
  bool reported_failed = false;
  std::string last_reason;
  steady_timer::time_point began;
  Milliseconds age{};     ///< when it came here
  steady_timer patience;  ///< until `failed` is reported
  steady_timer pause;     ///< for the journal, and between tries
};

}  // namespace

class Outbox::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, NoteAttempt note_attempt, Report report, Language language,
       OutboxOptions options, std::function<Time()> now)
      : io_(io),
        digest_timer_(io),
        note_attempt_(std::move(note_attempt)),
        report_(std::move(report)),
        language_(language),
        options_(std::move(options)),
        now_(std::move(now)) {}

  void add_channel(const std::string& channel, std::unique_ptr<Courier> courier) {
    couriers_[channel] = std::move(courier);
  }

  void send(Letter letter, DeliveryFlags flags) {
    const std::string id = letter.notification.id;
    if (parcels_.contains(id)) return;
    const auto courier = couriers_.find(letter.notification.channel);
    if (courier == couriers_.end()) {
      return fail_later(id, Phrase{"この経路は設定にありません: ", "the configuration has no such channel: "},
                        letter.notification.channel);
    }
    if (parcels_.size() >= options_.waiting) {
      return fail_later(id, Phrase{"送信待ちの通知が多すぎます", "too many notifications wait to be sent"},
                        "");
    }
    auto parcel = std::make_shared<Parcel>(io_, std::move(letter), flags);
    parcel->courier = courier->second.get();
    parcel->began = steady_timer::clock_type::now();
    if (now_) parcel->age = std::max(Milliseconds{0}, now_() - parcel->letter.queued);
    parcel->reported_failed = parcel->flags.reported_failed;
    parcels_[id] = parcel;
    if (!parcel->reported_failed) start_patience(parcel);
    // A repeat was noted before its first try; a journal that just refused is not asked again.
    const bool to_note = !flags.resend && !flags.unjournaled;
    to_note ? note(parcel) : enqueue(parcel);
  }

  void stop() {
    stopped_ = true;
    digest_timer_.cancel();
    for (auto& [id, parcel] : parcels_) {
      parcel->patience.cancel();
      parcel->pause.cancel();
    }
    parcels_.clear();
    couriers_.clear();
  }

  [[nodiscard]] std::size_t held() const { return parcels_.size(); }

 private:
  using Shared = std::shared_ptr<Parcel>;

  /// Runs `then` when the timer ends, unless the parcel is gone by then.
  template <class Then>
  void after(steady_timer& timer, Milliseconds delay, const Shared& parcel, Then then) {
    timer.expires_after(delay);
    timer.async_wait([weak = weak_from_this(), parcel, then](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && self->is_held(parcel)) then(*self, parcel);
    });
  }

  [[nodiscard]] bool is_held(const Shared& parcel) const {
    const auto found = parcels_.find(parcel->letter.notification.id);
    return !stopped_ && found != parcels_.end() && found->second == parcel;
  }

  void fail_later(const std::string& id, Phrase phrase, const std::string& detail) {
    const NotificationOutcome outcome{
        id, Delivery::failed, std::string(phrase.in(language_)) + detail, {}, Failing::refused};
    boost::asio::post(io_, [weak = weak_from_this(), outcome] {
      const auto self = weak.lock();
      if (self && !self->stopped_) self->report_(outcome);
    });
  }

  void start_patience(const Shared& parcel) {
    after(parcel->patience, options_.patience, parcel, [](Impl& self, const Shared& late) {
      const Phrase phrase{"時間内に受け取られませんでした", "not accepted in time"};
      std::string reason(phrase.in(self.language_));
      if (!late->last_reason.empty()) reason += ": " + late->last_reason;
      self.report_late(late, reason);
    });
  }

  void report_late(const Shared& parcel, const std::string& reason) {
    if (std::exchange(parcel->reported_failed, true)) return;
    const Failing failing = parcel->flags.resend ? Failing::unknown : Failing::retrying;
    report_({parcel->letter.notification.id, Delivery::failed, reason, {}, failing});
  }

  /// Nothing more is tried.
  void report_refused(const Shared& parcel, const std::string& reason) {
    report_({parcel->letter.notification.id, Delivery::failed, reason, {}, Failing::refused});
  }

  /// Writes that it is about to be tried. A journal that cannot, or does not answer, holds nothing up.
  void note(const Shared& parcel) {
    after(parcel->pause, options_.journal_patience, parcel,
          [](Impl& self, const Shared& waiting) { self.noted(waiting, false); });
    note_attempt_(parcel->letter.notification.id,
                  [weak = weak_from_this(), parcel](const Result<void>& result) {
                    const auto self = weak.lock();
                    if (self && self->is_held(parcel)) self->noted(parcel, result.has_value());
                  });
  }

  void noted(const Shared& parcel, bool journaled) {
    if (std::exchange(parcel->noted, true)) return;
    parcel->pause.cancel();
    parcel->flags.unjournaled = !journaled;
    enqueue(parcel);
  }

  void enqueue(const Shared& parcel) {
    if (!within_limit(parcel->letter.notification.person)) return collect(parcel);
    auto& queue = is_urgent(parcel->letter.notification.kind) ? urgent_ : ready_;
    queue.push_back(parcel);
    start_tries();
  }

  void start_tries() {
    while (in_flight_ < options_.in_flight && (!urgent_.empty() || !ready_.empty())) {
      auto& queue = urgent_.empty() ? ready_ : urgent_;
      const Shared parcel = queue.front();
      queue.pop_front();
      try_now(parcel);
    }
  }

  /// Counts one more message to the person, if there is room for it.
  bool within_limit(const std::string& person) {
    if (options_.most_messages <= 0) return true;
    const auto now = steady_timer::clock_type::now();
    auto& times = sent_to_[person];
    while (!times.empty() && now - times.front() >= options_.most_within) times.pop_front();
    if (times.size() >= static_cast<std::size_t>(options_.most_messages)) return false;
    times.push_back(now);
    return true;
  }

  /// What is over the limit leaves together, a little later.
  void collect(const Shared& parcel) {
    const Notification& notification = parcel->letter.notification;
    auto& together = collected_[{notification.person, notification.channel + " " + notification.address}];
    together.push_back(parcel);
    if (collecting_) return;
    collecting_ = true;
    digest_timer_.expires_after(options_.digest_gap);
    digest_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->stopped_) self->send_collected();
    });
  }

  void send_collected() {
    collecting_ = false;
    for (auto& [to, parcels] : std::exchange(collected_, {})) {
      std::erase_if(parcels, [&](const Shared& parcel) { return !is_held(parcel); });
      if (!parcels.empty()) try_together(parcels);
    }
  }

  void try_now(const Shared& parcel) { try_together({parcel}); }

  void try_together(const std::vector<Shared>& parcels) {
    ++in_flight_;
    std::vector<Letter> letters;
    DeliveryFlags flags;
    for (const Shared& parcel : parcels) {
      ++parcel->tries;
      letters.push_back(parcel->letter);
      flags.resend = flags.resend || parcel->flags.resend;
      flags.unjournaled = flags.unjournaled || parcel->flags.unjournaled;
    }
    parcels.front()->courier->deliver(digest_of(letters, language_), flags,
                                      [weak = weak_from_this(), parcels](const DeliveryResult& result) {
                                        const auto self = weak.lock();
                                        if (!self || self->stopped_) return;
                                        --self->in_flight_;
                                        for (const Shared& parcel : parcels)
                                          if (self->is_held(parcel)) self->tried(parcel, result);
                                        if (!self->stopped_) self->start_tries();
                                      });
  }

  void tried(const Shared& parcel, const DeliveryResult& result) {
    parcel->last_reason = result.reason;
    switch (result.kind) {
      case Kind::accepted:
        accepted(parcel);
        break;
      case Kind::refused:
        finish(parcel);
        report_refused(parcel, result.reason);
        break;
      case Kind::unknown:
        parcel->flags.resend = true;
        try_later(parcel);
        break;
      case Kind::failed_temporarily:
        try_later(parcel);
        break;
    }
  }

  void accepted(const Shared& parcel) {
    const NotificationOutcome outcome{parcel->letter.notification.id, Delivery::sent, {}, {}};
    finish(parcel);
    report_(outcome);
  }

  void try_later(const Shared& parcel) {
    const Milliseconds delay = options_.delays.at(std::min(parcel->tries, options_.delays.size()) - 1);
    const auto ends = steady_timer::clock_type::now() + delay;
    if (parcel->age + (ends - parcel->began) > options_.give_up) {
      finish(parcel);
      return report_refused(parcel, parcel->last_reason);
    }
    after(parcel->pause, delay, parcel, [](Impl& self, const Shared& next) { self.enqueue(next); });
  }

  void finish(const Shared& parcel) {
    parcel->patience.cancel();
    parcel->pause.cancel();
    parcels_.erase(parcel->letter.notification.id);
  }

  boost::asio::io_context& io_;
  steady_timer digest_timer_;
  const NoteAttempt note_attempt_;
  const Report report_;
  const Language language_;
  const OutboxOptions options_;
  const std::function<Time()> now_;
  std::map<std::string, std::unique_ptr<Courier>> couriers_;
  std::map<std::string, Shared> parcels_;  ///< by notification id
  std::deque<Shared> urgent_;              ///< to be tried as soon as there is room
  std::deque<Shared> ready_;
  std::map<std::string, std::deque<steady_timer::time_point>> sent_to_;  ///< by person, within most_within
  /// Over the limit, by person and way.
  std::map<std::pair<std::string, std::string>, std::vector<Shared>> collected_;
  bool collecting_ = false;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
};

Outbox::Outbox(boost::asio::io_context& io, NoteAttempt note_attempt, Report report, Language language,
               OutboxOptions options, std::function<Time()> now)
    : impl_(std::make_shared<Impl>(io, std::move(note_attempt), std::move(report), language,
                                   std::move(options), std::move(now))) {}

Outbox::~Outbox() {
  impl_->stop();
}

void Outbox::add_channel(const std::string& channel, std::unique_ptr<Courier> courier) {
  impl_->add_channel(channel, std::move(courier));
}

void Outbox::send(Letter letter, DeliveryFlags flags) {
  impl_->send(std::move(letter), flags);
}

std::size_t Outbox::held() const {
  return impl_->held();
}

}  // namespace nethealth
