#pragma once

#include <string>
#include <vector>

#include "config/node.hpp"

inline const std::vector<std::string> log_packs{"linux",    "windows", "network", "ups",
                                                "database", "web",     "security"};

inline std::string all_text(const nethealth::Problems& problems) {
  std::string text;
  for (const nethealth::Problem& problem : problems) text += problem.text() + "\n";
  return text;
}
