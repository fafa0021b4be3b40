// What tests/bench/score_logs runs: every line of DIR/labelled.jsonl goes through the product's own follower
// (one file, encodings found by lines) and matcher (all packs), and the class of its first hit is compared
// with `truth`.

#include <stdlib.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/embedded.hpp"
#include "probes/log_follower.hpp"
#include "rules/log_matcher.hpp"

namespace {

using namespace nethealth;
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::chrono::seconds patience{60};

struct Labelled {
  std::string line, truth, encoding;
  std::string bytes;  ///< as they go into the file
  std::string seen;   ///< the class found
  std::string rule;
};

int value_of(char c) {
  static const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = digits.find(c);
  return at == std::string::npos ? -1 : static_cast<int>(at);
}

std::string from_base64(std::string_view text) {
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = value_of(c);
    if (value < 0) continue;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return out;
}

std::string text_of(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::vector<Labelled> read_labels(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  std::vector<Labelled> all;
  for (std::string text; std::getline(file, text);) {
    if (text.empty()) continue;
    const json::object object = json::parse(text).as_object();
    Labelled label{
        text_of(object, "line"), text_of(object, "truth"), text_of(object, "encoding"), {}, "none", {}};
    const std::string exact = text_of(object, "line_bytes_b64");
    label.bytes = exact.empty() ? label.line : from_base64(exact);
    all.push_back(std::move(label));
  }
  return all;
}

std::vector<EmbeddedFile> pack_files(const std::string& folder) {
  std::vector<EmbeddedFile> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files.push_back({entry.path().filename().string(), {std::istreambuf_iterator<char>(file), {}}});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

LogMatcher all_packs(const std::string& folder) {
  if (folder.empty()) return LogMatcher::shipped();
  Problems problems;
  std::vector<Node> packs;
  for (const EmbeddedFile& file : pack_files(folder))
    packs.push_back(parse_yaml(file.text, file.name, Language::en, problems));
  auto matcher = LogMatcher::compile(packs, Language::en, problems);
  for (const Problem& problem : problems) std::cerr << problem.text() << '\n';
  if (!matcher) throw std::runtime_error("the log packs are not good");
  return std::move(*matcher);
}

const char* word(LogClass log_class) {
  switch (log_class) {
    case LogClass::hardware:
      return "hardware";
    case LogClass::software:
      return "software";
    case LogClass::network:
      return "network";
    case LogClass::security:
      return "security";
    case LogClass::context:
      break;
  }
  return "none";
}

/// A folder that goes away with the run.
struct OwnFolder {
  fs::path path;
  OwnFolder() {
    std::string name = (fs::temp_directory_path() / "score-logs-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    path = name;
  }
  ~OwnFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  OwnFolder(const OwnFolder&) = delete;
  OwnFolder& operator=(const OwnFolder&) = delete;
};

/// Follows one file that holds all labelled lines, and writes into each what the matcher says of it.
class Scorer {
 public:
  Scorer(std::vector<Labelled>& labels, const LogMatcher& matcher) : labels_(labels), matcher_(matcher) {}

  void run() {
    const std::string path = (folder_.path / "labelled.log").string();
    std::ofstream file(path, std::ios::binary);
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      label_at_[offset] = i;
      file << labels_[i].bytes << '\n';
      offset += labels_[i].bytes.size() + 1;
    }
    file.close();
    end_ = offset;
    LogPosition known{"cs-1", path, "", 0, 0, 0, ""};
    LogFollower follower(
        io_, {{"cs-1", LogSource{path, "", "auto", {}}}}, {known},
        [&](LogLines lines) {
          take(lines);
          follower.acknowledge(lines.batch);
        },
        [](const LogProblem& problem) { std::cerr << problem.file << ": " << problem.what << '\n'; });
    follower.start();
    io_.run_for(patience);
    if (!done_) throw std::runtime_error("the follower did not hand over every line");
  }

 private:
  void take(const LogLines& lines) {
    for (const LogSeen& line : lines.lines) {
      Labelled& label = labels_[std::prev(label_at_.upper_bound(line.offset))->second];
      for (const LogHit& hit : matcher_.match(line.line, line.rules)) {
        if (label.rule.empty()) label.rule = hit.rule->id;
        if (label.seen == "none") label.seen = word(hit.rule->log_class);
        break;
      }
    }
    done_ = lines.after.offset >= end_;
    if (done_) io_.stop();
  }

  std::vector<Labelled>& labels_;
  const LogMatcher& matcher_;
  OwnFolder folder_;
  boost::asio::io_context io_;
  std::map<std::uint64_t, std::size_t> label_at_;
  std::uint64_t end_ = 0;
  bool done_ = false;
};

struct Wish {
  bool all = false;   ///< right lines are printed too
  std::string packs;  ///< a folder of packs instead of those that ship
  std::string data;
};

std::optional<Wish> read_wish(const std::vector<std::string>& words) {
  Wish wish;
  std::size_t at = 0;
  for (; at < words.size() && words[at].starts_with("--"); ++at) {
    if (words[at] == "--all")
      wish.all = true;
    else if (words[at] == "--packs" && at + 1 < words.size())
      wish.packs = words[++at];
    else
      return std::nullopt;
  }
  if (at + 1 != words.size()) return std::nullopt;
  wish.data = words[at];
  return wish;
}

void print(const Labelled& label, bool good) {
  std::printf("%s %s seen as %s (%s): %s\n", good ? "right" : "MISS", label.truth.c_str(), label.seen.c_str(),
              label.rule.empty() ? "no rule" : label.rule.c_str(), label.line.c_str());
}

void run(const Wish& wish) {
  std::vector<Labelled> labels = read_labels(fs::path(wish.data) / "labelled.jsonl");
  if (labels.empty()) throw std::runtime_error("no labelled lines");
  const LogMatcher matcher = all_packs(wish.packs);
  Scorer(labels, matcher).run();
  int meant = 0, right = 0, none = 0, classified = 0;
  std::map<std::string, std::pair<int, int>> by_class;
  for (const Labelled& label : labels) {
    const bool good = label.seen == label.truth;
    auto& [good_of_class, all_of_class] = by_class[label.truth];
    ++all_of_class;
    good_of_class += good ? 1 : 0;
    if (label.truth == "none") {
      ++none;
      classified += good ? 0 : 1;
    } else {
      ++meant;
      right += good ? 1 : 0;
    }
    if (!good || wish.all) print(label, good);
  }
  for (const auto& [name, counts] : by_class)
    std::printf("%s right=%d/%d\n", name.c_str(), counts.first, counts.second);
  std::printf("rules %zu\n", matcher.rules().size());
  std::printf("TOTAL right=%d/%d none_classified=%d/%d\n", right, meant, classified, none);
}

}  // namespace

int main(int argc, char** argv) {
  const auto wish = read_wish({argv + 1, argv + argc});
  if (!wish) {
    std::cerr << "usage: score_logs [--all] [--packs FOLDER] DIR\n";
    return 2;
  }
  try {
    run(*wish);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "score_logs: " << error.what() << '\n';
    return 1;
  }
}
