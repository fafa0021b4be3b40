// The only file that sees RE2.

#include <re2/filtered_re2.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <map>
#include <utility>

#include "rules/log_scanner.hpp"

namespace nethealth {
namespace {

/// Shorter pieces occur in nearly every line and save nothing.
constexpr int shortest_literal_bytes = 3;
constexpr std::int64_t set_memory_bytes = 64 << 20;

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);  // they are returned instead
  return options;
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

class Re2Literals : public LiteralScanner {
 public:
  explicit Re2Literals(const std::vector<std::string>& literals)
      : set_(set_options(), RE2::UNANCHORED), count_(literals.size()) {
    for (const std::string& literal : literals) set_.Add(RE2::QuoteMeta(literal), nullptr);
    usable_ = set_.Compile();
  }

  void scan(std::string_view line, std::vector<int>& found) const override {
    RE2::Set::ErrorInfo error{};
    std::vector<int> in_line;
    if (usable_ && (set_.Match(piece(line), &in_line, &error) || error.kind == RE2::Set::kNoError)) {
      found.insert(found.end(), in_line.begin(), in_line.end());
      return;
    }
    // The automaton outgrew its memory: every literal may occur, which is slower and still right.
    for (std::size_t i = 0; i < count_; ++i) found.push_back(static_cast<int>(i));
  }

 private:
  static RE2::Options set_options() {
    RE2::Options all = options();
    all.set_case_sensitive(false);
    all.set_max_mem(set_memory_bytes);
    return all;
  }

  RE2::Set set_;
  std::size_t count_;
  bool usable_ = false;
};

}  // namespace

std::unique_ptr<LiteralScanner> make_re2_literals(const std::vector<std::string>& literals) {
  return std::make_unique<Re2Literals>(literals);
}

struct LogPatterns::Compiled {
  struct Groups {
    int component = 0, source = 0;  ///< numbers; 0 when there is none
  };
  re2::FilteredRE2 filter{shortest_literal_bytes};
  std::vector<std::string> literals;
  std::vector<Groups> groups;
};

LogPatterns::LogPatterns(const std::vector<std::string>& patterns, std::vector<PatternError>& errors)
    : compiled_(std::make_unique<Compiled>()) {
  bool good = !patterns.empty();
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    int id = 0;
    if (compiled_->filter.Add(patterns[i], options(), &id) != RE2::NoError) {
      errors.push_back({i, "RE2: " + RE2(patterns[i], options()).error()});
      good = false;
      continue;
    }
    Compiled::Groups groups;
    for (const auto& [name, number] : compiled_->filter.GetRE2(id).NamedCapturingGroups()) {
      if (name == "component") groups.component = number;
      if (name == "source") groups.source = number;
    }
    compiled_->groups.push_back(groups);
  }
  if (!good) return;
  compiled_->filter.Compile(&compiled_->literals);
  std::vector<int> always;
  compiled_->filter.AllPotentials({}, &always);
  for (const int pattern : always)
    errors.push_back(
        {static_cast<std::size_t>(pattern), "no literal piece of 3 bytes or more in every branch"});
}

LogPatterns::LogPatterns(LogPatterns&&) noexcept = default;
LogPatterns& LogPatterns::operator=(LogPatterns&&) noexcept = default;
LogPatterns::~LogPatterns() = default;

const std::vector<std::string>& LogPatterns::literals() const {
  return compiled_->literals;
}

std::vector<int> LogPatterns::match(std::string_view line, const std::vector<int>& found_literals) const {
  std::vector<int> matching;
  if (!found_literals.empty()) compiled_->filter.AllMatches(piece(line), found_literals, &matching);
  return matching;
}

LogPatterns::Captured LogPatterns::capture(int pattern, std::string_view line) const {
  const auto& wanted = compiled_->groups[static_cast<std::size_t>(pattern)];
  const int last = std::max(wanted.component, wanted.source);
  if (last == 0) return {};
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(last) + 1);
  if (!compiled_->filter.GetRE2(pattern).Match(piece(line), 0, line.size(), RE2::UNANCHORED, groups.data(),
                                               last + 1))
    return {};
  const auto group = [&](int number) {
    return number > 0 ? groups[static_cast<std::size_t>(number)].as_string() : std::string();
  };
  return {group(wanted.component), group(wanted.source)};
}

struct LinePattern::Compiled {
  RE2 pattern;
};

LinePattern::LinePattern(const std::string& pattern) : compiled_(new Compiled{{pattern, options()}}) {}
LinePattern::LinePattern(LinePattern&&) noexcept = default;
LinePattern& LinePattern::operator=(LinePattern&&) noexcept = default;
LinePattern::~LinePattern() = default;

std::string LinePattern::error() const {
  return compiled_->pattern.ok() ? "" : "RE2: " + compiled_->pattern.error();
}

bool LinePattern::found_in(std::string_view line) const {
  return RE2::PartialMatch(piece(line), compiled_->pattern);
}

std::string address_in(std::string_view line) {
  static const std::string v4 = R"((?:\d{1,3}\.){3}\d{1,3})";
  static const std::string v6 = R"([0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{1,4})";
  static const RE2 after_word(
      R"re((?i)(?:\b(?:from|rhost|src(?:ip)?|client|ip|ipaddress|addr|address|remote host|host|by)|ソース ネットワーク アドレス|送信元|接続元)[^\w]{0,4}(?:(?:ip|ipv4|ipv6|host|user|udp|tcp)[^\w]{1,4})?(?:\[?::ffff:)?()re" +
          v4 + "|" + v6 + ")",
      options());
  static const RE2 first("(?:^|[^0-9.])(" + v4 + ")(?:[^0-9.]|\\.?$|\\.[^0-9])", options());
  const re2::StringPiece text = piece(line);
  std::string address;
  if (!RE2::PartialMatch(text, after_word, &address)) RE2::PartialMatch(text, first, &address);
  return address;
}

}  // namespace nethealth
