#pragma once
// What the sections of the configuration share while they are read. Inner to config/.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "config/log_encoding.hpp"
#include "config/reader.hpp"

namespace nethealth {

inline constexpr std::uint16_t syslog_port = 514;
inline constexpr std::uint16_t syslog_tls_port = 6514;  ///< RFC 5425 4.1

/// Everything is read into `site` even where parts are wrong, so that later sections can still be checked;
/// with an error the site is thrown away.
struct Loading {
  Reader& read;
  Secrets secrets;
  std::string folder;  ///< of the main file, where relative paths start; empty for the present one
  const std::vector<std::string>& log_packs;
  const Node& root;
  Site& site;

  Names rooms{{"部屋", "room"}};
  Names credentials{{"認証情報（credentials）", "credential"}};
  Names calendars{{"カレンダー", "calendar"}};
  Names channels{{"通知経路（channels）", "channel"}};
  Names people{{"人（people）", "person"}};
  Names devices{{"機器", "device"}};
  bool channel_types_known = true;  ///< false when a channel has a mistyped type
  std::vector<const Node*> device_nodes{};
  std::map<std::string, SyslogSeal> seals{};  ///< of tls:// places, by where they listen
  std::vector<std::pair<std::string, const Node*>> unsealed_logs{};
  std::vector<std::pair<std::size_t, const Node*>> through_nodes{};  ///< of a channel; devices come later
};

/// Sets the target where there is a value.
template <class T, class U>
void set(T& target, std::optional<U> value) {
  if (value) target = std::move(*value);
}

/// A path as written, started at the folder of the main file where it is relative.
std::string resolve(const std::string& folder, const std::string& path);

/// Site time without an offset, or RFC 3339 with one; the key must be there.
std::optional<Time> load_moment(Loading& load, const Node& map, std::string_view key);

/// Who has whose turn.
void load_rota(Loading& load, const Node& node, Role& role);
void load_absences(Loading& load, const Node& list, Person& person);

/// The mailbox in which replies arrive.
void load_replies(Loading& load, const Node& node, Channel& channel);

/// What a gateway reports of a webhook's messages.
void load_callback(Loading& load, const Node& node, Channel& channel);
/// http:// or https://, of the key `url`.
void load_url(Loading& load, const Node& node, Channel& channel);
/// The severities that a lamp or an Alertmanager shows: the key `on`.
void load_severities(Loading& load, const Node& node, Channel& channel);
void load_alertmanager(Loading& load, const Node& node, Channel& channel);
/// A manager that takes traps and informs.
void load_snmp_trap(Loading& load, const Node& node, Channel& channel);

/// The text of a secret file, without the newline at its end.
Secret read_secret(Loading& load, const Node& path, std::string_view key);

/// Notes the `name` of every item and makes room for as many elements.
template <class T>
std::vector<const Node*> name_items(Loading& load, std::string_view section, const KeySet& known,
                                    Names& names, std::vector<T>& elements) {
  std::vector<const Node*> maps;
  const Node* list = load.root.find(section);
  if (list == nullptr) return maps;
  for (const Node* item : load.read.list(*list, section)) {
    if (!load.read.map(*item, section, known)) continue;
    elements.emplace_back();
    maps.push_back(item);
    const Node* name = load.read.require(*item, "name");
    const auto text = name == nullptr ? std::nullopt : load.read.name(*name, "name");
    if (!text) continue;
    elements.back().name = *text;
    names.add(load.read, *name, elements.size() - 1);
  }
  return maps;
}

void load_general(Loading& load);  ///< site, store, http, polling
void load_polling(Reader& read, const Node& node, Polling& polling);
void load_calendars(Loading& load);
void load_credentials(Loading& load);
void load_rooms(Loading& load);
void load_channels(Loading& load);
void load_people(Loading& load);
void load_roles(Loading& load);
void load_devices(Loading& load);
LogSource load_log(Loading& load, const Node& node);
void finish_seals(Loading& load);  ///< after all logs
void load_services(Loading& load, const Node& list, Device& device);
void load_cables(Loading& load);
void load_maintenance(Loading& load);
void load_syslog(Loading& load);
void load_sensor_packs(Loading& load);
void load_traps(Loading& load);
void load_recorder(Loading& load);    ///< after the store, beside which it stands
void load_procedures(Loading& load);  ///< procedures, tasks, emergency_measures
void load_paging(Loading& load);      ///< paging, heartbeat

/// What no single section can see: the one monitor, feeds in a circle, addresses and devices that cannot be.
void verify(Loading& load);

/// The main file and its includes as one document.
struct Files {
  Node root;
  std::vector<std::string> paths;  ///< read, the main file first
  std::string folder;
  bool whole = true;  ///< false when a file could not be read to its end
};
Files read_files(const std::string& path, Reader& read, Problems& problems);

}  // namespace nethealth
