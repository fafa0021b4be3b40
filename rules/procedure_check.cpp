// Proves a procedure sound by playing it: with many different decisions and incidents it is walked from its
// opening as far as its gates let it. A step that no walk reaches, and a walk that stops before the end, are
// mistakes of the procedure.

#include <algorithm>
#include <set>

#include "config/wording.hpp"
#include "rules/procedure_run.hpp"

namespace nethealth {

namespace {

constexpr std::size_t most_walks = 400;
constexpr std::size_t most_takes_per_step = 8;

/// Something that can go several ways: the incident itself, a step's decision, an answer that a condition
/// reads.
struct Branch {
  std::string step;  ///< empty for the incident itself
  std::string ask;
  std::vector<std::string> options;
};

void read_answers(const ProcedureCondition& condition,
                  std::map<std::pair<std::string, std::string>, std::set<std::string>>& answers) {
  if (condition.kind == ProcedureCondition::Kind::step && !condition.ask.empty())
    answers[{condition.name, condition.ask}].insert(condition.words.begin(), condition.words.end());
  for (const ProcedureCondition& part : condition.parts) read_answers(part, answers);
}

std::vector<Branch> branches_of(const Procedure& procedure) {
  std::vector<Branch> branches;
  branches.push_back({"", "severity", {"stopped", "at_risk"}});
  if (procedure.kind == ProcedureKind::failure)
    branches.push_back({"", "category", {"hardware", "undetermined"}});
  else
    branches.push_back({"", "level", {"3", "2", "1"}});
  std::map<std::pair<std::string, std::string>, std::set<std::string>> answers;
  for (const ProcedureStep& step : procedure.steps) {
    read_answers(step.when, answers);
    read_answers(step.gate, answers);
    if (step.decisions.empty()) continue;
    Branch branch{step.id, "", {}};
    for (const ProcedureChoice& choice : step.decisions) branch.options.push_back(choice.word);
    branches.push_back(std::move(branch));
  }
  for (const auto& [key, words] : answers) branches.push_back({key.first, key.second, {*words.begin(), "-"}});
  return branches;
}

/// The n-th way of deciding everything: all of them while they are few, else ways spread over them.
std::map<std::pair<std::string, std::string>, std::string> way(const std::vector<Branch>& branches,
                                                               std::uint64_t n, bool spread) {
  std::map<std::pair<std::string, std::string>, std::string> chosen;
  std::uint64_t state = n * 6364136223846793005ULL + 1442695040888963407ULL;
  for (const Branch& branch : branches) {
    constexpr unsigned high_bits = 33;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const std::uint64_t pick = spread ? state >> high_bits : n;
    chosen[{branch.step, branch.ask}] = branch.options[pick % branch.options.size()];
    if (!spread) n /= branch.options.size();
  }
  return chosen;
}

class Walker {
 public:
  Walker(const Procedure& procedure, const Site& site) : procedure_(procedure), site_(site) {
    (procedure.kind == ProcedureKind::failure ? both_.failure : both_.misconduct) = procedure;
  }

  std::set<std::string> reached;
  std::map<std::string, std::string> stuck;  ///< step to the decisions that led there

  void walk(const std::map<std::pair<std::string, std::string>, std::string>& chosen) {
    ProcedureRun run(both_, site_);
    run.apply({Time{}, 1, opening(chosen)});
    for (const ProcedureMeasure& measure : procedure_.measures)
      run.apply({Time{}, 1, IncidentStep{"measure", "", "", "", "", {{"measure", measure.id}}}});
    std::map<std::string, int> taken;
    for (std::size_t i = 0; i < procedure_.steps.size() * most_takes_per_step; ++i) {
      const ProcedureStep* next = due(run);
      if (!next) break;
      IncidentStep record{next->id, "", "somebody", "", ""};
      record.decision = decision(*next, chosen, taken[next->id]++);
      for (const auto& [key, word] : chosen)
        if (key.first == next->id && !key.second.empty()) record.answers[key.second] = word;
      run.apply({Time{}, 1, std::move(record)});
      reached.insert(next->id);
    }
    for (const ProcedureStep& step : procedure_.steps)
      if (run.is_done(step.id)) reached.insert(step.id);
    if (procedure_.end() && run.is_done(procedure_.end()->id)) return;
    std::string decisions;
    for (const auto& [key, word] : chosen)
      if (!key.first.empty() && run.is_done(key.first))
        decisions += (decisions.empty() ? "" : ", ") + key.first + "=" + word;
    const auto open = run.outstanding();
    if (!open.empty()) stuck.emplace(open.front()->id, decisions);
  }

 private:
  static IncidentOpened opening(const std::map<std::pair<std::string, std::string>, std::string>& chosen) {
    IncidentOpened opened;
    opened.severity = *severity(chosen.at({"", "severity"}));
    if (const auto level = chosen.find({"", "level"}); level != chosen.end()) {
      opened.procedure = ProcedureKind::misconduct;
      opened.threat_level = level->second[0] - '0';
      opened.diagnosis.category = Category::misconduct;
    } else {
      opened.diagnosis.category = *category(chosen.at({"", "category"}));
    }
    return opened;
  }

  [[nodiscard]] const ProcedureStep* due(const ProcedureRun& run) const {
    for (const StepPicture& shown : run.picture())
      if (shown.state == StepState::due) return procedure_.find(shown.id);
    return nullptr;
  }

  /// What was chosen; the next time round, what lets the procedure go on.
  static std::string decision(const ProcedureStep& step,
                              const std::map<std::pair<std::string, std::string>, std::string>& chosen,
                              int taken_before) {
    const auto found = chosen.find({step.id, ""});
    if (found == chosen.end()) return "";
    if (taken_before == 0 || !step.reopens.contains(found->second)) return found->second;
    for (const ProcedureChoice& choice : step.decisions)
      if (!step.reopens.contains(choice.word)) return choice.word;
    return found->second;
  }

  const Procedure& procedure_;
  const Site& site_;
  Procedures both_;
};

class Complaints {
 public:
  Complaints(const Procedure& procedure, Language language, Problems& problems)
      : procedure_(procedure), language_(language), problems_(problems) {}

  void about(const ProcedureStep* step, Phrase phrase, std::initializer_list<std::string_view> parts) {
    Problem problem;
    problem.file = procedure_.file;
    problem.line = step ? step->line : 1;
    problem.column = step ? step->column : 1;
    problem.message = fill(phrase.in(language_), parts);
    problems_.push_back(std::move(problem));
  }

 private:
  const Procedure& procedure_;
  Language language_;
  Problems& problems_;
};

void check_roles(const Procedure& procedure, const Site& site, Complaints& complaints) {
  for (const ProcedureStep& step : procedure.steps) {
    const auto filled = [&](RoleId role) { return !site.role(role).people.empty(); };
    if (std::ranges::any_of(step.actors, filled)) continue;
    complaints.about(&step,
                     {"段階 {0} を行う役割 {1} に担当者がいない",
                      "step {0}: nobody fills the role {1} that takes it, expected people under roles"},
                     {step.id, step.actors.empty() ? "-" : word(step.actors.front())});
  }
}

}  // namespace

void check_procedure(const Procedure& procedure, const Site* site, Language language, Problems& problems) {
  Complaints complaints(procedure, language, problems);
  if (site) check_roles(procedure, *site, complaints);
  if (!procedure.end())
    return complaints.about(nullptr,
                            {"手順に終わりがない: end: true の段階が一つ要る",
                             "the procedure has no end: expected a step with end: true"},
                            {});
  const std::vector<Branch> branches = branches_of(procedure);
  std::uint64_t ways = 1;
  for (const Branch& branch : branches)
    ways = std::min<std::uint64_t>(ways * branch.options.size(), 1U << 30U);
  const bool spread = ways > most_walks;
  const Site nowhere;
  Walker walker(procedure, nowhere);
  for (std::uint64_t n = 0; n < std::min<std::uint64_t>(ways, most_walks); ++n)
    walker.walk(way(branches, n, spread));
  for (const auto& [id, decisions] : walker.stuck)
    complaints.about(procedure.find(id),
                     {"段階 {0} の入口は開かず、手順が止まる（判断: {1}）",
                      "step {0}: its gate never opens and the procedure stops there (decisions: {1})"},
                     {id, decisions});
  for (const ProcedureStep& step : procedure.steps)
    if (!walker.reached.contains(step.id) && !walker.stuck.contains(step.id))
      complaints.about(&step, {"段階 {0} にはどう進んでも届かない", "step {0}: it can never be reached"},
                       {step.id});
}

}  // namespace nethealth
