#pragma once
// Whoever carries a notification to a person: mail, webhook. One courier serves one channel of the site. It
// makes one attempt and says what came of it; when to try again is the outbox's business.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "config/site.hpp"
#include "config/time.hpp"
#include "rules/event.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// One attempt takes no longer, whatever the other side does.
inline constexpr Milliseconds courier_attempt_limit{20'000};

/// The incident of a message, for channels that carry fields instead of text.
struct IncidentFacts {
  IncidentState state = IncidentState::open;
  ProcedureKind procedure = ProcedureKind::failure;
  Severity severity = Severity::stopped;
  Category category = Category::undetermined;
  Cause cause = Cause::unknown;
  Location location;
  Time since;
};

/// A notification and what its journal record says around it.
struct Letter {
  Notification notification;
  int incident = 0;  ///< 0 when none
  Time queued;
  std::string token = {};         ///< by which its reader can answer; empty when nobody has to
  std::string seal = {};          ///< of every message: by which a reply or a mail sent back names it
  std::string answer_url = {};    ///< the page with the two answers; empty without a public address
  std::string callback_url = {};  ///< where a gateway reports; empty without a public address
  std::optional<IncidentFacts> facts = {};  ///< only for channels that ask for them (letter_facts.hpp)
  Detail detail = Detail::full;             ///< of what stands beside the text; set with the facts
};

/// What this copy must tell its reader.
struct DeliveryFlags {
  bool resend = false;           ///< an earlier copy may have arrived
  bool unjournaled = false;      ///< the journal could not take it
  bool reported_failed = false;  ///< the engine knows that it is late, and has gone on
};

struct DeliveryResult {
  enum class Kind : std::uint8_t {
    accepted,           ///< the other side took it over
    refused,            ///< the other side said no; saying it again will not help
    unknown,            ///< it was handed over, and no answer came: it may have been taken
    failed_temporarily  ///< not handed over; it may work later
  };
  Kind kind = Kind::accepted;
  std::string reason;  ///< for people; empty when accepted
};

class Courier {
 public:
  using Done = std::function<void(DeliveryResult)>;

  virtual ~Courier() = default;
  /// `done` comes once, on the io_context, never from inside; not at all when the courier is destroyed
  /// before.
  virtual void deliver(const Letter& letter, DeliveryFlags flags, Done done) = 0;
};

}  // namespace nethealth
