#include "config/site_words.hpp"

#include <algorithm>
#include <array>

namespace nethealth {
namespace {

template <class T>
using Word = std::pair<std::string_view, T>;

constexpr std::array<Word<DeviceKind>, 11> kinds{{{"monitor", DeviceKind::monitor},
                                                  {"cs_server", DeviceKind::cs_server},
                                                  {"server", DeviceKind::server},
                                                  {"terminal", DeviceKind::terminal},
                                                  {"switch", DeviceKind::switch_},
                                                  {"hub", DeviceKind::hub},
                                                  {"router", DeviceKind::router},
                                                  {"firewall", DeviceKind::firewall},
                                                  {"ups", DeviceKind::ups},
                                                  {"sensor", DeviceKind::sensor},
                                                  {"printer", DeviceKind::printer}}};

constexpr std::array<Word<RoleId>, role_count> roles{
    {{"operations_sub_manager", RoleId::operations_sub_manager},
     {"operations_manager", RoleId::operations_manager},
     {"deputy_chief", RoleId::deputy_chief},
     {"chief", RoleId::chief},
     {"mayor", RoleId::mayor},
     {"council", RoleId::council},
     {"system_staff", RoleId::system_staff},
     {"citizens_section", RoleId::citizens_section},
     {"information_section", RoleId::information_section},
     {"security_team", RoleId::security_team},
     {"prefecture", RoleId::prefecture},
     {"organisation", RoleId::organisation},
     {"contractor", RoleId::contractor},
     {"municipalities", RoleId::municipalities},
     {"receiving_organisations", RoleId::receiving_organisations}}};

constexpr std::array<Word<Language>, 2> languages{{{"ja", Language::ja}, {"en", Language::en}}};

constexpr std::array<Word<SnmpVersion>, 3> versions{
    {{"1", SnmpVersion::v1}, {"2c", SnmpVersion::v2c}, {"3", SnmpVersion::v3}}};

constexpr std::array<Word<AuthProtocol>, 7> auths{{{"MD5", AuthProtocol::md5},
                                                   {"SHA", AuthProtocol::sha1},
                                                   {"SHA-1", AuthProtocol::sha1},
                                                   {"SHA-224", AuthProtocol::sha224},
                                                   {"SHA-256", AuthProtocol::sha256},
                                                   {"SHA-384", AuthProtocol::sha384},
                                                   {"SHA-512", AuthProtocol::sha512}}};

constexpr std::array<Word<PrivacyProtocol>, 7> privacies{{{"DES", PrivacyProtocol::des},
                                                          {"AES", PrivacyProtocol::aes128},
                                                          {"AES-128", PrivacyProtocol::aes128},
                                                          {"AES-192", PrivacyProtocol::aes192},
                                                          {"AES-256", PrivacyProtocol::aes256},
                                                          {"AES-192-C", PrivacyProtocol::aes192c},
                                                          {"AES-256-C", PrivacyProtocol::aes256c}}};

constexpr std::array<Word<Channel::Type>, 6> channel_types{{{"smtp", Channel::Type::smtp},
                                                            {"webhook", Channel::Type::webhook},
                                                            {"patlite", Channel::Type::patlite},
                                                            {"command", Channel::Type::command},
                                                            {"snmp_trap", Channel::Type::snmp_trap},
                                                            {"alertmanager", Channel::Type::alertmanager}}};

constexpr std::array<Word<Detail>, 2> details{{{"full", Detail::full}, {"minimal", Detail::minimal}}};

constexpr std::array<Word<SyslogFraming>, 2> framings{
    {{"octet_counting", SyslogFraming::octet_counting}, {"newline", SyslogFraming::newline}}};

constexpr std::array<Word<int>, 20> facilities{
    {{"kern", 0},      {"user", 1},    {"mail", 2},    {"daemon", 3},  {"auth", 4},
     {"syslog", 5},    {"lpr", 6},     {"news", 7},    {"uucp", 8},    {"cron", 9},
     {"authpriv", 10}, {"ftp", 11},    {"local0", 16}, {"local1", 17}, {"local2", 18},
     {"local3", 19},   {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23}}};

constexpr std::array<Word<unsigned>, 7> weekdays{
    {{"mon", 1}, {"tue", 2}, {"wed", 3}, {"thu", 4}, {"fri", 5}, {"sat", 6}, {"sun", 0}}};

template <class T>
std::string_view word_of(WordList<T> words, T value) {
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.second == value; });
  return found == words.end() ? std::string_view{} : found->first;
}

template <class T>
std::optional<T> value_of(WordList<T> words, std::string_view text) {
  const auto found = std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == text; });
  if (found == words.end()) return {};
  return found->second;
}

template <class Items>
std::optional<std::uint32_t> index_by_name(const Items& items, std::string_view name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const auto& i) { return i.name == name; });
  if (found == items.end()) return {};
  return static_cast<std::uint32_t>(found - items.begin());
}

}  // namespace

WordList<DeviceKind> device_kind_words() {
  return kinds;
}
WordList<RoleId> role_words() {
  return roles;
}
WordList<Language> language_words() {
  return languages;
}
WordList<SnmpVersion> snmp_version_words() {
  return versions;
}
WordList<AuthProtocol> auth_protocol_words() {
  return auths;
}
WordList<PrivacyProtocol> privacy_protocol_words() {
  return privacies;
}
WordList<Channel::Type> channel_type_words() {
  return channel_types;
}
WordList<Detail> detail_words() {
  return details;
}
WordList<SyslogFraming> syslog_framing_words() {
  return framings;
}
WordList<int> syslog_facility_words() {
  return facilities;
}
WordList<unsigned> weekday_words() {
  return weekdays;
}

bool is_optional_role(RoleId role) {
  return role == RoleId::municipalities || role == RoleId::receiving_organisations;
}

bool is_in_chain(RoleId role) {
  return role == RoleId::operations_sub_manager || role == RoleId::operations_manager ||
         role == RoleId::deputy_chief || role == RoleId::chief;
}

std::string_view word(DeviceKind kind) {
  return word_of(device_kind_words(), kind);
}
std::string_view word(RoleId role) {
  return word_of(role_words(), role);
}
std::optional<DeviceKind> device_kind(std::string_view word) {
  return value_of(device_kind_words(), word);
}
std::optional<RoleId> role_id(std::string_view word) {
  return value_of(role_words(), word);
}

std::optional<DeviceIndex> Site::device(std::string_view device_name) const {
  return index_by_name(devices, device_name);
}

std::optional<PersonIndex> Site::person(std::string_view person_name) const {
  return index_by_name(people, person_name);
}

}  // namespace nethealth
