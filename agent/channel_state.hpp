#pragma once
// How the ways in and out stand that are no message of their own: mailboxes of replies, signal towers, alert
// managers, syslog receivers. For `status`.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "config/time.hpp"

namespace nethealth {

struct ChannelState {
  std::string channel;             ///< Channel::name
  std::string_view what;           ///< mailbox, lamp, alertmanager, syslog
  std::string trouble;             ///< why it does not work now; empty when it does
  std::optional<Time> since = {};  ///< of the trouble
  std::string shows = {};          ///< a lamp: what it says of itself

  /// Its latest trouble; empty when it works. True when it ceased to work or works again.
  bool note(const std::string& latest, Time now) {
    const bool turned = latest.empty() != trouble.empty();
    trouble = latest;
    if (turned) since = latest.empty() ? std::nullopt : std::optional(now);
    return turned;
  }
};

/// One ceased to work (the text says how), or works again (empty).
using ChannelTrouble = std::function<void(const std::string& channel, const std::string& what)>;

}  // namespace nethealth
