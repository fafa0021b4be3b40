#pragma once
// SHA-256 (FIPS 180-4), its HMAC, and random bytes; the only file that sees OpenSSL.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nethealth {

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view bytes);
/// The same in lower-case hexadecimal.
std::string sha256_text(std::string_view bytes);

/// RFC 2104.
Digest hmac_sha256(std::string_view key, std::string_view bytes);

/// Takes the same time wherever they differ; texts of different lengths differ.
bool same_secret(std::string_view a, std::string_view b);

/// Lower-case hexadecimal.
std::string hex(std::string_view bytes);

/// `bytes` random bytes as hexadecimal text, fit for an identifier that nobody can guess.
std::string random_hex(std::size_t bytes);

/// RFC 4648, with padding and without line ends.
std::string base64(std::string_view bytes);
/// Empty when it is not that.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace nethealth
