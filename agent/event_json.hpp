#pragma once
// Events as JSON, in two forms. The journal's is complete and lossless, with reasons as data. The contract's
// (section Events) is what `replay`, `incident` and other tools show: reasons are sentences in one language,
// addresses and message bodies stay out. Key order is fixed in both.

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "config/language.hpp"
#include "config/result.hpp"
#include "rules/event.hpp"
#include "rules/picture.hpp"

namespace nethealth {

/// One line of text without a line end. Times are milliseconds since 1970. Text that is no UTF-8 is mended
/// with U+FFFD.
std::string journal_text(const Event& event);

/// The reverse. A failure names the key and what was expected there.
Result<Event> parse_journal(std::string_view text);

/// Counted signs, kept lines, the audit trail.
bool journal_only(const Event& event);

/// Empty for what only the journal keeps. Confidence is rounded to four digits.
std::optional<boost::json::object> contract_event(const Event& event, Language language, const Zone& zone);

boost::json::object diagnosis_json(const Diagnosis& diagnosis, Language language, const Zone& zone);

/// One element of `incident list --json`.
boost::json::object incident_json(const IncidentPicture& incident, Language language, const Zone& zone);

/// JSON text on one line, without a line end. Use this, not boost::json::serialize, which writes 0.97 as
/// 9.7E-1. Numbers are the shortest text that reads back the same.
std::string json_text(const boost::json::value& value);

/// What is known of a message's delivery: accepted, retrying, refused or unknown.
std::string_view delivery_word(const NotificationPicture& picture);

}  // namespace nethealth
