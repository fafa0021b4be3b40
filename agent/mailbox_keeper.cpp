#include "agent/mailbox_keeper.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

namespace nethealth {
namespace {

struct Entry {
  std::string id;      ///< the same at every look: IMAP's UID, POP3's unique-id
  std::string number;  ///< by which the server is asked now
};

/// Folder names go to the server as they are written.
std::string in_url(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char byte : text) {
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' || byte == '_';
    const auto value = static_cast<unsigned char>(byte);
    if (plain)
      out += byte;
    else
      out += {'%', digits[value >> 4U], digits[value & 15U]};
  }
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "* SEARCH 2 5 9"
std::vector<Entry> found_by_imap(const std::string& answer) {
  std::vector<Entry> all;
  std::istringstream lines(answer);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string star, search;
    if (!(words >> star >> search) || star != "*" || search != "SEARCH") continue;
    for (std::string uid; words >> uid;)
      if (is_number(uid)) all.push_back({uid, uid});
  }
  return all;
}

/// "1 000000a05b1c8f2d" (RFC 1939, UIDL)
std::vector<Entry> found_by_pop(const std::string& answer) {
  std::vector<Entry> all;
  std::istringstream lines(answer);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string number, id;
    if (words >> number >> id && is_number(number)) all.push_back({id, number});
  }
  return all;
}

}  // namespace

class MailboxKeeper::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, CurlWorker& curl, const ReplyMailbox& mailbox, Take take, Looked looked,
       MailboxLimits limits)
      : curl_(curl),
        mailbox_(mailbox),
        take_(std::move(take)),
        looked_(std::move(looked)),
        limits_(limits),
        imap_(mailbox.server.starts_with("imap")),
        timer_(io) {}

  void look() {
    entries_.clear();
    removable_.clear();
    next_ = 0;
    problem_.clear();
    ask(imap_ ? "/" + in_url(mailbox_.folder) : "/", imap_ ? "UID SEARCH UNDELETED" : "UIDL", true,
        [](Impl& self, const CurlReply& reply) { self.listed(reply); });
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  using Then = void (*)(Impl&, const CurlReply&);

  void ask(const std::string& path, const std::string& command, bool has_lines, Then then) {
    CurlMailbox what;
    what.url = mailbox_.server + path;
    what.command = command;
    what.has_lines = has_lines;
    what.user = mailbox_.user;
    what.password = mailbox_.password.reveal();
    what.certificate_authority = mailbox_.certificate_authority;
    CurlJob job;
    job.what = std::move(what);
    job.timeout = limits_.patience;
    job.max_response_bytes = limits_.mail_bytes;
    curl_.perform(std::move(job), [weak = weak_from_this(), then](const CurlReply& reply) {
      const auto self = weak.lock();
      if (self && !self->stopped_) then(*self, reply);
    });
  }

  void listed(const CurlReply& reply) {
    if (reply.outcome != Outcome::ok) return end(reply.reason);
    const std::vector<Entry> all = imap_ ? found_by_imap(reply.body) : found_by_pop(reply.body);
    std::map<std::string, bool> still;
    for (const Entry& entry : all) {
      const auto known = handled_.find(entry.id);
      if (known == handled_.end()) {
        entries_.push_back(entry);
        continue;
      }
      still.insert(*known);
      if (known->second) removable_.push_back(entry);
    }
    handled_ = std::move(still);
    std::ranges::stable_partition(entries_,
                                  [this](const Entry& entry) { return !failed_.contains(entry.id); });
    if (entries_.size() > limits_.mails_a_look) entries_.resize(limits_.mails_a_look);
    failed_.clear();
    fetch_next();
  }

  void fetch_next() {
    if (next_ >= entries_.size()) return remove();
    const std::string& number = entries_[next_].number;
    ask(imap_ ? "/" + in_url(mailbox_.folder) + "/;UID=" + number : "/" + number, "", true,
        [](Impl& self, const CurlReply& mail) { self.fetched(mail); });
  }

  /// One that cannot be fetched holds up no other.
  void fetched(const CurlReply& reply) {
    if (reply.outcome != Outcome::ok) {
      problem_ = reply.reason;
      failed_.insert(entries_[next_].id);
      ++next_;
      return fetch_next();
    }
    take_(reply.body, [weak = weak_from_this(), at = next_](bool safe) {
      const auto self = weak.lock();
      if (!self || self->stopped_ || self->next_ != at) return;
      const Entry& entry = self->entries_[at];
      if (self->handled_.size() < self->limits_.kept_in_mind) self->handled_[entry.id] = safe;
      if (safe) self->removable_.push_back(entry);
      ++self->next_;
      self->fetch_next();
    });
  }

  void remove() {
    if (removable_.empty()) return end(problem_);
    if (!imap_) return remove_last_of_pop();
    std::string numbers;
    for (const Entry& entry : removable_) numbers += (numbers.empty() ? "" : ",") + entry.number;
    ask("/" + in_url(mailbox_.folder), "UID STORE " + numbers + " +FLAGS.SILENT (\\Deleted)", false,
        [](Impl& self, const CurlReply& marked) {
          if (marked.outcome != Outcome::ok) return self.end(marked.reason);
          self.ask("/" + in_url(self.mailbox_.folder), "EXPUNGE", false,
                   [](Impl& later, const CurlReply& gone) {
                     later.end(gone.outcome == Outcome::ok ? later.problem_ : gone.reason);
                   });
        });
  }

  /// From the last to the first: each is a session of its own, and those before it keep their numbers.
  void remove_last_of_pop() {
    const auto value = [](const Entry& entry) {
      int number = 0;
      std::from_chars(entry.number.data(), entry.number.data() + entry.number.size(), number);
      return number;
    };
    const auto last = std::ranges::max_element(removable_, {}, value);
    const std::string number = last->number;
    removable_.erase(last);
    ask("/" + number, "DELE", false, [](Impl& self, const CurlReply& gone) {
      if (gone.outcome != Outcome::ok) return self.end(gone.reason);
      self.remove();
    });
  }

  void end(const std::string& problem) {
    looked_(problem);
    timer_.expires_after(mailbox_.interval);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self && !self->stopped_) self->look();
    });
  }

  CurlWorker& curl_;
  const ReplyMailbox mailbox_;
  const Take take_;
  const Looked looked_;
  const MailboxLimits limits_;
  const bool imap_;
  boost::asio::steady_timer timer_;
  std::vector<Entry> entries_;  ///< of this look
  std::size_t next_ = 0;
  std::vector<Entry> removable_;
  std::map<std::string, bool> handled_;  ///< by id: handed over already, and whether it may be removed
  std::set<std::string> failed_;         ///< could not be fetched at the last look: asked for last
  std::string problem_;
  bool stopped_ = false;
};

MailboxKeeper::MailboxKeeper(boost::asio::io_context& io, CurlWorker& curl, const ReplyMailbox& mailbox,
                             Take take, Looked looked, MailboxLimits limits)
    : impl_(std::make_shared<Impl>(io, curl, mailbox, std::move(take), std::move(looked), limits)) {
  impl_->look();
}

MailboxKeeper::~MailboxKeeper() {
  impl_->stop();
}

}  // namespace nethealth
