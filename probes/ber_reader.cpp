#include "probes/ber_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

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

namespace {

/// False when it is none; `oid` is empty before.
bool read_oid(std::string_view body, Oid& oid) {
  if (body.empty()) return false;
  std::array<std::uint32_t, most_oid_numbers> numbers;
  std::size_t count = 0;
  std::uint64_t number = 0;
  bool open = false;
  for (const char byte : body) {
    number = number << 7 | (static_cast<std::uint8_t>(byte) & 0x7FU);
    if (number > UINT32_MAX) return false;
    open = (static_cast<std::uint8_t>(byte) & 0x80) != 0;
    if (open) continue;
    if (count == 0) {
      const std::uint32_t first = number < 40 ? 0 : number < 80 ? 1 : 2;
      numbers[count++] = first;
      number -= 40ULL * first;
    }
    if (count == numbers.size()) return false;
    numbers[count++] = static_cast<std::uint32_t>(number);
    number = 0;
  }
  oid.append(numbers.data(), numbers.data() + count);
  return !open;
}

}  // namespace

std::optional<Oid> ber_oid(std::string_view body) {
  Oid oid;
  return read_oid(body, oid) ? std::optional(std::move(oid)) : std::nullopt;
}

namespace {

/// What net-snmp's agents wrap into an Opaque: numbers for which SNMP has no type of its own. Empty for
/// others.
std::optional<SnmpValue> opaque_number(std::string_view body) {
  constexpr std::uint8_t special = 0x9F;
  constexpr std::uint8_t counter64 = 0x76, real32 = 0x78, real64 = 0x79, signed64 = 0x7A, unsigned64 = 0x7B;
  if (body.size() < 4 || at(body, 0) != special || at(body, 2) != body.size() - 3) return std::nullopt;
  const std::string_view number = body.substr(3);
  SnmpValue value;
  switch (at(body, 1)) {
    case real32:
      if (number.size() != sizeof(float)) return std::nullopt;
      value.kind = SnmpValue::Kind::real;
      value.real = static_cast<double>(
          std::bit_cast<float>(static_cast<std::uint32_t>(ber_unsigned(number).value_or(0))));
      return value;
    case real64:
      if (number.size() != sizeof(double)) return std::nullopt;
      value.kind = SnmpValue::Kind::real;
      value.real = std::bit_cast<double>(ber_unsigned(number).value_or(0));
      return value;
    case signed64:
      if (const auto whole = ber_signed(number)) return SnmpValue::of(*whole);
      return std::nullopt;
    case counter64:
    case unsigned64:
      if (const auto whole = ber_unsigned(number)) return SnmpValue::of_unsigned(*whole);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<SnmpValue> ber_value(const BerReader::Field& field) {
  switch (field.tag) {
    case ber::integer: {
      const auto number = ber_signed(field.body);
      return number ? std::optional(SnmpValue::of(*number)) : std::nullopt;
    }
    case ber::counter32:
    case ber::gauge32:
    case ber::ticks: {
      const auto number = ber_unsigned(field.body);
      return number ? std::optional(SnmpValue::of_unsigned(static_cast<std::uint32_t>(*number)))
                    : std::nullopt;
    }
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
    case ber::no_such_object:
    case ber::no_such_instance:
    case ber::end_of_view: {
      SnmpValue none;
      none.kind = field.tag == ber::end_of_view ? SnmpValue::Kind::end_of_view : SnmpValue::Kind::missing;
      return none;
    }
    default: {
      if (field.tag == ber::opaque)
        if (auto number = opaque_number(field.body)) return number;
      SnmpValue value = SnmpValue::of(std::string(field.body));
      if (field.tag == ber::address && field.body.size() == 4) value.kind = SnmpValue::Kind::address;
      return value;
    }
  }
}

std::optional<std::vector<VarBind>> ber_varbinds(std::string_view list, std::size_t most) {
  constexpr std::size_t short_binding_bytes = 14;
  std::vector<VarBind> varbinds;
  varbinds.reserve(std::min(most, list.size() / short_binding_bytes + 1));
  VarBind left_out;
  BerReader reader(list);
  while (!reader.at_end()) {
    const auto pair = reader.next(ber::sequence);
    if (!pair) return std::nullopt;
    BerReader inside(*pair);
    const auto name = inside.next(ber::oid);
    const auto field = inside.next();
    VarBind& varbind = varbinds.size() < most ? varbinds.emplace_back() : left_out = {};
    auto value = field ? ber_value(*field) : std::nullopt;
    if (!name || !read_oid(*name, varbind.oid) || !value) return std::nullopt;
    varbind.value = std::move(*value);
  }
  return varbinds;
}

}  // namespace nethealth
