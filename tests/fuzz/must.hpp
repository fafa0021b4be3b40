#pragma once
// What a fuzz target holds to be true of every input.

#include <cstdio>
#include <cstdlib>

/// Ends the program, as a sanitizer does, so that whoever feeds the input keeps it.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}
