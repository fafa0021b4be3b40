// Run by the build: proves the log packs given and writes them prepared (rules/log_prepared.hpp). A pack with
// a mistake stops the build.

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "config/node.hpp"
#include "rules/log_prepared.hpp"

int main(int argc, char** argv) {
  using namespace nethealth;
  if (argc < 3) {
    std::cerr << "usage: prepare_log_packs OUT PACK.yaml...\n";
    return 2;
  }
  Problems problems;
  std::vector<Node> packs;
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    packs.push_back(parse_yaml(text, argv[i], Language::en, problems));
  }
  const auto rules = prepare_log_packs(packs, Language::en, problems);
  for (const Problem& problem : problems) std::cerr << problem.text() << '\n';
  const auto text = rules ? write_prepared(*rules) : std::nullopt;
  if (rules && !text) std::cerr << "a rule holds a control character\n";
  if (!text) return 1;
  std::ofstream out(argv[1], std::ios::binary);
  out << *text;
  return out.flush() ? 0 : 1;
}
