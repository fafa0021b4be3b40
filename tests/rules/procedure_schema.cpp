// The schema that editors use for procedures and the loader know the same keys.

#include <doctest/doctest.h>

#include <algorithm>

#include "config/node.hpp"
#include "rules/procedure_keys.hpp"

using namespace nethealth;

TEST_CASE("the schema of procedures and their loader know the same keys and describe each") {
  Problems problems;
  const Node schema =
      read_yaml(NETHEALTH_SOURCE_DIR "/rules/procedures/procedure.schema.json", Language::en, problems);
  REQUIRE(problems.empty());
  const Node* definitions = schema.find("definitions");
  REQUIRE(definitions != nullptr);
  std::size_t maps = 0;
  for (const KeySet* set : procedure_key_sets()) {
    CAPTURE(set->name);
    const Node* definition = set->name == "procedure" ? &schema : definitions->find(set->name);
    REQUIRE(definition != nullptr);
    ++maps;
    std::vector<std::string_view> known(set->keys.begin(), set->keys.end());
    std::vector<std::string_view> written;
    for (const auto& [key, value] : definition->find("properties")->entries) {
      written.push_back(key.value);
      CHECK((value.find("description") != nullptr || value.find("$ref") != nullptr));
    }
    std::ranges::sort(known);
    std::ranges::sort(written);
    CHECK(written == known);
    CHECK(definition->find("additionalProperties")->value == "false");
  }
  CHECK(maps == definitions->entries.size() + 1);
}
