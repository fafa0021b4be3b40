#pragma once
// HTTP and SMTP as a client: one thread that runs all jobs side by side, so that a far end that never
// finishes delays nobody else. The only file that sees libcurl is curl_worker.cpp.
//
// Each job opens a connection of its own: no redirects, no proxy from the environment, no cookies, no other
// protocols.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config/time.hpp"
#include "probes/curl_job.hpp"
#include "probes/observation.hpp"

namespace nethealth {

struct CurlReply {
  /// ok: the far end answered to the end, whatever `code` says; for mail: it accepted the message.
  /// blind: we could not ask (no descriptors or memory, too many jobs, a name that cannot be looked up,
  /// stopping). error: anything else, a refused message among it.
  Outcome outcome = Outcome::error;
  int code = 0;      ///< the last HTTP status or SMTP reply code; 0 when there was none
  std::string body;  ///< of an HTTP answer, at most max_response_bytes
  Milliseconds duration{};
  std::string reason;  ///< one English sentence without control characters, for people
  /// The far end may have taken the request although we do not know: HTTP, everything was sent and no status
  /// came back; SMTP, the end of the message was sent and its reply was not read. False when it surely has
  /// not or surely has.
  bool answer_unknown = false;
  /// How long the server's certificate is still good, where one was shown.
  std::optional<std::chrono::seconds> certificate_left;
};

class CurlWorker {
 public:
  using Callback = std::function<void(CurlReply)>;

  /// Starts the thread. The io_context must outlive the worker; it is kept running while a job is under way.
  explicit CurlWorker(boost::asio::io_context& io);
  /// Ends every job at once; the callbacks still come, as blind with the reason "stopping", if the io_context
  /// runs on.
  ~CurlWorker();
  CurlWorker(const CurlWorker&) = delete;
  CurlWorker& operator=(const CurlWorker&) = delete;

  /// Begins a job at once. The callback comes later, once, on the io_context. A job that cannot be right (a
  /// control character in an address, a foreign protocol) is an error and nothing is sent.
  void perform(CurlJob job, Callback callback);

  static constexpr std::size_t max_jobs = 1'024;  ///< under way; more are blind at once

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace nethealth
