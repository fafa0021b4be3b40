#include "probes/netlink_routes.hpp"

#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <system_error>

#include "probes/mac_text.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;

constexpr std::size_t answer_bytes = 64 * 1024;
constexpr std::size_t max_answers = 4'096;  // of one dump; a host with more routes is no monitor
constexpr timeval patience{.tv_sec = 1, .tv_usec = 0};

struct Request {
  nlmsghdr header{};
  rtmsg route{};
  std::array<std::uint8_t, 64> attributes{};
};

void add_attribute(Request& request, unsigned short type, const void* data, std::size_t size) {
  rtattr attribute{};
  attribute.rta_type = type;
  attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
  const std::size_t at = request.header.nlmsg_len - NLMSG_LENGTH(sizeof(rtmsg));
  std::memcpy(request.attributes.data() + at, &attribute, sizeof attribute);
  std::memcpy(request.attributes.data() + at + RTA_LENGTH(0), data, size);
  request.header.nlmsg_len += static_cast<std::uint32_t>(RTA_SPACE(size));
}

Request route_request(unsigned char family, unsigned short flags) {
  Request request;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(rtmsg));
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = static_cast<unsigned short>(NLM_F_REQUEST | flags);
  request.route.rtm_family = family;
  return request;
}

/// Each message of one datagram. False when one of them is the last of the answer. Not by NLMSG_NEXT: behind
/// a last message whose length is no multiple of four, that counts below nothing left and goes on.
bool each_message(char* bytes, std::size_t left, const std::function<void(nlmsghdr*)>& take) {
  bool going = true;
  while (left >= sizeof(nlmsghdr)) {
    auto* header = reinterpret_cast<nlmsghdr*>(bytes);
    if (header->nlmsg_len < sizeof *header || header->nlmsg_len > left) break;
    if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) going = false;
    take(header);
    const std::size_t step = std::min<std::size_t>(left, NLMSG_ALIGN(header->nlmsg_len));
    bytes += step;
    left -= step;
  }
  return going;
}

/// Hands on each message of the wanted type until the answer's end. False when the kernel could not be asked.
bool ask(const nlmsghdr& request, std::uint16_t wanted, const std::function<void(nlmsghdr*)>& take) {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (descriptor < 0) return false;
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const bool dump = (request.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  const bool asked = ::send(descriptor, &request, request.nlmsg_len, 0) >= 0;
  bool going = asked;
  alignas(nlmsghdr) std::array<char, answer_bytes> buffer;
  for (std::size_t answers = 0; going && answers < max_answers; ++answers) {
    const auto size = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (size <= 0) break;
    going = each_message(buffer.data(), static_cast<std::size_t>(size), [&](nlmsghdr* header) {
      if (header->nlmsg_type == wanted) take(header);
    });
    going = going && dump;
  }
  ::close(descriptor);
  return asked;
}

bool ask_routes(const Request& request, const std::function<void(nlmsghdr*)>& take) {
  return ask(request.header, RTM_NEWROUTE, take);
}

tl::unexpected<Failure> not_asked() {
  return failure("rtnetlink", "the kernel could not be asked: " + std::system_category().message(errno));
}

std::optional<address> read_address(unsigned char family, const void* data, std::size_t size,
                                    unsigned interface) {
  if (family == AF_INET && size == 4) {
    address_v4::bytes_type bytes;
    std::memcpy(bytes.data(), data, bytes.size());
    return address_v4(bytes);
  }
  if (family == AF_INET6 && size == 16) {
    address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), data, bytes.size());
    address_v6 result(bytes);
    if (result.is_link_local()) result.scope_id(interface);
    return result;
  }
  return std::nullopt;
}

struct RouteRow {
  Route route;
  std::uint32_t table = 0;
  std::uint32_t metric = 0;
};

std::uint32_t read_number(const rtattr* attribute) {
  std::uint32_t value = 0;
  if (RTA_PAYLOAD(attribute) >= sizeof value) std::memcpy(&value, RTA_DATA(attribute), sizeof value);
  return value;
}

void read_attribute(rtattr* attribute, unsigned char family, RouteRow& row) {
  switch (attribute->rta_type) {
    case RTA_OIF:
      row.route.interface = read_number(attribute);
      break;
    case RTA_TABLE:
      row.table = read_number(attribute);
      break;
    case RTA_PRIORITY:
      row.metric = read_number(attribute);
      break;
    case RTA_GATEWAY:
      row.route.gateway =
          read_address(family, RTA_DATA(attribute), RTA_PAYLOAD(attribute), row.route.interface);
      break;
    case RTA_VIA: {  // an IPv4 route through an IPv6 gateway (RFC 5549)
      sa_family_t via = AF_UNSPEC;
      if (RTA_PAYLOAD(attribute) <= sizeof via) break;
      std::memcpy(&via, RTA_DATA(attribute), sizeof via);
      row.route.gateway =
          read_address(static_cast<unsigned char>(via), static_cast<char*>(RTA_DATA(attribute)) + sizeof via,
                       RTA_PAYLOAD(attribute) - sizeof via, row.route.interface);
      break;
    }
    case RTA_MULTIPATH: {  // several ways of equal cost: the first stands for all
      auto* hop = static_cast<rtnexthop*>(RTA_DATA(attribute));
      if (RTA_PAYLOAD(attribute) < sizeof *hop || hop->rtnh_len > RTA_PAYLOAD(attribute)) break;
      row.route.interface = static_cast<unsigned>(hop->rtnh_ifindex);
      auto left = static_cast<int>(hop->rtnh_len) - static_cast<int>(sizeof *hop);
      for (rtattr* inner = RTNH_DATA(hop); RTA_OK(inner, left); inner = RTA_NEXT(inner, left)) {
        read_attribute(inner, family, row);
      }
      break;
    }
    default:
      break;
  }
}

std::optional<RouteRow> read_route(nlmsghdr* header) {
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return std::nullopt;
  const auto* message = static_cast<rtmsg*>(NLMSG_DATA(header));
  if (message->rtm_type != RTN_UNICAST && message->rtm_type != RTN_LOCAL) return std::nullopt;
  RouteRow row;
  row.table = message->rtm_table;
  row.route.local = message->rtm_type == RTN_LOCAL;
  // The interface first: a link-local gateway needs it, in whatever order the attributes come.
  for (int pass = 0; pass < 2; ++pass) {
    auto left = static_cast<int>(RTM_PAYLOAD(header));
    for (auto* attribute = RTM_RTA(NLMSG_DATA(header)); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left)) {
      read_attribute(attribute, message->rtm_family, row);
    }
  }
  return row;
}

Result<std::optional<Route>> default_route(unsigned char family) {
  std::optional<Route> best;
  std::uint32_t best_metric = std::numeric_limits<std::uint32_t>::max();
  const bool asked = ask_routes(route_request(family, NLM_F_DUMP), [&](nlmsghdr* header) {
    const auto row = read_route(header);
    if (!row || static_cast<rtmsg*>(NLMSG_DATA(header))->rtm_dst_len != 0) return;
    if (row->table != RT_TABLE_MAIN || row->route.local || (best && row->metric >= best_metric)) return;
    best = row->route;
    best_metric = row->metric;
  });
  if (!asked) return not_asked();
  return best;
}

}  // namespace

Result<std::optional<Route>> route_to(const address& to) {
  auto request = route_request(to.is_v4() ? AF_INET : AF_INET6, 0);
  if (to.is_v4()) {
    const auto bytes = to.to_v4().to_bytes();
    request.route.rtm_dst_len = 32;
    add_attribute(request, RTA_DST, bytes.data(), bytes.size());
  } else {
    const auto bytes = to.to_v6().to_bytes();
    request.route.rtm_dst_len = 128;
    add_attribute(request, RTA_DST, bytes.data(), bytes.size());
    const auto scope = static_cast<std::uint32_t>(to.to_v6().scope_id());
    if (scope != 0) add_attribute(request, RTA_OIF, &scope, sizeof scope);
  }
  std::optional<Route> found;
  const bool asked = ask_routes(request, [&found](nlmsghdr* header) {
    if (const auto row = read_route(header)) found = row->route;
  });
  if (!asked) return not_asked();
  return found;
}

namespace {

std::optional<NeighbourState> read_neighbour(nlmsghdr* header) {
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof(ndmsg))) return std::nullopt;
  NeighbourState state;
  const auto* message = static_cast<ndmsg*>(NLMSG_DATA(header));
  state.failed = (message->ndm_state & NUD_FAILED) != 0;
  state.confirmed_before = std::chrono::milliseconds::max();
  auto left = static_cast<int>(NLMSG_PAYLOAD(header, sizeof(ndmsg)));
  const auto begin = reinterpret_cast<char*>(NLMSG_DATA(header)) + NLMSG_ALIGN(sizeof(ndmsg));
  for (auto* attribute = reinterpret_cast<rtattr*>(begin); RTA_OK(attribute, left);
       attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == NDA_LLADDR && RTA_PAYLOAD(attribute) == 6) {
      state.mac = mac_text(std::span(static_cast<const std::uint8_t*>(RTA_DATA(attribute)), 6));
    } else if (attribute->rta_type == NDA_CACHEINFO && RTA_PAYLOAD(attribute) >= sizeof(nda_cacheinfo) &&
               (message->ndm_state & (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)) != 0) {
      nda_cacheinfo info{};
      std::memcpy(&info, RTA_DATA(attribute), sizeof info);
      state.confirmed_before =
          std::chrono::milliseconds(info.ndm_confirmed * 1000LL / std::max(1L, ::sysconf(_SC_CLK_TCK)));
    }
  }
  return state;
}

}  // namespace

Result<std::optional<NeighbourState>> neighbour(const address& of, unsigned interface) {
  struct {
    nlmsghdr header{};
    ndmsg message{};
    rtattr attribute{};
    std::array<std::uint8_t, 16> bytes{};
  } request;
  const std::size_t size = of.is_v4() ? 4 : 16;
  request.message.ndm_family = of.is_v4() ? AF_INET : AF_INET6;
  request.message.ndm_ifindex = static_cast<int>(interface);
  request.attribute.rta_type = NDA_DST;
  request.attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(size));
  if (of.is_v4())
    std::memcpy(request.bytes.data(), of.to_v4().to_bytes().data(), size);
  else
    std::memcpy(request.bytes.data(), of.to_v6().to_bytes().data(), size);
  request.header.nlmsg_len = static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(ndmsg)) + RTA_SPACE(size));
  request.header.nlmsg_type = RTM_GETNEIGH;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  std::optional<NeighbourState> found;
  const bool asked = ask(request.header, RTM_NEWNEIGH, [&found](nlmsghdr* header) {
    if (const auto state = read_neighbour(header)) found = state;
  });
  if (!asked) return not_asked();
  return found;
}

NetlinkSaid read_netlink(std::span<const std::uint8_t> answer) {
  NetlinkSaid said;
  alignas(nlmsghdr) std::array<char, answer_bytes> buffer;
  const std::size_t size = std::min(answer.size(), buffer.size());
  std::copy_n(answer.begin(), size, buffer.begin());
  said.ended = !each_message(buffer.data(), size, [&](nlmsghdr* header) {
    if (header->nlmsg_type == RTM_NEWROUTE) {
      if (const auto row = read_route(header)) said.routes.push_back(row->route);
    } else if (header->nlmsg_type == RTM_NEWNEIGH) {
      if (auto state = read_neighbour(header)) said.neighbours.push_back(std::move(*state));
    }
  });
  return said;
}

Result<std::optional<Route>> default_route() {
  auto ipv4 = default_route(AF_INET);
  return !ipv4 || *ipv4 ? ipv4 : default_route(AF_INET6);
}

Result<bool> has_carrier(unsigned interface) {
  struct {
    nlmsghdr header{};
    ifinfomsg link{};
  } request;
  request.header.nlmsg_len = NLMSG_LENGTH(sizeof(ifinfomsg));
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.link.ifi_index = static_cast<int>(interface);
  // IFF_LOWER_UP follows the cable at once; IFF_RUNNING, which older calls give, comes up to a second later.
  constexpr auto wanted = static_cast<unsigned>(IFF_UP) | static_cast<unsigned>(IFF_LOWER_UP);
  bool carrier = false;
  const bool asked = ask(request.header, RTM_NEWLINK, [&carrier](nlmsghdr* header) {
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(ifinfomsg))) return;
    carrier = (static_cast<ifinfomsg*>(NLMSG_DATA(header))->ifi_flags & wanted) == wanted;
  });
  if (!asked) return not_asked();
  return carrier;
}

}  // namespace nethealth
