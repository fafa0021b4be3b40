#pragma once
// Passwords as argon2id hashes (RFC 9106); the only door to libsodium.

#include <string>
#include <string_view>

namespace nethealth {

inline constexpr std::size_t shortest_password_bytes = 10;
inline constexpr std::size_t longest_password_bytes = 1'024;

/// "$argon2id$v=19$m=65536,t=2,p=1$..."; empty when memory is short. Takes 64 MiB and about a tenth of a
/// second.
std::string password_hash(std::string_view password);

/// Takes as long as making one; a hash that is none never fits.
bool password_fits(const std::string& hash, std::string_view password);

}  // namespace nethealth
