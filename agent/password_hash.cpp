#include "agent/password_hash.hpp"

#include <sodium.h>

#include <array>
#include <cstdlib>

namespace nethealth {
namespace {

void make_ready() {
  // Without its random source nothing it makes can be trusted.
  if (sodium_init() < 0) std::abort();
}

}  // namespace

std::string password_hash(std::string_view password) {
  make_ready();
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str(text.data(), password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
    return {};
  return text.data();
}

bool password_fits(const std::string& hash, std::string_view password) {
  make_ready();
  if (hash.size() >= crypto_pwhash_STRBYTES) return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace nethealth
