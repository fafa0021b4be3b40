#include "agent/comparison.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

constexpr Milliseconds same_trouble = std::chrono::minutes(10);

/// Null where only one of the two has the incident.
struct Pair {
  const IncidentPicture* first = nullptr;
  const IncidentPicture* second = nullptr;
};

std::optional<Time> paged(const IncidentPicture& incident) {
  for (const NotificationPicture& told : incident.notifications)
    if (told.notification.kind == NotificationKind::page) return told.queued;
  return std::nullopt;
}

/// The two ends of a cable stand in any order (contract, Location).
bool same_place(const IncidentPicture& one, const IncidentPicture& other) {
  const Location &a = one.now.diagnosis.location, &b = other.now.diagnosis.location;
  if (!a.peer.empty() && a.device == b.peer && a.peer == b.device) return true;
  return a.device == b.device && a.room == b.room && a.component == b.component;
}

bool same_verdict(const IncidentPicture& one, const IncidentPicture& other) {
  const Diagnosis &a = one.now.diagnosis, &b = other.now.diagnosis;
  return one.now.procedure == other.now.procedure && one.now.severity == other.now.severity &&
         a.category == b.category && a.cause == b.cause && same_place(one, other) &&
         a.affected == b.affected && paged(one) == paged(other) && one.restored == other.restored;
}

std::vector<Pair> paired(const Picture& first, const Picture& second) {
  std::vector<Pair> pairs;
  for (const IncidentPicture& incident : first.incidents) pairs.push_back({&incident, nullptr});
  std::vector<bool> taken(second.incidents.size());
  const auto match = [&](auto fits) {
    for (Pair& pair : pairs) {
      for (std::size_t i = 0; i < taken.size() && !pair.second; ++i) {
        const IncidentPicture& other = second.incidents[i];
        if (taken[i] || !fits(*pair.first, other)) continue;
        if (std::chrono::abs(pair.first->opened - other.opened) > same_trouble) continue;
        pair.second = &other;
        taken[i] = true;
      }
    }
  };
  match([](const IncidentPicture& one, const IncidentPicture& other) {
    return one.now.procedure == other.now.procedure && same_place(one, other);
  });
  match([](const IncidentPicture& one, const IncidentPicture& other) {
    return one.now.procedure == other.now.procedure;
  });
  for (std::size_t i = 0; i < taken.size(); ++i)
    if (!taken[i]) pairs.push_back({nullptr, &second.incidents[i]});
  return pairs;
}

std::string line_of(const IncidentPicture& incident, const Site& site, Language language) {
  const IncidentOpened& now = incident.now;
  std::string text = std::to_string(incident.number) + "  " + format_time(incident.opened, site.zone) +
                     "  [" + severity_text(now.severity, language) + "] " +
                     category_text(now.diagnosis.category, language) + "  " +
                     short_place(site, now.diagnosis.location, language) + ": " +
                     cause_text(now.diagnosis, now.severity, language);
  const auto page = paged(incident);
  text += Phrase{"、呼び出し ", ", page "}.in(language);
  text += page ? format_clock(*page, site.zone) : std::string(Phrase{"なし", "none"}.in(language));
  text += Phrase{"、復旧 ", ", restored "}.in(language);
  text += incident.restored ? format_clock(*incident.restored, site.zone)
                            : std::string(Phrase{"なし", "no"}.in(language));
  return without_controls(text);
}

}  // namespace

ControlReply comparison_report(const Judged& first, const Judged& second, const ReportStyle& style) {
  const Language language = style.language;
  std::string only_first, only_second, different;
  int same = 0;
  for (const Pair& pair : paired(first.picture, second.picture)) {
    if (!pair.second) {
      only_first += "  " + line_of(*pair.first, first.site, language) + "\n";
    } else if (!pair.first) {
      only_second += "  " + line_of(*pair.second, second.site, language) + "\n";
    } else if (same_verdict(*pair.first, *pair.second)) {
      ++same;
    } else {
      different += "  - " + line_of(*pair.first, first.site, language) + "\n  + " +
                   line_of(*pair.second, second.site, language) + "\n";
    }
  }
  const std::string count = std::to_string(same);
  std::string text = language == Language::ja ? "同じ障害: " + count + "件\n" : "the same: " + count + "\n";
  const auto add = [&](const std::string& title, const std::string& lines) {
    if (!lines.empty()) text += title + "\n" + lines;
  };
  add(language == Language::ja ? "異なる障害 (- " + first.name + "  + " + second.name + "):"
                               : "different (- " + first.name + "  + " + second.name + "):",
      different);
  add(first.name + (language == Language::ja ? " だけの障害:" : " only:"), only_first);
  add(second.name + (language == Language::ja ? " だけの障害:" : " only:"), only_second);
  return {0, text, ""};
}

ControlReply comparison_json(const Judged& first, const Judged& second, Language language) {
  json::array only_first, only_second, different;
  int same = 0;
  for (const Pair& pair : paired(first.picture, second.picture)) {
    json::object one, other;
    if (pair.first) one = incident_json(*pair.first, language, first.site.zone);
    if (pair.second) other = incident_json(*pair.second, language, second.site.zone);
    if (!pair.second)
      only_first.push_back(std::move(one));
    else if (!pair.first)
      only_second.push_back(std::move(other));
    else if (same_verdict(*pair.first, *pair.second))
      ++same;
    else
      different.push_back(json::object{{"first", std::move(one)}, {"second", std::move(other)}});
  }
  const json::object whole{{"first", first.name},
                           {"second", second.name},
                           {"same", same},
                           {"different", std::move(different)},
                           {"only_first", std::move(only_first)},
                           {"only_second", std::move(only_second)}};
  return {0, json_text(whole) + "\n", ""};
}

}  // namespace nethealth
