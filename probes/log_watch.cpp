#include "probes/log_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace nethealth {
namespace {

constexpr std::uint32_t interesting = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

LogWatch::LogWatch(boost::asio::io_context& io, int descriptor, OnChange on_change)
    : descriptor_(io, descriptor), on_change_(std::move(on_change)) {}

Result<std::shared_ptr<LogWatch>> LogWatch::create(boost::asio::io_context& io, OnChange on_change) {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0)
    return failure("inotify", std::string("no instance to be had: ") + std::strerror(errno) +
                                  "; log files are looked at by the clock alone (raise "
                                  "fs.inotify.max_user_instances)");
  std::shared_ptr<LogWatch> watch(new LogWatch(io, descriptor, std::move(on_change)));
  watch->wait();
  return watch;
}

Result<void> LogWatch::watch(const std::set<std::string>& folders) {
  std::map<int, std::string> now;
  std::string refused;
  for (const std::string& folder : folders) {
    const int watch = inotify_add_watch(descriptor_.native_handle(), folder.c_str(), interesting);
    if (watch >= 0)
      now.emplace(watch, folder);
    else if (errno != ENOENT && errno != ENOTDIR)
      refused =
          folder + " cannot be watched: " + std::strerror(errno) + "; it is looked at by the clock alone";
  }
  for (const auto& [watch, folder] : folders_)
    if (!now.contains(watch)) inotify_rm_watch(descriptor_.native_handle(), watch);
  folders_ = std::move(now);
  if (!refused.empty()) return failure("inotify", refused);
  return {};
}

void LogWatch::stop() {
  on_change_ = nullptr;
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void LogWatch::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [weak = weak_from_this()](const boost::system::error_code& error) {
                           const auto self = weak.lock();
                           if (error || !self || !self->on_change_) return;
                           self->take_events();
                           if (self->on_change_) self->wait();
                         });
}

void LogWatch::take_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> room;
  const ssize_t size = ::read(descriptor_.native_handle(), room.data(), room.size());
  for (ssize_t at = 0; at < size && on_change_;) {
    const auto* event = reinterpret_cast<const inotify_event*>(room.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    if ((event->mask & IN_Q_OVERFLOW) != 0) {
      on_change_({});
      continue;
    }
    const auto folder = folders_.find(event->wd);
    if (folder == folders_.end()) continue;
    Change change{folder->second, event->len > 0 ? std::string(static_cast<const char*>(event->name)) : "",
                  (event->mask & IN_MODIFY) != 0};
    if ((event->mask & IN_IGNORED) != 0) folders_.erase(folder);
    on_change_(change);
  }
}

}  // namespace nethealth
