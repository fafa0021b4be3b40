// The only file that sees RE2.

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

#include "rules/log_patterns.hpp"
#include "rules/log_shape.hpp"

namespace nethealth {
namespace {

/// Shorter pieces occur in nearly every line and save nothing.
constexpr int shortest_literal_bytes = 3;
/// Orders in which pieces are tried to be left out; more find hardly better groups.
constexpr int tried_orders = 24;
constexpr int tried_orders_of_many = 4;
constexpr std::size_t many_pieces = 300;
/// A group that seems rarer than this needs no second one beside it.
constexpr double rare_enough = 0.05;
constexpr double weight_of_an_everyday_line = 0.5;

RE2::Options options() {
  RE2::Options options;
  options.set_log_errors(false);  // they are returned instead
  return options;
}

re2::StringPiece as_re2(std::string_view text) {
  return {text.data(), text.size()};
}

/// How often a piece is to be expected, as a figure to compare.
double expected(std::string_view text, std::string_view everyday_lines) {
  std::string literal;
  append_folded(text, literal);
  double cost = literal.size() <= 3 ? 4.0 : literal.size() == 4 ? 0.3 : literal.size() <= 6 ? 0.03 : 0.01;
  for (std::size_t at = everyday_lines.find(literal); at != std::string_view::npos;
       at = everyday_lines.find(literal, at + 1))
    cost += weight_of_an_everyday_line;
  return cost;
}

/// Chooses of the pieces that RE2 finds in one pattern. RE2 answers whether a line with these pieces may
/// match; that answer only turns from no to yes as pieces are added, so the pieces without which it stays no
/// are a group of which a line needs one.
class NeedFinder {
 public:
  explicit NeedFinder(const std::string& pattern) {
    int id = 0;
    good_ = filter_.Add(pattern, options(), &id) == RE2::NoError;
    if (good_) filter_.Compile(&literals_);
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool always() { return may_match({}); }

  LineNeed find(std::string_view everyday_lines) {
    for (const std::string& literal : literals_) costs_.push_back(expected(literal, everyday_lines));
    LineNeed need;
    std::vector<int> given;
    while (need.groups.size() < most_need_groups && !may_match(given)) {
      const std::vector<int> group = cheapest(given);
      need.groups.push_back(texts_of(group));
      if (cost(group) < rare_enough) break;
      given.insert(given.end(), group.begin(), group.end());
    }
    return need;
  }

 private:
  [[nodiscard]] bool may_match(const std::vector<int>& literals) {
    std::vector<int> patterns;
    filter_.AllPotentials(literals, &patterns);
    return !patterns.empty();
  }

  [[nodiscard]] double cost(const std::vector<int>& group) const {
    return std::accumulate(group.begin(), group.end(), 0.0, [&](double sum, int literal) {
      return sum + costs_[static_cast<std::size_t>(literal)];
    });
  }

  /// Without those that hold another one of the group.
  [[nodiscard]] std::vector<std::string> texts_of(const std::vector<int>& group) const {
    std::vector<std::string> texts;
    for (const int literal : group) texts.push_back(literals_[static_cast<std::size_t>(literal)]);
    std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
    std::vector<std::string> kept;
    for (std::string& text : texts)
      if (std::none_of(kept.begin(), kept.end(),
                       [&](const std::string& other) { return text.find(other) != std::string::npos; }))
        kept.push_back(std::move(text));
    return kept;
  }

  /// A group beside what is given, by leaving out pieces in several orders.
  std::vector<int> cheapest(const std::vector<int>& given) {
    std::vector<int> order;
    for (std::size_t i = 0; i < literals_.size(); ++i)
      if (std::find(given.begin(), given.end(), static_cast<int>(i)) == given.end())
        order.push_back(static_cast<int>(i));
    const auto length = [&](int literal) { return literals_[static_cast<std::size_t>(literal)].size(); };
    const auto price = [&](int literal) { return costs_[static_cast<std::size_t>(literal)]; };
    std::mt19937 random(1);  // always the same choice
    std::vector<int> best;
    double best_cost = std::numeric_limits<double>::max();
    const int orders = literals_.size() > many_pieces ? tried_orders_of_many : tried_orders;
    for (int round = 0; round < orders; ++round) {
      if (round == 0)
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return price(a) > price(b); });
      else if (round == 1)
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return length(a) > length(b); });
      else
        std::shuffle(order.begin(), order.end(), random);
      std::vector<int> group = group_in_order(given, order);
      if (const double its_cost = cost(group); its_cost < best_cost) {
        best_cost = its_cost;
        best = std::move(group);
      }
    }
    return best;
  }

  std::vector<int> group_in_order(std::vector<int> present, const std::vector<int>& order) {
    std::vector<int> group;
    for (const int literal : order) {
      present.push_back(literal);
      if (!may_match(present)) continue;
      present.pop_back();
      group.push_back(literal);
    }
    return group;
  }

  re2::FilteredRE2 filter_{shortest_literal_bytes};
  bool good_ = false;
  std::vector<std::string> literals_;
  std::vector<double> costs_;
};

}  // namespace

LineNeed need_of(const std::string& pattern, std::string_view everyday_lines, std::string& why) {
  NeedFinder finder(pattern);
  if (!finder.good()) {
    why = "RE2: " + RE2(pattern, options()).error();
    return {};
  }
  if (finder.always()) {
    why = "no literal piece of 3 bytes or more in every branch";
    return {};
  }
  return finder.find(everyday_lines);
}

struct LinePattern::Compiled {
  std::string text;
  std::once_flag once;
  std::optional<RE2> pattern;
  int component = 0, source = 0;  ///< numbers of the groups; 0 when there is none

  const RE2& get() {
    std::call_once(once, [this] {
      pattern.emplace(text, options());
      for (const auto& [name, number] : pattern->NamedCapturingGroups()) {
        if (name == "component") component = number;
        if (name == "source") source = number;
      }
    });
    return *pattern;
  }
};

LinePattern::LinePattern(std::string pattern) : compiled_(std::make_unique<Compiled>()) {
  compiled_->text = std::move(pattern);
}
LinePattern::LinePattern(LinePattern&&) noexcept = default;
LinePattern& LinePattern::operator=(LinePattern&&) noexcept = default;
LinePattern::~LinePattern() = default;

std::string LinePattern::error() const {
  return compiled_->get().ok() ? "" : "RE2: " + compiled_->get().error();
}

bool LinePattern::found_in(std::string_view line) const {
  return RE2::PartialMatch(as_re2(line), compiled_->get());
}

LineCapture LinePattern::capture(std::string_view line) const {
  const RE2& pattern = compiled_->get();
  const int last = std::max(compiled_->component, compiled_->source);
  if (last == 0) return {};
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(last) + 1);
  if (!pattern.Match(as_re2(line), 0, line.size(), RE2::UNANCHORED, groups.data(), last + 1)) return {};
  const auto group = [&](int number) -> TextSpan {
    const re2::StringPiece& text = groups[static_cast<std::size_t>(number)];
    if (number == 0 || text.data() == nullptr) return {};
    return {static_cast<std::uint16_t>(text.data() - line.data()), static_cast<std::uint16_t>(text.size())};
  };
  return {group(compiled_->component), group(compiled_->source)};
}

std::string address_in(std::string_view line) {
  static const std::string v4 = R"((?:\d{1,3}\.){3}\d{1,3})";
  static const std::string v6 = R"([0-9A-Fa-f]{1,4}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{1,4})";
  static const RE2 after_word(
      R"re((?i)(?:\b(?:from|rhost|src(?:ip)?|client|ip|ipaddress|addr|address|remote host|host|by)|ソース ネットワーク アドレス|送信元|接続元)[^\w]{0,4}(?:(?:ip|ipv4|ipv6|host|user|udp|tcp)[^\w]{1,4})?(?:\[?::ffff:)?()re" +
          v4 + "|" + v6 + ")",
      options());
  static const RE2 first("(?:^|[^0-9.])(" + v4 + ")(?:[^0-9.]|\\.?$|\\.[^0-9])", options());
  const re2::StringPiece text = as_re2(line);
  std::string address;
  if (!RE2::PartialMatch(text, after_word, &address)) RE2::PartialMatch(text, first, &address);
  return address;
}

}  // namespace nethealth
