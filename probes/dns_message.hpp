#pragma once
// One question to a DNS server and what it answers (RFC 1035, RFC 3596). Pure: bytes in, values out.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nethealth {

enum class DnsType : std::uint16_t { a = 1, aaaa = 28 };

inline constexpr std::size_t most_dns_answer_bytes = 4'096;  ///< the rest of a longer datagram is not read
inline constexpr std::size_t most_dns_addresses = 256;

/// A query for recursion. `name` is a valid host name, with or without the last dot.
std::string dns_question(std::uint16_t id, std::string_view name, DnsType type);

struct DnsAnswer {
  int code = 0;                        ///< 0 no error, 3 no such name ...
  std::vector<std::string> addresses;  ///< of the asked type, in canonical text
};

/// Empty when the bytes are no answer to that question: another id or name, a question, or cut off in a place
/// where an answer cannot be. Of an answer with a broken part the addresses before it count.
std::optional<DnsAnswer> dns_answer(std::string_view bytes, std::uint16_t id, std::string_view name,
                                    DnsType type);

}  // namespace nethealth
