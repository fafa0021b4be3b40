#include "agent/neighbour_report.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "probes/observation_words.hpp"

namespace nethealth {
namespace {

constexpr std::uint16_t snmp_port = 161;
/// All tables of one device take no longer; what has not come by then is missing.
constexpr std::chrono::seconds patience{120};
/// Addresses of one port that are listed; a port with more leads to a switch.
constexpr std::size_t listed_addresses = 8;
constexpr int differs = 1, unknown = 4;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

struct Plug {
  DeviceIndex to = 0;
  std::string port;
};

std::vector<Plug> plugs_of(const Site& site, DeviceIndex device) {
  std::vector<Plug> plugs;
  for (const Cable& cable : site.cables) {
    if (cable.a == device) plugs.push_back({cable.b, cable.port_a});
    if (cable.b == device) plugs.push_back({cable.a, cable.port_b});
  }
  return plugs;
}

/// Passes on what it hears without a word of its own.
bool is_mute(const Device& device) {
  return device.kind == DeviceKind::hub || (device.forwards() && !device.credential);
}

/// Whether the record leads from `device` by this plug to `heard`, at once or through what is mute.
bool leads_to(const Site& site, DeviceIndex device, DeviceIndex first, DeviceIndex heard) {
  std::set<DeviceIndex> known{device, first};
  std::vector<DeviceIndex> open{first};
  while (!open.empty()) {
    const DeviceIndex at = open.back();
    open.pop_back();
    if (at == heard) return true;
    if (!is_mute(site.devices[at])) continue;
    for (const Plug& plug : plugs_of(site, at))
      if (known.insert(plug.to).second) open.push_back(plug.to);
  }
  return false;
}

bool any_is(const std::vector<std::string>& names, const std::string& port) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return lower(name) == lower(port); });
}

std::optional<CableDifference> difference(const Site& site, DeviceIndex device,
                                          const LldpNeighbour& neighbour, const NeighboursSeen& seen) {
  const auto heard = device_called(site, neighbour.name);
  if (!heard || *heard == device || neighbour.port.empty()) return std::nullopt;
  CableDifference found{neighbour.port, *heard, {}, {}};
  for (const Plug& plug : plugs_of(site, device)) {
    const bool here = any_is(neighbour.port_names, plug.port);
    const bool reaches = leads_to(site, device, plug.to, *heard);
    // A cable that names no port, or one that the device calls otherwise, may be in any.
    const bool anywhere = plug.port.empty() || !any_is(seen.ports, plug.port);
    if (reaches && (here || anywhere)) return std::nullopt;
    if (reaches) found.recorded_port = plug.port;
    if (here) found.recorded_there.push_back(plug.to);
  }
  return found;
}

std::string label(const Site& site, DeviceIndex device) {
  return site.devices[device].name;
}

std::string sentence(const Site& site, const CableDifference& one, Language language) {
  const bool japanese = language == Language::ja;
  const std::string heard = label(site, one.heard);
  if (!one.recorded_port.empty())
    return japanese ? "ポート" + one.port + ": " + heard + " がつながっています。記録ではポート" +
                          one.recorded_port + "です。connected_to を直してください。"
                    : "port " + one.port + ": " + heard + " is connected here; the record has it at port " +
                          one.recorded_port + ". Mend connected_to.";
  std::string there;
  for (const DeviceIndex device : one.recorded_there)
    there += (there.empty() ? "" : ", ") + label(site, device);
  if (there.empty())
    return japanese ? "ポート" + one.port + ": " + heard +
                          " がつながっていますが、このケーブルは記録にありません。"
                    : "port " + one.port + ": " + heard + " is connected here; no cable to it is recorded.";
  return japanese ? "ポート" + one.port + ": " + heard + " がつながっています。記録では " + there +
                        " です。connected_to を直してください。"
                  : "port " + one.port + ": " + heard + " is connected here; the record says " + there +
                        ". Mend connected_to.";
}

std::string line_of(const LldpNeighbour& one, Language language) {
  const std::string nowhere(Phrase{"(ポート不明)", "(port not told)"}.in(language));
  std::string text = (one.port.empty() ? nowhere : one.port) + " - ";
  text += one.name.empty() ? one.chassis : one.name;
  if (!one.remote_port.empty()) text += ", " + one.remote_port;
  if (!one.name.empty() && !one.chassis.empty()) text += " (" + one.chassis + ")";
  return text;
}

std::map<std::string, std::vector<std::string>> learned_by_port(const NeighboursSeen& seen) {
  std::map<std::string, std::vector<std::string>> ports;
  for (const LearnedAddress& one : seen.learned) {
    auto& addresses = ports[one.port];
    if (std::find(addresses.begin(), addresses.end(), one.address) == addresses.end())
      addresses.push_back(one.address);
  }
  return ports;
}

std::string learned_lines(const NeighboursSeen& seen) {
  std::string text;
  for (const auto& [port, addresses] : learned_by_port(seen)) {
    text += "  " + without_controls(port) + " -";
    for (std::size_t i = 0; i < std::min(listed_addresses, addresses.size()); ++i) text += ' ' + addresses[i];
    if (addresses.size() > listed_addresses)
      text += " +" + std::to_string(addresses.size() - listed_addresses);
    text += '\n';
  }
  return text;
}

int exit_code(const NeighboursSeen& seen, const std::vector<CableDifference>& differences) {
  if (seen.status != Outcome::ok) return unknown;
  return differences.empty() ? 0 : differs;
}

std::string heading(Phrase phrase, std::size_t count, Language language) {
  return std::string(phrase.in(language)) + " (" + std::to_string(count) + "):\n";
}

std::string untold_lines(const Site& site, const std::vector<UntoldCable>& untold, Language language) {
  if (untold.empty()) return {};
  std::string text = heading({"どの隣の機器も触れなかったケーブル（正しいとも誤りとも言えない）",
                              "recorded cables that no neighbour spoke of, neither right nor wrong"},
                             untold.size(), language);
  for (const UntoldCable& one : untold)
    text += "  " + without_controls(one.port.empty() ? "?" : one.port) + " - " + label(site, one.to) + "\n";
  return text;
}

}  // namespace

std::optional<DeviceIndex> device_called(const Site& site, const std::string& system_name) {
  const std::string whole = lower(system_name);
  if (whole.empty()) return std::nullopt;
  const std::string host = whole.substr(0, whole.find('.'));
  std::optional<DeviceIndex> found;
  for (DeviceIndex i = 0; i < site.devices.size(); ++i) {
    const std::string name = lower(site.devices[i].name);
    if (name == whole) return i;
    if (name != host && lower(site.devices[i].label) != whole) continue;
    if (found) return std::nullopt;  // two could be meant
    found = i;
  }
  return found;
}

std::vector<CableDifference> cable_differences(const Site& site, DeviceIndex device,
                                               const NeighboursSeen& seen) {
  std::vector<CableDifference> all;
  for (const LldpNeighbour& neighbour : seen.lldp)
    if (auto found = difference(site, device, neighbour, seen)) all.push_back(std::move(*found));
  return all;
}

std::vector<UntoldCable> untold_cables(const Site& site, DeviceIndex device, const NeighboursSeen& seen) {
  std::vector<UntoldCable> untold;
  for (const Plug& plug : plugs_of(site, device)) {
    const bool told = std::any_of(seen.lldp.begin(), seen.lldp.end(), [&](const LldpNeighbour& neighbour) {
      const auto heard = device_called(site, neighbour.name);
      return any_is(neighbour.port_names, plug.port) || (heard && leads_to(site, device, plug.to, *heard));
    });
    if (!told) untold.push_back({plug.port, plug.to});
  }
  return untold;
}

ControlReply neighbour_report(const Site& site, DeviceIndex device, const NeighboursSeen& seen,
                              Language language) {
  const auto differences = cable_differences(site, device, seen);
  ControlReply reply;
  reply.exit_code = exit_code(seen, differences);
  if (seen.status != Outcome::ok) {
    reply.out =
        site.devices[device].name +
        std::string(Phrase{": SNMPで聞けませんでした: ", ": could not be asked by SNMP: "}.in(language)) +
        std::string(word_of<Outcome>(snmp_words, seen.status)) + "\n";
    return reply;
  }
  reply.out = heading({"LLDPで名乗った隣の機器", "neighbours that name themselves by LLDP"}, seen.lldp.size(),
                      language);
  for (const LldpNeighbour& one : seen.lldp)
    reply.out += "  " + without_controls(line_of(one, language)) + "\n";
  reply.out +=
      heading({"ポートごとに学習したアドレス", "addresses learned by port"}, seen.learned.size(), language) +
      learned_lines(seen);
  if (seen.cut)
    reply.out += std::string(Phrase{"表が途中で切れました。これで全部とは限りません。\n",
                                    "A table was cut short: this may not be all.\n"}
                                 .in(language));
  if (seen.lldp.empty()) {
    reply.out +=
        Phrase{
            "LLDPで名乗る隣の機器がないため、記録されたケーブルと比べられません。正しいとも誤りとも言えません"
            "。\n",
            "No neighbour names itself by LLDP, so the recorded cables cannot be compared: neither right nor "
            "wrong.\n"}
            .in(language);
    return reply;
  }
  reply.out += heading({"記録されたケーブルとの違い", "differences from the recorded cables"},
                       differences.size(), language);
  for (const CableDifference& one : differences)
    reply.out += "  " + without_controls(sentence(site, one, language)) + "\n";
  reply.out += untold_lines(site, untold_cables(site, device, seen), language);
  return reply;
}

ControlReply neighbour_json(const Site& site, DeviceIndex device, const NeighboursSeen& seen,
                            Language language) {
  const auto differences = cable_differences(site, device, seen);
  boost::json::array lldp;
  for (const LldpNeighbour& one : seen.lldp) {
    const auto known = device_called(site, one.name);
    boost::json::object entry{
        {"port", one.port}, {"name", one.name}, {"remote_port", one.remote_port}, {"chassis", one.chassis}};
    if (known) entry["device"] = site.devices[*known].name;
    lldp.push_back(std::move(entry));
  }
  boost::json::array learned;
  for (const LearnedAddress& one : seen.learned) {
    boost::json::object entry{{"port", one.port}, {"address", one.address}};
    if (one.vlan) entry["vlan"] = *one.vlan;
    learned.push_back(std::move(entry));
  }
  boost::json::array cables;
  for (const CableDifference& one : differences)
    cables.push_back(boost::json::object{{"port", one.port},
                                         {"heard", site.devices[one.heard].name},
                                         {"recorded_port", one.recorded_port},
                                         {"text", sentence(site, one, language)}});
  boost::json::array untold;
  for (const UntoldCable& one : untold_cables(site, device, seen))
    untold.push_back(boost::json::object{{"port", one.port}, {"to", site.devices[one.to].name}});
  const boost::json::object result{{"device", site.devices[device].name},
                                   {"status", word_of<Outcome>(snmp_words, seen.status)},
                                   {"complete", seen.status == Outcome::ok && !seen.cut},
                                   {"lldp", std::move(lldp)},
                                   {"learned", std::move(learned)},
                                   {"cable_differences", std::move(cables)},
                                   {"cables_not_told", std::move(untold)}};
  return {exit_code(seen, differences), json_text(result) + "\n", ""};
}

NeighboursSeen ask_for_neighbours(const Site& site, DeviceIndex index) {
  const Device& device = site.devices[index];
  NeighboursSeen seen;
  seen.status = Outcome::blind;
  if (!device.credential || device.addresses.empty() || !open_snmp_library()) return seen;
  boost::asio::io_context io(1);
  auto requester = SnmpRequester::open(io);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(device.addresses.front(), error);
  if (!requester || error) return seen;
  auto peer = std::make_shared<SnmpPeer>();
  peer->endpoint = {address, snmp_port};
  peer->credential = site.credentials[*device.credential];
  peer->timeout = device.polling.snmp.timeout;
  peer->retries = device.polling.snmp.retries;
  look_neighbours(**requester, peer, [&](NeighboursSeen all) {
    seen = std::move(all);
    io.stop();
  });
  io.run_for(patience);
  return seen;
}

}  // namespace nethealth
