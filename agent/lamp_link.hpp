#pragma once
// One signal tower on the line: told what to show, and asked what it shows, by HTTP or by its socket.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/lamp.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

class LampLink {
 public:
  /// Empty when the tower took the command.
  using Told = std::function<void(const std::string& trouble)>;
  /// Empty when the tower does not tell, or not in words that we know.
  using Shown = std::function<void(const std::optional<LampPattern>& shown)>;

  /// `channel` is of type patlite. One exchange takes `patience` at most. Callbacks come on `io`, never from
  /// within, and not after its end.
  LampLink(boost::asio::io_context& io, CurlWorker& curl, const Channel& channel, Milliseconds patience);
  ~LampLink();
  LampLink(const LampLink&) = delete;
  LampLink& operator=(const LampLink&) = delete;

  void tell(const LampPattern& pattern, Told told);
  void ask(Shown shown);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
