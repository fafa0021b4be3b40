// Channels to other systems: managers that take SNMP traps, Alertmanagers.

#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

/// Alertmanager forgets an alert that is not said again; its users say it every 30 s to 3 min.
constexpr Milliseconds shortest_alert_interval{5'000};
constexpr Milliseconds longest_alert_interval{180'000};

/// RFC 3411, 5: SnmpEngineID has 5 to 32 octets and is neither all zero nor all ones.
constexpr std::size_t shortest_engine_id = 5;
constexpr std::size_t longest_engine_id = 32;

int hex_digit(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

/// Hexadecimal, with or without "0x" before it; empty when it is no snmpEngineID.
std::string engine_id_of(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (text.size() % 2 != 0) return {};
  std::string octets;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return {};
    octets += static_cast<char>(high * 16 + low);
  }
  const bool fits = octets.size() >= shortest_engine_id && octets.size() <= longest_engine_id;
  const bool plain = octets.find_first_not_of('\0') == std::string::npos ||
                     octets.find_first_not_of('\xFF') == std::string::npos;
  return fits && !plain ? octets : std::string();
}

/// Who sends an SNMPv3 trap is the authoritative engine, which the receiver has to know beforehand (RFC 3414,
/// 1.5.1); who sends an inform asks the receiver for its own.
void load_engine_id(Loading& load, const Node& node, const Credential& credential, Channel& channel) {
  Reader& read = load.read;
  const bool needed = credential.version == SnmpVersion::v3 && !channel.inform;
  const Node* id = needed ? read.require(node, "engine_id") : node.find("engine_id");
  if (id == nullptr) return;
  if (!needed)
    return read.report(*id, {"engine_id は SNMPv3 で inform: false の時だけ書いてください",
                             "engine_id: expected only with SNMPv3 and inform: false"});
  const auto text = read.text(*id, "engine_id");
  if (!text) return;
  channel.engine_id = engine_id_of(*text);
  if (channel.engine_id.empty())
    read.unexpected(*id, "engine_id",
                    {"16進数で5から32オクテット（例 \"0x80007ed9056e6574\"）を書いてください",
                     "5 to 32 octets in hexadecimal such as \"0x80007ed9056e6574\""});
  else if (std::ranges::any_of(load.site.channels, [&](const Channel& other) {
             return !other.engine_id.empty() && other.engine_id != channel.engine_id;
           }))
    read.unexpected(*id, "engine_id",
                    {"ほかの通知経路と同じ値を書いてください（このホストの snmpEngineID は一つ）",
                     "the same as of the other channels: this host is one SNMP engine"});
}

void load_manager_address(Loading& load, const Node& node, Channel& channel) {
  const Node* server = load.read.require(node, "server");
  const auto text = server == nullptr ? std::nullopt : load.read.text(*server, "server");
  if (!text) return;
  const auto parts = split_url(*text);
  if (!parts || parts->scheme != "udp" || !parts->rest.empty())
    load.read.unexpected(
        *server, "server",
        {"udp://ホスト か udp://ホスト:ポート を書いてください", "udp://HOST or udp://HOST:PORT"});
  channel.url = *text;
}

}  // namespace

void load_snmp_trap(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  load_manager_address(load, node, channel);
  if (const Node* inform = node.find("inform")) set(channel.inform, read.flag(*inform, "inform"));
  const Node* snmp = read.require(node, "snmp");
  const auto found = snmp == nullptr ? std::nullopt : load.credentials.find(read, *snmp, "snmp");
  if (!found) return;
  channel.credential = *found;
  const Credential& credential = load.site.credentials[*found];
  if (credential.version == SnmpVersion::v1)
    read.unexpected(*snmp, "snmp",
                    {"version が 2c か 3 の認証情報の名前を書いてください",
                     "the name of a credential of version 2c or 3"});
  load_engine_id(load, node, credential, channel);
}

void load_alertmanager(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  load_url(load, node, channel);
  load_severities(load, node, channel);
  if (const Node* interval = node.find("interval"))
    set(channel.interval,
        read.duration(*interval, "interval", shortest_alert_interval, longest_alert_interval));
  if (const Node* token = node.find("token_file")) channel.token = read_secret(load, *token, "token_file");
}

}  // namespace nethealth
