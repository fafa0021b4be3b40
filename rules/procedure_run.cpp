#include "rules/procedure_run.hpp"

#include <algorithm>

#include "config/wording.hpp"
#include "rules/incident.hpp"

namespace nethealth {

namespace {

/// No deadline is looked for further ahead: 60 days of closed office are a mistake in the calendar.
constexpr int most_openings = 400;

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : list + ",") {
    if (c != ',') {
      if (c != ' ' || !word.empty()) word += c;
      continue;
    }
    while (!word.empty() && word.back() == ' ') word.pop_back();
    if (!word.empty()) words.push_back(word);
    word.clear();
  }
  return words;
}

bool any_common(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::any_of(a, [&](const std::string& word) { return std::ranges::count(b, word) > 0; });
}

std::string titled(const ProcedureStep& step, Language language) {
  return step.id + " " + step.title.in(language);
}

std::string choices_text(const std::vector<ProcedureChoice>& choices, Language language) {
  std::string text;
  for (const ProcedureChoice& choice : choices)
    text += (text.empty() ? "" : ", ") + choice.word + " (" + choice.title.in(language) + ")";
  return text;
}

bool is_choice(const std::vector<ProcedureChoice>& choices, const std::string& word) {
  return std::ranges::any_of(choices, [&](const ProcedureChoice& choice) { return choice.word == word; });
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

void say(std::vector<std::string>& missing, Language language, Phrase phrase,
         std::initializer_list<std::string_view> parts = {}) {
  missing.push_back(fill(phrase.in(language), parts));
}

std::string joined(const std::vector<std::string>& sentences, Language language) {
  std::string text;
  for (const std::string& sentence : sentences)
    text += (text.empty() ? "" : language == Language::ja ? "。" : "; ") + sentence;
  return text;
}

}  // namespace

/// "Passed" is: done, or not needed while everything before it is passed too.
class ProcedureRun::Passing {
 public:
  explicit Passing(const ProcedureRun& run) : run_(run) {}

  bool passed(const std::string& id) {
    const auto [known, is_new] = known_.emplace(id, false);
    if (!is_new) return known->second;
    const ProcedureStep* step = run_.procedure().find(id);
    const bool result = !step || run_.is_done(id) || (!run_.holds(step->when) && all_before(*step));
    known_[id] = result;
    return result;
  }
  bool all_before(const ProcedureStep& step) {
    return std::ranges::all_of(step.after, [this](const std::string& id) { return passed(id); });
  }

 private:
  const ProcedureRun& run_;
  std::map<std::string, bool> known_;
};

bool is_post(RoleId role) {
  return role == RoleId::operations_sub_manager || role == RoleId::operations_manager ||
         role == RoleId::deputy_chief || role == RoleId::chief || role == RoleId::mayor;
}

Time office_deadline(const Calendar& calendar, const Zone& zone, Time from, Milliseconds within) {
  Time at = from;
  Milliseconds left = within;
  for (int i = 0; i < most_openings; ++i) {
    const bool open = is_open(calendar, zone, at);
    const auto change = next_change(calendar, zone, at);
    if (open && (!change || *change - at >= left)) return at + left;
    if (!change) break;
    if (open) left -= *change - at;
    at = *change;
  }
  return from + within;
}

const StepRecord* ProcedureRun::record(std::string_view step) const {
  const auto found = done_.find(std::string(step));
  return found == done_.end() ? nullptr : &records_[found->second];
}

bool ProcedureRun::holds(const ProcedureCondition& condition) const {
  using Kind = ProcedureCondition::Kind;
  const auto part = [this](const ProcedureCondition& inner) { return holds(inner); };
  const auto among = [&](std::optional<int> value) {
    return value && std::ranges::count(condition.levels, *value) > 0;
  };
  const auto named = [&](std::string_view value) { return std::ranges::count(condition.words, value) > 0; };
  switch (condition.kind) {
    case Kind::always:
      return true;
    case Kind::all:
      return std::ranges::all_of(condition.parts, part);
    case Kind::any:
      return std::ranges::any_of(condition.parts, part);
    case Kind::none:
      return std::ranges::none_of(condition.parts, part);
    case Kind::step: {
      const StepRecord* taken = record(condition.name);
      if (!taken) return false;
      if (condition.words.empty()) return true;
      if (condition.ask.empty()) return named(taken->what.decision);
      const auto answer = taken->what.answers.find(condition.ask);
      return answer != taken->what.answers.end() && any_common(words_of(answer->second), condition.words);
    }
    case Kind::level:
      return among(level());
    case Kind::provisional:
      return among(provisional_);
    case Kind::judged:
      return among(judged_);
    case Kind::severity:
      return named(word(facts_.severity));
    case Kind::category:
      return named(word(facts_.category));
    case Kind::undetermined:
      return facts_.category == Category::undetermined || facts_.cause == Cause::unknown ||
             (facts_.location.device.empty() && facts_.location.room.empty());
    case Kind::never_stopped:
      return !facts_.was_stopped;
    case Kind::device: {
      const auto device = site_->device(facts_.location.device);
      return device && named(word(site_->devices[*device].kind));
    }
    case Kind::measures:
      return std::ranges::all_of(procedure().measures, [this](const ProcedureMeasure& measure) {
        return measures_.contains(measure.id);
      });
  }
  return false;
}

StepState ProcedureRun::state(const ProcedureStep& step) const {
  Passing passing(*this);
  return state(step, passing);
}

StepState ProcedureRun::state(const ProcedureStep& step, Passing& passing) const {
  if (is_done(step.id)) return StepState::done;
  if (!needed(step)) return StepState::not_needed;
  if (facts_.over) return StepState::later;
  const bool turn = passing.all_before(step) && holds(step.gate) && (!step.end || outstanding().empty());
  return turn ? StepState::due : StepState::later;
}

std::optional<Time> ProcedureRun::deadline(const ProcedureStep& step) const {
  if (!step.deadline) return std::nullopt;
  const auto since = due_since_.find(step.id);
  if (!step.deadline->from_opening && since == due_since_.end()) return std::nullopt;
  const Time from = step.deadline->from_opening ? facts_.opened : since->second;
  if (!step.deadline->office_hours || !site_->office_calendar) return from + step.deadline->within;
  return office_deadline(site_->calendars[*site_->office_calendar], site_->zone, from, step.deadline->within);
}

std::vector<StepPicture> ProcedureRun::picture() const {
  std::vector<StepPicture> pictures;
  Passing passing(*this);
  for (const ProcedureStep& step : procedure().steps) {
    StepPicture shown;
    shown.id = step.id;
    shown.state = state(step, passing);
    if (const StepRecord* taken = record(step.id)) shown.record = *taken;
    if (const auto since = due_since_.find(step.id); since != due_since_.end()) {
      shown.since = since->second;
      shown.deadline = deadline(step);
    }
    pictures.push_back(std::move(shown));
  }
  return pictures;
}

std::string ProcedureRun::present() const {
  const auto& steps = procedure().steps;
  if (facts_.over) return procedure().end() ? procedure().end()->id : "";
  if (!facts_.told && !steps.empty() && steps.front().by_agent) return steps.front().id;
  for (const ProcedureStep& step : steps)
    if (step.required && due_since_.contains(step.id)) return step.id;
  return "";
}

std::vector<const ProcedureStep*> ProcedureRun::outstanding() const {
  std::vector<const ProcedureStep*> steps;
  for (const ProcedureStep& step : procedure().steps)
    if (step.required && !step.end && !is_done(step.id) && needed(step)) steps.push_back(&step);
  return steps;
}

void ProcedureRun::apply(const Event& event) {
  bool matters = true;
  if (const auto* opened = std::get_if<IncidentOpened>(&event.what)) {
    open(event, *opened);
  } else if (const auto* updated = std::get_if<IncidentUpdated>(&event.what)) {
    update(*updated);
    if (updated->procedure)
      for (const ProcedureStep& step : procedure().steps)
        if (step.by_agent) take(event, IncidentStep{step.id, "", "", "", ""});
  } else if (const auto* step = std::get_if<IncidentStep>(&event.what)) {
    take(event, *step);
  } else if (std::holds_alternative<IncidentClosed>(event.what) ||
             std::holds_alternative<IncidentMerged>(event.what)) {
    facts_.over = true;
  } else {
    matters = false;
    const auto* queued = std::get_if<NotificationQueued>(&event.what);
    if (queued && (queued->notification.kind == NotificationKind::page ||
                   queued->notification.kind == NotificationKind::escalation))
      unanswered_[queued->notification.id] = queued->notification.person;
    const auto* outcome = std::get_if<NotificationOutcome>(&event.what);
    if (outcome && outcome->delivery == Delivery::acknowledged) {
      answered_.push_back(outcome->person);
      matters = !std::exchange(facts_.told, true);
    }
  }
  if (matters) settle(event.time);
}

void ProcedureRun::open(const Event& event, const IncidentOpened& opened) {
  kind_ = opened.procedure;
  facts_.opened = event.time;
  facts_.reported_by_hand = !opened.reported_by.empty();
  facts_.severity = opened.severity;
  facts_.was_stopped = opened.severity == Severity::stopped;
  facts_.category = opened.diagnosis.category;
  facts_.cause = opened.diagnosis.cause;
  facts_.location = opened.diagnosis.location;
  provisional_ = opened.threat_level;
  if (facts_.reported_by_hand) return;
  for (const ProcedureStep& step : procedure().steps)
    if (step.by_agent) {
      done_[step.id] = records_.size();
      records_.push_back({IncidentStep{step.id, "", "", "", ""}, event.time});
    }
}

void ProcedureRun::update(const IncidentUpdated& updated) {
  if (updated.severity) {
    facts_.severity = *updated.severity;
    facts_.was_stopped = facts_.was_stopped || *updated.severity == Severity::stopped;
  }
  if (updated.diagnosis) {
    facts_.category = updated.diagnosis->category;
    facts_.cause = updated.diagnosis->cause;
    facts_.location = updated.diagnosis->location;
  }
  if (updated.threat_level) provisional_ = updated.threat_level;
  if (!updated.procedure || *updated.procedure == kind_) return;
  kind_ = *updated.procedure;
  done_.clear();
  due_since_.clear();
  judged_.reset();
  if (kind_ == ProcedureKind::failure) provisional_.reset();
}

void ProcedureRun::take(const Event& event, const IncidentStep& step) {
  records_.push_back({step, event.time});
  if (!step.person.empty() && step.decision != decisions::passed) facts_.told = true;
  if (step.step == "measure") {
    const auto id = step.answers.find("measure");
    measures_[id == step.answers.end() ? step.text : id->second] = records_.back();
  }
  const ProcedureStep* known = procedure().find(step.step);
  if (!known) return;
  done_[known->id] = records_.size() - 1;
  if (known->judges_level && step.decision.size() == 1) {
    const int judged = step.decision[0] - '0';
    if (judged_ && *judged_ != judged)
      for (const ProcedureStep& other : procedure().steps)
        if (other.each_level) done_.erase(other.id);
    judged_ = judged;
  }
  if (const auto again = known->reopens.find(step.decision); again != known->reopens.end())
    for (const std::string& other : again->second) done_.erase(other);
}

void ProcedureRun::settle(Time now) {
  Passing passing(*this);
  for (const ProcedureStep& step : procedure().steps) {
    if (state(step, passing) != StepState::due)
      due_since_.erase(step.id);
    else
      due_since_.emplace(step.id, now);
  }
}

bool ProcedureRun::absence_on_record(const std::string& principal, const std::string& deputy) const {
  if (std::ranges::count(answered_, principal) > 0) return false;
  if (std::ranges::count(answered_, deputy) > 0) return true;
  const auto called = [&](const std::string& person) {
    return std::ranges::any_of(unanswered_, [&](const auto& call) { return call.second == person; });
  };
  return called(principal) && called(deputy);
}

void ProcedureRun::refuse_person(const ProcedureStep& step, const StepAttempt& attempt, Language language,
                                 IncidentStep& record, std::vector<std::string>& missing) const {
  const auto person = site_->person(attempt.person);
  std::optional<std::string> principal;
  std::string titles;
  for (const RoleId id : step.actors) {
    const Role& role = site_->role(id);
    titles += (titles.empty() ? "" : language == Language::ja ? "か" : " or ") + role.title;
    const auto place = person ? std::ranges::find(role.people, *person) : role.people.end();
    if (place == role.people.end()) continue;
    const bool deputy = is_post(id) && place != role.people.begin();
    if (!record.role.empty() && (deputy || !principal)) continue;
    record.role = word(id);
    principal.reset();
    if (deputy) principal = site_->people[role.people.front()].name;
  }
  if (record.role.empty())
    return say(missing, language,
               {"{0}を行えるのは{1}だけで、{2}はその担当者ではない",
                "{0} is for the {1} only, and {2} holds no such role"},
               {titled(step, language), titles, attempt.person});
  if (!principal) return;
  record.deputy_for = *principal;
  if (attempt.reason.empty() && !absence_on_record(*principal, attempt.person))
    say(missing, language,
        {"{0}は代理である。{1}の不在の理由が要る（--reason）",
         "{0} is the deputy: the absence of {1} must be stated (--reason)"},
        {attempt.person, *principal});
}

void ProcedureRun::refuse_order(const ProcedureStep& step, const StepAttempt& attempt, Time now,
                                Language language, std::vector<std::string>& missing) const {
  if (!needed(step))
    say(missing, language,
        {"{0}は、いまの記録では必要とされていない", "{0} is not called for by what is recorded now"},
        {titled(step, language)});
  if (is_done(step.id) && !step.repeatable && attempt.reason.empty() && !record(step.id)->what.person.empty())
    say(missing, language,
        {"{0}は{1}が済ませている。訂正は理由を添えて追加する（--reason）",
         "{0} was done by {1}; a correction is added with its reason (--reason)"},
        {titled(step, language), record(step.id)->what.person});
  Passing passing(*this);
  for (const std::string& before : step.after) {
    const ProcedureStep* first = procedure().find(before);
    if (!first || passing.passed(before)) continue;
    std::string who;
    for (const RoleId role : first->actors)
      who += (who.empty() ? "" : language == Language::ja ? "か" : " or ") + site_->role(role).title;
    say(missing, language, {"先に{0}（{1}）が要る", "first {0} by the {1} is needed"},
        {titled(*first, language), who});
  }
  if (!holds(step.gate)) {
    std::string open;
    for (const ProcedureMeasure& measure : procedure().measures)
      if (!measures_.contains(measure.id)) open += (open.empty() ? "" : ", ") + measure.id;
    say(missing, language,
        {"{0}の条件がまだ満たされていない: {1}", "what {0} waits for is not there yet: {1}"},
        {titled(step, language), open});
  }
  if (!attempt.at) return;
  if (*attempt.at > now)
    say(missing, language, {"--at は過去の時刻でなければならない", "--at must not lie in the future"});
  for (const std::string& before : step.after)
    if (const StepRecord* earlier = record(before); earlier && earlier->done() > *attempt.at)
      say(missing, language,
          {"--at が、先の{0}より前の時刻である", "--at lies before {0}, which comes first"}, {before});
}

namespace {

/// Which ask a key means: its own name, or an item of a checklist; empty when none.
std::string full_key(const ProcedureStep& step, const std::string& key) {
  if (step.ask(key)) return key;
  for (const ProcedureAsk& ask : step.asks) {
    if (ask.kind != ProcedureAsk::Kind::checklist) continue;
    for (const ProcedureChoice& choice : ask.choices)
      if (key == choice.word || key == ask.name + "." + choice.word) return ask.name + "." + choice.word;
  }
  return "";
}

void refuse_decision(const ProcedureStep& step, const StepAttempt& attempt, Language language,
                     IncidentStep& record, std::vector<std::string>& missing) {
  if (step.decisions.empty()) {
    record.decision = attempt.decision;
    return;
  }
  record.decision = attempt.decision.empty() ? step.usual_decision : attempt.decision;
  if (record.decision.empty())
    return say(missing, language, {"判断が要る（--decision）: {0}", "a decision is needed (--decision): {0}"},
               {choices_text(step.decisions, language)});
  if (!is_choice(step.decisions, record.decision))
    return say(missing, language,
               {"判断「{0}」はない。選べるのは: {1}", "no decision \"{0}\"; choose from: {1}"},
               {record.decision, choices_text(step.decisions, language)});
  if (std::ranges::count(step.reason_for, record.decision) > 0 && is_blank(attempt.reason) &&
      is_blank(attempt.text))
    say(missing, language,
        {"判断「{0}」には理由が要る（--reason）", "the decision \"{0}\" needs a reason (--reason)"},
        {record.decision});
}

void refuse_choices(const ProcedureAsk& ask, const std::string& answer, Language language,
                    std::vector<std::string>& missing) {
  const std::vector<std::string> chosen = words_of(answer);
  for (const std::string& word : chosen) {
    const std::string plain = word.substr(0, word.find(':'));
    if (!is_choice(ask.choices, plain))
      say(missing, language, {"{0}に「{1}」はない。選べるのは: {2}", "{0} has no \"{1}\"; choose from: {2}"},
          {ask.name, plain, choices_text(ask.choices, language)});
  }
  if (ask.kind == ProcedureAsk::Kind::choice && chosen.size() > 1)
    say(missing, language, {"{0}で選べるのは一つだけ", "only one may be chosen for {0}"}, {ask.name});
}

}  // namespace

void ProcedureRun::refuse_parts(const ProcedureStep& step, const StepAttempt& attempt, Language language,
                                const Composer& compose, IncidentStep& record,
                                std::vector<std::string>& missing) const {
  refuse_decision(step, attempt, language, record, missing);
  for (const auto& [key, value] : attempt.answers) {
    if (const std::string full = full_key(step, key); !full.empty())
      record.answers[full] = value;
    else
      say(missing, language, {"{0}に「{1}」という項目はない", "{0} asks for nothing named \"{1}\""},
          {titled(step, language), key});
  }
  std::vector<const ProcedureAsk*> open_texts;
  for (const ProcedureAsk& ask : step.asks)
    if (ask.kind == ProcedureAsk::Kind::text && ask.required && holds(ask.when) &&
        !record.answers.contains(ask.name) && (ask.compose.empty() || is_blank(compose(ask.compose))))
      open_texts.push_back(&ask);
  if (open_texts.size() == 1 && !is_blank(attempt.text))
    record.answers[open_texts.front()->name] = attempt.text;
  for (const ProcedureAsk& ask : step.asks) {
    if (!holds(ask.when)) continue;
    if (ask.kind == ProcedureAsk::Kind::attachment) {
      if (ask.required && attempt.attachments.empty())
        say(missing, language, {"{0}の添付が要る（--attach）", "a file is needed for {0} (--attach)"},
            {ask.title.in(language)});
      continue;
    }
    if (ask.kind == ProcedureAsk::Kind::checklist) {
      for (const ProcedureChoice& item : ask.choices) {
        const auto answer = record.answers.find(ask.name + "." + item.word);
        if (answer == record.answers.end() ? ask.required : is_blank(answer->second))
          say(missing, language,
              {"確認「{0}」の答えが要る（--text {1}=done か not_needed など）",
               "the check \"{0}\" needs an answer (--text {1}=done or not_needed)"},
              {item.title.in(language), item.word});
      }
      continue;
    }
    auto answer = record.answers.find(ask.name);
    if (answer == record.answers.end() && !ask.compose.empty())
      if (std::string composed = compose(ask.compose); !is_blank(composed))
        answer = record.answers.emplace(ask.name, std::move(composed)).first;
    const bool given = answer != record.answers.end() && !is_blank(answer->second);
    if (!given && ask.required)
      say(missing, language, {"「{0}」が要る（--text {1}=...）", "\"{0}\" is needed (--text {1}=...)"},
          {ask.title.in(language), ask.name});
    if (given && ask.kind != ProcedureAsk::Kind::text) refuse_choices(ask, answer->second, language, missing);
  }
}

Result<IncidentStep> ProcedureRun::attempt(const StepAttempt& attempt, Time now, Language language,
                                           const Composer& compose) const {
  std::vector<std::string> missing;
  const ProcedureStep* step = procedure().find(attempt.step);
  if (!step || step->end) {
    std::string due;
    for (const auto& [id, since] : due_since_) due += (due.empty() ? "" : ", ") + id;
    say(missing, language,
        {"手順に「{0}」という段階はない。いまの段階: {1}", "the procedure has no step \"{0}\"; now due: {1}"},
        {attempt.step, due});
    return failure("", joined(missing, language));
  }
  IncidentStep record;
  record.step = step->id;
  record.person = attempt.person;
  record.text = attempt.text;
  record.reason = attempt.reason;
  record.done = attempt.at;
  record.by_telephone = attempt.by_telephone;
  record.attachments = attempt.attachments;
  refuse_order(*step, attempt, now, language, missing);
  refuse_person(*step, attempt, language, record, missing);
  // What is not its turn is not asked for its parts: they may depend on what comes first.
  if (missing.empty()) refuse_parts(*step, attempt, language, compose, record, missing);
  if (!missing.empty()) return failure("", joined(missing, language));
  return record;
}

std::optional<std::string> ProcedureRun::closing_refusal(const std::string& person,
                                                         const std::string& decision,
                                                         Language language) const {
  std::vector<std::string> missing;
  const auto index = site_->person(person);
  const bool may = std::ranges::any_of(procedure().closers, [&](RoleId role) {
    return index && std::ranges::count(site_->role(role).people, *index) > 0;
  });
  if (!may) {
    std::string titles;
    for (const RoleId role : procedure().closers)
      titles += (titles.empty() ? "" : language == Language::ja ? "か" : " or ") + site_->role(role).title;
    say(missing, language, {"終了できるのは{0}だけ", "only the {0} closes an incident"}, {titles});
    return joined(missing, language);
  }
  const auto done = [this](const std::string& step) { return is_done(step); };
  const auto still_open = [&] {
    std::string steps;
    for (const ProcedureStep* step : outstanding())
      steps += (steps.empty() ? "" : language == Language::ja ? "、" : ", ") + titled(*step, language);
    say(missing, language,
        {"手順が終わっていない。残り: {0}", "the procedure is not at its end; still to be done: {0}"},
        {steps});
  };
  if (outstanding().empty() && decision.empty()) return std::nullopt;
  if (decision.empty()) {
    if (std::ranges::none_of(procedure().quick_until, done)) return std::nullopt;
    still_open();
    return joined(missing, language);
  }
  const auto quick = std::ranges::find(procedure().quick, decision, &QuickClosing::word);
  if (quick == procedure().quick.end()) {
    std::vector<ProcedureChoice> words;
    for (const QuickClosing& known : procedure().quick) words.push_back({known.word, known.title});
    say(missing, language, {"終わり方「{0}」はない。選べるのは: {1}", "no closing \"{0}\"; choose from: {1}"},
        {decision, choices_text(words, language)});
  } else if (!holds(quick->when)) {
    say(missing, language, {"この事案は「{0}」では終われない", "this incident cannot end as \"{0}\""},
        {quick->title.in(language)});
  } else if (std::ranges::any_of(procedure().named_quick_until, done)) {
    still_open();
  }
  if (missing.empty()) return std::nullopt;
  return joined(missing, language);
}

}  // namespace nethealth
