#pragma once
// What people do about an incident besides answering and closing. `person` is a name in Site::people.

#include <optional>
#include <string>
#include <vector>

#include "rules/procedure_run.hpp"

namespace nethealth {

struct TakeStep {
  int incident = 0;
  std::string person;
  StepAttempt attempt;
};

/// Joins the incident's record: what somebody saw, a notice from outside, something told by telephone.
struct AddNote {
  int incident = 0;
  std::string person;
  std::string text;
  std::string from =
      {};  ///< the role it came from (prefecture, organisation ...); empty for the person's own
  std::optional<Time> at = {};
  bool by_telephone = false;
  std::vector<Attachment> attachments = {};
};

/// A report by a person; it goes the same way as one of the agent's.
struct OpenByHand {
  int incident = 0;  ///< none yet
  std::string person;
  ProcedureKind procedure = ProcedureKind::failure;
  Severity severity = Severity::stopped;
  Category category = Category::undetermined;
  std::string device = {};
  std::string room = {};
  std::string text;
  std::string threat_rows = {};  ///< misconduct: rows of the threat table, separated by commas
  std::string from = {};
  std::optional<Time> at = {};
  bool by_telephone = false;
  std::vector<Attachment> attachments = {};
};

struct Reclassify {
  int incident = 0;
  std::string person;
  ProcedureKind procedure = ProcedureKind::failure;
  std::string reason;
  std::string threat_rows = {};
};

/// A measure against recurrence, or a permanent one: taken, not taken, or carried out.
struct DecideMeasure {
  int incident = 0;
  std::string person;
  std::string measure;   ///< an id of the catalogue, or words of one's own
  std::string decision;  ///< taken, not_taken, done
  std::string text = {};
  std::string reason = {};
  std::string owner = {};
  std::optional<Time> due = {};
};

/// Originals left the journal: who took them, and the digest of the list of digests of what was handed out.
struct ExportEvidence {
  int incident = 0;
  std::string person;
  std::string digest;
  std::size_t lines = 0;
  std::size_t files = 0;
};

/// Why a person may not have the unmasked originals; empty for the procedure's owner, those above, those who
/// close it, and the security team.
std::optional<std::string> export_refusal(const Site& site, const Procedure& procedure,
                                          const std::string& person, Language language);

}  // namespace nethealth
