#include "agent/lamp_keeper.hpp"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <utility>

#include "config/reader.hpp"

namespace nethealth {
namespace {

using boost::asio::steady_timer;
using Tcp = boost::asio::ip::tcp;
using Error = boost::system::error_code;
/// Empty when the tower took the command.
using Told = std::function<void(const std::string& trouble)>;

/// One command to a tower's socket: connect, twelve bytes there, one byte back.
class PnsTalk : public std::enable_shared_from_this<PnsTalk> {
 public:
  PnsTalk(boost::asio::io_context& io, const LampPattern& pattern, Told told)
      : resolver_(io), socket_(io), limit_(io), command_(pns_command(pattern)), told_(std::move(told)) {}

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
        socket_, boost::asio::buffer(answer_), [self = shared_from_this()](const Error& error, std::size_t) {
          if (error) return self->end(error.message());
          self->end(self->answer_[0] == pns_accepted ? "" : "the tower refused the command");
        });
  }

  void end(const std::string& trouble) {
    if (!told_) return;
    limit_.cancel();
    Error ignored;
    socket_.close(ignored);
    resolver_.cancel();
    std::exchange(told_, {})(trouble);
  }

  Tcp::resolver resolver_;
  Tcp::socket socket_;
  steady_timer limit_;
  std::array<std::uint8_t, pns_command_bytes> command_;
  std::array<std::uint8_t, 1> answer_{};
  Told told_;
};

}  // namespace

class LampKeeper::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, CurlWorker& curl, const std::vector<Channel>& channels,
       Incidents incidents, Trouble trouble, LampTimes times)
      : io_(io),
        curl_(curl),
        incidents_(std::move(incidents)),
        trouble_(std::move(trouble)),
        times_(times),
        settle_(io) {
    for (const Channel& channel : channels)
      if (channel.type == Channel::Type::patlite) towers_.push_back(std::make_shared<Tower>(io, channel));
  }

  void changed() {
    if (towers_.empty() || waiting_) return;
    waiting_ = true;
    settle_.expires_after(times_.settle);
    settle_.async_wait([weak = weak_from_this()](const Error& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->waiting_ = false;
      self->look();
    });
  }

  void stop() {
    settle_.cancel();
    for (const auto& tower : towers_) tower->timer.cancel();
    towers_.clear();
  }

 private:
  struct Tower {
    Tower(boost::asio::io_context& io, const Channel& given) : channel(given), timer(io) {}
    const Channel channel;
    steady_timer timer;
    LampPattern wanted;
    std::optional<LampPattern> shown;
    bool talking = false;
    bool lost = false;
  };
  using Shared = std::shared_ptr<Tower>;

  void look() {
    const std::vector<IncidentPicture> incidents = incidents_();
    for (const Shared& tower : towers_) {
      tower->wanted = lamp_pattern(incidents, tower->channel);
      if (tower->shown != tower->wanted) tell(tower);
    }
  }

  void tell(const Shared& tower) {
    if (tower->talking) return;
    tower->talking = true;
    tower->timer.cancel();
    const LampPattern pattern = tower->wanted;
    const auto told = [weak = weak_from_this(), tower, pattern](const std::string& trouble) {
      if (const auto self = weak.lock()) self->told(tower, pattern, trouble);
    };
    if (tower->channel.url.starts_with("pns://")) return tell_socket(*tower, pattern, told);
    CurlHttp request;
    request.url = lamp_address(tower->channel.url, pattern);
    CurlJob job;
    job.what = std::move(request);
    job.timeout = times_.patience;
    curl_.perform(std::move(job), [told](const CurlReply& reply) {
      if (reply.outcome != Outcome::ok) return told(reply.reason);
      told(reply.code < 400 ? "" : "HTTP " + std::to_string(reply.code));
    });
  }

  void tell_socket(const Tower& tower, const LampPattern& pattern, const Told& told) {
    const auto parts = split_url(tower.channel.url);
    if (!parts) return;
    std::make_shared<PnsTalk>(io_, pattern, told)
        ->begin(parts->host, parts->port.value_or(pns_port), times_.patience);
  }

  void told(const Shared& tower, const LampPattern& pattern, const std::string& trouble) {
    if (towers_.empty()) return;
    tower->talking = false;
    if (trouble.empty())
      tower->shown = pattern;
    else
      tower->shown.reset();
    if (trouble.empty() == tower->lost) {
      tower->lost = !trouble.empty();
      trouble_(tower->channel.name, trouble);
    }
    if (trouble.empty() && tower->wanted != pattern) return tell(tower);
    tower->timer.expires_after(trouble.empty() ? times_.refresh : times_.retry);
    tower->timer.async_wait([weak = weak_from_this(), tower](const Error& error) {
      const auto self = weak.lock();
      if (!error && self) self->tell(tower);
    });
  }

  boost::asio::io_context& io_;
  CurlWorker& curl_;
  const Incidents incidents_;
  const Trouble trouble_;
  const LampTimes times_;
  steady_timer settle_;
  bool waiting_ = false;
  std::vector<Shared> towers_;
};

LampKeeper::LampKeeper(boost::asio::io_context& io, CurlWorker& curl, const std::vector<Channel>& channels,
                       Incidents incidents, Trouble trouble, LampTimes times)
    : impl_(std::make_shared<Impl>(io, curl, channels, std::move(incidents), std::move(trouble), times)) {}

LampKeeper::~LampKeeper() {
  impl_->stop();
}

void LampKeeper::changed() {
  impl_->changed();
}

}  // namespace nethealth
