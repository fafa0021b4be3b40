#pragma once
// How the ways in and out stand that are no message of their own: mailboxes of replies, signal towers, alert
// managers, syslog receivers. For `status`.

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
};

}  // namespace nethealth
