#pragma once
// Reasons, causes and places as sentences for people, in both languages. Nothing is decided here.

#include <string>
#include <string_view>

#include "config/language.hpp"
#include "config/site.hpp"
#include "rules/event.hpp"

namespace nethealth {

/// A short text in the reader's language, to be joined with others.
inline std::string in(Language language, std::string_view ja, std::string_view en) {
  return std::string(Phrase{ja, en}.in(language));
}

/// One reason as a plain sentence that begins with its observation's clock time.
std::string sentence(const Reason& reason, Language language, const Zone& zone);

/// A device's label, or its name when the site does not know it.
std::string label_of(const Site& site, const std::string& device);
/// The same for a person.
std::string person_label(const Site& site, const std::string& name);

/// Where, as a person says it: "2階市民課ハブ (hub-2f)、2階市民課".
std::string place_text(const Site& site, const Location& location, Language language);

/// The short name of the place for a subject line: the device's label, a cable's two ends, or the room.
std::string short_place(const Site& site, const Location& location, Language language);

/// What is wrong, in a few words: "ハブ停止", "hub down".
std::string cause_text(const Diagnosis& diagnosis, Severity severity, Language language);

std::string category_text(Category category, Language language);
std::string severity_text(Severity severity, Language language);
std::string role_title(const Site& site, RoleId role);

/// The first thing to do, by the plan's confirmation methods for that kind (clause 5.1.1.confirm).
std::string first_step(const Site& site, const Diagnosis& diagnosis, Language language);

}  // namespace nethealth
