#include "probes/http_probe.hpp"

#include <utility>

namespace nethealth {
namespace {

Outcome service_outcome(const CurlReply& reply) {
  switch (reply.outcome) {
    case Outcome::auth_error:
    case Outcome::error:
      return Outcome::refused;
    default:
      return reply.outcome;
  }
}

}  // namespace

ServiceSeen http_seen(const CurlReply& reply, std::string service, const std::string& body) {
  ServiceSeen seen;
  seen.probe = "http";
  seen.service = std::move(service);
  seen.status = service_outcome(reply);
  if (seen.status == Outcome::ok) seen.code = reply.code;
  if (seen.status == Outcome::ok && reply.code < 400 && !body.empty() &&
      reply.body.find(body) == std::string::npos) {
    seen.status = Outcome::error;
    seen.text = "the answer lacks the text that was expected";
  }
  if (seen.status != Outcome::blind) seen.duration_ms = static_cast<double>(reply.duration.count());
  return seen;
}

void http_look(CurlWorker& worker, HttpRequest request, std::function<void(ServiceSeen)> callback) {
  CurlHttp http;
  http.url = request.url;
  http.verify = request.verify;
  CurlJob job;
  job.what = std::move(http);
  job.timeout = request.timeout;
  worker.perform(std::move(job),
                 [request = std::move(request), callback = std::move(callback)](const CurlReply& reply) {
                   if (request.certificate && reply.certificate_left)
                     request.certificate(*reply.certificate_left);
                   callback(http_seen(reply, request.service, request.body));
                 });
}

}  // namespace nethealth
