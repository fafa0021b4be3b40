// The main file and what it includes, put together into one document.

#include <glob.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr std::size_t most_files = 1'000;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return {};
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// The folder's own name is no pattern.
std::string escape_pattern(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("*?[]\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

bool has_wildcard(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

std::vector<std::string> matches(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// One file however its path is written.
std::string identity(const std::string& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  return error ? path : canonical.string();
}

/// Moves the entries of one file into the whole.
void merge(Reader& read, Node& whole, Node&& part) {
  for (auto& [key, value] : part.entries) {
    const auto same = std::find_if(whole.entries.begin(), whole.entries.end(),
                                   [&](const auto& entry) { return entry.key.value == key.value; });
    if (same == whole.entries.end()) {
      whole.entries.push_back({std::move(key), std::move(value)});
    } else if (same->value.kind == Node::Kind::list && value.kind == Node::Kind::list) {
      std::move(value.items.begin(), value.items.end(), std::back_inserter(same->value.items));
    } else if (same->value.kind == Node::Kind::map && value.kind == Node::Kind::map) {
      merge(read, same->value, std::move(value));
    } else if (value.kind == Node::Kind::null) {
      continue;
    } else if (same->value.kind == Node::Kind::null) {
      same->value = std::move(value);
    } else {
      read.report(key,
                  {"{0} は {1} ですでに書かれています。すべてのファイルを通して一度だけ書いてください",
                   "{0} is already written at {1}, expected it once in all files"},
                  {quote(key.value, read.language()), place_of(same->key)});
    }
  }
}

class FileReader {
 public:
  FileReader(Reader& read, Problems& problems) : read_(read), problems_(problems) {}

  Files all(const std::string& main) {
    files_.folder = folder_of(main);
    queue_.push_back(main);
    known_.insert(identity(main));
    while (!queue_.empty()) {
      const std::string path = std::move(queue_.front());
      queue_.pop_front();
      one(path);
    }
    return std::move(files_);
  }

 private:
  void one(const std::string& path) {
    const bool is_main = files_.paths.empty();
    files_.paths.push_back(path);
    const std::size_t problems_before = problems_.size();
    Node node = read_yaml(path, read_.language(), problems_);
    if (node.kind == Node::Kind::null && problems_.size() > problems_before) files_.whole = false;
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
      read_.unexpected(node, "YAML", {"「キー: 値」の組を書いてください", "a map of keys and values"});
      node.kind = Node::Kind::null;
      files_.whole = false;
    }
    if (const Node* include = node.find("include")) follow(*include);
    std::erase_if(node.entries, [](const auto& entry) { return entry.key.value == "include"; });
    if (is_main) {
      files_.root = std::move(node);
      files_.root.kind = Node::Kind::map;
    } else {
      merge(read_, files_.root, std::move(node));
    }
  }

  void follow(const Node& include) {
    for (const Node* pattern : read_.one_or_more(include, "include")) {
      const auto text = read_.text(*pattern, "include");
      if (!text) continue;
      const bool absolute = text->starts_with('/');
      const std::string prefix = absolute || files_.folder.empty() ? "" : escape_pattern(files_.folder) + "/";
      const std::vector<std::string> paths = matches(prefix + *text);
      if (paths.empty() && !has_wildcard(*text)) {
        files_.whole = false;
        read_.unexpected(*pattern, "include",
                         {"あるファイルのパスか、* を含むパターンを書いてください",
                          "the path of a file that exists or a pattern with *"});
      }
      for (const std::string& path : paths) enqueue(*pattern, path);
    }
  }

  void enqueue(const Node& pattern, const std::string& path) {
    if (!known_.insert(identity(path)).second) return;
    if (known_.size() > most_files) {
      if (known_.size() == most_files + 1) {
        read_.report(pattern, {"ファイルが多すぎます。1,000 個までにしてください",
                               "found more than 1,000 files, expected at most that"});
      }
      return;
    }
    queue_.push_back(path);
  }

  Reader& read_;
  Problems& problems_;
  Files files_;
  std::deque<std::string> queue_;
  std::set<std::string> known_;
};

}  // namespace

std::string resolve(const std::string& folder, const std::string& path) {
  if (path.starts_with('/') || folder.empty()) return path;
  return folder.ends_with('/') ? folder + path : folder + "/" + path;
}

Files read_files(const std::string& path, Reader& read, Problems& problems) {
  return FileReader(read, problems).all(path);
}

}  // namespace nethealth
