// What neighbours say, against the cables that the files record.

#include "agent/neighbour_report.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

using namespace nethealth;

namespace {

/// core p1 - hub, hub - access p24, core p2 - server (own port not named), core p3 - access-2.
Site site() {
  Site made;
  const auto add = [&](const char* name, DeviceKind kind, bool asked) {
    Device device;
    device.name = name;
    device.label = name;
    device.kind = kind;
    if (asked) device.credential = 0;
    made.devices.push_back(device);
    return static_cast<DeviceIndex>(made.devices.size() - 1);
  };
  const auto core = add("sw-core", DeviceKind::switch_, true);
  const auto hub = add("hub-1", DeviceKind::hub, false);
  const auto access = add("sw-2f", DeviceKind::switch_, true);
  const auto server = add("cs-1", DeviceKind::server, true);
  const auto second = add("sw-3f", DeviceKind::switch_, true);
  made.cables = {{core, hub, "p1", ""},
                 {hub, access, "", "p24"},
                 {server, core, "eth0", "p2"},
                 {core, second, "p3", ""}};
  return made;
}

NeighboursSeen heard(const std::string& port, const std::string& name) {
  NeighboursSeen seen;
  seen.status = Outcome::ok;
  seen.ports = {"p1", "p2", "p24", "p3", "p7", "p9"};
  seen.lldp = {{port, {port}, name, "24", "00:00:5e:00:53:01"}};
  return seen;
}

}  // namespace

TEST_CASE("a neighbour where the record has it is no difference whatever it writes around its name") {
  const Site city = site();
  CHECK(cable_differences(city, 0, heard("p2", "cs-1")).empty());
  CHECK(cable_differences(city, 0, heard("P2", "CS-1.example.lg.jp")).empty());
  CHECK(cable_differences(city, 0, heard("p1", "sw-2f"))
            .empty());  // through the hub, which says nothing itself
  CHECK(cable_differences(city, 2, heard("p24", "sw-core")).empty());
}

TEST_CASE("a neighbour at another port than recorded is told with both ports") {
  const Site city = site();
  const auto found = cable_differences(city, 0, heard("p3", "cs-1"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].port == "p3");
  CHECK(found[0].recorded_port == "p2");
  CHECK(found[0].recorded_there == std::vector<DeviceIndex>{4});
  const ControlReply told = neighbour_report(city, 0, heard("p3", "cs-1"), Language::en);
  CHECK(told.exit_code == 1);
  CHECK(told.out.find("port p3: cs-1 is connected here; the record has it at port p2") != std::string::npos);
}

TEST_CASE("a neighbour that no cable leads to is told and a switch that speaks itself passes nothing on") {
  Site city = site();
  CHECK(cable_differences(city, 2, heard("p7", "sw-3f")).size() == 1);
  CHECK(cable_differences(city, 2, heard("p24", "sw-3f")).size() ==
        1);  // behind the core, which speaks for itself
  city.devices[0].credential.reset();
  CHECK(cable_differences(city, 2, heard("p24", "sw-3f")).empty());
}

TEST_CASE("a cable without a port may be in any and a stranger is no difference") {
  Site city = site();
  city.cables[2].port_b.clear();
  CHECK(cable_differences(city, 0, heard("p9", "cs-1")).empty());
  CHECK(cable_differences(city, 0, heard("p9", "somebody")).empty());
  CHECK(cable_differences(city, 0, heard("p9", "")).empty());
  CHECK(cable_differences(city, 0, heard("", "sw-3f")).empty());
}

TEST_CASE("a port that the record calls by another of its names is no difference") {
  const Site city = site();
  NeighboursSeen seen = heard("GigabitEthernet0/2", "cs-1");
  CHECK(cable_differences(city, 0, seen).size() == 1);
  seen.lldp[0].port_names = {"GigabitEthernet0/2", "p2"};
  CHECK(cable_differences(city, 0, seen).empty());
  // The device has no port of the recorded name, so nothing can be said of where it is.
  seen = heard("GigabitEthernet0/3", "cs-1");
  seen.ports = {"GigabitEthernet0/2", "GigabitEthernet0/3"};
  CHECK(cable_differences(city, 0, seen).empty());
}

TEST_CASE("a cable that no neighbour speaks of is neither right nor wrong") {
  const Site city = site();
  const NeighboursSeen seen = heard("p2", "cs-1");
  const auto untold = untold_cables(city, 0, seen);
  REQUIRE(untold.size() == 2);
  CHECK(untold[0].port == "p1");
  CHECK(untold[1].to == DeviceIndex{4});
  const ControlReply told = neighbour_report(city, 0, seen, Language::en);
  CHECK(told.exit_code == 0);
  CHECK(told.out.find("neither right nor wrong (2):\n  p1 - hub-1\n  p3 - sw-3f\n") != std::string::npos);
  // A stranger at the port, and one behind a hub, do speak of the cable.
  CHECK(untold_cables(city, 0, heard("p3", "somebody")).size() == 2);
  CHECK(untold_cables(city, 0, heard("p1", "sw-2f")).size() == 2);
}

TEST_CASE("an agent that tells no neighbours leaves the recorded cables uncompared") {
  const Site city = site();
  NeighboursSeen mute;
  mute.status = Outcome::ok;
  const ControlReply told = neighbour_report(city, 0, mute, Language::en);
  CHECK(told.exit_code == 0);
  CHECK(told.out.find("the recorded cables cannot be compared") != std::string::npos);
  CHECK(told.out.find("differences") == std::string::npos);
  CHECK(neighbour_report(city, 0, mute, Language::ja).out.find("比べられません") != std::string::npos);
  const auto json = boost::json::parse(neighbour_json(city, 0, mute, Language::en).out).as_object();
  CHECK(json.at("cable_differences").as_array().empty());
  CHECK(json.at("cables_not_told").as_array().size() == 3);
}

TEST_CASE("a name that two devices could have means neither") {
  Site city = site();
  city.devices[1].label = "access";
  city.devices[2].label = "access";
  CHECK_FALSE(device_called(city, "access"));
  CHECK(device_called(city, "SW-2F") == DeviceIndex{2});
}

TEST_CASE("neighbours are told in words and as JSON and an unasked device is unknown") {
  const Site city = site();
  NeighboursSeen seen = heard("p2", "cs-1");
  for (int i = 0; i < 10; ++i) seen.learned.push_back({"p1", "00:00:5e:00:53:1" + std::to_string(i), 20});
  const ControlReply told = neighbour_report(city, 0, seen, Language::en);
  CHECK(told.exit_code == 0);
  CHECK(told.out.find("p2 - cs-1, 24 (00:00:5e:00:53:01)") != std::string::npos);
  CHECK(told.out.find("00:00:5e:00:53:17 +2\n") != std::string::npos);
  CHECK(told.out.find("differences from the recorded cables (0):") != std::string::npos);
  const auto json = boost::json::parse(neighbour_json(city, 0, seen, Language::en).out).as_object();
  CHECK(json.at("lldp").at(0).at("device").as_string() == "cs-1");
  CHECK(json.at("learned").as_array().size() == 10);
  CHECK(json.at("learned").at(0).at("vlan").as_int64() == 20);
  CHECK(json.at("complete").as_bool());
  NeighboursSeen silent;
  CHECK(neighbour_report(city, 0, silent, Language::ja).exit_code == 4);
  const auto unknown = boost::json::parse(neighbour_json(city, 0, silent, Language::en).out).as_object();
  CHECK(unknown.at("status").as_string() == "timeout");
  CHECK_FALSE(unknown.at("complete").as_bool());
}
