// The only file that sees the YAML library. Its own tree hides anchors, aliases and duplicate keys, so the
// nodes are built from its events; what would crash or exhaust it is refused before it sees the text.

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "config/node.hpp"
#include "config/wording.hpp"
#include "config/yaml_text.hpp"

namespace nethealth {
namespace {

constexpr std::size_t largest_file_bytes = 16UL * 1024 * 1024;
constexpr std::size_t deepest_level = 32;
constexpr std::size_t most_nodes = 1'000'000;
/// The library holds all tokens of a line in memory, some 200 bytes for each byte of a hostile one.
constexpr std::size_t longest_line_bytes = 1024UL * 1024;
/// Mistakes in the form of one file; after so many it is not read on.
constexpr std::size_t most_mistakes_of_form = 1'000;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Thrown by the builder only, caught in this file only: the one way to stop the library's parser.
struct Stop {};

/// Builds nodes from the library's events.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Places& places, Language language, Problems& problems)
      : file_(file), places_(places), language_(language), problems_(problems) {
    root_.file = file;
    root_.line = root_.column = 1;
  }

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      // Text with too little indentation for what stands above it starts a new document for the library.
      const bool is_marker =
          places_.byte(mark.line, mark.column) == '-' && places_.byte(mark.line, mark.column + 1) == '-';
      if (!is_marker) {
        report(mark, {"ここまでで文書が終わっていますが、まだ続きがあります。字下げを確かめてください",
                      "found text after the end of the document; check the indentation"});
        throw Stop{};
      }
      report(mark, {"YAML 文書が二つ以上あります（区切りの ---）。一つのファイルには一つだけ書いてください",
                    "found a second YAML document (separated by ---), expected one document in a file"});
      throw Stop{};
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_properties(mark, "?", anchor);
    add(start(mark, Node::Kind::null));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    report_alias(mark);
    add(start(mark, Node::Kind::null));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_properties(mark, tag, anchor);
    // The library takes the end of the file for the closing quotation mark.
    if (!places_.is_closed(mark.line, mark.column)) {
      report(mark, {"引用符が閉じていません", "found no closing quotation mark for this one, expected it"});
      throw Stop{};
    }
    Node node = start(mark, Node::Kind::scalar);
    node.value = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_properties(mark, tag, anchor);
    open(mark, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_properties(mark, tag, anchor);
    open(mark, Node::Kind::map);
  }
  void OnMapEnd() override {
    refuse_duplicates(open_.back().node);
    close();
  }

  void report_alias(const YAML::Mark& mark) {
    report(mark, {"エイリアス（*）は使えません。値をそのまま書いてください",
                  "found an alias (*), expected the value itself written out"});
  }

 private:
  struct Open {
    Node node;
    Node key;
    bool has_key = false;
    bool drop = false;  ///< the key was refused; its value is read and forgotten
  };

  void report(const YAML::Mark& mark, Phrase message) {
    const Place place = places_.at(mark.line, mark.column);
    add_problem({file_, place.line, place.column, std::string(message.in(language_))});
  }

  void add_problem(Problem problem) {
    problems_.push_back(std::move(problem));
    if (++reported_ >= most_mistakes_of_form) throw Stop{};
  }

  Node start(const YAML::Mark& mark, Node::Kind kind) {
    if (++nodes_ > most_nodes) {
      report(mark, {"値が多すぎます。一つのファイルには 1,000,000 個までです",
                    "found too many values, expected at most 1,000,000 in a file"});
      throw Stop{};
    }
    const Place place = places_.at(mark.line, mark.column);
    Node node;
    node.kind = kind;
    node.file = file_;
    node.line = place.line;
    node.column = place.column;
    return node;
  }

  void open(const YAML::Mark& mark, Node::Kind kind) {
    if (open_.size() >= deepest_level) {
      report(mark, {"入れ子が深すぎます。32 段までにしてください",
                    "found more than 32 levels of nesting, expected at most 32"});
      throw Stop{};
    }
    open_.push_back({start(mark, kind), {}, false, false});
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      parent.drop = !is_usable_key(node);
      parent.key = std::move(node);
      parent.has_key = true;
    } else {
      if (!parent.drop) parent.node.entries.push_back({std::move(parent.key), std::move(node)});
      parent.has_key = false;
    }
  }

  bool is_usable_key(const Node& key) {
    if (key.kind != Node::Kind::scalar) {
      add_problem(key.problem(std::string(Phrase{"キーが文字列ではありません。文字列のキーを書いてください",
                                                 "found a key that is not a word, expected a word"}
                                              .in(language_))));
      return false;
    }
    if (key.value == "<<" && !key.quoted) {
      add_problem(
          key.problem(std::string(Phrase{"マージキー（<<）は使えません。値をそのまま書いてください",
                                         "found a merge key (<<), expected the values themselves written out"}
                                      .in(language_))));
      return false;
    }
    return true;
  }

  /// The first of two equal keys stays, so that reading can go on to further mistakes.
  void refuse_duplicates(Node& map) {
    std::unordered_map<std::string_view, int> lines;
    std::vector<std::size_t> repeated;
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      const Node& key = map.entries[i].key;
      const auto [first, is_new] = lines.emplace(key.value, key.line);
      if (is_new) continue;
      repeated.push_back(i);
      const Phrase message{
          "キー {0} が二度書かれています（一度目は {1} 行目、二度目は {2} 行目）。一つにしてください",
          "found the key {0} twice (first in line {1}, again in line {2}), expected it once"};
      add_problem(
          key.problem(fill(message.in(language_), {quote(key.value, language_), std::to_string(first->second),
                                                   std::to_string(key.line)})));
    }
    if (repeated.empty()) return;
    std::vector<NodeEntry> kept;
    std::size_t next = 0;
    for (std::size_t i = 0; i < map.entries.size(); ++i) {
      if (next < repeated.size() && repeated[next] == i) {
        ++next;
      } else {
        kept.push_back(std::move(map.entries[i]));
      }
    }
    map.entries = std::move(kept);
  }

  void refuse_properties(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const char first = places_.byte(mark.line, mark.column);
    if (anchor != YAML::NullAnchor) {
      report(mark, {"アンカー（&）は使えません。値を必要な箇所にそれぞれ書いてください",
                    "found an anchor (&), expected plain values without anchors"});
    }
    if ((tag != "?" && tag != "!" && !tag.empty()) || first == '!') {
      report(mark, {"タグ（!）は使えません。値だけを書いてください",
                    "found a tag (!), expected the plain value without a tag"});
    }
  }

  const std::string& file_;
  Places& places_;
  Language language_;
  Problems& problems_;
  Node root_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
  std::size_t documents_ = 0;
  std::size_t reported_ = 0;
};

struct SyntaxPhrase {
  const char* library;
  Phrase ours;
};

/// What the library says, in words that tell what to do.
const std::array<SyntaxPhrase, 19> syntax_phrases{{
    {YAML::ErrorMsg::END_OF_MAP,
     {"ここでは「キー: 値」が続くはずです。字下げとコロンの後の空白を確かめてください",
      "expected another \"key: value\" here; check the indentation and the space after the colon"}},
    {YAML::ErrorMsg::END_OF_MAP_FLOW,
     {"{ } の中に誤りがあるか、} が閉じていません", "expected , or } inside { }"}},
    {YAML::ErrorMsg::END_OF_SEQ,
     {"ここでは「- 項目」が続くはずです。字下げを確かめてください",
      "expected another \"- item\" here; check the indentation"}},
    {YAML::ErrorMsg::END_OF_SEQ_FLOW,
     {"[ ] の中に誤りがあるか、] が閉じていません", "expected , or ] inside [ ]"}},
    {YAML::ErrorMsg::MAP_VALUE,
     {"ここにコロン（:）は置けません。コロンや # を含む値は引用符で囲んでください",
      "found a colon where no value can start; put a value with a colon into quotation marks"}},
    {YAML::ErrorMsg::MAP_KEY, {"ここにキーは置けません", "found a key where none can stand"}},
    {YAML::ErrorMsg::BLOCK_ENTRY,
     {"ここに「- 項目」は置けません。字下げを確かめてください",
      "found \"- item\" where no list can stand; check the indentation"}},
    {YAML::ErrorMsg::TAB_IN_INDENTATION,
     {"字下げにタブがあります。空白を使ってください", "found a tab in the indentation, expected spaces"}},
    {YAML::ErrorMsg::FLOW_END,
     {"対応する開き括弧のない ] か } があります", "found ] or } without its opening bracket"}},
    {YAML::ErrorMsg::EOF_IN_SCALAR,
     {"値の途中でファイルが終わっています", "found the end of the file inside a value"}},
    {YAML::ErrorMsg::DOC_IN_SCALAR,
     {"引用符が閉じないまま文書の区切りがあります",
      "found a document marker inside quotation marks, expected the closing one"}},
    {YAML::ErrorMsg::CHAR_IN_SCALAR,
     {"ここでは使えない文字です", "found a character that cannot stand here"}},
    {YAML::ErrorMsg::UNKNOWN_TOKEN,
     {"ここでは使えない記号です。記号で始まる値は引用符で囲んでください",
      "found a sign that cannot stand here; put a value that starts with it into quotation marks"}},
    {YAML::ErrorMsg::UNKNOWN_ANCHOR,
     {"エイリアス（*）は使えません。値をそのまま書いてください",
      "found an alias (*), expected the value itself written out"}},
    {YAML::ErrorMsg::ALIAS_NOT_FOUND,
     {"* で始まる値は引用符で囲んでください", "put a value that starts with * into quotation marks"}},
    {YAML::ErrorMsg::ANCHOR_NOT_FOUND,
     {"& で始まる値は引用符で囲んでください", "put a value that starts with & into quotation marks"}},
    {YAML::ErrorMsg::CHAR_IN_ALIAS,
     {"* で始まる値は引用符で囲んでください", "put a value that starts with * into quotation marks"}},
    {YAML::ErrorMsg::CHAR_IN_ANCHOR,
     {"& で始まる値は引用符で囲んでください", "put a value that starts with & into quotation marks"}},
    {YAML::ErrorMsg::CHAR_IN_BLOCK,
     {"| や > の後に置けない文字です", "found a character that cannot follow | or >"}},
}};

std::string syntax_message(const std::string& library, Language language) {
  std::string detail = library;
  for (const SyntaxPhrase& phrase : syntax_phrases) {
    if (library == phrase.library) detail = phrase.ours.in(language);
  }
  return fill(Phrase{"YAML の書き方の誤り: {0}", "YAML syntax: {0}"}.in(language), {detail});
}

/// Refuses what the library must not see. False when it must not go on.
bool text_is_safe(std::string_view text, const std::string& file, Places& places, Language language,
                  Problems& problems) {
  const auto report = [&](std::size_t offset, Phrase message) {
    const Place place = places.at_offset(offset);
    problems.push_back({file, place.line, place.column, std::string(message.in(language))});
    return false;
  };
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\n') line_start = i + 1;
    if (i >= line_start && i - line_start > longest_line_bytes) {
      return report(line_start, {"1 MiB を超える行があります。改行で分けてください",
                                 "found a line of more than 1 MiB, expected shorter ones"});
    }
    const std::size_t length = character_length(text.substr(i));
    if (length == 0) {
      return report(i, {"UTF-8 ではないバイトがあります。ファイルを UTF-8 で保存してください",
                        "found bytes that are not UTF-8, expected a file saved as UTF-8"});
    }
    if (is_forbidden_control(text[i])) {
      return report(
          i, {"制御文字があります。取り除いてください", "found a control character, expected plain text"});
    }
    i += length;
  }
  return true;
}

Node empty_node(const std::string& file) {
  Node node;
  node.file = file;
  node.line = node.column = 1;
  return node;
}

std::string read_failure(const std::string& path, Language language) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  Phrase message{"ファイルを読めません（{0}）", "cannot read this file ({0})"};
  if (status.type() == std::filesystem::file_type::not_found) {
    message = {"ファイルがありません。パスを確かめてください",
               "found no such file, expected a readable file"};
  } else if (!error && status.type() != std::filesystem::file_type::regular) {
    message = {"通常のファイルではありません。YAML のファイルを指定してください",
               "found something that is not a regular file, expected a YAML file"};
  }
  return fill(message.in(language), {error ? error.message() : std::strerror(errno)});
}

}  // namespace

Node parse_yaml(std::string_view text, const std::string& file, Language language, Problems& problems) {
  if (text.size() > largest_file_bytes) {
    const Phrase message{"ファイルが大きすぎます。16 MiB までにしてください",
                         "found a file of more than 16 MiB, expected at most that"};
    problems.push_back({file, 0, 0, std::string(message.in(language))});
    return empty_node(file);
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  Places places(text);
  if (!text_is_safe(text, file, places, language, problems)) return empty_node(file);

  Builder builder(file, places, language, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const Stop&) {
    return empty_node(file);
  } catch (const YAML::Exception& error) {
    const auto tab = places.tab_in_indentation(error.mark.line);
    const Place place = tab ? *tab : places.at(error.mark.line, error.mark.column);
    const std::string& message = tab ? std::string(YAML::ErrorMsg::TAB_IN_INDENTATION) : error.msg;
    problems.push_back({file, place.line, place.column, syntax_message(message, language)});
  } catch (const std::exception& error) {
    problems.push_back({file, 0, 0, syntax_message(error.what(), language)});
  }
  return empty_node(file);
}

Node read_yaml(const std::string& path, Language language, Problems& problems) {
  std::error_code error;
  errno = 0;
  std::ifstream stream;
  // A pipe or a device could keep the reader waiting for ever.
  if (std::filesystem::is_regular_file(path, error)) stream.open(path, std::ios::binary);
  if (!stream.is_open()) {
    problems.push_back({path, 0, 0, read_failure(path, language)});
    return empty_node(path);
  }
  std::string text;
  std::array<char, 65'536> chunk{};
  do {
    stream.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
  } while (stream && text.size() <= largest_file_bytes);
  if (stream.bad()) {
    problems.push_back({path, 0, 0, read_failure(path, language)});
    return empty_node(path);
  }
  return parse_yaml(text, path, language, problems);
}

}  // namespace nethealth
