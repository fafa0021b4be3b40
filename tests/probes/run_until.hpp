#pragma once
// Runs an io_context on this thread until something holds. The guard is generous: it only ends a broken test.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace nethealth {

inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& holds,
                      std::chrono::seconds guard = std::chrono::seconds(30)) {
  const auto end = std::chrono::steady_clock::now() + guard;
  while (!holds() && std::chrono::steady_clock::now() < end) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return holds();
}

}  // namespace nethealth
