#pragma once
// The service manager's side of the daemon (sd_notify(3), sd_watchdog_enabled(3)). Every call does nothing
// when the daemon was not started by systemd.

#include <chrono>
#include <optional>
#include <string>

namespace nethealth {

/// Start is finished; `status` is the line that `systemctl status` shows.
void notify_ready(const std::string& status);
/// A reload begins; notify_ready ends it.
void notify_reloading();
void notify_stopping();
/// The loop is alive.
void notify_alive();

/// How often notify_alive must be called: half of the manager's limit. Empty without a watchdog.
std::optional<std::chrono::milliseconds> watchdog_interval();

}  // namespace nethealth
