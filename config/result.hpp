#pragma once
// What our edge could not do: a value with where and what, never an exception across a module's border.

#include <string>
#include <tl/expected.hpp>

namespace nethealth {

struct Failure {
  std::string where;  ///< the file, address or object concerned
  std::string what;   ///< what happened, and what was expected

  [[nodiscard]] std::string text() const { return where.empty() ? what : where + ": " + what; }
};

template <class T>
using Result = tl::expected<T, Failure>;

inline tl::unexpected<Failure> failure(std::string where, std::string what) {
  return tl::unexpected<Failure>(Failure{std::move(where), std::move(what)});
}

}  // namespace nethealth
