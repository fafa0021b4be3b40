#pragma once
// A written procedure as data: what a city's emergency plan orders, step by step (rules/procedures/README.md
// says how to write one). Read by read_procedure(), proved by check_procedure(), carried out by ProcedureRun.

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/language.hpp"
#include "config/node.hpp"
#include "config/site.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// A question about an incident that its record answers.
struct ProcedureCondition {
  enum class Kind : std::uint8_t {
    always,
    all,
    any,
    none,         ///< of `parts`, as `not`
    step,         ///< `name` was taken, with one of `words` as its decision or, with `ask`, among that answer
    level,        ///< the threat level that counts now: the judged one, else the provisional one
    provisional,  ///< the level of the rule or of the report
    judged,       ///< the level that the judging step set
    severity,
    category,       ///< as the confirming step found it, else as diagnosed
    undetermined,   ///< kind, place or cause is not known
    never_stopped,  ///< the incident was at risk all the time
    device,         ///< the located device is of one of the kinds `words`
    measures,       ///< every measure of the catalogue was considered
  };
  Kind kind = Kind::always;
  std::vector<ProcedureCondition> parts;
  std::string name;
  std::string ask;
  std::vector<std::string> words;
  std::vector<int> levels;
};

struct ProcedureChoice {
  std::string word;
  Text title;
};

/// One part that a step asks for.
struct ProcedureAsk {
  enum class Kind : std::uint8_t {
    text,
    choice,      ///< one of `choices`
    choices,     ///< one or more of them
    checklist,   ///< each choice is answered "done" or "not_needed", as KEY.CHOICE
    attachment,  ///< a file
  };
  std::string name;
  Kind kind = Kind::text;
  Text title;
  std::vector<ProcedureChoice> choices;
  bool required = true;
  std::string compose;  ///< the composition that fills it when nobody does; empty for none
  ProcedureCondition when;
};

struct ProcedureDeadline {
  Milliseconds within{0};
  bool office_hours = false;  ///< counted while the office is open
  bool from_opening = false;  ///< counted from the incident's opening, and reminded of before the step's turn
};

struct ProcedureStep {
  std::string id;
  Text title;
  std::vector<std::string> clauses;
  std::vector<RoleId> actors;  ///< any of them
  std::optional<RoleId> ordered_by;
  std::vector<RoleId> told;
  bool request = false;                ///< what is told asks for something
  std::optional<std::size_t> answers;  ///< how many of those told must answer, or `everybody`
  std::map<std::string, std::vector<RoleId>> told_when;  ///< more who are told, by decision or chosen answer
  std::vector<std::string> after;                        ///< done, or not needed, before this one
  ProcedureCondition when;                               ///< needed at all
  ProcedureCondition gate;                               ///< what else must hold
  bool required = true;                                  ///< the end waits for it
  bool by_agent = false;                                 ///< the agent's own detection takes it
  bool end = false;                                      ///< taken by closing the incident
  bool repeatable = false;
  bool judges_level = false;  ///< its decision is the threat level
  bool each_level = false;    ///< wanted again when the judged level changes
  std::vector<ProcedureAsk> asks;
  std::vector<ProcedureChoice> decisions;
  std::string usual_decision;                               ///< taken when none is given
  std::vector<std::string> reason_for;                      ///< decisions that need a reason
  std::map<std::string, std::vector<std::string>> reopens;  ///< by decision: steps to be taken again
  std::optional<ProcedureDeadline> deadline;
  int line = 0, column = 0;  ///< in its file

  static constexpr std::size_t everybody = 0;

  [[nodiscard]] const ProcedureAsk* ask(std::string_view name) const;
};

/// How an incident that is no emergency ends without the rest of the plan.
struct QuickClosing {
  std::string word;
  Text title;
  ProcedureCondition when;
};

struct ProcedureMeasure {
  std::string id;
  Text title;
  Text kind;
};

/// A row of the annex table that ships: what to do at once, by kind of event.
struct ProcedureAnnex {
  std::vector<std::string> events;  ///< causes or categories
  std::vector<Text> measures;
};

/// A row of the threat table (plan 7.A.table).
struct ThreatRow {
  std::string id;  ///< "3d"; the first figure is the level
  Text title;
};

struct Procedure {
  ProcedureKind kind = ProcedureKind::failure;
  std::string file;
  Text title;
  RoleId owner = RoleId::operations_manager;
  RoleId under = RoleId::chief;
  std::vector<RoleId> counter;  ///< told at opening and recovery what the counter cannot do
  std::vector<RoleId> closers;
  std::vector<QuickClosing> quick;
  std::vector<std::string> quick_until;        ///< once one of these is done, only a named quick closing
  std::vector<std::string> named_quick_until;  ///< once one of these is done, only the end
  std::vector<ProcedureMeasure> measures;
  std::vector<ThreatRow> threats;
  std::vector<ProcedureAnnex> annex;
  std::vector<ProcedureStep> steps;

  [[nodiscard]] const ProcedureStep* find(std::string_view id) const;
  [[nodiscard]] const ProcedureStep* end() const;
};

/// The procedures in force.
struct Procedures {
  Procedure failure;
  Procedure misconduct;

  [[nodiscard]] const Procedure& of(ProcedureKind kind) const {
    return kind == ProcedureKind::failure ? failure : misconduct;
  }
};

/// Texts that the engine composes from an incident (procedure_text.cpp).
inline constexpr std::array<std::string_view, 14> compositions{
    "status",  "cause",   "extent", "measures", "finding",     "times",    "place",
    "content", "actions", "order",  "target",   "substitutes", "recovery", "integrity"};

/// Reads one procedure. Every mistake becomes a problem with its place; empty when there was one.
std::optional<Procedure> read_procedure(const Node& document, Language language, Problems& problems);

/// Proves it sound by playing it: every step can be reached, no gate stays shut whatever is decided, every
/// role is filled at the site, and it comes to its end. `site` may be null (roles are then not looked at).
void check_procedure(const Procedure& procedure, const Site* site, Language language, Problems& problems);

/// Those that ship with the program.
const Procedures& shipped_procedures();

}  // namespace nethealth
