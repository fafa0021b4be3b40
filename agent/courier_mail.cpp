#include "agent/courier_mail.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "agent/mail_answer.hpp"
#include "agent/mail_message.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds least_server_limit{5'000};

using Kind = DeliveryResult::Kind;

DeliveryResult judge_smtp(const CurlReply& reply) {
  if (reply.outcome == Outcome::ok) return {Kind::accepted, {}};
  if (reply.answer_unknown) return {Kind::unknown, reply.reason};
  // RFC 5321 4.2.1: a 5yz reply is a refusal for good.
  if (reply.code >= 500 && reply.code < 600) return {Kind::refused, reply.reason};
  return {Kind::failed_temporarily, reply.reason};
}

/// The result of several servers: whatever leaves a doubt or a hope weighs more than a refusal.
int weight(Kind kind) {
  switch (kind) {
    case Kind::accepted:
      return 3;
    case Kind::unknown:
      return 2;
    case Kind::failed_temporarily:
      return 1;
    case Kind::refused:
      return 0;
  }
  return 0;
}

}  // namespace

class MailCourier::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(CurlWorker& worker, const Channel& channel, std::string installation, const Zone& zone,
       Language language)
      : worker_(worker),
        channel_(channel),
        installation_(std::move(installation)),
        zone_(zone),
        language_(language) {}

  void deliver(const Letter& letter, DeliveryFlags flags, Done done) {
    auto attempt = std::make_shared<Attempt>();
    attempt->message = message_of(letter, flags);
    attempt->to = clean_address(letter.notification.address);
    attempt->servers = channel_.servers;
    std::rotate(attempt->servers.begin(),
                attempt->servers.begin() + static_cast<std::ptrdiff_t>(preferred_server()),
                attempt->servers.end());
    attempt->done = std::move(done);
    try_next(attempt);
  }

 private:
  struct Attempt {
    MailMessage message;
    std::string to;
    std::vector<std::string> servers;
    std::size_t next = 0;
    DeliveryResult result{Kind::refused, {}};
    Done done;
  };

  MailMessage message_of(const Letter& letter, DeliveryFlags flags) const {
    const Notification& notification = letter.notification;
    MailMessage message;
    message.from = channel_.from;
    message.to = notification.address;
    message.subject = notification.subject;
    message.body = notification.body;
    message.message_id = message_id(installation_, notification.id, channel_.from,
                                    channel_.replies ? std::string_view(letter.seal) : std::string_view());
    if (channel_.replies) message.reply_to = reply_address(*channel_.replies, letter.seal);
    message.thread_id = thread_id(installation_, letter.incident, channel_.from);
    message.date = letter.queued;
    message.important =
        notification.kind == NotificationKind::page || notification.kind == NotificationKind::escalation;
    message.resend = flags.resend;
    message.unjournaled = flags.unjournaled;
    message.language = language_;
    message.charset = channel_.charset;
    return message;
  }

  /// The server that took the last message.
  [[nodiscard]] std::size_t preferred_server() const {
    const auto found = std::find(channel_.servers.begin(), channel_.servers.end(), preferred_);
    return found == channel_.servers.end() ? 0 : static_cast<std::size_t>(found - channel_.servers.begin());
  }

  void try_next(const std::shared_ptr<Attempt>& attempt) {
    CurlMail mail;
    mail.server = attempt->servers.at(attempt->next);
    // What nobody takes comes back to where replies are read.
    const std::string& returns_to = attempt->message.reply_to;
    mail.from = clean_address(returns_to.empty() ? channel_.from : returns_to);
    mail.to = {attempt->to};
    mail.message = mail_text(attempt->message, zone_);
    mail.encryption_required = channel_.encryption == Channel::Encryption::required;
    mail.user = channel_.user;
    mail.password = channel_.password.reveal();
    CurlJob job;
    job.what = std::move(mail);
    const auto share = courier_attempt_limit / static_cast<int>(attempt->servers.size());
    job.timeout = std::max(share, least_server_limit);
    worker_.perform(std::move(job), [weak = weak_from_this(), attempt](const CurlReply& reply) {
      if (const auto self = weak.lock()) self->answered(attempt, reply);
    });
  }

  void answered(const std::shared_ptr<Attempt>& attempt, const CurlReply& reply) {
    const std::string& server = attempt->servers[attempt->next];
    DeliveryResult result = judge_smtp(reply);
    if (attempt->to.empty()) result.kind = Kind::refused;
    if (result.kind == Kind::accepted) {
      preferred_ = server;
      return attempt->done(result);
    }
    // What the relay itself said is what its keeper wants to hear.
    const std::string code = std::to_string(reply.code);
    if (reply.code >= 400 && result.reason.find(code) == std::string::npos)
      result.reason += " (" + code + ")";
    result.reason = server + ": " + result.reason;
    if (!attempt->result.reason.empty()) result.reason = attempt->result.reason + "; " + result.reason;
    if (weight(attempt->result.kind) > weight(result.kind)) result.kind = attempt->result.kind;
    attempt->result = std::move(result);
    // The next server's copy may be a second one.
    if (attempt->result.kind == Kind::unknown) attempt->message.resend = true;
    if (++attempt->next < attempt->servers.size()) return try_next(attempt);
    attempt->done(attempt->result);
  }

  CurlWorker& worker_;
  const Channel channel_;
  const std::string installation_;
  const Zone zone_;
  const Language language_;
  std::string preferred_;
};

MailCourier::MailCourier(CurlWorker& worker, const Channel& channel, std::string installation,
                         const Zone& zone, Language language)
    : impl_(std::make_shared<Impl>(worker, channel, std::move(installation), zone, language)) {}

void MailCourier::deliver(const Letter& letter, DeliveryFlags flags, Done done) {
  impl_->deliver(letter, flags, std::move(done));
}

}  // namespace nethealth
