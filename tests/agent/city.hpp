#pragma once
// A small site on the loopback, for tests of the agent: written to a folder of the test's own.

#include <fstream>
#include <memory>
#include <string>

#include "agent/configuration.hpp"
#include "tests/agent/temporary_folder.hpp"

namespace nethealth::city {

inline const char* const text = R"(
site: {name: 試験市役所, language: ja, timezone: Asia/Tokyo}
store: "sqlite:state.db"
polling:
  icmp: {interval: 10s, timeout: 1s, packets: 3}
devices:
  - {name: mon-1, kind: monitor, connected_to: sw-1:1}
  - {name: sw-1, kind: switch, label: 1階スイッチ, address: 127.77.0.1}
  - {name: cs-1, kind: cs_server, address: 127.77.0.2, connected_to: sw-1:2}
  - {name: term-1, kind: terminal, address: 127.77.0.3, connected_to: sw-1:3}
  - {name: hub-1, kind: hub, connected_to: sw-1:4}
roles:
  - {role: operations_sub_manager, title: 運用副管理者, people: [sato]}
  - {role: operations_manager, title: 運用管理者, people: [sato]}
  - {role: deputy_chief, title: 統括副責任者, people: [sato]}
  - {role: chief, title: 統括責任者, people: [sato]}
  - {role: mayor, title: 市長, people: [sato]}
  - {role: council, title: セキュリティ会議, people: [sato]}
  - {role: system_staff, title: システム担当者, people: [sato]}
  - {role: citizens_section, title: 市民課, people: [sato]}
  - {role: information_section, title: 情報管理課, people: [sato]}
  - {role: security_team, title: セキュリティ担当, people: [sato]}
  - {role: prefecture, title: 東京都, people: [sato]}
  - {role: organisation, title: 機構, people: [sato]}
  - {role: contractor, title: 保守, people: [sato]}
people:
  - {name: sato, label: 佐藤, login: sato, channels: [{mail: sato@example.lg.jp, answer_within: 5m}]}
  - {name: ito, label: 伊藤, login: ito, channels: [{mail: ito@example.lg.jp, answer_within: 5m}]}
channels:
  - {name: mail, type: smtp, server: "smtp://127.0.0.1:1", from: nethealth@example.lg.jp}
)";

/// The main file in `folder`.
inline std::string write(const TemporaryFolder& folder, const std::string& what = text) {
  std::ofstream(folder.file("nethealth.yaml")) << what;
  return folder.file("nethealth.yaml");
}

inline std::unique_ptr<Configuration> load(const TemporaryFolder& folder) {
  return std::move(load_configuration(write(folder), {}, Language::en, Secrets::optional).configuration);
}

}  // namespace nethealth::city
