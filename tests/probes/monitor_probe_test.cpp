#include "probes/monitor_probe.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "own_network.hpp"
#include "probes/netlink_routes.hpp"
#include "run_until.hpp"

using namespace nethealth;

namespace {

struct MonitorBench {
  boost::asio::io_context io{1};
  IcmpProber prober{io};
  MonitorProbe probe{io, prober};

  /// "carrier gateway", each yes, no or ?.
  std::string look(const std::vector<Address>& targets) {
    std::optional<MonitorSeen> seen;
    probe.look(targets, [&seen](MonitorSeen what) { seen = std::move(what); });
    if (!run_until(io, [&seen] { return seen.has_value(); })) return "no end";
    const auto word = [](std::optional<bool> value) { return value ? *value ? "yes" : "no" : "?"; };
    return std::string(word(seen->carrier)) + " " + word(seen->gateway_ok);
  }
};

std::string differs(const std::string& when, const std::string& is, const std::string& wanted) {
  return is == wanted ? "" : when + ": [" + is + "] instead of [" + wanted + "]; ";
}

bool addressed_cable_to(const Neighbour& router) {
  return router.made() && run_command("ip link set lo up") &&
         run_command("ip link add near type veth peer name far netns " + router.id()) &&
         run_command("ip addr add 10.9.0.9/24 dev near") && run_command("ip link set near up") &&
         router.run("ip link set far up") && router.run("ip addr add 10.9.0.1/24 dev far");
}

}  // namespace

TEST_CASE("a monitor that watches only itself has carrier and nothing to watch says nothing") {
  MonitorBench bench;
  const auto alone = bench.look({at("127.0.0.1")});
  CHECK(alone.substr(0, 3) == "yes");
  CHECK(bench.look({}).substr(0, 1) == "?");
}

TEST_CASE("carrier follows the interface towards the targets") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour router;
          if (!addressed_cable_to(router)) return "no network";
          MonitorBench bench;
          const std::vector<Address> targets{at("10.9.0.5"), at("10.9.0.9")};
          std::string wrong = differs("cable in", bench.look(targets), "yes ?");
          if (!router.run("ip link set far down")) return "no cut";
          wrong += differs("far end down", bench.look(targets), "no ?");
          if (!router.run("ip link set far up")) return "no mend";
          wrong += differs("mended", bench.look(targets), "yes ?");
          if (!run_command("ip addr flush dev near")) return "no flush";
          wrong += differs("address lost", bench.look(targets), "no ?");
          if (!run_command("ip link del near")) return "no removal";
          return wrong + differs("card vanished", bench.look(targets), "no ?");
        }) == "");
}

TEST_CASE("one of two interfaces with a link is carrier") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour router;
          if (!addressed_cable_to(router) || !run_command("ip link add two type veth peer name three") ||
              !run_command("ip addr add 10.8.0.9/24 dev two") || !run_command("ip link set two up")) {
            return "no network";
          }
          MonitorBench bench;
          std::string wrong = differs("one", bench.look({at("10.9.0.5"), at("10.8.0.5")}), "yes ?");
          return wrong + differs("other", bench.look({at("10.8.0.5")}), "no ?");
        }) == "");
}

TEST_CASE("a gateway that has answered and stops is bad and one that never answered is unknown") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour router;
          if (!addressed_cable_to(router) || !run_command("ip route add default via 10.9.0.1"))
            return "no network";
          const std::vector<Address> targets{at("192.0.2.7")};
          const auto mute = [&router](const std::string& value) {
            return router.run("sysctl -qw net.ipv4.icmp_echo_ignore_all=" + value);
          };
          MonitorBench bench;
          if (!bench.prober.open() || !mute("1")) return "no ICMP";
          std::string wrong = differs("never answered", bench.look(targets), "yes ?");
          if (!mute("0")) return "no answer";
          wrong += differs("answers", bench.look(targets), "yes yes");
          if (!mute("1")) return "no silence";
          wrong += differs("stopped", bench.look(targets), "yes no");
          const auto route = default_route().value();
          if (!route || route->gateway != at("10.9.0.1")) wrong += "wrong default route";
          return wrong;
        }) == "");
}

TEST_CASE("routes are found over IPv6 and a blackhole is no route") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          const Neighbour router;
          if (!addressed_cable_to(router) || !run_command("ip -6 addr add 2001:db8::9/64 dev near nodad") ||
              !run_command("ip -6 route add default via 2001:db8::1") ||
              !run_command("ip route add blackhole 10.7.0.0/24")) {
            return "no network";
          }
          const auto far = route_to(at("2001:db8:1::1")).value();
          if (!far || far->gateway != at("2001:db8::1") || far->local) return "wrong route over IPv6";
          const auto near = route_to(at("2001:db8::5")).value();
          if (!near || near->gateway) return "wrong near route";
          const auto by_default = default_route().value();
          if (!by_default || by_default->gateway != at("2001:db8::1")) return "wrong default route";
          const auto own = route_to(at("10.9.0.9")).value();
          if (!own || !own->local) return "own address not local";
          return route_to(at("10.7.0.1")).value() ? "a blackhole is a route" : "";
        }) == "");
}

TEST_CASE("a change of link or address calls at once and after the watch is gone nothing calls") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          boost::asio::io_context io{1};
          int calls = 0;
          auto watch = std::make_unique<LinkWatch>(io, [&calls] { ++calls; });
          if (!watch->open() || !run_command("ip link set lo up")) return "no watch";
          if (!run_until(io, [&calls] { return calls >= 1; })) return "link unnoticed";
          while (io.run_one_for(LinkWatch::least_gap * 2) > 0) {
          }
          const int before = calls;
          if (!run_command("ip addr add 10.1.1.1/32 dev lo")) return "no address";
          if (!run_until(io, [&] { return calls > before; })) return "address unnoticed";
          watch.reset();
          const int last = calls;
          if (!run_command("ip addr del 10.1.1.1/32 dev lo")) return "no removal";
          io.restart();
          io.run();
          return calls == last ? "" : "called after its end";
        }) == "");
}
