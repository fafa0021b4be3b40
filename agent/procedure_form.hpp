#pragma once
// A procedure as blank forms for the day when nothing but paper works: each step with who acts, what is asked
// for, and room to write. What stands on them is entered later with its real time. Pure.

#include <string>

#include "config/site.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

/// One HTML page without anything from elsewhere, fit for A4 paper, black and white. `site` may be null.
std::string procedure_form(const Procedure& procedure, const Site* site, Language language);

}  // namespace nethealth
