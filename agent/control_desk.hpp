#pragma once
// Answers what comes through the control socket: reads from the engine's picture, acts through the pump, and
// decides in whose name somebody may act.

#include <functional>
#include <memory>
#include <string>

#include "agent/channel_state.hpp"
#include "agent/control_socket.hpp"
#include "agent/log_source_watch.hpp"
#include "agent/page_token.hpp"
#include "agent/pump.hpp"
#include "agent/store.hpp"
#include "agent/system_clock.hpp"
#include "config/site.hpp"
#include "probes/dropped_count.hpp"
#include "rules/engine.hpp"

namespace nethealth {

class AuditTrail;
class LampKeeper;

/// The name in `people` in which a peer acts: the person whose login is the peer's account; root says whom
/// with
/// `--as`, and nobody else may name another. A failure is a sentence for the peer.
Result<std::string> acting_person(const Site& site, const Peer& peer, const std::string& as,
                                  Language language);

/// Who answered by telephone, as somebody else notes it: any person of the configuration, noted by whoever
/// has the peer's account (or by root, under that name).
struct AnsweredFor {
  std::string person;
  std::string noted_by;
};
Result<AnsweredFor> answered_for(const Site& site, const Peer& peer, const std::string& as,
                                 Language language);

/// What the desk works with; all must outlive the call and the answers it still owes.
struct ControlDesk {
  const Site& site;
  const Engine& engine;
  Pump& pump;
  Store& store;
  SystemClock& clock;
  const PageTokens& tokens;
  std::vector<DroppedCount> dropped{};        ///< as it stands now
  std::vector<LogSourceState> log_sources{};  ///< the same
  std::vector<ChannelState> channels{};       ///< the same
  /// True once the desk's things are gone: an answer that comes late must look here first.
  std::shared_ptr<const bool> ended{};
  AuditTrail* trail = nullptr;
  LampKeeper* lamps = nullptr;
  [[nodiscard]] bool is_over() const { return ended && *ended; }
};

/// An act that is not done, and why.
ControlReply refused(const std::string& why, const ControlRequest& request);
/// Told beside the outcome of an act.
inline constexpr Phrase not_journaled{
    "nethealth: 記録不可: 記録に書けないため、今は記憶だけにあります。\n",
    "nethealth: not journaled: the journal cannot be written; it is in memory only.\n"};

/// As acting_person; who came and who was refused goes to the audit trail.
Result<std::string> whoever_acts(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
                                 Language language);

void answer(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
            const ControlSocket::Answer& answer);

}  // namespace nethealth
