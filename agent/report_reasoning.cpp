#include "agent/report_reasoning.hpp"

#include <boost/json.hpp>
#include <cmath>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "agent/report_incident.hpp"
#include "rules/explain.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

struct Telling {
  const Site& site;
  Language language;
  std::string text;

  void title(Phrase phrase) { text += "\n" + std::string(phrase.in(language)) + "\n"; }
  void line(const std::string& indent, const std::string& words) {
    text += indent + without_controls(words) + "\n";
  }
  [[nodiscard]] std::string say(const Reason& reason) const { return sentence(reason, language, site.zone); }
};

std::string whole_number(double value) {
  return std::to_string(std::lround(value));
}

std::string name_of(const Alternative& what, const Telling& tell) {
  Diagnosis diagnosis;
  diagnosis.cause = what.cause;
  diagnosis.location = what.location;
  return place_text(tell.site, what.location, tell.language) + ": " +
         cause_text(diagnosis, Severity::stopped, tell.language) + " (" +
         category_text(what.category, tell.language) + ")";
}

std::string standing(const RivalReasoning& rival, const Telling& tell) {
  if (rival.same_signs)
    return std::string(
               Phrase{"今ある観測では区別できない", "nothing seen so far tells it apart"}.in(tell.language)) +
           ", " + whole_number(rival.what.confidence * 100) + "%";
  const std::string nats = whole_number(std::abs(rival.nats));
  return tell.language == Language::ja ? "証拠の差 " + nats + " (e を底とする対数)"
                                       : "weaker by " + nats + " (natural logarithm of the odds)";
}

void tell_rivals(const Reasoning& reasoning, Telling& tell) {
  if (reasoning.rivals.empty()) return;
  tell.title({"他の説明と、それが退く理由", "Other explanations, and what speaks against them"});
  for (const RivalReasoning& rival : reasoning.rivals) {
    tell.line("  - ", name_of(rival.what, tell) + ": " + standing(rival, tell));
    for (const Reason& reason : rival.denied_by) tell.line("      ", tell.say(reason));
  }
}

json::array sentences_json(const std::vector<Reason>& reasons, Language language, const Zone& zone) {
  json::array array;
  for (const Reason& reason : reasons) array.emplace_back(sentence(reason, language, zone));
  return array;
}

ControlReply missing(const std::string& what, Language language, Phrase rest) {
  return {1, "", "nethealth: " + what + std::string(rest.in(language)) + "\n"};
}

json::object rival_json(const RivalReasoning& rival, Language language, const Zone& zone) {
  Diagnosis place;
  place.location = rival.what.location;
  return {{"category", word(rival.what.category)},
          {"cause", word(rival.what.cause)},
          {"location", diagnosis_json(place, language, zone)["location"]},
          {"confidence", rival.what.confidence},
          {"nats", std::round(rival.nats * 10) / 10},
          {"same_signs", rival.same_signs},
          {"denied_by", sentences_json(rival.denied_by, language, zone)}};
}

}  // namespace

ControlReply why_report(const Engine& engine, const Site& site, int incident, Language language,
                        bool as_json) {
  const std::optional<Reasoning> reasoning = engine.why(incident);
  if (!reasoning) return no_such_incident(incident, language);
  const Diagnosis& diagnosis = reasoning->diagnosis;
  if (as_json) {
    json::array rivals;
    for (const RivalReasoning& rival : reasoning->rivals)
      rivals.emplace_back(rival_json(rival, language, site.zone));
    return {0,
            json_text(json::object{{"incident", incident},
                                   {"diagnosis", diagnosis_json(diagnosis, language, site.zone)},
                                   {"live", reasoning->live},
                                   {"evidence_nats", std::round(reasoning->evidence_nats * 10) / 10},
                                   {"margin_nats", std::round(reasoning->margin_nats * 10) / 10},
                                   {"rivals", std::move(rivals)},
                                   {"not_seen", sentences_json(reasoning->not_seen, language, site.zone)},
                                   {"first_step", first_step(site, diagnosis, language)}}) +
                "\n",
            ""};
  }
  Telling tell{site, language, {}};
  tell.line("", name_of({diagnosis.category, diagnosis.cause, diagnosis.location, 0}, tell) + ", " +
                    whole_number(diagnosis.confidence * 100) + "%");
  tell.title({"根拠", "It rests on"});
  for (const Reason& reason : diagnosis.evidence) tell.line("  - ", tell.say(reason));
  tell_rivals(*reasoning, tell);
  if (!reasoning->not_seen.empty()) {
    tell.title({"調べれば区別できるもの", "Looks that would tell"});
    for (const Reason& reason : reasoning->not_seen) tell.line("  - ", tell.say(reason));
  }
  if (!reasoning->live)
    tell.line("\n", std::string(Phrase{"今は症状がないため、記録に残る根拠だけを示しています。",
                                       "It shows no symptom now: only what the journal kept is told."}
                                    .in(language)));
  tell.title({"最初に見る所", "What to look at first"});
  tell.line("  ", first_step(site, diagnosis, language));
  return {0, tell.text, ""};
}

ControlReply why_not_report(const Engine& engine, const Site& site, const std::string& device,
                            Language language, bool as_json) {
  const std::vector<Reason> reasons = engine.why_not(device);
  if (reasons.empty())
    return missing(device, language,
                   {": この名前の機器は設定にありません。`nethealth status` で名前を確かめてください。",
                    ": the configuration has no such device; `nethealth status` shows the names."});
  if (as_json)
    return {0,
            json_text(
                json::object{{"device", device}, {"reasons", sentences_json(reasons, language, site.zone)}}) +
                "\n",
            ""};
  Telling tell{site, language, {}};
  for (const Reason& reason : reasons) tell.line("", tell.say(reason));
  return {0, tell.text, ""};
}

}  // namespace nethealth
