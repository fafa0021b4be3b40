#include <stdexcept>

#include "config/embedded.hpp"
#include "rules/log_matcher.hpp"
#include "rules/log_prepared.hpp"

namespace nethealth {
namespace {

PreparedLogRules prepared() {
  auto rules = read_prepared(log_rules_prepared().at(0).text);
  if (!rules) throw std::logic_error("the log rules of this build are broken");
  return std::move(*rules);
}

}  // namespace

LogMatcher LogMatcher::shipped() {
  return LogMatcher(prepared());
}

Problems LogMatcher::prove_shipped(Language language) {
  Problems problems;
  std::vector<Node> packs;
  for (const EmbeddedFile& file : log_packs())
    packs.push_back(parse_yaml(file.text, file.name, language, problems));
  if (problems.empty()) prepare_log_packs(packs, language, problems, prepared().needs);
  return problems;
}

}  // namespace nethealth
