#include "config/reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr std::size_t longest_one_line_text_bytes = 1'024;
constexpr std::size_t longest_text_bytes = 64UL * 1024;
constexpr std::size_t longest_name_bytes = 64;
/// Looking for near words costs time; after so many mistakes nobody reads them.
constexpr int most_suggestions = 200;
constexpr std::size_t most_problems_shown = 1'000;

bool has_control(std::string_view text, bool lines_allowed) {
  return std::any_of(text.begin(), text.end(), [&](char c) {
    const auto code = static_cast<unsigned char>(c);
    if (lines_allowed && (c == '\n' || c == '\t' || c == '\r')) return false;
    return code < 0x20U || code == 0x7FU;
  });
}

std::string join(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string text;
  for (const std::string_view word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::string found_words(const Node& node, Language language) {
  switch (node.kind) {
    case Node::Kind::null:
      return std::string(Phrase{"空の値", "nothing"}.in(language));
    case Node::Kind::list:
      return std::string(Phrase{"リスト", "a list"}.in(language));
    case Node::Kind::map:
      return std::string(Phrase{"キーと値の組", "a map"}.in(language));
    case Node::Kind::scalar:
      break;
  }
  return quote(node.value, language);
}

bool is_secret_word(std::string_view key) {
  constexpr std::array<std::string_view, 8> words{"community", "passphrase", "password", "pass",
                                                  "secret",    "token",      "key",      "auth_passphrase"};
  return std::find(words.begin(), words.end(), key) != words.end();
}

/// The key of this map that names a file where somebody wrote the secret itself.
std::string_view file_key_for(std::string_view key, const KeySet& known) {
  if (!is_secret_word(key)) return {};
  for (const std::string_view candidate : known.keys) {
    if (candidate.ends_with("_file")) return candidate;
  }
  return {};
}

}  // namespace

std::string place_of(const Node& node) {
  return node.file + ":" + std::to_string(node.line) + ":" + std::to_string(node.column);
}

void Reader::add(const Node& place, std::string message, bool warning) {
  errors_ = errors_ || !warning;
  if (problems_.size() > most_problems_shown) return;
  if (problems_.size() == most_problems_shown) {
    message = Phrase{"誤りが 1,000 件を超えました。ここまでの誤りを直してからもう一度確かめてください",
                     "found more than 1,000 mistakes; correct these first and check again"}
                  .in(language_);
    warning = false;
  }
  Problem problem = place.problem(std::move(message));
  problem.warning = warning;
  problems_.push_back(std::move(problem));
}

void Reader::report(const Node& place, Phrase pattern, std::initializer_list<std::string_view> parts) {
  add(place, fill(pattern.in(language_), parts), false);
}

void Reader::warn(const Node& place, Phrase pattern, std::initializer_list<std::string_view> parts) {
  add(place, fill(pattern.in(language_), parts), true);
}

void Reader::unexpected(const Node& place, std::string_view key, Phrase expected) {
  report(place, {"{0}: {1}が書かれています。{2}", "{0}: found {1}, expected {2}"},
         {key, found_words(place, language_), expected.in(language_)});
}

bool Reader::map(const Node& node, std::string_view what, const KeySet& known) {
  if (node.kind != Node::Kind::map) {
    unexpected(node, what, {"「キー: 値」の組を書いてください", "a map of keys and values"});
    return false;
  }
  for (const auto& [key, value] : node.entries) {
    if (std::find(known.keys.begin(), known.keys.end(), key.value) != known.keys.end()) continue;
    if (const std::string_view file_key = file_key_for(key.value, known); !file_key.empty()) {
      report(key,
             {"{0}: 秘密の値をここに書くことはできません。ファイルに書き、そのパスを {1} に書いてください",
              "{0}: found a secret written inline, expected it in a file named by {1}"},
             {key.value, file_key});
      continue;
    }
    report(
        key,
        {"{0} に知らないキー {1} があります{2}。使えるキー: {3}", "{0}: unknown key {1}{2}; known keys: {3}"},
        {what, quote(key.value, language_), suggestion(key.value, known.keys), join(known.keys, ", ")});
  }
  return true;
}

const Node* Reader::require(const Node& map, std::string_view key) {
  const Node* found = map.find(key);
  if (found == nullptr) {
    report(map, {"{0} がありません。{0} を書いてください", "found no {0}, expected the key {0}"}, {key});
  }
  return found;
}

std::vector<const Node*> Reader::one_or_more(const Node& node, std::string_view key) {
  std::vector<const Node*> all;
  if (node.kind == Node::Kind::list) {
    for (const Node& item : node.items) all.push_back(&item);
  } else if (node.kind != Node::Kind::null) {
    all.push_back(&node);
  }
  if (all.empty())
    unexpected(node, key, {"一つの値かそのリストを書いてください", "one value or a list of them"});
  return all;
}

std::vector<const Node*> Reader::list(const Node& node, std::string_view key) {
  std::vector<const Node*> all;
  if (node.kind != Node::Kind::list) {
    unexpected(node, key, {"リスト（「- 項目」か [ ]）を書いてください", "a list (\"- item\" or [ ])"});
    return all;
  }
  for (const Node& item : node.items) all.push_back(&item);
  return all;
}

bool Reader::is_text(const Node& node, std::string_view key, std::size_t most_bytes) {
  if (node.kind != Node::Kind::scalar || node.value.empty()) {
    unexpected(node, key, {"空でない文字列を書いてください", "a text that is not empty"});
    return false;
  }
  if (node.value.size() > most_bytes) {
    report(node,
           {"{0}: {1} バイトあります。{2} バイトまでにしてください",
            "{0}: found {1} bytes, expected at most {2}"},
           {key, std::to_string(node.value.size()), std::to_string(most_bytes)});
    return false;
  }
  return true;
}

std::optional<std::string> Reader::text(const Node& node, std::string_view key) {
  if (!is_text(node, key, longest_one_line_text_bytes)) return {};
  if (has_control(node.value, false)) {
    unexpected(node, key,
               {"改行や制御文字のない一行を書いてください", "one line without control characters"});
    return {};
  }
  return node.value;
}

std::optional<std::string> Reader::long_text(const Node& node, std::string_view key) {
  if (!is_text(node, key, longest_text_bytes)) return {};
  if (has_control(node.value, true)) {
    unexpected(node, key, {"制御文字のない文字列を書いてください", "a text without control characters"});
    return {};
  }
  return node.value;
}

std::optional<std::string> Reader::name(const Node& node, std::string_view key) {
  auto found = text(node, key);
  if (!found) return {};
  if (found->find_first_of(" \t:,/") != std::string::npos || found->size() > longest_name_bytes) {
    unexpected(node, key,
               {"空白、コロン、コンマ、斜線のない 64 バイト以内の名前を書いてください",
                "a name of at most 64 bytes without spaces, colons, commas and slashes"});
    return {};
  }
  return found;
}

std::optional<bool> Reader::flag(const Node& node, std::string_view key) {
  if (node.kind == Node::Kind::scalar && !node.quoted && node.value == "true") return true;
  if (node.kind == Node::Kind::scalar && !node.quoted && node.value == "false") return false;
  unexpected(node, key, {"true か false を書いてください", "true or false"});
  return {};
}

std::optional<int> Reader::integer(const Node& node, std::string_view key, int least, int most) {
  int value = 0;
  const std::string& digits = node.value;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool leading_zero = digits.size() > 1 && digits.front() == '0';
  const bool number = node.kind == Node::Kind::scalar && !node.quoted && !digits.empty() &&
                      error == std::errc{} && end == digits.data() + digits.size() && !leading_zero;
  if (number && value >= least && value <= most) return value;
  const Phrase expected{"{0} から {1} までの整数を、引用符や先頭の 0 を付けずに書いてください",
                        "a whole number from {0} to {1} without quotation marks and leading zeros"};
  const std::string words = fill(expected.in(language_), {std::to_string(least), std::to_string(most)});
  unexpected(node, key, {words, words});
  return {};
}

std::optional<Milliseconds> Reader::duration(const Node& node, std::string_view key, Milliseconds least,
                                             Milliseconds most) {
  const auto value = node.kind == Node::Kind::scalar ? parse_duration(node.value) : std::nullopt;
  if (!value) {
    unexpected(node, key,
               {"500ms、10s、5m、2h、3d のように単位を付けた時間を書いてください",
                "a duration with its unit such as 500ms, 10s, 5m, 2h or 3d"});
    return {};
  }
  if (*value >= least && *value <= most) return value;
  const Phrase expected{"{0} ミリ秒から {1} 秒までの時間を書いてください", "a duration from {0} ms to {1} s"};
  const std::string words =
      fill(expected.in(language_), {std::to_string(least.count()), std::to_string(most.count() / 1'000)});
  unexpected(node, key, {words, words});
  return {};
}

void Reader::unknown_word(const Node& node, std::string_view key,
                          const std::vector<std::string_view>& known) {
  const std::string near = node.kind == Node::Kind::scalar ? suggestion(node.value, known) : std::string();
  report(node,
         {"{0}: {1}が書かれています{3}。次のどれかを書いてください: {2}",
          "{0}: found {1}{3}, expected one of: {2}"},
         {key, found_words(node, language_), join(known, ", "), near});
}

std::string Reader::suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  if (++suggestions_ > most_suggestions) return {};
  const std::string near = nearest_word(word, known);
  if (near.empty()) return {};
  const Phrase pattern{"（{0}の間違いではありませんか）", " (did you mean {0}?)"};
  return fill(pattern.in(language_), {quote(near, language_)});
}

void Names::add(Reader& read, const Node& name, std::size_t index) {
  const auto [entry, is_new] = entries_.emplace(name.value, Entry{index, place_of(name)});
  if (is_new) return;
  read.report(name,
              {"{0}の名前 {1} は {2} ですでに使われています。別の名前にしてください",
               "{0} {1} is already named at {2}, expected another name"},
              {kind_.in(read.language()), quote(name.value, read.language()), entry->second.place});
}

std::optional<std::size_t> Names::index(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return {};
  return found->second.index;
}

std::vector<std::string_view> Names::known() const {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : entries_) names.emplace_back(name);
  return names;
}

std::optional<std::size_t> Names::find(Reader& read, const Node& reference, std::string_view key) const {
  const auto name = read.text(reference, key);
  if (!name) return {};
  return find(read, reference, key, *name);
}

std::optional<std::size_t> Names::find(Reader& read, const Node& place, std::string_view key,
                                       std::string_view name) const {
  if (const auto found = index(name)) return found;
  if (read.has_holes()) return {};
  read.report(place, {"{0}: {1}という{2}はありません{3}", "{0}: found {1}, but there is no such {2}{3}"},
              {key, quote(name, read.language()), kind_.in(read.language()), read.suggestion(name, known())});
  return {};
}

}  // namespace nethealth
