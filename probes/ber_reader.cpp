#include "probes/ber_reader.hpp"

namespace nethealth {
namespace {

constexpr std::size_t most_length_bytes = 4;
constexpr std::size_t most_oid_numbers = 128;

std::uint8_t at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

}  // namespace

std::optional<BerReader::Field> BerReader::next() {
  if (bytes_.size() < 2) return std::nullopt;
  const std::uint8_t tag = at(bytes_, 0);
  constexpr std::uint8_t high_tag_number = 0x1F;
  if ((tag & high_tag_number) == high_tag_number) return std::nullopt;
  std::size_t length = at(bytes_, 1);
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7F;
    if (count == 0 || count > most_length_bytes || bytes_.size() < header + count) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | at(bytes_, header + i);
    header += count;
  }
  if (bytes_.size() - header < length) return std::nullopt;
  const Field field{tag, bytes_.substr(header, length)};
  bytes_.remove_prefix(header + length);
  return field;
}

std::optional<std::string_view> BerReader::next(std::uint8_t tag) {
  const auto field = next();
  if (!field || field->tag != tag) return std::nullopt;
  return field->body;
}

std::optional<std::int64_t> BerReader::integer() {
  const auto body = next(ber::integer);
  return body ? ber_signed(*body) : std::nullopt;
}

std::optional<std::int64_t> ber_signed(std::string_view body) {
  if (body.empty() || body.size() > 8) return std::nullopt;
  std::uint64_t value = (at(body, 0) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < body.size(); ++i) value = value << 8 | at(body, i);
  return static_cast<std::int64_t>(value);
}

std::optional<std::uint64_t> ber_unsigned(std::string_view body) {
  if (body.size() == 9 && at(body, 0) == 0) body.remove_prefix(1);
  if (body.empty() || body.size() > 8) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < body.size(); ++i) value = value << 8 | at(body, i);
  return value;
}

std::optional<Oid> ber_oid(std::string_view body) {
  if (body.empty()) return std::nullopt;
  Oid oid;
  std::uint64_t number = 0;
  bool open = false;
  for (std::size_t i = 0; i < body.size(); ++i) {
    number = number << 7 | (at(body, i) & 0x7FU);
    if (number > UINT32_MAX) return std::nullopt;
    open = (at(body, i) & 0x80) != 0;
    if (open) continue;
    if (oid.empty()) {
      const std::uint32_t first = number < 40 ? 0 : number < 80 ? 1 : 2;
      oid.push_back(first);
      number -= 40ULL * first;
    }
    oid.push_back(static_cast<std::uint32_t>(number));
    if (oid.size() > most_oid_numbers) return std::nullopt;
    number = 0;
  }
  if (open) return std::nullopt;
  return oid;
}

std::optional<SnmpValue> ber_value(const BerReader::Field& field) {
  switch (field.tag) {
    case ber::integer: {
      const auto number = ber_signed(field.body);
      return number ? std::optional(SnmpValue::of(*number)) : std::nullopt;
    }
    case ber::counter32:
    case ber::gauge32:
    case ber::ticks:
    case ber::counter64: {
      const auto number = ber_unsigned(field.body);
      return number ? std::optional(SnmpValue::of_unsigned(*number)) : std::nullopt;
    }
    case ber::oid: {
      auto oid = ber_oid(field.body);
      return oid ? std::optional(SnmpValue::of(std::move(*oid))) : std::nullopt;
    }
    case ber::null:
      return SnmpValue{};
    default: {
      SnmpValue value = SnmpValue::of(std::string(field.body));
      if (field.tag == ber::address && field.body.size() == 4) value.kind = SnmpValue::Kind::address;
      return value;
    }
  }
}

}  // namespace nethealth
