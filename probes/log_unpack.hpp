#pragma once
// What a compressed log file holds: gzip (.gz) and xz (.xz).

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "config/result.hpp"

namespace nethealth {

/// Whether the name is that of a file that can be unpacked.
bool can_be_unpacked(std::string_view name);

/// Hands the content over piece by piece, in order; ends with the first failure of `take`, or when it is
/// damaged.
Result<void> unpack_file(const std::string& path,
                         const std::function<Result<void>(std::string_view piece)>& take);

}  // namespace nethealth
