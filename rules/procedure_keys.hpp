#pragma once
// Every key that a procedure's file may have, for the test against rules/procedures/procedure.schema.json.

#include "config/keys.hpp"
#include "rules/procedure.hpp"

namespace nethealth {

std::vector<const KeySet*> procedure_key_sets();

}  // namespace nethealth
