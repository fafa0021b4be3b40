#include "probes/icmp_prober.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <optional>

#include "own_network.hpp"
#include "run_until.hpp"

using namespace nethealth;

namespace {

/// A prober on its own loop, opened; looks are run to their end.
struct IcmpBench {
  boost::asio::io_context io{1};
  IcmpProber prober{io};
  Result<IcmpOpened> opened = prober.open();

  std::optional<IcmpSeen> look(const std::string& address, const IcmpRequest& request = {}) {
    std::optional<IcmpSeen> seen;
    prober.look(at(address), request, [&seen](IcmpSeen what) { seen = std::move(what); });
    run_until(io, [&seen] { return seen.has_value(); });
    return seen;
  }
};

const IcmpRequest quick{3, Milliseconds(10), Milliseconds(200)};

std::string describe(const std::optional<IcmpSeen>& seen) {
  if (!seen) return "no end";
  std::string text = std::to_string(seen->received) + "/" + std::to_string(seen->sent);
  if (seen->blind) text += " blind";
  if (seen->error) text += " " + seen->error->type + " " + seen->error->from;
  return text;
}

bool loopback() {
  return run_command("ip link set lo up");
}

/// A veth pair: 10.9.0.9 here, `far` in the other namespace, without addresses there.
bool cable_to(const Neighbour& other) {
  return other.made() && loopback() &&
         run_command("ip link add near type veth peer name far netns " + other.id()) &&
         run_command("ip addr add 10.9.0.9/24 dev near") && run_command("ip link set near up") &&
         other.run("ip link set far up") && other.run("ip link set lo up");
}

/// Answers echo requests to 127.0.0.0/8 by hand; the namespace's kernel is told not to.
class HandmadeDevice {
 public:
  HandmadeDevice(boost::asio::io_context& io,
                 std::function<void(HandmadeDevice&, const std::string&)> on_request)
      : descriptor_(io, ::socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_ICMP)),
        on_request_(std::move(on_request)) {
    wait();
  }

  /// Sends the request back as an answer from this address.
  void answer(std::string message, const std::string& from) {
    message[0] = 0;
    // The checksum of the sum's difference: only the type changed, from 8 to 0 (RFC 1624).
    unsigned sum =
        (static_cast<unsigned char>(message[2]) << 8U) + static_cast<unsigned char>(message[3]) + 0x0800U;
    sum = (sum & 0xffffU) + (sum >> 16U);
    message[2] = static_cast<char>(sum >> 8U);
    message[3] = static_cast<char>(sum & 0xffU);
    send(message, from);
  }

  void send(const std::string& message, const std::string& from) {
    const int sender = ::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(at(from).to_v4().to_uint());
    (void)::bind(sender, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::sendto(sender, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&address),
                   sizeof address);
    ::close(sender);
  }

 private:
  void wait() {
    descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const auto& error) {
      if (error) return;
      std::array<char, 1500> packet{};
      for (ssize_t size = 0;
           (size = ::recv(descriptor_.native_handle(), packet.data(), packet.size(), 0)) > 28;) {
        if (packet[20] == 8)
          on_request_(*this, std::string(packet.data() + 20, static_cast<std::size_t>(size) - 20));
      }
      wait();
    });
  }

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void(HandmadeDevice&, const std::string&)> on_request_;
};

}  // namespace

TEST_CASE("loopback answers over IPv4 and IPv6 with round trip and jitter") {
  IcmpBench bench;
  if (skipped_unless(bench.opened.has_value(), "no ICMP")) return;
  for (const std::string address : {"127.0.0.1", "::1"}) {
    const auto seen = bench.look(address, quick);
    REQUIRE(seen);
    CHECK(seen->sent == 3);
    CHECK(seen->received == 3);
    CHECK_FALSE(seen->blind);
    CHECK_FALSE(seen->error);
    REQUIRE(seen->rtt_ms);
    CHECK(*seen->rtt_ms >= 0);
    CHECK(*seen->rtt_ms < 200);
    CHECK(seen->jitter_ms);
  }
  CHECK(bench.prober.looks_under_way() == 0);
}

TEST_CASE("two thousand addresses asked at once all answer for themselves") {
  IcmpBench bench;
  if (skipped_unless(bench.opened.has_value(), "no ICMP")) return;
  std::map<std::uint32_t, IcmpSeen> seen;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const std::uint32_t number = 0x7f010000 + i;
    bench.prober.look(boost::asio::ip::address_v4(number), {3, Milliseconds(20), Milliseconds(5'000)},
                      [&seen, number](IcmpSeen what) { seen[number] = std::move(what); });
  }
  CHECK(run_until(bench.io, [&seen] { return seen.size() == 2'000; }));
  for (const auto& [number, what] : seen) CHECK(describe(what) == "3/3");
  CHECK(bench.prober.counters().answered == 6'000);
}

TEST_CASE("two looks at one address at the same time both end") {
  IcmpBench bench;
  if (skipped_unless(bench.opened.has_value(), "no ICMP")) return;
  int ended = 0;
  for (int i = 0; i < 2; ++i) {
    bench.prober.look(at("127.0.0.1"), quick,
                      [&ended](const IcmpSeen& seen) { ended += seen.received == 3 ? 1 : 100; });
  }
  CHECK(run_until(bench.io, [&ended] { return ended >= 2; }));
  CHECK(ended == 2);
}

TEST_CASE("a callback may ask again and a prober may go while looks are under way") {
  boost::asio::io_context io{1};
  auto prober = std::make_unique<IcmpProber>(io);
  if (skipped_unless(prober->open().has_value(), "no ICMP")) return;
  int rounds = 0;
  std::function<void(IcmpSeen)> again = [&](const IcmpSeen&) {
    if (++rounds < 5) prober->look(at("127.0.0.1"), quick, again);
  };
  prober->look(at("127.0.0.1"), quick, again);
  CHECK(run_until(io, [&rounds] { return rounds == 5; }));
  bool called = false;
  prober->look(at("127.0.0.1"), quick, [&called](const IcmpSeen&) { called = true; });
  prober.reset();
  io.restart();
  io.run();
  CHECK_FALSE(called);
}

TEST_CASE("without any right to ask the looks are blind and the failure says what to do") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
            return "still root";
          IcmpBench bench;
          if (bench.opened) return "opened " + bench.opened->text();
          if (bench.opened.error().text().find("CAP_NET_RAW") == std::string::npos)
            return bench.opened.error().text();
          return differs(describe(bench.look("127.0.0.1")), "0/0 blind");
        }) == "");
}

TEST_CASE("a ping socket is used where a raw one is not allowed and hears answers and refusals") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour router;
          if (!cable_to(router) || !router.run("ip addr add 10.9.0.1/24 dev far") ||
              !router.run("sysctl -qw net.ipv4.ip_forward=1") ||
              !router.run("ip route add unreachable 10.8.0.0/24") ||
              !run_command("ip route add default via 10.9.0.1") ||
              !set_kernel("net/ipv4/ping_group_range", "0 2147483647")) {
            return "no network";
          }
          if (::setresgid(65534, 65534, 65534) != 0 || ::setresuid(65534, 65534, 65534) != 0)
            return "still root";
          IcmpBench bench;
          if (!bench.opened) return bench.opened.error().text();
          return differs(bench.opened->text(), "IPv4 datagram, IPv6 datagram") +
                 differs(describe(bench.look("127.0.0.1", quick)), "3/3") +
                 differs(describe(bench.look("::1", quick)), "3/3") +
                 differs(describe(bench.look("10.8.0.7", {1, Milliseconds(10), Milliseconds(5'000)})),
                         "0/1 host_unreachable 10.9.0.1");
        }) == "");
}

TEST_CASE("a device that says nothing is silent and a refusal names its router") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour router;
          if (!cable_to(router) || !router.run("ip addr add 10.9.0.1/24 dev far") ||
              !router.run("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0") ||
              !router.run("ip route add unreachable 10.8.0.0/24") ||
              !router.run("ip route add prohibit 10.7.0.0/24") ||
              !run_command("ip route add default via 10.9.0.1") ||
              !run_command("ip neigh add 10.9.0.5 lladdr 02:00:00:00:00:05 dev near")) {
            return "no network";
          }
          IcmpBench bench;
          const IcmpRequest patient{2, Milliseconds(10), Milliseconds(5'000)};
          return differs(describe(bench.look("10.9.0.1", quick)), "3/3") +
                 differs(describe(bench.look("10.9.0.5", quick)), "0/3") +
                 differs(describe(bench.look("10.8.0.7", patient)), "0/2 host_unreachable 10.9.0.1") +
                 differs(describe(bench.look("10.7.0.7", patient)), "0/2 prohibited 10.9.0.1");
        }) == "");
}

TEST_CASE("nobody at the link is told from a router that refuses") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour empty;
          if (!cable_to(empty) || !set_kernel("net/ipv4/neigh/near/mcast_solicit", "1") ||
              !set_kernel("net/ipv4/neigh/near/retrans_time_ms", "20")) {
            return "no network";
          }
          IcmpBench bench;
          return differs(describe(bench.look("10.9.0.77", {1, Milliseconds(10), Milliseconds(10'000)})),
                         "0/1 neighbour_silent ");
        }) == "");
}

TEST_CASE("what this host cannot send is never a device's loss") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          if (!loopback()) return "no network";
          IcmpBench bench;
          std::string wrong = differs(describe(bench.look("192.0.2.1", quick)), "0/3 local_unreachable ");
          if (!run_command(
                  "nft 'add table ip own; add chain ip own out { type filter hook output priority 0; }; "
                  "add rule ip own out icmp type echo-request drop'")) {
            return wrong + "no filter";
          }
          wrong += differs(describe(bench.look("127.0.0.1", quick)), "0/0 blind");
          return wrong + (bench.prober.counters().send_failures == 3 ? "" : "failures not counted");
        }) == "");
}

TEST_CASE("forged and doubled answers are dropped and counted") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          if (!loopback() || !set_kernel("net/ipv4/icmp_echo_ignore_all", "1")) return "no network";
          IcmpBench bench;
          HandmadeDevice device(bench.io, [](HandmadeDevice& own, const std::string& request) {
            std::string forged = request;
            forged[8] = static_cast<char>(forged[8] ^ 1);  // the cookie
            forged[9] = static_cast<char>(forged[9] ^ 1);
            forged[10] = static_cast<char>(forged[10] ^ 1);
            own.answer(request.substr(0, 20), "127.0.0.3");  // its checksum is that of the whole
            own.send(std::string("\3\1\xfc\xfe\0\0\0\0\0\0\0\0", 12),
                     "127.0.0.3");  // quotes less than a header
            own.answer(forged, "127.0.0.3");
            own.answer(request, "127.0.0.4");  // right, from another address
            own.answer(request, "127.0.0.3");
            own.answer(request, "127.0.0.3");
          });
          const auto seen = bench.look("127.0.0.3", {2, Milliseconds(50), Milliseconds(20'000)});
          const auto& counters = bench.prober.counters();
          std::string wrong = differs(describe(seen), "2/2");
          if (counters.malformed == 0) wrong += "malformed not counted ";
          if (counters.bad_checksum == 0) wrong += "bad checksum not counted ";
          if (counters.wrong_source == 0) wrong += "wrong source not counted ";
          if (counters.duplicate == 0) wrong += "duplicate not counted ";
          return wrong;
        }) == "");
}

TEST_CASE("an answer with another cookie counts for nobody") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          if (!loopback() || !set_kernel("net/ipv4/icmp_echo_ignore_all", "1")) return "no network";
          IcmpBench bench;
          HandmadeDevice device(bench.io, [](HandmadeDevice& own, std::string request) {
            std::swap_ranges(request.begin() + 8, request.begin() + 10, request.begin() + 10);
            own.answer(request, "127.0.0.3");
          });
          const auto seen = bench.look("127.0.0.3", quick);
          return differs(describe(seen), "0/3") +
                 (bench.prober.counters().foreign == 3 ? "" : "not counted as foreign");
        }) == "");
}

TEST_CASE("an address that has answered fast is known to be silent sooner than a new one") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          if (!loopback()) return "no network";
          IcmpBench bench;
          const IcmpRequest slow{1, Milliseconds(10), Milliseconds(20'000)};
          std::string wrong = differs(describe(bench.look("127.0.0.8", slow)), "1/1");
          if (!set_kernel("net/ipv4/icmp_echo_ignore_all", "1")) return "no silence";
          bool new_ended = false;
          bench.prober.look(at("127.0.0.9"), slow, [&new_ended](const IcmpSeen&) { new_ended = true; });
          wrong += differs(describe(bench.look("127.0.0.8", slow)), "0/1");
          return wrong + (new_ended ? "the new address ended as well" : "");
        }) == "");
}
