#pragma once
// Who came in, who was refused, which configuration is in force: records of the journal's chain, and messages
// to the syslog servers that take the audit trail. Nobody can flood it: refusals have a budget.

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "config/time.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// Files by path, with the SHA-256 of each in hexadecimal.
using FileDigests = std::map<std::string, std::string>;

inline constexpr const char* configuration_read = "CONFIGURATION-READ";
inline constexpr std::size_t refusals_recorded_an_hour = 200;
inline constexpr std::size_t arrivals_remembered = 10'000;

class AuditTrail {
 public:
  explicit AuditTrail(std::function<void(const AuditRecord&)> keep) : keep_(std::move(keep)) {}

  /// Somebody acts. Recorded the first time for each person, way (socket, token) and place (account,
  /// address).
  void acts(const std::string& person, const std::string& way, const std::string& from);
  /// A password was right.
  void came_in(const std::string& person, const std::string& from);
  void left(const std::string& person, const std::string& from);
  /// `claimed`: who they said they were; may be empty.
  void refused(const std::string& claimed, const std::string& way, const std::string& from, Time now);
  /// What was read now; `before` is what was read last, by the journal.
  void configuration(const FileDigests& now, const FileDigests& before);

 private:
  std::function<void(const AuditRecord&)> keep_;
  std::set<std::string> known_;
  Time hour_{Time::min()};
  std::size_t refusals_ = 0;
};

}  // namespace nethealth
