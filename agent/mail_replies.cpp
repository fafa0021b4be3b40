#include "agent/mail_replies.hpp"

#include <utility>

#include "agent/mail_message.hpp"

namespace nethealth {

MailReplies::MailReplies(boost::asio::io_context& io, CurlWorker& curl, const Site& site,
                         const Engine& engine, Pump& pump, const PageTokens& tokens, SystemClock& clock,
                         ChannelTrouble trouble)
    : site_(site),
      engine_(engine),
      pump_(pump),
      tokens_(tokens),
      clock_(clock),
      trouble_(std::move(trouble)) {
  for (const Channel& channel : site.channels) {
    if (!channel.replies) continue;
    states_[channel.name] = {channel.name, "mailbox", ""};
    keepers_.push_back(std::make_unique<MailboxKeeper>(
        io, curl, *channel.replies,
        [this, &channel](const std::string& mail, std::function<void(bool)> done) {
          take(channel, mail, std::move(done));
        },
        [this, name = channel.name](const std::string& why) {
          if (states_[name].note(why, clock_.now())) trouble_(name, why);
        }));
  }
}

void MailReplies::take(const Channel& channel, const std::string& bytes, std::function<void(bool)> done) {
  const IncomingMail mail = read_mail(bytes);
  MailMeaning meaning = meaning_of(mail, engine_.picture(), tokens_, site_, *channel.replies,
                                   clean_address(channel.from), clock_.now());
  switch (meaning.kind) {
    case MailMeaning::Kind::nothing:
      ++dropped_[meaning.why];
      return done(true);
    case MailMeaning::Kind::undelivered:
      return pump_.report({meaning.notification, Delivery::failed, meaning.reason, {}, Failing::refused},
                          std::move(done));
    case MailMeaning::Kind::take:
    case MailMeaning::Kind::pass:
      return answer(std::move(meaning.answers), meaning.kind == MailMeaning::Kind::take, mail_way(mail), true,
                    std::move(done));
  }
}

/// One after the other. What the engine refuses (the incident was closed meanwhile) is counted, and over.
void MailReplies::answer(std::vector<TokenAnswer> answers, bool takes, const std::string& way, bool safe,
                         std::function<void(bool)> done) {
  if (answers.empty()) return done(safe);
  const Act act = answer_act(answers.back(), takes, way);
  answers.pop_back();
  pump_.act(act, site_.language,
            [this, answers = std::move(answers), takes, way, safe,
             done = std::move(done)](const Result<Pump::ActDone>& result) mutable {
              if (!result) ++dropped_["refused"];
              answer(std::move(answers), takes, way, safe && (!result || result->journaled), std::move(done));
            });
}

void MailReplies::add_dropped(std::vector<DroppedCount>& all) const {
  for (const auto& [why, count] : dropped_) all.push_back({"mail", why, count});
}

void MailReplies::add_states(std::vector<ChannelState>& all) const {
  for (const auto& [name, state] : states_) all.push_back(state);
}

}  // namespace nethealth
