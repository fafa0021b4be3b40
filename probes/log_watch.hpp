#pragma once
// What changes in folders, as inotify(7) tells it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "config/result.hpp"

namespace nethealth {

class LogWatch : public std::enable_shared_from_this<LogWatch> {
 public:
  struct Change {
    std::string folder;      ///< as given to watch(); empty: changes were missed, look at everything
    std::string name;        ///< in that folder; empty: the folder itself
    bool only_grew = false;  ///< the content of `name` changed, not which files there are
  };
  using OnChange = std::function<void(const Change&)>;

  /// Refused when the host gives no inotify instance.
  static Result<std::shared_ptr<LogWatch>> create(boost::asio::io_context& io, OnChange on_change);

  /// Exactly these folders from now on; those that do not exist are passed over. Returns what could not be
  /// watched.
  Result<void> watch(const std::set<std::string>& folders);
  /// No callback comes after this.
  void stop();

 private:
  LogWatch(boost::asio::io_context& io, int descriptor, OnChange on_change);
  void wait();
  void take_events();

  boost::asio::posix::stream_descriptor descriptor_;
  OnChange on_change_;
  std::map<int, std::string> folders_;  ///< by watch descriptor
};

}  // namespace nethealth
