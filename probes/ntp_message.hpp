#pragma once
// One question to an NTP server and what it answers (RFC 5905). Pure: bytes in, values out.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nethealth {

/// `cookie` comes back in the answer and shows that it is ours; it need not be the time.
std::string ntp_question(std::uint64_t cookie);

struct NtpAnswer {
  int stratum = 0;                          ///< 1 to 15; 0 is a refusal ("kiss of death")
  bool synchronised = false;                ///< the server says of itself that it knows the time
  std::chrono::nanoseconds ahead{0};        ///< the server's clock minus ours
  std::chrono::nanoseconds uncertainty{0};  ///< half of the time that the way took
};

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Empty when the bytes are no answer to that question. `asked` and `came` are this host's clock.
std::optional<NtpAnswer> ntp_answer(std::string_view bytes, std::uint64_t cookie, WallTime asked,
                                    WallTime came);

}  // namespace nethealth
