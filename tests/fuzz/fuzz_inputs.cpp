// Feeds the fuzz targets without libFuzzer: fuzz_inputs NAME FILE-OR-FOLDER... [--changed N] [--seed S]
// Every file, then N inputs made from them by chance; the same seed makes the same inputs. An input at which
// the program ends or that takes longer than `patience_seconds` is left in NAME.bad in the current folder;
// give that file to run it again.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>

#define FUZZ_TARGET(NAME) extern "C" int fuzz_##NAME(const std::uint8_t* data, std::size_t size);
#include "fuzz_targets.inc"
#undef FUZZ_TARGET

/// The sanitizers call what was given before they end the program; absent without them.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

namespace fs = std::filesystem;
using Target = int (*)(const std::uint8_t*, std::size_t);

constexpr std::size_t longest_input_bytes = 8 * 1024;
constexpr unsigned patience_seconds = 20;

struct NamedTarget {
  std::string_view name;
  Target run;
};
constexpr NamedTarget targets[] = {
#define FUZZ_TARGET(NAME) {#NAME, fuzz_##NAME},
#include "fuzz_targets.inc"
#undef FUZZ_TARGET
};

// What the handlers below need, which can be given nothing.
std::string current_input;
std::string bad_file;

/// Only what a signal handler may do.
void keep_bad_input() {
  const int file = open(bad_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return;
  const ssize_t written = write(file, current_input.data(), current_input.size());
  static_cast<void>(written);
  close(file);
}

void on_signal(int number) {
  keep_bad_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(Target target, std::string input) {
  current_input = std::move(input);
  // A block of its very size, so that reading one byte too far is seen.
  const std::vector<std::uint8_t> bytes(current_input.begin(), current_input.end());
  alarm(patience_seconds);
  target(bytes.data(), bytes.size());
}

std::vector<std::string> read_inputs(const std::vector<std::string>& paths) {
  std::vector<fs::path> files;
  for (const std::string& path : paths) {
    if (!fs::is_directory(path)) {
      files.emplace_back(path);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path.string());
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void change_once(std::string& input, const std::vector<std::string>& all, std::mt19937_64& random) {
  static constexpr std::array<char, 20> telling = {'\0', '\n', '\r', '\x1B', '\x7F', '\x80', '\xFF',
                                                   '0',  '9',  '-',  '<',    '>',    '{',    '}',
                                                   '[',  ']',  '"',  ':',    ' ',    '\\'};
  const std::size_t at = input.empty() ? 0 : random() % input.size();
  const std::string& other = all[random() % all.size()];
  const std::size_t from = other.empty() ? 0 : random() % other.size();
  const std::size_t length = 1 + random() % 32;
  switch (random() % 8) {
    case 0:
      if (!input.empty()) input[at] = static_cast<char>(random());
      break;
    case 1:
      if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << (random() % 8)));
      break;
    case 2:
      input.resize(at);
      break;
    case 3:
      input.insert(at, std::string(length, telling[random() % telling.size()]));
      break;
    case 4:
      input.insert(at, other.substr(from, length));
      break;
    case 5:
      input.replace(at, std::string::npos, other.substr(from));
      break;
    case 6:
      if (!input.empty()) input[at] = telling[random() % telling.size()];
      break;
    default:
      input.erase(at, length);
      break;
  }
}

std::string changed(const std::vector<std::string>& all, std::mt19937_64& random) {
  std::string input = all[random() % all.size()];
  for (std::uint64_t changes = 1 + random() % 6; changes > 0; --changes) change_once(input, all, random);
  if (input.size() > longest_input_bytes) input.resize(longest_input_bytes);
  return input;
}

struct Wish {
  const NamedTarget* target = nullptr;
  std::vector<std::string> paths;
  std::uint64_t changed = 0;
  std::uint64_t seed = 1;
};

bool read_wish(const std::vector<std::string>& words, Wish& wish) {
  if (words.size() < 2) return false;
  const auto target = std::find_if(std::begin(targets), std::end(targets),
                                   [&](const NamedTarget& one) { return one.name == words[0]; });
  if (target == std::end(targets)) return false;
  wish.target = target;
  for (std::size_t at = 1; at < words.size(); ++at) {
    const bool number_follows = words[at].starts_with("--");
    if (number_follows && at + 1 == words.size()) return false;
    if (words[at] == "--changed")
      wish.changed = std::strtoull(words[++at].c_str(), nullptr, 10);
    else if (words[at] == "--seed")
      wish.seed = std::strtoull(words[++at].c_str(), nullptr, 10);
    else if (number_follows)
      return false;
    else
      wish.paths.push_back(words[at]);
  }
  return !wish.paths.empty();
}

int feed(const Wish& wish) {
  const std::vector<std::string> inputs = read_inputs(wish.paths);
  if (inputs.empty()) throw std::runtime_error("no inputs");
  bad_file = std::string(wish.target->name) + ".bad";
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_bad_input);
  for (const int number : {SIGALRM, SIGABRT}) std::signal(number, on_signal);
  for (const std::string& input : inputs) run(wish.target->run, input);
  std::mt19937_64 random(wish.seed);
  for (std::uint64_t i = 0; i < wish.changed; ++i) run(wish.target->run, changed(inputs, random));
  std::cout << "TOTAL inputs=" << inputs.size() << " changed=" << wish.changed << " mistakes=0\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Wish wish;
  if (!read_wish({argv + 1, argv + argc}, wish)) {
    std::cerr << "usage: fuzz_inputs NAME FILE-OR-FOLDER... [--changed N] [--seed S]; names:";
    for (const NamedTarget& target : targets) std::cerr << ' ' << target.name;
    std::cerr << '\n';
    return 2;
  }
  try {
    return feed(wish);
  } catch (const std::exception& error) {
    std::cerr << "fuzz_inputs: " << error.what() << '\n';
    return 1;
  }
}
