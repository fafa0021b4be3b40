#pragma once
// A record as a syslog message (RFC 5424) and its frame on a stream (RFC 6587). Pure.
//
// Only printable text leaves: control, bidirectional and invisible format characters become \uXXXX, so that a
// hostile log line can neither forge a record nor hide a part of one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/site.hpp"
#include "config/time.hpp"
#include "rules/event.hpp"

namespace nethealth {

inline constexpr std::size_t syslog_udp_limit_bytes = 2'048;  ///< RFC 5424 6.1: every receiver should take it
inline constexpr std::size_t syslog_tcp_limit_bytes = 8'000;  ///< below the 8 KiB at which receivers cut
inline constexpr std::uint32_t syslog_sequence_limit = 2'147'483'647;  ///< RFC 5424 7.3.1; then 1 again

struct SyslogIdentity {
  std::string hostname;
  std::string process_id;
};

/// In the target's format; CEF too has the header of RFC 5424. `sequence` is meta sequenceId. The message is
/// cut at a character's border to the transport's limit.
std::string syslog_message(const SyslogQueued& queued, Time time, std::uint32_t sequence,
                           const SyslogTarget& target, const SyslogIdentity& identity, const Zone& zone);

/// Valid UTF-8 on one line, without anything that could hide or forge; at most `limit` bytes, cut between
/// characters.
std::string syslog_printable(std::string_view text, std::size_t limit);

/// `MSG-LEN SP SYSLOG-MSG`, or the message and a line feed.
std::string syslog_frame(std::string_view message, SyslogFraming framing);

}  // namespace nethealth
