#include <algorithm>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr minutes whole_day{24 * 60};
constexpr int most_days_in_a_range = 366;

/// HH:MM, to 24:00.
std::optional<minutes> clock_time(std::string_view text) {
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  if (text.size() != 5 || text[2] != ':') return {};
  const int hour = digit(0) * 10 + digit(1);
  const int minute = digit(3) * 10 + digit(4);
  const minutes time{hour * 60 + minute};
  if (hour > 24 || minute > 59 || time > whole_day) return {};
  return time;
}

/// YYYY-MM-DD of a day that exists.
std::optional<year_month_day> day_of(std::string_view text) {
  if (text.size() != 10) return {};
  const auto midnight = parse_time(std::string(text) + "T00:00:00Z");
  if (!midnight) return {};
  return year_month_day(std::chrono::floor<days>(*midnight));
}

std::optional<OpenRange> range_of(Reader& read, const Node& node) {
  const std::size_t dash = node.value.find('-');
  if (node.kind == Node::Kind::scalar && dash != std::string::npos) {
    const auto from = clock_time(std::string_view(node.value).substr(0, dash));
    const auto until = clock_time(std::string_view(node.value).substr(dash + 1));
    if (from && until && *from < *until) return OpenRange{*from, *until};
  }
  read.unexpected(
      node, "hours",
      {"\"08:30-17:15\" のような時間帯を書いてください（始まりは終わりより前。日をまたぐ場合は 24:00 "
       "で分けます）",
       "a range such as \"08:30-17:15\", the start before the end (split at 24:00 what crosses midnight)"});
  return {};
}

/// One range, a list of them, or an empty list for a closed day.
std::vector<OpenRange> ranges_of(Reader& read, const Node& node) {
  std::vector<OpenRange> ranges;
  if (node.kind == Node::Kind::list) {
    for (const Node& item : node.items) {
      if (const auto range = range_of(read, item)) ranges.push_back(*range);
    }
  } else if (const auto range = range_of(read, node)) {
    ranges.push_back(*range);
  }
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  const auto overlap = std::adjacent_find(ranges.begin(), ranges.end(),
                                          [](const auto& a, const auto& b) { return a.until > b.from; });
  if (overlap != ranges.end()) {
    read.unexpected(node, "hours", {"重ならない時間帯を書いてください", "ranges that do not overlap"});
  }
  return ranges;
}

/// The weekdays of "mon", "mon-fri" or "fri-mon"; empty when it is neither.
std::vector<unsigned> weekdays_of(std::string_view text) {
  const auto number = [](std::string_view day) -> std::optional<unsigned> {
    for (const auto& [word, value] : weekday_words()) {
      if (word == day) return value;
    }
    return {};
  };
  const std::size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  if (!first || !last) return {};
  std::vector<unsigned> all;
  for (unsigned day = *first;; day = (day + 1) % 7) {
    all.push_back(day);
    if (day == *last) return all;
  }
}

/// The days of "2026-12-28" or "2026-12-28..2027-01-08"; empty when it is neither.
std::vector<year_month_day> dates_of(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = day_of(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : day_of(text.substr(dots + 2));
  if (!first || !last || *last < *first) return {};
  if (sys_days(*last) - sys_days(*first) >= days(most_days_in_a_range)) return {};
  std::vector<year_month_day> all;
  for (sys_days day = *first; day <= sys_days(*last); day += days(1)) all.emplace_back(day);
  return all;
}

/// Fills one calendar and remembers where each day was written.
class CalendarLoader {
 public:
  CalendarLoader(Reader& read, Calendar& calendar) : read_(read), calendar_(calendar) {}

  void hours(const Node& map) {
    if (map.kind != Node::Kind::map || map.entries.empty()) {
      read_.unexpected(map, "hours",
                       {"mon-fri: \"08:30-17:15\" のように書いてください",
                        "days and ranges such as mon-fri: \"08:30-17:15\""});
      return;
    }
    for (const auto& [key, value] : map.entries) {
      const auto weekdays = weekdays_of(key.value);
      const auto dates = dates_of(key.value);
      const auto ranges = ranges_of(read_, value);
      if (weekdays.empty() && dates.empty()) refuse_day(key);
      for (const unsigned day : weekdays) {
        if (once(key, "weekday " + std::to_string(day))) calendar_.weekly[day] = ranges;
      }
      for (const year_month_day day : dates) dated(key, day, ranges);
    }
  }

  void holidays(const Node& node) {
    for (const Node* item : read_.one_or_more(node, "holidays")) {
      const auto dates =
          item->kind == Node::Kind::scalar ? dates_of(item->value) : std::vector<year_month_day>{};
      if (item->kind == Node::Kind::scalar && item->value == "jp") {
        calendar_.japanese_holidays = true;
      } else if (dates.empty()) {
        read_.unexpected(
            *item, "holidays",
            {"jp か 2026-12-28 のような日付を書いてください", "jp or a date such as 2026-12-28"});
      }
      for (const year_month_day day : dates) dated(*item, day, {});
    }
  }

 private:
  void refuse_day(const Node& key) {
    read_.unexpected(key, "hours",
                     {"mon から sun、mon-fri のような範囲、2026-12-28 のような日付のどれかを書いてください",
                      "a day from mon to sun, a span such as mon-fri, or a date such as 2026-12-28"});
  }

  void dated(const Node& place, year_month_day day, const std::vector<OpenRange>& ranges) {
    if (once(place, std::to_string(sys_days(day).time_since_epoch().count()))) calendar_.dated[day] = ranges;
  }

  bool once(const Node& place, const std::string& day) {
    const auto [first, is_new] = places_.emplace(day, place_of(place));
    if (is_new) return true;
    read_.report(place,
                 {"{0} の日は {1} ですでに書かれています。一度だけ書いてください",
                  "{0} is already given hours at {1}, expected each day once"},
                 {quote(place.value, read_.language()), first->second});
    return false;
  }

  Reader& read_;
  Calendar& calendar_;
  std::map<std::string, std::string> places_;
};

}  // namespace

void load_calendars(Loading& load) {
  const auto nodes = name_items(load, "calendars", keys::calendar, load.calendars, load.site.calendars);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    CalendarLoader loader(load.read, load.site.calendars[i]);
    if (const Node* hours = load.read.require(*nodes[i], "hours")) loader.hours(*hours);
    if (const Node* holidays = nodes[i]->find("holidays")) loader.holidays(*holidays);
  }
}

}  // namespace nethealth
