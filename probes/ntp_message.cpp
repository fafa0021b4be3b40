#include "probes/ntp_message.hpp"

namespace nethealth {
namespace {

constexpr std::size_t message_bytes = 48;
constexpr std::size_t originate_at = 24, receive_at = 32, transmit_at = 40;
constexpr std::int64_t seconds_1900_to_1970 = 2'208'988'800;
constexpr std::int64_t seconds_of_an_era = std::int64_t{1} << 32;
constexpr unsigned client_mode = 3, server_mode = 4;
constexpr unsigned not_synchronised = 3;  ///< leap indicator
constexpr int highest_stratum = 15;

std::uint64_t eight_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// In the era (of 136 years) nearest to our clock.
std::chrono::nanoseconds since_1970(std::uint64_t stamp, WallTime near) {
  std::int64_t seconds = static_cast<std::int64_t>(stamp >> 32) - seconds_1900_to_1970;
  const std::int64_t ours = std::chrono::floor<std::chrono::seconds>(near).time_since_epoch().count();
  while (seconds < ours - seconds_of_an_era / 2) seconds += seconds_of_an_era;
  const auto fraction = static_cast<std::int64_t>((stamp & 0xFFFFFFFFU) * 1'000'000'000U >> 32);
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(fraction);
}

}  // namespace

std::string ntp_question(std::uint64_t cookie) {
  std::string out(message_bytes, '\0');
  out[0] = static_cast<char>(4U << 3 | client_mode);  // version 4
  for (std::size_t i = 0; i < 8; ++i) out[transmit_at + i] = static_cast<char>(cookie >> (56 - 8 * i) & 0xFF);
  return out;
}

std::optional<NtpAnswer> ntp_answer(std::string_view bytes, std::uint64_t cookie, WallTime asked,
                                    WallTime came) {
  if (bytes.size() < message_bytes) return std::nullopt;
  const auto first = static_cast<unsigned char>(bytes[0]);
  if ((first & 7U) != server_mode || eight_at(bytes, originate_at) != cookie) return std::nullopt;
  NtpAnswer answer;
  answer.stratum = static_cast<unsigned char>(bytes[1]);
  answer.synchronised =
      first >> 6 != not_synchronised && answer.stratum >= 1 && answer.stratum <= highest_stratum;
  const auto received = since_1970(eight_at(bytes, receive_at), came);
  const auto sent = since_1970(eight_at(bytes, transmit_at), came);
  answer.ahead = ((received - asked.time_since_epoch()) + (sent - came.time_since_epoch())) / 2;
  answer.uncertainty = std::chrono::abs((came - asked) - (sent - received)) / 2;
  return answer;
}

}  // namespace nethealth
