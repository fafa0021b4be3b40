#pragma once
// Empties a mailbox by IMAP or POP3, every now and then: lists, fetches one after the other, hands each mail
// over, and removes it only when it is said to be safe elsewhere. The mailbox must be ours alone: whatever is
// in it is read and removed.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "config/site.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

struct MailboxLimits {
  std::size_t mails_a_look = 20;
  std::size_t mail_bytes = std::size_t{256} * 1024;  ///< what is longer is cut; an answer stands at the top
  std::size_t kept_in_mind = 1'000;                  ///< read, and not removable
  Milliseconds patience{20'000};                     ///< for one exchange
};

class MailboxKeeper {
 public:
  /// `done(true)`: the mail may be removed.
  using Take = std::function<void(const std::string& mail, std::function<void(bool safe)> done)>;
  /// At the end of every look: why the mailbox cannot be read; empty when it can.
  using Looked = std::function<void(const std::string& trouble)>;

  /// Looks at once, then every `mailbox.interval`. Callbacks come on `io`; all must outlive the keeper.
  MailboxKeeper(boost::asio::io_context& io, CurlWorker& curl, const ReplyMailbox& mailbox, Take take,
                Looked looked, MailboxLimits limits = {});
  /// No callback comes after this.
  ~MailboxKeeper();
  MailboxKeeper(const MailboxKeeper&) = delete;
  MailboxKeeper& operator=(const MailboxKeeper&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
