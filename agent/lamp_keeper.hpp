#pragma once
// Keeps the site's signal towers at what the incidents ask for. Nothing is queued: what counts is how things
// stand, so a restart or a tower that was away ends at the right light. Each is told anew every `refresh`,
// which also shows whether it still answers, and is asked before and after what it shows: a light that
// somebody switched by hand is told and put right, one that does not light although it took the command is
// told.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/channel_state.hpp"
#include "agent/lamp.hpp"
#include "config/language.hpp"
#include "probes/curl_worker.hpp"

namespace nethealth {

struct LampTimes {
  Milliseconds settle{100};  ///< changes within it are one command
  Milliseconds refresh{60'000};
  Milliseconds retry{5'000};
  Milliseconds patience{5'000};  ///< for one command
  Milliseconds test{5'000};      ///< how long a lamp test lights everything
};

/// What came of a lamp test.
struct LampTest {
  bool good = false;
  std::string text;  ///< for people
};

class LampKeeper {
 public:
  using Incidents = std::function<std::vector<IncidentPicture>()>;
  using Now = std::function<Time()>;

  /// Only channels of type patlite count. Trouble: a tower does not answer, or does not show what it was
  /// told. Callbacks come on `io`; all must outlive the keeper.
  LampKeeper(boost::asio::io_context& io, CurlWorker& curl, const std::vector<Channel>& channels,
             Language language, Incidents incidents, Now now, ChannelTrouble trouble, LampTimes times = {});
  ~LampKeeper();
  LampKeeper(const LampKeeper&) = delete;
  LampKeeper& operator=(const LampKeeper&) = delete;

  /// Something was decided: look again soon.
  void changed();

  [[nodiscard]] bool has(const std::string& channel) const;
  /// All that is ours lights and sounds for `test`, and then shows again how things stand. `done` comes once,
  /// on `io`; not at all when the keeper ends before. The channel must be one of the towers.
  void test(const std::string& channel, std::function<void(const LampTest&)> done);

  void add_states(std::vector<ChannelState>& all) const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace nethealth
