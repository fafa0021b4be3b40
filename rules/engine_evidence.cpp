// What is kept as proof: lines near those that mean something, who took originals away, and what was done to
// the program itself.

#include <algorithm>

#include "config/wording.hpp"
#include "rules/explain.hpp"
#include "rules/mind.hpp"

namespace nethealth {

std::optional<std::string> export_refusal(const Site& site, const Procedure& procedure,
                                          const std::string& person, Language language) {
  std::vector<RoleId> allowed{procedure.owner, RoleId::deputy_chief, RoleId::chief, RoleId::security_team};
  for (const RoleId role : procedure.closers)
    if (std::ranges::count(allowed, role) == 0) allowed.push_back(role);
  const auto index = site.person(person);
  std::string titles;
  for (const RoleId role : allowed) {
    if (index && std::ranges::count(site.role(role).people, *index) > 0) return std::nullopt;
    titles += (titles.empty() ? "" : language == Language::ja ? "、" : ", ") + role_title(site, role);
  }
  return fill(
      Phrase{"原本（伏せ字なし）を取り出せるのは: {0}", "the unmasked originals are for: {0}"}.in(language),
      {titles});
}

void Engine::Mind::keep_near(int incident, const std::string& device, const LogSeen& line, Time seen) {
  EvidenceKept kept{device, line.file, line.offset, line.line};
  if (seen != now) kept.seen = seen;
  keep_evidence(incident, std::move(kept));
}

void Engine::Mind::act(const ExportEvidence& exported) {
  IncidentStep record{"evidence", full_role(exported.person), exported.person, "exported", ""};
  record.answers = {{"sha256", exported.digest},
                    {"lines", std::to_string(exported.lines)},
                    {"files", std::to_string(exported.files)}};
  emit(exported.incident, std::move(record));
  audit(exported.incident, "EVIDENCE-EXPORTED", exported.person,
        std::to_string(exported.lines) + " lines, SHA-256 of SHA256SUMS " + exported.digest);
}

void Engine::Mind::audit_trail(AuditRecord record) {
  for (const SyslogTarget& target : site_.syslog) {
    if (!target.audit) continue;
    SyslogQueued message;
    message.id = next_message_id(0) + "s";
    message.target = target.target;
    message.message_id = record.code;
    message.values = record.values;
    if (!record.person.empty()) message.values["person"] = record.person;
    message.message = record.text;
    queue_syslog(0, std::move(message));
  }
  emit(0, std::move(record));
}

}  // namespace nethealth
