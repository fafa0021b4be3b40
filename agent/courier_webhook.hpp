#pragma once
// Sends a notification as one HTTP POST: the generic way to an SMS or chat gateway.

#include <memory>
#include <string>
#include <string_view>

#include "agent/courier.hpp"
#include "config/language.hpp"
#include "config/site.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

/// `channel` is of type webhook. Any 2xx is accepted; 4xx is refused except 408, 425 and 429, which mean
/// later; redirects are not followed. The id goes along as `Idempotency-Key`, so that the gateway can drop a
/// repeat.
class WebhookCourier : public Courier {
 public:
  WebhookCourier(CurlWorker& worker, const Channel& channel, Language language);
  void deliver(const Letter& letter, DeliveryFlags flags, Done done) override;

 private:
  CurlWorker& worker_;
  Channel channel_;
  Language language_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  ///< an answer that comes later is dropped
};

/// The body with its gaps filled in: as JSON text without quotes, percent-encoded for
/// a form, as it is for any other content type. What else stands in braces stays.
std::string webhook_body(const Channel& channel, const Letter& letter, DeliveryFlags flags,
                         Language language);

}  // namespace nethealth
