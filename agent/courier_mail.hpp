#pragma once
// Hands a notification to a mail relay over SMTP. Several relays are tried in order within one attempt, the
// one that took the last message first.

#include <memory>
#include <string>

#include "agent/courier.hpp"
#include "config/language.hpp"
#include "config/site.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

class MailCourier : public Courier {
 public:
  /// `channel` is of type smtp. `worker` must outlive the courier.
  MailCourier(CurlWorker& worker, const Channel& channel, std::string installation, const Zone& zone,
              Language language);
  void deliver(const Letter& letter, DeliveryFlags flags, Done done) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
