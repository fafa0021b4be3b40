// Text forms of addresses and URLs (RFC 4291 2.2, RFC 3986 3.2).

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "config/reader.hpp"

namespace nethealth {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Letters, digits and hyphens between dots (RFC 1123 2.1); underscores occur in real networks.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  std::size_t label = 0;
  char last = '.';
  for (const char c : host) {
    if (c == '.') {
      if (label == 0 || last == '-') return false;
      label = 0;
    } else if (is_letter_or_digit(c) || c == '_' || (c == '-' && label > 0)) {
      if (++label > 63) return false;
    } else {
      return false;
    }
    last = c;
  }
  return last != '-';
}

/// Digits and dots only: then it must be an address, "192.0.2.300" is no name.
bool looks_like_ipv4(std::string_view host) {
  return host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_host(const std::string& host) {
  in_addr address{};
  if (looks_like_ipv4(host)) return inet_pton(AF_INET, host.c_str(), &address) == 1;
  return is_host_name(host);
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65'535) return {};
  return static_cast<std::uint16_t>(value);
}

struct Authority {
  std::string host;
  std::optional<std::uint16_t> port;
};

std::optional<Authority> split_authority(std::string_view text) {
  Authority parts;
  std::string_view after;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return {};
    parts.host = text.substr(1, end - 1);
    if (!is_ipv6(parts.host)) return {};
    after = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    parts.host = text.substr(0, colon);
    if (!is_host(parts.host)) return {};
    after = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (after.empty()) return parts;
  if (!after.starts_with(':')) return {};
  parts.port = port_number(after.substr(1));
  if (!parts.port) return {};
  return parts;
}

}  // namespace

std::optional<std::string> canonical_address(const std::string& text) {
  std::array<char, INET6_ADDRSTRLEN> shown{};
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) {
    const std::uint32_t bits = ntohl(v4.s_addr);
    // 0.0.0.0/8, 224.0.0.0/4 and 240.0.0.0/4 name no single host (RFC 6890).
    if ((bits >> 24U) == 0 || (bits >> 28U) >= 0xEU) return {};
    return inet_ntop(AF_INET, &v4, shown.data(), shown.size());
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_MULTICAST(&v6)) return {};
    return inet_ntop(AF_INET6, &v6, shown.data(), shown.size());
  }
  return {};
}

std::optional<UrlParts> split_url(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos || colon == 0) return {};
  const bool printable = std::all_of(
      url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) > 0x20U && c != 0x7F; });
  if (!printable) return {};
  UrlParts parts;
  parts.scheme = url.substr(0, colon);
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const auto authority = split_authority(rest.substr(0, end));
  if (!authority) return {};
  parts.host = authority->host;
  parts.port = authority->port;
  parts.rest = rest.substr(end);
  return parts;
}

std::optional<HostPort> split_host_port(std::string_view text) {
  const auto parts = split_authority(text);
  if (!parts || !parts->port) return {};
  return HostPort{parts->host, *parts->port};
}

bool is_mail_address(const std::string& text) {
  const std::size_t at = text.find('@');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) return false;
  return text.find('@', at + 1) == std::string::npos &&
         text.find_first_of(" <>,;\"()\\") == std::string::npos;
}

bool is_telephone(const std::string& text) {
  const bool known = text.find_first_not_of("0123456789+-() ") == std::string::npos;
  return known && text.find_first_of("0123456789") != std::string::npos;
}

}  // namespace nethealth
