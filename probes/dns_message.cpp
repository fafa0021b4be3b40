#include "probes/dns_message.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace nethealth {
namespace {

constexpr std::size_t header_bytes = 12;
constexpr std::uint16_t internet = 1;
/// A name may point back; more jumps than this are a circle.
constexpr int most_jumps = 32;
constexpr unsigned pointer_bits = 0xC0;

void put16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

char small(char c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

std::string canonical(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), small);
  return out;
}

/// Reads forward; everything beyond the end is nought and makes it bad.
class DnsReader {
 public:
  explicit DnsReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool good() const { return good_; }

  unsigned byte() {
    if (at_ >= bytes_.size()) {
      good_ = false;
      return 0;
    }
    return static_cast<unsigned char>(bytes_[at_++]);
  }
  std::uint16_t two() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::string_view take(std::size_t length) {
    if (length > bytes_.size() - std::min(at_, bytes_.size())) {
      good_ = false;
      return {};
    }
    at_ += length;
    return bytes_.substr(at_ - length, length);
  }

  /// In small letters, dots between the labels.
  std::string name() {
    std::string out;
    std::size_t back_to = 0;
    for (int jumps = 0; good_;) {
      const unsigned length = byte();
      if (length == 0) break;
      if ((length & pointer_bits) == pointer_bits) {
        const std::size_t target = (length & ~pointer_bits) << 8 | byte();
        if (back_to == 0) back_to = at_;
        if (++jumps > most_jumps || target >= bytes_.size()) good_ = false;
        at_ = target;
        continue;
      }
      if ((length & pointer_bits) != 0 || out.size() > 255) good_ = false;
      if (!out.empty()) out += '.';
      for (const char c : take(length)) out += small(c);
    }
    if (back_to != 0) at_ = back_to;
    return out;
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

std::string address_text(std::string_view data, DnsType type) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = type == DnsType::a ? AF_INET : AF_INET6;
  if (data.size() != (type == DnsType::a ? 4U : 16U)) return {};
  if (inet_ntop(family, data.data(), text.data(), text.size()) == nullptr) return {};
  return text.data();
}

}  // namespace

std::string dns_question(std::uint16_t id, std::string_view name, DnsType type) {
  std::string out;
  put16(out, id);
  put16(out, 0x0100);  // recursion desired
  for (const std::uint16_t count : {1, 0, 0, 0}) put16(out, count);
  if (name.ends_with('.')) name.remove_suffix(1);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    out += static_cast<char>(label.size());
    out += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  out += '\0';
  put16(out, static_cast<std::uint16_t>(type));
  put16(out, internet);
  return out;
}

std::optional<DnsAnswer> dns_answer(std::string_view bytes, std::uint16_t id, std::string_view name,
                                    DnsType type) {
  if (bytes.size() < header_bytes) return std::nullopt;
  DnsReader read(bytes);
  const bool same_id = read.two() == id;
  const std::uint16_t flags = read.two();
  const std::uint16_t questions = read.two(), answers = read.two();
  (void)read.take(4);
  const bool is_answer = (flags & 0x8000U) != 0;
  if (!same_id || !is_answer || questions != 1 || read.name() != canonical(name) ||
      read.two() != static_cast<std::uint16_t>(type) || read.two() != internet || !read.good())
    return std::nullopt;
  DnsAnswer answer;
  answer.code = flags & 0xF;
  for (int i = 0; i < answers && answer.addresses.size() < most_dns_addresses; ++i) {
    (void)read.name();
    const std::uint16_t its_type = read.two(), its_class = read.two();
    (void)read.take(4);
    const std::string_view data = read.take(read.two());
    if (!read.good()) break;
    if (its_type != static_cast<std::uint16_t>(type) || its_class != internet) continue;
    if (std::string text = address_text(data, type); !text.empty())
      answer.addresses.push_back(std::move(text));
  }
  return answer;
}

}  // namespace nethealth
