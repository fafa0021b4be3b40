#pragma once
// Typed values out of nodes. Whatever does not fit becomes a Problem that says what was found and what was
// expected; reading goes on, so that all mistakes are told at once.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "config/node.hpp"
#include "config/site_words.hpp"
#include "config/time.hpp"

namespace nethealth {

class Reader {
 public:
  Reader(Language language, Problems& problems) : language_(language), problems_(problems) {}

  [[nodiscard]] Language language() const { return language_; }

  /// A part of the configuration could not be read: what is missing may stand there, so that it is no
  /// mistake.
  void expect_holes() { holes_ = true; }
  [[nodiscard]] bool has_holes() const { return holes_; }

  [[nodiscard]] bool found_errors() const { return errors_; }

  /// A mistake at a node; {0} to {9} of the pattern are filled with the parts.
  void report(const Node& place, Phrase pattern, std::initializer_list<std::string_view> parts = {});
  void warn(const Node& place, Phrase pattern, std::initializer_list<std::string_view> parts = {});

  /// "KEY: found VALUE, expected ...", the form of every mistake in a single value.
  void unexpected(const Node& place, std::string_view key, Phrase expected);

  /// True for a map; reports the keys it does not know.
  bool map(const Node& node, std::string_view what, const KeySet& known);
  /// The value of a key that must be there, else null and a problem.
  const Node* require(const Node& map, std::string_view key);

  /// One value or a list of them; an empty value is a problem.
  std::vector<const Node*> one_or_more(const Node& node, std::string_view key);
  /// The items of a list; anything else is a problem.
  std::vector<const Node*> list(const Node& node, std::string_view key);

  /// Text of one line, not empty, without control characters, at most 1,024 bytes.
  std::optional<std::string> text(const Node& node, std::string_view key);
  /// Text of any number of lines, at most 64 KiB.
  std::optional<std::string> long_text(const Node& node, std::string_view key);
  /// A word that others refer to: no space, colon, comma or slash, at most 64 bytes.
  std::optional<std::string> name(const Node& node, std::string_view key);
  std::optional<bool> flag(const Node& node, std::string_view key);
  std::optional<int> integer(const Node& node, std::string_view key, int least, int most);
  std::optional<Milliseconds> duration(const Node& node, std::string_view key, Milliseconds least,
                                       Milliseconds most);

  /// One of a fixed set of words.
  template <class T>
  std::optional<T> one_of(const Node& node, std::string_view key, WordList<T> words) {
    std::vector<std::string_view> known;
    for (const auto& [word, value] : words) {
      if (node.kind == Node::Kind::scalar && node.value == word) return value;
      known.push_back(word);
    }
    unknown_word(node, key, known);
    return {};
  }

  /// Reports a value that is none of the known words, with the nearest of them.
  void unknown_word(const Node& node, std::string_view key, const std::vector<std::string_view>& known);

  /// " (did you mean X?)" or nothing.
  std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

 private:
  void add(const Node& place, std::string message, bool warning);
  bool is_text(const Node& node, std::string_view key, std::size_t most_bytes);

  Language language_;
  Problems& problems_;
  int suggestions_ = 0;
  bool holes_ = false;
  bool errors_ = false;
};

/// Names of one kind and the index each stands for.
class Names {
 public:
  explicit Names(Phrase kind) : kind_(kind) {}

  /// Notes the `name` (or other key) of an entry; a repeated one is a problem that names both places.
  void add(Reader& read, const Node& name, std::size_t index);
  /// The index a reference stands for; reports an unknown name with the nearest known one.
  [[nodiscard]] std::optional<std::size_t> find(Reader& read, const Node& reference,
                                                std::string_view key) const;
  /// The same for a name that is only a part of the node's text.
  [[nodiscard]] std::optional<std::size_t> find(Reader& read, const Node& place, std::string_view key,
                                                std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> index(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> known() const;

 private:
  struct Entry {
    std::size_t index;
    std::string place;
  };
  Phrase kind_;
  std::map<std::string, Entry, std::less<>> entries_;
};

/// file:line:column, as one mistake points to another place.
std::string place_of(const Node& node);

/// The canonical text of an IPv4 or IPv6 address of a host; empty for anything else, also for addresses that
/// no single host has (unspecified, multicast, broadcast).
std::optional<std::string> canonical_address(const std::string& text);

/// scheme://host[:port][/...] without user information; IPv6 hosts stand in brackets.
struct UrlParts {
  std::string scheme;
  std::string host;
  std::optional<std::uint16_t> port;
  std::string rest;  ///< path, query and fragment
};
std::optional<UrlParts> split_url(std::string_view url);

/// host:port; IPv6 hosts stand in brackets.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<HostPort> split_host_port(std::string_view text);

/// local@domain, without names and comments.
bool is_mail_address(const std::string& text);

/// Digits with the usual signs between them.
bool is_telephone(const std::string& text);

}  // namespace nethealth
