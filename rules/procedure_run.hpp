#pragma once
// One incident's way through its procedure. State is the fold of the journal's events: apply() is the only
// way in, live and after a restart. attempt() answers who may do what now, or says everything that is
// missing.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/result.hpp"
#include "config/site.hpp"
#include "rules/picture.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

/// What somebody wants to record as done.
struct StepAttempt {
  std::string step;
  std::string person;  ///< Person::name
  std::string decision;
  std::map<std::string, std::string> answers;  ///< by ProcedureAsk::name; lists are separated by commas
  std::string text;
  std::string reason;
  std::optional<Time> at;  ///< when it was really done
  bool by_telephone = false;
  std::vector<Attachment> attachments;
};

/// The text of a composition (procedure_text.hpp), for parts that nobody filled in.
using Composer = std::function<std::string(std::string_view composition)>;

class ProcedureRun {
 public:
  ProcedureRun(const Procedures& procedures, const Site& site) : procedures_(&procedures), site_(&site) {}

  void apply(const Event& event);

  [[nodiscard]] const Procedure& procedure() const { return procedures_->of(kind_); }
  [[nodiscard]] const std::vector<StepRecord>& records() const { return records_; }
  /// Every step and where it stands, in the plan's order.
  [[nodiscard]] std::vector<StepPicture> picture() const;
  /// The step the incident waits for now; empty when it is over.
  [[nodiscard]] std::string present() const;
  [[nodiscard]] bool is_done(std::string_view step) const { return done_.contains(std::string(step)); }
  /// The record that counts for a step.
  [[nodiscard]] const StepRecord* record(std::string_view step) const;
  [[nodiscard]] bool holds(const ProcedureCondition& condition) const;
  [[nodiscard]] StepState state(const ProcedureStep& step) const;
  [[nodiscard]] std::optional<Time> deadline(const ProcedureStep& step) const;
  [[nodiscard]] std::optional<int> level() const { return judged_ ? judged_ : provisional_; }
  [[nodiscard]] std::optional<int> judged() const { return judged_; }
  /// The decision on each considered measure, by id or by its own words.
  [[nodiscard]] const std::map<std::string, StepRecord>& measures() const { return measures_; }

  /// The record to journal, or every reason against it as sentences.
  [[nodiscard]] Result<IncidentStep> attempt(const StepAttempt& attempt, Time now, Language language,
                                             const Composer& compose) const;
  /// Empty when the incident may be closed so by that person.
  [[nodiscard]] std::optional<std::string> closing_refusal(const std::string& person,
                                                           const std::string& decision,
                                                           Language language) const;
  /// Required steps that stand before the end, in order.
  [[nodiscard]] std::vector<const ProcedureStep*> outstanding() const;

 private:
  struct Facts {
    Time opened;
    bool reported_by_hand = false;
    bool was_stopped = false;
    bool over = false;
    bool told = false;  ///< somebody answered a page or took a step
    Severity severity = Severity::stopped;
    Category category = Category::undetermined;
    Cause cause = Cause::unknown;
    Location location;
  };

  void open(const Event& event, const IncidentOpened& opened);
  void update(const IncidentUpdated& updated);
  void take(const Event& event, const IncidentStep& step);
  void settle(Time now);
  class Passing;
  [[nodiscard]] StepState state(const ProcedureStep& step, Passing& passing) const;
  [[nodiscard]] bool needed(const ProcedureStep& step) const { return holds(step.when); }
  void refuse_person(const ProcedureStep& step, const StepAttempt& attempt, Language language,
                     IncidentStep& record, std::vector<std::string>& missing) const;
  void refuse_parts(const ProcedureStep& step, const StepAttempt& attempt, Language language,
                    const Composer& compose, IncidentStep& record, std::vector<std::string>& missing) const;
  void refuse_order(const ProcedureStep& step, const StepAttempt& attempt, Time now, Language language,
                    std::vector<std::string>& missing) const;
  [[nodiscard]] bool absence_on_record(const std::string& principal, const std::string& deputy) const;

  const Procedures* procedures_;
  const Site* site_;
  ProcedureKind kind_ = ProcedureKind::failure;
  Facts facts_;
  std::optional<int> provisional_, judged_;
  std::vector<StepRecord> records_;
  std::map<std::string, std::size_t> done_;  ///< into records_
  std::map<std::string, Time> due_since_;
  std::map<std::string, StepRecord> measures_;
  std::map<std::string, std::string> unanswered_;  ///< page id to the person who did not answer
  std::vector<std::string> answered_;              ///< people who took the incident
};

/// Moves a deadline over the hours in which the office is closed.
Time office_deadline(const Calendar& calendar, const Zone& zone, Time from, Milliseconds within);

/// A post, held by one person with deputies; the other roles are groups of equals.
bool is_post(RoleId role);

}  // namespace nethealth
