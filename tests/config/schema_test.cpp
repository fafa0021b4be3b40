// The schema that editors use and the loader know the same keys. JSON is YAML, so the reader of YAML reads
// it.

#include <doctest/doctest.h>

#include <algorithm>

#include "config/keys.hpp"
#include "config/node.hpp"

using namespace nethealth;

namespace {

Node read_schema() {
  Problems problems;
  Node schema =
      read_yaml(NETHEALTH_SOURCE_DIR "/config/schema/nethealth.schema.json", Language::en, problems);
  for (const Problem& problem : problems) FAIL_CHECK(problem.text());
  return schema;
}

std::vector<std::string> sorted_keys(const Node& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map.entries) keys.push_back(key.value);
  std::sort(keys.begin(), keys.end());
  return keys;
}

bool is_map_of_keys(const Node& definition) {
  return definition.find("additionalProperties") != nullptr;
}

}  // namespace

TEST_CASE("the schema and the loader know the same keys") {
  const Node schema = read_schema();
  const Node* definitions = schema.find("definitions");
  REQUIRE(definitions != nullptr);
  for (const KeySet* set : all_key_sets()) {
    CAPTURE(set->name);
    const Node* definition = set->name == "top" ? &schema : definitions->find(set->name);
    REQUIRE(definition != nullptr);
    REQUIRE(definition->find("properties") != nullptr);
    std::vector<std::string> known(set->keys.begin(), set->keys.end());
    std::sort(known.begin(), known.end());
    CHECK(sorted_keys(*definition->find("properties")) == known);
    REQUIRE(definition->find("additionalProperties") != nullptr);
    CHECK(definition->find("additionalProperties")->value == "false");
  }
}

TEST_CASE("the schema defines no map that the loader does not know") {
  const Node schema = read_schema();
  const auto sets = all_key_sets();
  for (const auto& [name, definition] : schema.find("definitions")->entries) {
    if (!is_map_of_keys(definition)) continue;
    CAPTURE(name.value);
    CHECK(std::any_of(sets.begin(), sets.end(), [&](const KeySet* set) { return set->name == name.value; }));
  }
}

TEST_CASE("every key of the schema is described") {
  const Node schema = read_schema();
  for (const auto& [name, definition] : schema.find("definitions")->entries) {
    CAPTURE(name.value);
    CHECK(definition.find("description") != nullptr);
    const Node* properties = definition.find("properties");
    if (properties == nullptr) continue;
    for (const auto& [key, value] : properties->entries) {
      CAPTURE(key.value);
      CHECK((value.find("description") != nullptr || value.find("$ref") != nullptr));
    }
  }
}
