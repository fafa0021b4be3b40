#include "agent/contact_check.hpp"

#include "rules/chain.hpp"

namespace nethealth {
namespace {

std::string minute_text(Time time, const Zone& zone) {
  const std::string text = format_time(time, zone);
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

Problem nobody(const Role& first, ProcedureKind procedure, const std::string& minute, Language language) {
  const bool failure_chain = procedure == ProcedureKind::failure;
  Problem problem{first.written.file, first.written.line, first.written.column, "", false};
  if (language == Language::ja)
    problem.message = std::string(failure_chain ? "障害" : "不正") + "の連絡網は " + minute +
                      " に誰にも届きません。不在・当番・時間帯（absences、rota、calendar）を直してください";
  else
    problem.message = std::string("the contact chain for ") + (failure_chain ? "a failure" : "misconduct") +
                      " reaches nobody at " + minute +
                      ", expected somebody at every minute of the coming 60 days (absences, rota, calendar)";
  return problem;
}

}  // namespace

void check_reach(LoadedConfiguration& loaded, Time now) {
  if (!loaded.configuration) return;
  const Site& site = loaded.configuration->site;
  const Time from = std::chrono::floor<std::chrono::minutes>(now);
  bool reached = true;
  for (const ProcedureKind procedure : {ProcedureKind::failure, ProcedureKind::misconduct}) {
    const auto gap = first_gap(site, procedure, from, from + reach_checked);
    if (!gap) continue;
    const RoleId first =
        procedure == ProcedureKind::failure ? RoleId::operations_sub_manager : RoleId::operations_manager;
    loaded.problems.push_back(
        nobody(site.role(first), procedure, minute_text(*gap, site.zone), loaded.language));
    reached = false;
  }
  if (!reached) loaded.configuration.reset();
}

}  // namespace nethealth
