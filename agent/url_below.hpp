#pragma once
// Addresses below another that the site's files give, with a slash at its end or without.

#include <string>
#include <string_view>

#include "config/site.hpp"

namespace nethealth {

/// `path` begins with its slash. Empty when there is no `url`.
[[nodiscard]] inline std::string url_below(std::string_view url, std::string_view path) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url.empty() ? std::string() : std::string(url).append(path);
}

/// Empty when the site has no public address.
[[nodiscard]] inline std::string public_url(const Site& site, std::string_view path) {
  return site.http ? url_below(site.http->public_url, path) : std::string();
}

}  // namespace nethealth
