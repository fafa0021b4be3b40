#pragma once
// Which files a log source's glob names now, and which folders to watch for that to change.

#include <set>
#include <string>
#include <vector>

#include "config/result.hpp"

namespace nethealth {

/// glob(7), sorted by name; only what exists. No match is an empty list; a folder that cannot be read is a
/// failure.
Result<std::vector<std::string>> expand_glob(const std::string& pattern);

/// The folders whose changes can change the result: those that hold the files and those above in which a
/// wildcard chooses; while one of them does not exist, the nearest that does. At most `limit`.
std::set<std::string> folders_of_glob(const std::string& pattern, std::size_t limit);

/// Whether the glob names this path, existing or not.
bool is_named_by_glob(const std::string& pattern, const std::string& path);
/// Whether the path is that of a folder above the files of the glob.
bool is_above_glob(const std::string& pattern, const std::string& path);

bool is_folder(const std::string& path);
/// Whether the folder cannot be looked into for want of rights, so that nothing is known of what is in it.
bool is_closed_to_us(const std::string& folder);

}  // namespace nethealth
