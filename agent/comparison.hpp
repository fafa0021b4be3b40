#pragma once
// `nethealth replay --against OTHER`: the same observations under two configurations, and what they make of
// them differently.

#include "agent/control_message.hpp"
#include "agent/report_text.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// One replay's outcome.
struct Judged {
  const Picture& picture;
  const Site& site;
  std::string name;  ///< of the configuration
};

/// Incidents of the two that tell of the same trouble are put side by side: those of one place that began
/// within ten minutes, then those of any place. Exit code 0.
ControlReply comparison_report(const Judged& first, const Judged& second, const ReportStyle& style);
ControlReply comparison_json(const Judged& first, const Judged& second, Language language);

}  // namespace nethealth
