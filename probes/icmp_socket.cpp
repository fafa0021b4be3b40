#include "probes/icmp_socket.hpp"

#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <system_error>

#include "probes/datagram_buffer.hpp"

namespace nethealth {
namespace {

constexpr std::size_t packet_bytes = 1'536;
constexpr std::size_t control_bytes = 512;
constexpr int max_errors_per_drain = 1'024;
/// A kernel timestamp older than this is the clock's step, not our slowness.
constexpr std::chrono::seconds oldest_timestamp{60};

// <linux/icmp.h> cannot live beside <netinet/icmp6.h>, whose names for these are macros.
constexpr int icmpv4_filter_option = ICMP_FILTER;
constexpr int icmpv6_filter_option = ICMPV6_FILTER;

std::string error_text(int error) {
  return std::system_category().message(error);
}

void set_option(int descriptor, int level, int name, int value) {
  ::setsockopt(descriptor, level, name, &value, sizeof value);
}

/// Only echo replies and errors wake us. Without the filter every ping of the host would.
void filter_raw(int descriptor, IcmpFamily family) {
  if (family == IcmpFamily::ipv4) {
    const std::uint32_t wanted = (1U << ICMP_ECHOREPLY) | (1U << ICMP_DEST_UNREACH) |
                                 (1U << ICMP_TIME_EXCEEDED) | (1U << ICMP_PARAMETERPROB);
    const std::uint32_t blocked = ~wanted;
    ::setsockopt(descriptor, SOL_RAW, icmpv4_filter_option, &blocked, sizeof blocked);
    return;
  }
  std::array<std::uint32_t, 8> blocked{};
  blocked.fill(~0U);
  for (const unsigned type : {ICMPV6_DEST_UNREACH, ICMPV6_TIME_EXCEED, ICMPV6_PARAMPROB, ICMPV6_ECHO_REPLY}) {
    blocked[type / 32] &= ~(1U << (type % 32));
  }
  ::setsockopt(descriptor, IPPROTO_ICMPV6, icmpv6_filter_option, blocked.data(), sizeof blocked);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress to_kernel(const Address& address) {
  SocketAddress result;
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    const auto bytes = address.to_v4().to_bytes();
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &in, sizeof in);
    result.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    const auto bytes = address.to_v6().to_bytes();
    std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
    in.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
    std::memcpy(&result.storage, &in, sizeof in);
    result.size = sizeof in;
  }
  return result;
}

Address from_kernel(const void* storage) {
  sa_family_t family = AF_UNSPEC;
  std::memcpy(&family, storage, sizeof family);
  if (family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, storage, sizeof in);
    boost::asio::ip::address_v4::bytes_type bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return boost::asio::ip::address_v4(bytes);
  }
  if (family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, storage, sizeof in);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, in.sin6_scope_id);
  }
  return {};
}

/// Whether this host owns the address: only then can a socket be bound to it.
bool is_own(const Address& address) {
  auto where = to_kernel(address);
  const int descriptor = ::socket(where.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const bool bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&where.storage), where.size) == 0;
  ::close(descriptor);
  return bound;
}

/// Both clocks read together, so that the kernel's wall-clock stamps become moments of the steady clock.
struct Clocks {
  SteadyTime steady = std::chrono::steady_clock::now();
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();

  [[nodiscard]] SteadyTime moment(const timespec& stamp) const {
    const auto since_epoch = std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
    const auto age = wall.time_since_epoch() - since_epoch;
    if (age < age.zero() || age > oldest_timestamp) return steady;
    return steady - std::chrono::duration_cast<SteadyTime::duration>(age);
  }
};

SteadyTime received_at(const msghdr& header, const Clocks& clocks) {
  auto& writable = const_cast<msghdr&>(header);  // the CMSG macros want it so
  for (cmsghdr* part = CMSG_FIRSTHDR(&writable); part != nullptr; part = CMSG_NXTHDR(&writable, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
    return clocks.moment(stamp);
  }
  return clocks.steady;
}

}  // namespace

RawAddress raw(const Address& address) {
  RawAddress result{};
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), result.begin());
  } else {
    result = address.to_v6().to_bytes();
  }
  return result;
}

struct IcmpSocket::Batch {
  Clocks clocks;
  std::array<mmsghdr, batch_packets> messages{};
  std::array<iovec, batch_packets> vectors{};
  std::array<sockaddr_storage, batch_packets> names{};
  std::array<std::array<std::uint8_t, packet_bytes>, batch_packets> packets{};
  std::array<std::array<std::uint8_t, control_bytes>, batch_packets> controls{};

  void prepare() {
    for (unsigned i = 0; i < batch_packets; ++i) {
      vectors[i] = {packets[i].data(), packets[i].size()};
      messages[i] = {};
      messages[i].msg_hdr.msg_name = &names[i];
      messages[i].msg_hdr.msg_namelen = sizeof names[i];
      messages[i].msg_hdr.msg_iov = &vectors[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = controls[i].data();
      messages[i].msg_hdr.msg_controllen = controls[i].size();
    }
  }
};

IcmpSocket::IcmpSocket(IcmpFamily family) : family_(family), batch_(std::make_unique<Batch>()) {
  std::random_device random;
  identifier_ = static_cast<std::uint16_t>(random());
}

IcmpSocket::~IcmpSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<IcmpAccess> IcmpSocket::open() {
  const bool ipv4 = family_ == IcmpFamily::ipv4;
  const int domain = ipv4 ? AF_INET : AF_INET6;
  const int protocol = ipv4 ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  const std::string where = ipv4 ? "ICMP over IPv4" : "ICMP over IPv6";
  access_ = IcmpAccess::raw;
  descriptor_ = ::socket(domain, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  const int raw_error = errno;
  if (descriptor_ < 0) {
    access_ = IcmpAccess::datagram;
    descriptor_ = ::socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  }
  if (descriptor_ < 0) {
    const int ping_error = errno;
    access_ = IcmpAccess::none;
    return failure(
        where, "the kernel allows neither a raw socket (" + error_text(raw_error) + ") nor a ping socket (" +
                   error_text(ping_error) +
                   "). Give the program CAP_NET_RAW (AmbientCapabilities=CAP_NET_RAW in its unit), or let "
                   "its group use ping sockets: sysctl net.ipv4.ping_group_range=\"GID GID\"");
  }
  configure();
  return access_;
}

void IcmpSocket::configure() {
  if (access_ == IcmpAccess::raw) {
    filter_raw(descriptor_, family_);
  } else if (family_ == IcmpFamily::ipv4) {
    set_option(descriptor_, IPPROTO_IP, IP_RECVERR, 1);
  } else {
    set_option(descriptor_, IPPROTO_IPV6, IPV6_RECVERR, 1);
  }
  const int size = datagram_buffer_bytes;
  if (::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    set_option(descriptor_, SOL_SOCKET, SO_RCVBUF, size);
  }
  set_option(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  // Never fragmented, so the kernel need not draw an identification for each (a tenth of its work).
  if (family_ == IcmpFamily::ipv4) set_option(descriptor_, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
}

namespace {

/// Without the limit it costs nothing that a plain sendto does not.
ssize_t send_with_limit(int descriptor, const EchoPacket& packet, const SocketAddress& to, int hop_limit) {
  const auto* name = reinterpret_cast<const sockaddr*>(&to.storage);
  if (hop_limit == 0) return ::sendto(descriptor, packet.data(), packet.size(), 0, name, to.size);
  iovec vector{const_cast<std::uint8_t*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof hop_limit)> control{};
  msghdr header{};
  header.msg_name = const_cast<sockaddr*>(name);
  header.msg_namelen = to.size;
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  const bool ipv4 = to.storage.ss_family == AF_INET;
  part->cmsg_level = ipv4 ? static_cast<int>(IPPROTO_IP) : static_cast<int>(IPPROTO_IPV6);
  part->cmsg_type = ipv4 ? IP_TTL : IPV6_HOPLIMIT;
  part->cmsg_len = CMSG_LEN(sizeof hop_limit);
  std::memcpy(CMSG_DATA(part), &hop_limit, sizeof hop_limit);
  return ::sendmsg(descriptor, &header, 0);
}

}  // namespace

IcmpSocket::Sent IcmpSocket::send(const Address& to, std::uint16_t sequence, const EchoTag& tag,
                                  int hop_limit) {
  const Echo echo{identifier_, sequence, tag};
  const auto packet = family_ == IcmpFamily::ipv4 ? make_echo_ipv4(echo) : make_echo_ipv6(echo);
  const auto where = to_kernel(to);
  // A ping socket first reports the error of an earlier packet, which may have gone elsewhere: ask again
  // then.
  const int attempts = access_ == IcmpAccess::datagram ? 3 : 1;
  int error = EBADF;
  for (int i = 0; i < attempts; ++i) {
    if (send_with_limit(descriptor_, packet, where, hop_limit) >= 0) return Sent::yes;
    error = errno;
  }
  switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case EPERM:
    case EINTR:
      return Sent::again;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case ENODEV:
    case ENXIO:
      return Sent::unreachable;
    default:
      return Sent::impossible;
  }
}

bool IcmpSocket::drain(const std::function<void(const IcmpArrival&)>& arrived) {
  if (access_ == IcmpAccess::none) return false;
  if (access_ == IcmpAccess::datagram) drain_errors(arrived);
  for (unsigned round = 0; round < drain_batches; ++round) {
    batch_->prepare();
    const int count = ::recvmmsg(descriptor_, batch_->messages.data(), batch_packets, 0, nullptr);
    if (count < 0) {
      if (errno == EAGAIN) return false;
      continue;
    }
    batch_->clocks = Clocks{};
    for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) arrived(interpret(*batch_, i));
    if (static_cast<unsigned>(count) < batch_packets) return false;
  }
  return true;
}

bool IcmpSocket::is_ours(std::uint16_t identifier) const {
  return access_ == IcmpAccess::datagram || identifier == identifier_;
}

IcmpArrival IcmpSocket::interpret(const Batch& batch, unsigned index) const {
  const auto& message = batch.messages[index];
  IcmpArrival arrival{.what = IcmpDrop::malformed,
                      .from = from_kernel(&batch.names[index]),
                      .at = received_at(message.msg_hdr, batch.clocks)};
  if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) return arrival;
  const auto& buffer = batch.packets[index];
  const std::span<const std::uint8_t> bytes(buffer.data(),
                                            std::min<std::size_t>(message.msg_len, buffer.size()));
  const auto parsed = family_ == IcmpFamily::ipv6       ? parse_icmpv6(bytes)
                      : access_ == IcmpAccess::datagram ? parse_icmpv4(bytes)
                                                        : parse_ipv4(bytes);
  if (!parsed) {
    arrival.what = parsed.error();
  } else if (const auto* answer = std::get_if<EchoAnswer>(&*parsed)) {
    arrival.what = IcmpDrop::foreign;
    if (is_ours(answer->echo.identifier)) arrival.what = *answer;
  } else if (const auto& refusal = std::get<EchoRefusal>(*parsed); !is_ours(refusal.identifier)) {
    arrival.what = IcmpDrop::foreign;
  } else {
    arrival.what = refusal;
    arrival.own_host = raw(arrival.from) == refusal.quoted_source;
  }
  return arrival;
}

namespace {

/// What an error queue says of one of our packets (ip(7), IP_RECVERR). Empty when it is no ICMP error.
std::optional<IcmpArrival> read_error(msghdr& header, std::span<const std::uint8_t> packet,
                                      const Address& target) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    const bool ipv4 = part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR;
    const bool ipv6 = part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR;
    if (!ipv4 && !ipv6) continue;
    struct {
      sock_extended_err error;
      sockaddr_storage offender;
    } said{};
    const std::size_t size = part->cmsg_len - CMSG_LEN(0);
    if (size < sizeof said.error) return std::nullopt;
    std::memcpy(&said, CMSG_DATA(part), std::min(size, sizeof said));
    if (said.error.ee_origin != (ipv4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6)) return std::nullopt;
    const auto type = ipv4 ? refusal_type_ipv4(said.error.ee_type, said.error.ee_code)
                           : refusal_type_ipv6(said.error.ee_type, said.error.ee_code);
    const auto echo = parse_own_echo(packet);
    if (type.empty() || !echo) return std::nullopt;
    IcmpArrival arrival{.from = from_kernel(&said.offender), .at = std::chrono::steady_clock::now()};
    arrival.what = EchoRefusal{.type = type,
                               .quoted_destination = raw(target),
                               .identifier = echo->identifier,
                               .sequence = echo->sequence,
                               .tag = echo->tag};
    arrival.own_host = is_own(arrival.from);
    return arrival;
  }
  return std::nullopt;
}

}  // namespace

void IcmpSocket::drain_errors(const std::function<void(const IcmpArrival&)>& arrived) {
  for (int i = 0; i < max_errors_per_drain; ++i) {
    std::array<std::uint8_t, packet_bytes> packet{};
    std::array<std::uint8_t, control_bytes> control{};
    sockaddr_storage name{};
    iovec vector{packet.data(), packet.size()};
    msghdr header{};
    header.msg_name = &name;
    header.msg_namelen = sizeof name;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto size = ::recvmsg(descriptor_, &header, MSG_ERRQUEUE);
    if (size < 0) return;
    const auto arrival =
        read_error(header, {packet.data(), static_cast<std::size_t>(size)}, from_kernel(&name));
    if (arrival) arrived(*arrival);
  }
}

std::uint32_t IcmpSocket::overflows() {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (access_ == IcmpAccess::none) return 0;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return 0;
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace nethealth
