#pragma once
// Mails that come back become answers of people and failures of messages. A mail is removed from its mailbox
// once what it led to stands in the journal; what is no answer is counted by its reason.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/channel_state.hpp"
#include "agent/mail_answer.hpp"
#include "agent/mailbox_keeper.hpp"
#include "agent/pump.hpp"
#include "probes/dropped_count.hpp"

namespace nethealth {

class MailReplies {
 public:
  /// Only channels with `replies` count. All must outlive it.
  MailReplies(boost::asio::io_context& io, CurlWorker& curl, const Site& site, const Engine& engine,
              Pump& pump, const PageTokens& tokens, SystemClock& clock, ChannelTrouble trouble);

  /// One mail of a channel's mailbox.
  void take(const Channel& channel, const std::string& mail, std::function<void(bool safe)> done);

  void add_dropped(std::vector<DroppedCount>& all) const;
  void add_states(std::vector<ChannelState>& all) const;

 private:
  void answer(std::vector<TokenAnswer> answers, bool takes, const std::string& way, bool safe,
              std::function<void(bool)> done);

  const Site& site_;
  const Engine& engine_;
  Pump& pump_;
  const PageTokens& tokens_;
  SystemClock& clock_;
  const ChannelTrouble trouble_;
  std::map<std::string_view, std::uint64_t> dropped_;  ///< by MailMeaning::why
  std::map<std::string, ChannelState> states_;
  std::vector<std::unique_ptr<MailboxKeeper>> keepers_;
};

}  // namespace nethealth
