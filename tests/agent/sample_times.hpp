#pragma once
// The day on which these tests play, where the site is.

#include "config/time.hpp"

namespace nethealth::samples {

inline Zone tokyo() {
  return Zone::find("Asia/Tokyo").value_or(Zone());
}

inline Time nine() {
  return *parse_time("2026-11-24T09:00:00+09:00");
}
inline Time noon() {
  return *parse_time("2026-11-24T12:00:00+09:00");
}

}  // namespace nethealth::samples
