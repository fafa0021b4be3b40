#pragma once
// The daemon's own log: one line an event to standard error. Under systemd each line carries its priority as
// `<N>` (sd-daemon(3)); elsewhere it carries the time. Control characters never reach the terminal.

#include <string>
#include <string_view>

namespace nethealth {

/// err: our own fault; warning: a part of the job cannot be done; notice: an incident, a page, a
/// configuration; info: changes of state.
enum class LogLevel : unsigned char { error = 3, warning = 4, notice = 5, info = 6 };

/// Called once, before the first line.
void open_log();

void log_line(LogLevel level, std::string_view text);

inline void log_error(std::string_view text) {
  log_line(LogLevel::error, text);
}
inline void log_warning(std::string_view text) {
  log_line(LogLevel::warning, text);
}
inline void log_notice(std::string_view text) {
  log_line(LogLevel::notice, text);
}
inline void log_info(std::string_view text) {
  log_line(LogLevel::info, text);
}

/// The text with every control character but newline and tab replaced by '?'; what devices and files say is
/// passed through this before a person's terminal sees it.
std::string without_controls(std::string_view text);

}  // namespace nethealth
