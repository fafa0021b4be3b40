#include "agent/lamp_link.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "config/reader.hpp"

namespace nethealth {
namespace {

using boost::asio::steady_timer;
using Tcp = boost::asio::ip::tcp;
using Error = boost::system::error_code;

/// An answer of PNS has one, six or fifteen bytes; none says which.
std::size_t still_missing(const std::string& answer, std::size_t size) {
  const bool short_answer = size == 1 && (answer[0] == pns_accepted || answer[0] == pns_refused);
  if (short_answer || size == pns_state_bytes || size >= pns_long_state_bytes) return 0;
  return pns_long_state_bytes - size;
}

/// One exchange with a tower's socket: connect, a command there, its answer back.
class PnsTalk : public std::enable_shared_from_this<PnsTalk> {
 public:
  /// The answer, or what was in its way.
  using Heard = std::function<void(const std::string& answer, const std::string& trouble)>;

  PnsTalk(boost::asio::io_context& io, std::string command, Heard heard)
      : resolver_(io), socket_(io), limit_(io), command_(std::move(command)), heard_(std::move(heard)) {}

  void begin(const std::string& host, std::uint16_t port, Milliseconds patience) {
    limit_.expires_after(patience);
    limit_.async_wait([self = shared_from_this()](const Error& error) {
      if (!error) self->end("no answer in time");
    });
    resolver_.async_resolve(host, std::to_string(port),
                            [self = shared_from_this()](const Error& error, const auto& found) {
                              if (error) return self->end(error.message());
                              self->connect(found);
                            });
  }

 private:
  void connect(const Tcp::resolver::results_type& found) {
    boost::asio::async_connect(socket_, found, [self = shared_from_this()](const Error& error, const auto&) {
      if (error) return self->end(error.message());
      self->say();
    });
  }

  void say() {
    boost::asio::async_write(socket_, boost::asio::buffer(command_),
                             [self = shared_from_this()](const Error& error, std::size_t) {
                               if (error) return self->end(error.message());
                               self->listen();
                             });
  }

  void listen() {
    boost::asio::async_read(
        socket_, boost::asio::buffer(answer_),
        [self = shared_from_this()](const Error& error, std::size_t size) {
          return error ? 0 : still_missing(self->answer_, size);
        },
        [self = shared_from_this()](const Error& error, std::size_t size) {
          if (error) return self->end(error.message());
          self->answer_.resize(size);
          self->end("");
        });
  }

  void end(const std::string& trouble) {
    if (!heard_) return;
    limit_.cancel();
    Error ignored;
    socket_.close(ignored);
    resolver_.cancel();
    std::exchange(heard_, {})(answer_, trouble);
  }

  Tcp::resolver resolver_;
  Tcp::socket socket_;
  steady_timer limit_;
  const std::string command_;
  std::string answer_ = std::string(pns_long_state_bytes, '\0');
  Heard heard_;
};

}  // namespace

class LampLink::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, CurlWorker& curl, const Channel& channel, Milliseconds patience)
      : io_(io), curl_(curl), url_(channel.url), patience_(patience) {
    if (!url_.starts_with("pns://")) return;
    if (const auto parts = split_url(url_)) {
      host_ = parts->host;
      port_ = parts->port.value_or(pns_port);
    }
  }

  void tell(const LampPattern& pattern, const Told& told) {
    if (!host_.empty()) return tell_socket(pattern, told, true);
    get(lamp_address(url_, pattern), [told](const CurlReply& reply) {
      if (reply.outcome != Outcome::ok) return told(reply.reason);
      if (reply.code >= 400) return told("HTTP " + std::to_string(reply.code));
      told(lamp_accepts(reply.body) ? "" : "the tower refused the command");
    });
  }

  void ask(const Shown& shown) {
    if (!host_.empty())
      return talk(pns_question(category_), [shown](const std::string& answer, const std::string& trouble) {
        shown(trouble.empty() ? pns_state(answer) : std::nullopt);
      });
    get(lamp_state_address(url_), [shown](const CurlReply& reply) {
      const bool good = reply.outcome == Outcome::ok && reply.code < 300;
      shown(good ? lamp_state(reply.body) : std::nullopt);
    });
  }

 private:
  void get(const std::string& address, std::function<void(const CurlReply&)> done) {
    CurlHttp request;
    request.url = address;
    CurlJob job;
    job.what = std::move(request);
    job.timeout = patience_;
    curl_.perform(std::move(job), [weak = weak_from_this(), done = std::move(done)](const CurlReply& reply) {
      if (!weak.expired()) done(reply);
    });
  }

  void talk(std::string command, PnsTalk::Heard heard) {
    std::make_shared<PnsTalk>(io_, std::move(command),
                              [weak = weak_from_this(), heard = std::move(heard)](
                                  const std::string& answer, const std::string& trouble) {
                                if (!weak.expired()) heard(answer, trouble);
                              })
        ->begin(host_, port_, patience_);
  }

  /// A tower that refuses may be of the other category.
  void tell_socket(const LampPattern& pattern, const Told& told, bool first) {
    talk(pns_command(pattern, category_),
         [this, pattern, told, first](const std::string& answer, const std::string& trouble) {
           if (!trouble.empty()) return told(trouble);
           if (answer == std::string(1, pns_accepted)) return told("");
           category_ = category_ == PnsCategory::xx ? PnsCategory::ab : PnsCategory::xx;
           if (first) return tell_socket(pattern, told, false);
           told("the tower refused the command");
         });
  }

  boost::asio::io_context& io_;
  CurlWorker& curl_;
  const std::string url_;
  const Milliseconds patience_;
  std::string host_;  ///< of the socket; empty: the tower is told by HTTP
  std::uint16_t port_ = 0;
  PnsCategory category_ = PnsCategory::xx;
};

LampLink::LampLink(boost::asio::io_context& io, CurlWorker& curl, const Channel& channel,
                   Milliseconds patience)
    : impl_(std::make_shared<Impl>(io, curl, channel, patience)) {}

LampLink::~LampLink() = default;

void LampLink::tell(const LampPattern& pattern, Told told) {
  impl_->tell(pattern, told);
}

void LampLink::ask(Shown shown) {
  impl_->ask(shown);
}

}  // namespace nethealth
