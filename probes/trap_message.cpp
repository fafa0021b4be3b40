#include "probes/trap_message.hpp"

#include "probes/ber_reader.hpp"
#include "probes/snmp_objects.hpp"

namespace nethealth {
namespace {

const Oid generic_traps{1, 3, 6, 1, 6, 3, 1, 1, 5};

/// RFC 3584, 3.1: generic traps have identifiers of their own, specific ones hang under their enterprise.
std::optional<Oid> version_1_trap(const Oid& enterprise, std::int64_t generic, std::int64_t specific) {
  constexpr std::int64_t enterprise_specific = 6;
  if (generic >= 0 && generic < enterprise_specific)
    return joined(generic_traps, {static_cast<std::uint32_t>(generic + 1)});
  if (generic != enterprise_specific || specific < 0 || specific > INT32_MAX) return std::nullopt;
  return joined(enterprise, {0, static_cast<std::uint32_t>(specific)});
}

bool read_version_1(std::string_view body, TrapMessage& message) {
  BerReader pdu(body);
  const auto enterprise_body = pdu.next(ber::oid);
  const auto enterprise = enterprise_body ? ber_oid(*enterprise_body) : std::nullopt;
  const auto agent = pdu.next(ber::address);
  const auto generic = pdu.integer();
  const auto specific = pdu.integer();
  const auto uptime = pdu.next(ber::ticks);
  const auto list = pdu.next(ber::sequence);
  if (!enterprise || !agent || !generic || !specific || !uptime || !list) return false;
  const auto trap = version_1_trap(*enterprise, *generic, *specific);
  auto varbinds = ber_varbinds(*list, max_trap_varbinds);
  if (!trap || !varbinds) return false;
  message.trap = *trap;
  message.varbinds = std::move(*varbinds);
  return true;
}

bool read_version_2(std::string_view body, TrapMessage& message) {
  BerReader pdu(body);
  const auto id = pdu.integer();
  const auto status = pdu.integer();
  const auto index = pdu.integer();
  const auto list = pdu.next(ber::sequence);
  if (!id || !status || !index || !list) return false;
  auto varbinds = ber_varbinds(*list, max_trap_varbinds);
  if (!varbinds) return false;
  const auto trap = take_trap_oid(*varbinds);
  if (!trap) return false;
  message.trap = *trap;
  message.varbinds = std::move(*varbinds);
  return true;
}

}  // namespace

std::optional<TrapMessage> read_trap(std::string_view bytes) {
  BerReader outer(bytes);
  const auto whole = outer.next(ber::sequence);
  if (!whole) return std::nullopt;
  BerReader fields(*whole);
  const auto version = fields.integer();
  const auto community = fields.next(ber::octets);
  const auto pdu = fields.next();
  if (!version || !community || !pdu) return std::nullopt;
  TrapMessage message;
  message.community = std::string(*community);
  message.inform = pdu->tag == ber::inform;
  if (*version == wire_version::v1 && pdu->tag == ber::trap_v1) {
    message.version = SnmpVersion::v1;
    return read_version_1(pdu->body, message) ? std::optional(std::move(message)) : std::nullopt;
  }
  const bool notification = pdu->tag == ber::trap_v2 || pdu->tag == ber::inform;
  if (*version != wire_version::v2c || !notification || !read_version_2(pdu->body, message))
    return std::nullopt;
  return message;
}

std::string inform_answer(std::string_view inform) {
  BerReader outer(inform);
  const auto whole = outer.next(ber::sequence);
  if (!whole) return {};
  BerReader fields(*whole);
  if (!fields.integer() || !fields.next(ber::octets) || fields.rest().empty()) return {};
  std::string answer(inform);
  answer[static_cast<std::size_t>(fields.rest().data() - inform.data())] = static_cast<char>(ber::response);
  return answer;
}

std::optional<Oid> take_trap_oid(std::vector<VarBind>& varbinds) {
  std::optional<Oid> trap;
  for (const VarBind& varbind : varbinds) {
    if (varbind.oid == snmp_object::snmp_trap_oid && varbind.value.kind == SnmpValue::Kind::oid)
      trap = varbind.value.oid();
  }
  std::erase_if(varbinds, [](const VarBind& varbind) {
    return varbind.oid == snmp_object::snmp_trap_oid || varbind.oid == snmp_object::sys_up_time;
  });
  return trap;
}

TrapSeen trap_seen(const Oid& trap, const std::vector<VarBind>& varbinds) {
  TrapSeen seen;
  seen.oid = oid_text(trap);
  for (const VarBind& varbind : varbinds) seen.varbinds[oid_text(varbind.oid)] = varbind.value.text();
  return seen;
}

}  // namespace nethealth
