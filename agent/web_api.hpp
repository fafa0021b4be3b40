#pragma once
// The JSON API (agent/openapi.json), the metrics and the two health questions: a request becomes what the
// command line would ask, its answer a reply. Nothing is decided twice: acts go to the control desk.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/control_desk.hpp"
#include "agent/people_login.hpp"
#include "agent/web_server.hpp"

namespace nethealth {

inline constexpr const char* session_cookie = "nethealth_session";

class WebApi {
 public:
  struct World {
    /// What answers now; empty while the daemon starts, stops or changes its configuration.
    std::function<std::optional<ControlDesk>()> desk;
    std::function<bool()> storage_failing;
    std::function<WebCounters()> counters;
  };
  WebApi(boost::asio::io_context& io, World world, LoginLimits limits = {});
  ~WebApi();
  WebApi(const WebApi&) = delete;
  WebApi& operator=(const WebApi&) = delete;

  /// For the server; they must not be called after the API is gone.
  [[nodiscard]] WebServer::Handlers handlers();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nethealth
