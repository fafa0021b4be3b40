#include "agent/heartbeat.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace nethealth {
namespace {

constexpr Milliseconds longest_try{10'000};

}  // namespace

class HeartbeatSender::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, CurlWorker& curl, const Heartbeat& heartbeat, Trouble trouble)
      : curl_(curl), heartbeat_(heartbeat), trouble_(std::move(trouble)), timer_(io) {}

  void beat() {
    timer_.expires_after(heartbeat_.interval);
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->beat();
    });
    CurlHttp request;
    request.url = heartbeat_.url;
    CurlJob job;
    job.what = std::move(request);
    job.timeout = std::min(longest_try, heartbeat_.interval);
    curl_.perform(std::move(job), [weak = weak_from_this()](const CurlReply& reply) {
      if (const auto self = weak.lock()) self->answered(reply);
    });
  }

  void stop() { timer_.cancel(); }

 private:
  void answered(const CurlReply& reply) {
    const bool taken = reply.outcome == Outcome::ok && reply.code < 400;
    if (taken != std::exchange(taken_, taken)) trouble_(taken ? "" : reply.reason);
  }

  CurlWorker& curl_;
  const Heartbeat heartbeat_;
  const Trouble trouble_;
  boost::asio::steady_timer timer_;
  bool taken_ = true;
};

HeartbeatSender::HeartbeatSender(boost::asio::io_context& io, CurlWorker& curl, const Heartbeat& heartbeat,
                                 Trouble trouble)
    : impl_(std::make_shared<Impl>(io, curl, heartbeat, std::move(trouble))) {
  impl_->beat();
}

HeartbeatSender::~HeartbeatSender() {
  impl_->stop();
}

}  // namespace nethealth
