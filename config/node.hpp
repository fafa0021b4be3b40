#pragma once
// A YAML document as plain values that know their place. Site configuration, sensor packs, log rules and
// procedures are all read through it, each by the folder that owns it; only yaml.cpp sees the YAML library.

#include <string>
#include <string_view>
#include <vector>

#include "config/language.hpp"

namespace nethealth {

/// One mistake in a file. Line and column count from 1; 0 when the file as a whole is meant.
struct Problem {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;
  bool warning = false;

  /// `file:line:column: message`, the form editors understand.
  [[nodiscard]] std::string text() const;
};

using Problems = std::vector<Problem>;

struct NodeEntry;

struct Node {
  enum class Kind : unsigned char { null, scalar, list, map };

  Kind kind = Kind::null;
  std::string value;    ///< of a scalar, as written
  bool quoted = false;  ///< a quoted scalar is text, never a number or a truth value
  std::vector<Node> items;
  std::vector<NodeEntry> entries;  ///< of a map, in file order; keys are unique scalars
  std::string file;
  int line = 0;
  int column = 0;

  [[nodiscard]] const Node* find(std::string_view key) const;
  [[nodiscard]] Problem problem(std::string message) const;
};

struct NodeEntry {
  Node key;
  Node value;
};

/// Reads one document. Refused, each with its place: syntax errors, duplicate keys, anchors, aliases, tags,
/// invalid UTF-8, more than 32 levels, more than 16 MiB. An empty document is a null node.
Node parse_yaml(std::string_view text, const std::string& file, Language language, Problems& problems);

/// The same from a file.
Node read_yaml(const std::string& path, Language language, Problems& problems);

/// The known word nearest to a mistyped one, or empty when none is near.
std::string nearest_word(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace nethealth
