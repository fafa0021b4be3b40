#include "probes/log_glob.hpp"

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace nethealth {
namespace {

int last_error = 0;
int remember_error(const char*, int error) {
  if (error != ENOENT && error != ENOTDIR) last_error = error;
  return 0;  // the other folders are still read
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool is_match(const std::string& pattern, const std::string& path) {
  return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
}

bool has_wildcard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

bool is_folder(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_closed_to_us(const std::string& folder) {
  return faccessat(AT_FDCWD, folder.c_str(), R_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES;
}

Result<std::vector<std::string>> expand_glob(const std::string& pattern) {
  glob_t found{};
  last_error = 0;
  const int result = glob(pattern.c_str(), 0, remember_error, &found);
  std::vector<std::string> paths;
  if (result == 0) paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  // glob() lists dangling links, and a file may go while it lists.
  std::erase_if(paths,
                [](const std::string& path) { return access(path.c_str(), F_OK) != 0 && errno == ENOENT; });
  if (result == GLOB_NOSPACE) return failure(pattern, "too many files to list");
  if (paths.empty() && last_error != 0)
    return failure(pattern, std::string("its folder cannot be read: ") + std::strerror(last_error));
  return paths;
}

std::set<std::string> folders_of_glob(const std::string& pattern, std::size_t limit) {
  std::set<std::string> folders;
  for (std::string prefix = parent_of(pattern);; prefix = parent_of(prefix)) {
    const auto matches = expand_glob(prefix);
    bool any = false;
    if (matches)
      for (const std::string& match : *matches)
        if (is_folder(match)) {
          any = true;
          if (folders.size() < limit) folders.insert(match);
        }
    if (any && !has_wildcard(prefix)) return folders;
    if (prefix == "/" || prefix == ".") return folders;
  }
}

bool is_named_by_glob(const std::string& pattern, const std::string& path) {
  return is_match(pattern, path);
}

bool is_above_glob(const std::string& pattern, const std::string& path) {
  for (std::string prefix = parent_of(pattern); prefix != "/" && prefix != "."; prefix = parent_of(prefix))
    if (is_match(prefix, path)) return true;
  return false;
}

}  // namespace nethealth
