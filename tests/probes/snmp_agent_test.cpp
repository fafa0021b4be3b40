// Looks at a real snmpd: versions, users, restarts, silence.

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/probes/snmp_lab.hpp"

using namespace nethealth;
using namespace snmp_lab;

namespace {

const char* const ups = R"(
rocommunity public 127.0.0.1
sysServices 72
sysObjectID 1.3.6.1.4.1.9.1.875
override 1.3.6.1.2.1.33.1.4.1.0 integer 5
override 1.3.6.1.2.1.33.1.2.1.0 integer 2
override 1.3.6.1.2.1.33.1.2.4.0 integer 88
override 1.3.6.1.2.1.33.1.6.1.0 uinteger 1
override 1.3.6.1.2.1.33.1.6.2.1.2.1 object_id 1.3.6.1.2.1.33.1.6.3.2
override 1.3.6.1.4.1.9.9.13.1.4.1.2.1 octet_str "Chassis Fan"
override 1.3.6.1.4.1.9.9.13.1.4.1.3.1 integer 3
)";

const SensorSeen* named(const SnmpSeen& seen, const std::string& name) {
  const auto found = std::find_if(seen.sensors.begin(), seen.sensors.end(),
                                  [&](const SensorSeen& one) { return one.name == name; });
  return found == seen.sensors.end() ? nullptr : &*found;
}

bool has_loopback(const SnmpSeen& seen) {
  return std::any_of(seen.interfaces.begin(), seen.interfaces.end(), [](const InterfaceSeen& interface) {
    return interface.name == "lo" && interface.admin_up && interface.oper_up;
  });
}

}  // namespace

TEST_CASE("a look at a real agent sees uptime interfaces and the warning lamps of its packs") {
  Daemon daemon(ups);
  Bench bench;
  REQUIRE(bench.prober);
  const auto seen = bench.look_when_up(target(daemon.port(), community("public")));
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  REQUIRE(seen->uptime_s);
  CHECK(*seen->uptime_s > 0);
  CHECK(has_loopback(*seen));
  REQUIRE(named(*seen, "UPS output source") != nullptr);
  CHECK(named(*seen, "UPS output source")->text == "battery");
  CHECK(named(*seen, "UPS battery")->value == 88);
  CHECK(named(*seen, "UPS alarm on battery") != nullptr);
  REQUIRE(named(*seen, "Chassis Fan") != nullptr);
  CHECK(named(*seen, "Chassis Fan")->status == SensorStatus::failed);
}

TEST_CASE("tables that a device lacks are not asked again and the next look sees the same") {
  Daemon daemon(ups);
  Bench bench;
  const auto at = target(daemon.port(), community("public"));
  const auto first = bench.look_when_up(at);
  REQUIRE(first);
  const auto before = bench.prober->counters().requests;
  const auto second = bench.look(at);
  const auto cost = bench.prober->counters().requests - before;
  REQUIRE(second);
  CHECK(second->sensors.size() == first->sensors.size());
  CHECK(named(*second, "Chassis Fan") != nullptr);
  CHECK(cost < before);
  CHECK(cost <= 12);
}

TEST_CASE("a quick look sees uptime and ports and nothing else") {
  Daemon daemon(ups);
  Bench bench;
  const auto at = target(daemon.port(), community("public"));
  REQUIRE(bench.look_when_up(at));
  const auto seen = bench.look(at, true);
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  CHECK(seen->uptime_s);
  CHECK(has_loopback(*seen));
  CHECK(seen->sensors.empty());
}

TEST_CASE("version 1 sees what version 2c sees") {
  Daemon daemon(ups);
  Bench bench;
  const auto seen = bench.look_when_up(target(daemon.port(), community("public", SnmpVersion::v1)));
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  CHECK(seen->uptime_s);
  CHECK(has_loopback(*seen));
  CHECK(named(*seen, "UPS output source") != nullptr);
  CHECK(named(*seen, "Chassis Fan") != nullptr);
}

TEST_CASE("every authentication and privacy protocol that the library offers is understood by a real agent") {
  struct Kind {
    const char* name;
    const char* configuration;
    AuthProtocol auth;
    PrivacyProtocol privacy;
  };
  const std::array<Kind, 9> kinds{{
      {"u-none", "", AuthProtocol::none, PrivacyProtocol::none},
      {"u-md5", "MD5 authentic8", AuthProtocol::md5, PrivacyProtocol::none},
      {"u-md5-des", "MD5 authentic8 DES private88", AuthProtocol::md5, PrivacyProtocol::des},
      {"u-sha-aes", "SHA authentic8 AES private88", AuthProtocol::sha1, PrivacyProtocol::aes128},
      {"u-224-192", "SHA-224 authentic8 AES-192 private88", AuthProtocol::sha224, PrivacyProtocol::aes192},
      {"u-256", "SHA-256 authentic8 AES private88", AuthProtocol::sha256, PrivacyProtocol::aes128},
      {"u-384-256", "SHA-384 authentic8 AES-256 private88", AuthProtocol::sha384, PrivacyProtocol::aes256},
      {"u-512-192c", "SHA-512 authentic8 AES-192-C private88", AuthProtocol::sha512,
       PrivacyProtocol::aes192c},
      {"u-sha-256c", "SHA authentic8 AES-256-C private88", AuthProtocol::sha1, PrivacyProtocol::aes256c},
  }};
  std::string configuration = "rocommunity public 127.0.0.1\n";
  for (const Kind& kind : kinds) {
    configuration += std::string("createUser ") + kind.name + ' ' + kind.configuration + '\n';
    const char* level = kind.auth == AuthProtocol::none         ? " noauth"
                        : kind.privacy == PrivacyProtocol::none ? " auth"
                                                                : " priv";
    configuration += std::string("rouser ") + kind.name + level + '\n';
  }
  Daemon daemon(configuration);
  Bench bench;
  REQUIRE(bench.look_when_up(target(daemon.port(), community("public"))));
  for (const Kind& kind : kinds) {
    CAPTURE(kind.name);
    const Credential credential = user(kind.name, kind.auth, kind.privacy);
    if (!why_unusable(credential, Language::en).empty()) {
      MESSAGE(why_unusable(credential, Language::en));
      continue;
    }
    const auto seen = bench.look(target(daemon.port(), credential));
    REQUIRE(seen);
    CHECK(seen->status == Outcome::ok);
    CHECK(seen->uptime_s);
    CHECK(has_loopback(*seen));
  }
  CHECK(bench.prober->counters().dropped_unsafe == 0);
}

TEST_CASE(
    "a wrong passphrase an unknown user and a missing right are configuration faults and a wrong community "
    "is silence") {
  Daemon daemon(
      "rocommunity public 127.0.0.1\n"
      "createUser known SHA-256 authentic8 AES private88\nrouser known priv\n"
      "createUser rightless SHA-256 authentic8 AES private88\n");
  Bench bench;
  REQUIRE(bench.look_when_up(target(daemon.port(), community("public"))));
  const auto sha = AuthProtocol::sha256;
  const auto aes = PrivacyProtocol::aes128;
  const auto status = [&](const Credential& credential) {
    return bench.look(target(daemon.port(), credential))->status;
  };
  CHECK(status(user("known", sha, aes)) == Outcome::ok);
  CHECK(status(user("known", sha, aes, "somebody-else")) == Outcome::auth_error);
  CHECK(status(user("unknown", sha, aes)) == Outcome::auth_error);
  CHECK(status(user("rightless", sha, aes)) == Outcome::auth_error);
  CHECK(status(user("known", AuthProtocol::sha512, aes)) == Outcome::auth_error);
  CHECK(status(user("known", sha, PrivacyProtocol::none)) == Outcome::auth_error);
  CHECK(status(community("private")) == Outcome::timeout);
}

TEST_CASE("a credential that no library could use is said so and the look is blind") {
  Bench bench;
  Credential credential = user("u", AuthProtocol::sha256, PrivacyProtocol::aes128, "short");
  CHECK_FALSE(why_unusable(credential, Language::ja).empty());
  CHECK(why_unusable(credential, Language::en).find("short") == std::string::npos);
  CHECK(bench.look(target(free_port(), credential))->status == Outcome::blind);
  CHECK_FALSE(why_unusable(user("u", AuthProtocol::none, PrivacyProtocol::aes128), Language::en).empty());
  SnmpTarget nowhere = target(1, community("public"));
  nowhere.address = "not an address";
  CHECK(bench.look(nowhere)->status == Outcome::blind);
}

TEST_CASE("an SNMPv3 agent that restarts is looked at again without a fault") {
  const std::string users =
      "engineID first-device\nrocommunity public 127.0.0.1\n"
      "createUser known SHA-256 authentic8 AES private88\nrouser known priv\n";
  Daemon daemon(users);
  Bench bench;
  const auto v2c = target(daemon.port(), community("public"));
  const auto v3 = target(daemon.port(), user("known", AuthProtocol::sha256, PrivacyProtocol::aes128));
  REQUIRE(bench.look_when_up(v2c));
  REQUIRE(bench.look(v3)->status == Outcome::ok);

  daemon.stop();  // boots grow
  daemon.start();
  REQUIRE(bench.look_when_up(v2c));
  CHECK(bench.look(v3)->status == Outcome::ok);
  CHECK(bench.prober->counters().time_resyncs >= 1);

  const auto resyncs = bench.prober->counters().time_resyncs;
  daemon.stop();  // boots fall back, as with switches that do not store them
  daemon.forget_state();
  daemon.start();
  REQUIRE(bench.look_when_up(v2c));
  CHECK(bench.look(v3)->status == Outcome::ok);
  CHECK(bench.prober->counters().time_resyncs > resyncs);

  daemon.stop();  // replaced by another device
  daemon.forget_state();
  daemon.configure("engineID second-device\n" + users.substr(users.find('\n') + 1));
  daemon.start();
  REQUIRE(bench.look_when_up(v2c));
  CHECK(bench.look(v3)->status == Outcome::ok);
  CHECK(bench.prober->counters().engine_changes == 1);
}

TEST_CASE("agents that are frozen time out while others are looked at") {
  const std::string users =
      "rocommunity public 127.0.0.1\ncreateUser known SHA-256 authentic8 AES private88\nrouser known priv\n";
  Daemon frozen(users);
  Daemon alive(users);
  Bench bench;
  REQUIRE(bench.look_when_up(target(frozen.port(), community("public"))));
  REQUIRE(bench.look_when_up(target(alive.port(), community("public"))));
  frozen.freeze();
  std::vector<std::string> order;
  std::optional<SnmpSeen> dead2;
  std::optional<SnmpSeen> dead3;
  std::optional<SnmpSeen> well;
  const Credential v3 = user("known", AuthProtocol::sha256, PrivacyProtocol::aes128);
  SnmpTarget patient2 = target(frozen.port(), community("public"));
  SnmpTarget patient3 = target(frozen.port(), v3);  // its engine is not discovered yet
  patient2.timeout = patient3.timeout = Milliseconds(1'500);
  bench.prober->look(patient3, [&](SnmpSeen seen) {
    dead3 = std::move(seen);
    order.push_back("frozen");
  });
  bench.prober->look(patient2, [&](SnmpSeen seen) {
    dead2 = std::move(seen);
    order.push_back("frozen");
  });
  bench.prober->look(target(alive.port(), v3), [&](SnmpSeen seen) {
    well = std::move(seen);
    order.push_back("alive");
  });
  REQUIRE(run_until(bench.io, [&] { return order.size() == 3; }));
  CHECK(order.front() == "alive");
  CHECK(well->status == Outcome::ok);
  CHECK(dead2->status == Outcome::timeout);
  CHECK(dead3->status == Outcome::timeout);
  CHECK(bench.prober->counters().repeats >= 2);
  frozen.thaw();
}

TEST_CASE("more looks at one agent than allowed wait for their turn and all are answered") {
  Daemon daemon("rocommunity public 127.0.0.1\n");
  Bench bench;
  const auto at = target(daemon.port(), community("public"));
  REQUIRE(bench.look_when_up(at));
  std::size_t ok = 0;
  std::size_t blind = 0;
  const std::size_t allowed = snmp_looks_per_agent + snmp_waiting_looks_per_agent;
  for (std::size_t i = 0; i < allowed + 3; ++i) {
    bench.prober->look_interfaces(at,
                                  [&](const SnmpSeen& seen) { ++(seen.status == Outcome::ok ? ok : blind); });
  }
  CHECK(ok + blind == 0);
  REQUIRE(run_until(bench.io, [&] { return ok + blind == allowed + 3; }));
  CHECK(ok == allowed);
  CHECK(blind == 3);
}

TEST_CASE("a prober that ends in the middle of a look calls nobody back") {
  Daemon daemon("rocommunity public 127.0.0.1\n");
  Bench bench;
  const auto at = target(daemon.port(), community("public"));
  REQUIRE(bench.look_when_up(at));
  bool called = false;
  bench.prober->look(at, [&](const SnmpSeen&) { called = true; });
  SnmpTarget silent = at;
  silent.port = free_port();
  bench.prober->look(silent, [&](const SnmpSeen&) { called = true; });
  bench.prober.reset();
  bench.io.restart();
  bench.io.run();
  CHECK_FALSE(called);
}
