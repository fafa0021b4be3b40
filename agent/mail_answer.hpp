#pragma once
// What a mail that came back means: an answer to a call, a message that did not arrive, or nothing. Pure.
//
// The token decides: it stands in the address that the reply went to, in the identifier of the mail that it
// replies to, in the subject or in the quoted text, because old telephones keep none of these reliably.
// Without one the sender must be somebody who is being called, by an address of theirs. No program's mail is
// ever an answer.

#include <string>
#include <string_view>
#include <vector>

#include "agent/mail_reading.hpp"
#include "agent/page_token.hpp"
#include "config/site.hpp"
#include "rules/picture.hpp"

namespace nethealth {

struct MailMeaning {
  enum class Kind : std::uint8_t { take, pass, undelivered, nothing };
  Kind kind = Kind::nothing;
  std::vector<TokenAnswer> answers;  ///< of take and pass; several when a digest is answered
  std::string notification;          ///< of undelivered
  std::string reason;                ///< of undelivered: what the mail system said
  /// Of nothing, one word: automatic, own, delayed, no_token, old_token, forged, ambiguous, garbled,
  /// not_understood, repeated. A literal.
  std::string_view why;
};

/// `own_address`: the sender of our mails.
MailMeaning meaning_of(const IncomingMail& mail, const Picture& picture, const PageTokens& tokens,
                       const Site& site, const ReplyMailbox& mailbox, std::string_view own_address, Time now);

enum class AnswerWord : std::uint8_t { take, pass, empty, unclear };
/// The first words of a reply, without what it quotes, its signature and the lines of the page itself.
AnswerWord answer_word(std::string_view text, std::string_view page);

/// "by mail", and which one, as the journal keeps it: by it a mail that is read twice is known.
std::string mail_way(const IncomingMail& mail);

/// The address for replies with the message's token in it.
std::string reply_address(const ReplyMailbox& mailbox, std::string_view seal);

}  // namespace nethealth
