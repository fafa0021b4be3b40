#pragma once
// The flow chart of a procedure as SVG, drawn from its data (plan, flow charts of sections 6 and 8). Pure.

#include <string>

#include "config/site.hpp"
#include "rules/picture.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

/// With an incident its present place is marked and each step shows where it stands. `site` gives the roles'
/// titles; both may be null.
std::string procedure_svg(const Procedure& procedure, const IncidentPicture* incident, const Site* site,
                          Language language);

}  // namespace nethealth
