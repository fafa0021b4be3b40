#pragma once
// A city where every role of the plan is somebody else, and its two procedures walked step by step on the
// running engine. What was refused is text; an empty text means that it was done.

#include <unistd.h>

#include <algorithm>

#include "tests/rules/story.hpp"

namespace nethealth::plan {

using namespace nethealth::story;

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

inline const char* officials = R"(
roles:
  - {role: operations_sub_manager, title: 運用副管理者, people: [sato, suzuki]}
  - {role: operations_manager, title: 運用管理者, people: [tanaka, mori]}
  - {role: deputy_chief, title: 統括副責任者, people: [ito]}
  - {role: chief, title: 統括責任者, people: [kato]}
  - {role: mayor, title: 市長, people: [mayor]}
  - {role: council, title: セキュリティ会議, people: [kato, ito, tanaka]}
  - {role: system_staff, title: システム担当者, people: [ono]}
  - {role: citizens_section, title: 市民課, people: [citizens]}
  - {role: information_section, title: 情報管理課, people: [joho]}
  - {role: security_team, title: セキュリティ担当, people: [ono]}
  - {role: prefecture, title: 東京都, people: [tokyo]}
  - {role: organisation, title: 機構, people: [jlis]}
  - {role: contractor, title: 保守, people: [maker]}
  - {role: municipalities, title: 関係市区町村, people: [neighbours]}
  - {role: receiving_organisations, title: 提供先, people: [receivers]}
people:
  - {name: sato, label: 佐藤, channels: [{mail: sato@example.lg.jp, answer_within: 5m}]}
  - {name: suzuki, label: 鈴木, channels: [{mail: suzuki@example.lg.jp, answer_within: 5m}]}
  - {name: tanaka, label: 田中, channels: [{mail: tanaka@example.lg.jp, answer_within: 5m}]}
  - {name: mori, label: 森, channels: [{mail: mori@example.lg.jp, answer_within: 5m}]}
  - {name: ito, label: 伊藤, channels: [{mail: ito@example.lg.jp, answer_within: 5m}]}
  - {name: kato, label: 加藤, channels: [{mail: kato@example.lg.jp, answer_within: 5m}]}
  - {name: mayor, label: 市長室, channels: [{mail: mayor@example.lg.jp}]}
  - {name: ono, label: 小野, channels: [{mail: ono@example.lg.jp}]}
  - {name: citizens, label: 市民課, channels: [{mail: citizens@example.lg.jp}]}
  - {name: joho, label: 情報管理課, channels: [{mail: joho@example.lg.jp}]}
  - {name: tokyo, label: 東京都, channels: [{mail: tokyo@example.jp}]}
  - {name: jlis, label: 機構, channels: [{mail: jlis@example.jp}]}
  - {name: maker, label: 保守, channels: [{mail: maker@example.jp}]}
  - {name: neighbours, label: 近隣市, channels: [{mail: neighbours@example.jp}]}
  - {name: receivers, label: 提供先, channels: [{mail: receivers@example.jp}]}
channels:
  - {name: mail, type: smtp, server: "smtp://127.0.0.1:2525", from: nethealth@example.lg.jp}
tasks:
  - {task: 広域交付, needs: [cs-1], instead: 近隣市の窓口を案内する}
)";

using Answers = std::map<std::string, std::string>;

struct Step {
  std::string step;
  std::string person;
  std::string decision = {};
  std::string text = {};
  Answers answers = {};
};

inline const std::map<std::string, std::string> council_decisions{{"equipment", "partial_stop,isolate_part"},
                                                                  {"notices", "organisation,prefecture"},
                                                                  {"support", "contractor"},
                                                                  {"organisation", "roles,command"},
                                                                  {"citizens", "visitors"},
                                                                  {"publicity", "web"}};

inline const std::vector<Step> failure_walk{{"5.1.1.confirm", "citizens"},
                                            {"5.1.2", "sato"},
                                            {"5.1.3", "tanaka"},
                                            {"5.1.3.pass", "ito"},
                                            {"5.2.1", "kato", "", "データを保護すること"},
                                            {"5.2.1.pass", "ito"},
                                            {"5.2.1.acknowledge", "tanaka"},
                                            {"5.2.1.carry-out", "tanaka", "", "バックアップを取得した"},
                                            {"5.2.2", "kato", "yes"},
                                            {"5.2.2.mayor", "kato"},
                                            {"5.3.1", "kato"},
                                            {"5.3.2", "tanaka"},
                                            {"5.3.2.approve", "kato", "approved"},
                                            {"5.3.3", "kato", "", "", council_decisions},
                                            {"5.3.4", "kato"},
                                            {"5.4", "tanaka", "", "電源装置を交換した"},
                                            {"5.5.1.integrity", "tanaka", "faults"},
                                            {"5.5.1.restore", "tanaka", "", "3件を修復した"},
                                            {"5.5.1.notice", "tanaka"},
                                            {"5.5.2.report", "tanaka"},
                                            {"5.5.2", "kato", "resume"},
                                            {"5.5.1.approve", "kato"},
                                            {"5.5.1", "tanaka"}};

inline const std::vector<Step> misconduct_walk{
    {"7.B.1.2", "citizens", "", "なし"},
    {"7.B.1.3.collect", "tanaka"},
    {"7.B.1.3.analyse", "tanaka"},
    {"7.B.1.3.findings", "ono", "", "利用者IDの総当たりであった"},
    {"7.B.1.3.coordinate", "tanaka"},
    {"7.B.1.3.coordinate.prefecture", "tanaka", "", "了解"},
    {"7.B.1.3.coordinate.organisation", "tanaka", "", "了解"},
    {"7.B.1.4", "tanaka", "yes"},
    {"7.B.1.4.report", "tanaka"},
    {"7.B.1.4.pass", "ito"},
    {"7.B.2.mayor", "kato"},
    {"7.B.2", "kato", "", "該当のIDを止めること"},
    {"7.B.2.pass", "ito"},
    {"7.B.2.acknowledge", "tanaka"},
    {"7.B.2.1", "tanaka"},
    {"7.B.2.2", "tanaka", "done", "", {{"measure", "cut_network"}, {"ordered", "kato"}, {"by", "ono"}}},
    {"7.B.2.3", "tanaka", "not_needed"},
    {"7.B.2.4", "tanaka", "none"},
    {"7.B.2.carry-out", "tanaka", "", "IDを停止した"},
    {"7.B.3.consult",
     "tanaka",
     "",
     "",
     {{"organisation", "協議済"},
      {"prefecture", "協議済"},
      {"information_section", "協議済"},
      {"contractor", "なし"}}},
    {"7.B.3.judge", "tanaka", "3"},
    {"7.B.3.2", "tanaka", "", "弱いパスワード", {{"measures", "IDの廃止"}}},
    {"7.B.3.2.pass", "ito"},
    {"7.B.3.4", "kato"},
    {"7.B.3.4.mayor", "kato"},
    {"7.B.4.1", "kato"},
    {"7.B.4.2", "tanaka"},
    {"7.B.4.2.approve", "kato", "approved"},
    {"7.B.4.3",
     "kato",
     "",
     "",
     {{"equipment", "cut_network"},
      {"notices", "organisation"},
      {"support", "organisation"},
      {"organisation", "roles"},
      {"citizens", "victims,inquiries"},
      {"publicity", "press"},
      {"review", "additional,permanent"}}},
    {"7.B.4.5", "kato"},
    {"7.B.5",
     "kato",
     "",
     "",
     {{"cause", "弱いパスワード"}, {"restored", "IDを廃止"}, {"cooperation", "機構"}}},
    {"7.B.6.1.integrity", "tanaka", "sound"},
    {"7.B.6.1.report", "tanaka"},
    {"7.B.6.1.council", "kato", "resume"},
    {"7.B.6.1.approve", "kato"},
    {"7.B.6.1", "tanaka"}};

class Plan {
 public:
  explicit Plan(const std::string& more = "", const std::string& people = officials,
                EngineOptions options = {})
      : story(std::string(city_hall) + people + more, options) {}

  /// The CS server stops; the agent finds it and pages.
  void fail() {
    story.run(2min);
    story.silent.insert("cs-1");
    story.down.insert({"sw-core", "1"});
    story.run(40s);
    number = story.incidents().back().number;
  }
  /// All works again.
  void mend() {
    story.silent.clear();
    story.down.clear();
  }
  /// Failed log-ins and a success: misconduct of level 3, found by the agent.
  void attack(bool succeed = true) {
    story.run(10s);
    for (int i = 0; i < 5; ++i)
      story.log("cs-1", "sshd[811]: Failed password for root from 192.0.2.77 port 40022 ssh2");
    if (succeed) story.log("cs-1", "sshd[811]: Accepted password for root from 192.0.2.77 port 40022 ssh2");
    number = story.incidents().back().number;
  }

  std::string act(const Act& what) {
    auto decisions = story.engine->act(story.now, what, Language::en);
    if (!decisions) return decisions.error().what;
    story.take(std::move(*decisions));
    return "";
  }
  std::string take(const Step& step, const std::string& reason = "", std::optional<Time> at = {},
                   bool by_telephone = false) {
    StepAttempt attempt;
    attempt.step = step.step;
    attempt.decision = step.decision;
    attempt.text = step.text;
    attempt.answers = step.answers;
    attempt.reason = reason;
    attempt.at = at;
    attempt.by_telephone = by_telephone;
    return act(TakeStep{number, step.person, attempt});
  }
  std::string close(const std::string& person, const std::string& reason, const std::string& decision = "") {
    return act(Close{number, person, reason, decision});
  }

  /// Walks up to the step, without taking it. A failed step throws.
  void up_to(const std::vector<Step>& walk, const std::string& last) {
    for (const Step& step : walk) {
      if (step.step == last) return;
      story.run(1s);
      if (const std::string refused = take(step); !refused.empty())
        throw std::runtime_error(step.step + ": " + refused);
    }
  }

  [[nodiscard]] IncidentPicture incident() const {
    for (IncidentPicture& shown : story.engine->picture().incidents)
      if (shown.number == number) return shown;
    throw std::runtime_error("no incident");
  }
  [[nodiscard]] StepPicture step(const std::string& id) const {
    for (const StepPicture& shown : incident().procedure)
      if (shown.id == id) return shown;
    throw std::runtime_error("no step " + id);
  }
  [[nodiscard]] std::string state(const std::string& id) const { return std::string(word(step(id).state)); }
  /// Who was told by a step, in order.
  [[nodiscard]] std::vector<std::string> told(const std::string& about) const {
    std::vector<std::string> people;
    for (const Event& event : story.journal)
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what);
          queued && queued->notification.about == about)
        people.push_back(queued->notification.person);
    return people;
  }
  [[nodiscard]] std::string message(const std::string& about) const {
    for (const Event& event : story.journal)
      if (const auto* queued = std::get_if<NotificationQueued>(&event.what);
          queued && queued->notification.about == about)
        return queued->notification.subject + "\n" + queued->notification.body;
    return "";
  }
  [[nodiscard]] int reminders(const std::string& about) const {
    int count = 0;
    for (const NotificationPicture& sent : incident().notifications)
      count +=
          sent.notification.kind == NotificationKind::reminder && sent.notification.about == about ? 1 : 0;
    return count;
  }
  void consider_all_measures() {
    for (const ProcedureMeasure& measure : shipped_procedures().failure.measures)
      if (const auto refused =
              act(DecideMeasure{number, "tanaka", measure.id, "not_taken", "", "効果がない", "", {}});
          !refused.empty())
        throw std::runtime_error(refused);
  }

  Story story;
  int number = 1;
};

using People = std::vector<std::string>;

}  // namespace nethealth::plan
