#include "agent/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace nethealth {
namespace {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> shared = [] {
    auto made =
        std::make_shared<spdlog::logger>("nethealth", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *shared;
}

bool under_journal = false;

const char* word(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warning:
      return "warning";
    case LogLevel::notice:
      return "notice";
    case LogLevel::info:
      return "info";
  }
  return "";
}

}  // namespace

void open_log() {
  under_journal = std::getenv("JOURNAL_STREAM") != nullptr;
  logger().set_pattern(under_journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %v");
}

void log_line(LogLevel level, std::string_view text) {
  std::string line = without_controls(text);
  for (char& c : line)
    if (c == '\n') c = ' ';
  if (under_journal)
    logger().info("<{}>{}", static_cast<int>(level), line);
  else
    logger().info("{}: {}", word(level), line);
}

std::string without_controls(std::string_view text) {
  std::string clean(text);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto byte = static_cast<unsigned char>(clean[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) clean[i] = '?';
    // U+0080 to U+009F, the second set of control characters, is C2 80 to C2 9F in UTF-8.
    const bool second_set = byte == 0xc2 && i + 1 < clean.size() &&
                            static_cast<unsigned char>(clean[i + 1]) >= 0x80 &&
                            static_cast<unsigned char>(clean[i + 1]) <= 0x9f;
    if (second_set) clean.replace(i, 2, "?");
  }
  return clean;
}

}  // namespace nethealth
