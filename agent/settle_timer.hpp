#pragma once
// Many changes within a moment are one look.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "config/time.hpp"

namespace nethealth {

class SettleTimer {
 public:
  /// `look` comes on `io`, `settle` after the first change since the last look; not after the timer's end.
  SettleTimer(boost::asio::io_context& io, Milliseconds settle, std::function<void()> look)
      : settle_(settle),
        state_(std::make_shared<State>(State{boost::asio::steady_timer(io), std::move(look)})) {}

  void changed() {
    if (std::exchange(state_->waiting, true)) return;
    state_->timer.expires_after(settle_);
    state_->timer.async_wait([weak = std::weak_ptr(state_)](const boost::system::error_code& error) {
      const auto state = weak.lock();
      if (error || !state) return;
      state->waiting = false;
      state->look();
    });
  }

 private:
  struct State {
    boost::asio::steady_timer timer;
    std::function<void()> look;
    bool waiting = false;
  };
  const Milliseconds settle_;
  const std::shared_ptr<State> state_;
};

}  // namespace nethealth
