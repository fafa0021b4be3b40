#include "agent/alert_keeper.hpp"

#include <boost/asio/steady_timer.hpp>
#include <map>
#include <utility>

#include "agent/settle_timer.hpp"
#include "agent/url_below.hpp"

namespace nethealth {
namespace {

using boost::asio::steady_timer;
using Error = boost::system::error_code;

/// An Alertmanager as it was last told.
struct AlertReceiver {
  AlertReceiver(boost::asio::io_context& io, const Channel& given)
      : channel(given), state{given.name, "alertmanager", {}}, timer(io) {}
  const Channel channel;
  ChannelState state;
  steady_timer timer;
  std::map<int, AlertLabels> told;  ///< by incident, while it lasts
  bool talking = false;
  bool stale = false;  ///< something changed while it was being told
};
using SharedReceiver = std::shared_ptr<AlertReceiver>;

/// An alert whose labels changed is another one: the one before has ended.
std::vector<ActiveAlert> with_replaced(std::vector<ActiveAlert> alerts,
                                       const std::map<int, AlertLabels>& told, Time now) {
  const std::size_t count = alerts.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto before = told.find(alerts[i].incident);
    if (before == told.end() || before->second == alerts[i].labels) continue;
    ActiveAlert replaced = alerts[i];
    replaced.labels = before->second;
    replaced.ends = now;
    alerts.push_back(std::move(replaced));
  }
  return alerts;
}

std::map<int, AlertLabels> labels_by_incident(const std::vector<ActiveAlert>& alerts) {
  std::map<int, AlertLabels> labels;
  for (const ActiveAlert& alert : alerts) labels[alert.incident] = alert.labels;
  return labels;
}

std::string trouble_of(const CurlReply& reply) {
  if (reply.outcome != Outcome::ok) return reply.reason;
  return reply.code >= 200 && reply.code < 300 ? "" : "HTTP " + std::to_string(reply.code);
}

}  // namespace

class AlertKeeper::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::io_context& io, CurlWorker& curl, const Site& site, Incidents incidents, Now now,
       ChannelTrouble trouble, AlertTimes times)
      : curl_(curl),
        site_(site),
        incidents_(std::move(incidents)),
        now_(std::move(now)),
        trouble_(std::move(trouble)),
        times_(times),
        settle_(io, times.settle, [this] { look(); }) {
    for (const Channel& channel : site.channels)
      if (channel.type == Channel::Type::alertmanager)
        receivers_.push_back(std::make_shared<AlertReceiver>(io, channel));
  }

  void changed() {
    if (!receivers_.empty()) settle_.changed();
  }

  void add_states(std::vector<ChannelState>& all) const {
    for (const SharedReceiver& receiver : receivers_) all.push_back(receiver->state);
  }

  void stop() {
    for (const SharedReceiver& receiver : receivers_) receiver->timer.cancel();
    receivers_.clear();
  }

 private:
  void look() {
    for (const SharedReceiver& receiver : receivers_) tell(receiver);
  }

  void tell(const SharedReceiver& receiver) {
    receiver->stale = receiver->talking;
    if (receiver->talking) return;
    receiver->talking = true;
    receiver->timer.cancel();
    const Time now = now_();
    const std::vector<ActiveAlert> alerts = alerts_of(incidents_(), receiver->channel, site_, now);
    curl_.perform(
        job_of(receiver->channel, with_replaced(alerts, receiver->told, now)),
        [weak = weak_from_this(), receiver, labels = labels_by_incident(alerts)](const CurlReply& reply) {
          if (const auto self = weak.lock()) self->told(receiver, labels, trouble_of(reply));
        });
  }

  [[nodiscard]] CurlJob job_of(const Channel& channel, const std::vector<ActiveAlert>& alerts) const {
    CurlHttp request;
    request.method = "POST";
    request.url = url_below(channel.url, "/api/v2/alerts");
    request.headers = {"Content-Type: application/json"};
    if (!channel.token.empty()) request.headers.push_back("Authorization: Bearer " + channel.token.reveal());
    request.body = alerts_text(alerts);
    CurlJob job;
    job.what = std::move(request);
    job.timeout = times_.patience;
    return job;
  }

  void told(const SharedReceiver& receiver, const std::map<int, AlertLabels>& labels,
            const std::string& trouble) {
    if (receivers_.empty()) return;
    receiver->talking = false;
    if (trouble.empty()) receiver->told = labels;
    if (receiver->state.note(trouble, now_())) trouble_(receiver->channel.name, trouble);
    if (receiver->stale && trouble.empty()) return tell(receiver);
    receiver->timer.expires_after(trouble.empty() ? receiver->channel.interval : times_.retry);
    receiver->timer.async_wait([weak = weak_from_this(), receiver](const Error& error) {
      const auto self = weak.lock();
      if (!error && self) self->tell(receiver);
    });
  }

  CurlWorker& curl_;
  const Site& site_;
  const Incidents incidents_;
  const Now now_;
  const ChannelTrouble trouble_;
  const AlertTimes times_;
  SettleTimer settle_;
  std::vector<SharedReceiver> receivers_;
};

AlertKeeper::AlertKeeper(boost::asio::io_context& io, CurlWorker& curl, const Site& site, Incidents incidents,
                         Now now, ChannelTrouble trouble, AlertTimes times)
    : impl_(std::make_shared<Impl>(io, curl, site, std::move(incidents), std::move(now), std::move(trouble),
                                   times)) {}

AlertKeeper::~AlertKeeper() {
  impl_->stop();
}

void AlertKeeper::changed() {
  impl_->changed();
}

void AlertKeeper::add_states(std::vector<ChannelState>& all) const {
  impl_->add_states(all);
}

}  // namespace nethealth
