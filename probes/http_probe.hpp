#pragma once
// Asks a service by one HTTP GET.

#include <chrono>
#include <functional>
#include <string>

#include "config/time.hpp"
#include "probes/curl_worker.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct HttpRequest {
  std::string url;
  std::string service;  ///< the service's name, handed on
  Milliseconds timeout{5'000};
  bool verify = true;  ///< the certificate; a site's own authority belongs into the host's certificate store
  std::string body{};  ///< text that the answer has to hold within its first 64 KiB; any when empty
  /// Called before the result when the server showed a certificate: how long it is still good.
  std::function<void(std::chrono::seconds)> certificate{};
};

/// What a reply says of the service, in the words that the contract allows. A service that takes the
/// connection but answers with something that is no HTTP, or hangs up, counts as `refused`; one whose answer
/// lacks `body` as `error`.
ServiceSeen http_seen(const CurlReply& reply, std::string service, const std::string& body = {});

/// The callback comes later, once, on the worker's io_context. A redirect is not followed: its code is the
/// answer.
void http_look(CurlWorker& worker, HttpRequest request, std::function<void(ServiceSeen)> callback);

}  // namespace nethealth
