#pragma once
// Sees every notification through: writes that it is about to be tried, sends it, tries again, reports.
//
// What the engine hears, so that nobody is silently unpaged:
//   sent    as soon as a copy was accepted - also after `failed` was reported;
//   failed  at once when the other side refused for good, and no more is tried on that channel;
//           once, as retrying or unknown, when nothing was accepted within `patience`: the engine goes on to
//           the next channel or person, while this one is tried on in the background until accepted, refused
//           or `give_up` is over, also after a restart.
// Nobody gets more messages than a limit: the rest comes together in one, and nothing of it is dropped.
// A copy after an unknown outcome is marked as a repeat. If the journal cannot note the attempt, or does not
// answer within `journal_patience`, the message leaves all the same, marked as unjournaled.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/courier.hpp"
#include "config/language.hpp"
#include "config/result.hpp"
#include "rules/event.hpp"

namespace nethealth {

struct OutboxOptions {
  std::vector<Milliseconds> delays{Milliseconds{2'000}, Milliseconds{5'000}, Milliseconds{15'000},
                                   Milliseconds{60'000}, Milliseconds{300'000}};  ///< the last one repeats
  Milliseconds patience{30'000};
  Milliseconds give_up = std::chrono::hours(24 * 14);  ///< since it was queued
  Milliseconds journal_patience{3'000};
  std::size_t in_flight = 256;  ///< attempts at a time; pages and escalations go first
  /// One person gets at most so many messages within that time; what is more comes together, in one message
  /// each `digest_gap` (shorter than `patience`, or it would count as not accepted). 0: no limit.
  int most_messages = 0;
  Milliseconds most_within = std::chrono::minutes(10);
  Milliseconds digest_gap{15'000};
  std::size_t waiting = 20'000;  ///< notifications held; one more is reported as failed
};

class Outbox {
 public:
  using Report = std::function<void(const NotificationOutcome&)>;
  /// Commits the attempt row of a notification id, then calls back: Store::commit with Batch::attempts.
  using NoteAttempt = std::function<void(const std::string& id, std::function<void(Result<void>)>)>;

  /// Callbacks come on `io`, never from inside send().
  /// `now` is the product's time, for how long ago a letter was queued.
  Outbox(boost::asio::io_context& io, NoteAttempt note_attempt, Report report, Language language,
         OutboxOptions options = {}, std::function<Time()> now = {});
  /// No callback comes after this.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// `channel` is Channel::name.
  void add_channel(const std::string& channel, std::unique_ptr<Courier> courier);

  /// `flags.resend`: an attempt of this id stands in the journal already (Past::attempts). An id that is held
  /// already is ignored.
  void send(Letter letter, DeliveryFlags flags = {});

  /// Notifications not finished yet, in the background too.
  [[nodiscard]] std::size_t held() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
