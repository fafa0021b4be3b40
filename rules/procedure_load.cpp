// Reads a procedure from YAML. The format: rules/procedures/README.md.

#include <algorithm>
#include <stdexcept>

#include "config/embedded.hpp"
#include "config/reader.hpp"
#include "config/site_words.hpp"
#include "rules/procedure_keys.hpp"

namespace nethealth {

namespace {

constexpr std::size_t most_steps = 200;
constexpr Milliseconds shortest_deadline{60'000};
constexpr Milliseconds longest_deadline{std::chrono::hours(24 * 366)};

const KeySet procedure_keys{
    "procedure",
    {"procedure", "title", "owner", "under", "counter", "closing", "measures", "threats", "annex", "steps"}};
const KeySet annex_keys{"annex", {"events", "measures"}};
const KeySet closing_keys{"closing", {"by", "quick_until", "named_until", "quick"}};
const KeySet quick_keys{"quick", {"title", "when"}};
const KeySet measure_keys{"measure", {"measure", "title", "kind"}};
const KeySet text_keys{"text", {"ja", "en"}};
const KeySet deadline_keys{"deadline", {"within", "hours", "from"}};
const KeySet ask_keys{"ask", {"ask", "kind", "title", "choices", "required", "compose", "when"}};
const KeySet step_keys{"step",
                       {"step",     "title",     "clauses", "actors",     "ordered_by",   "told",
                        "request",  "told_when", "answers", "after",      "when",         "gate",
                        "required", "by_agent",  "end",     "repeatable", "judges_level", "each_level",
                        "asks",     "decisions", "usual",   "reason_for", "reopens",      "deadline"}};
const KeySet condition_keys{
    "condition",
    {"all", "any", "not", "step", "decision", "answer", "level", "provisional", "judged", "severity",
     "category", "undetermined", "never_stopped", "device", "measures"}};

constexpr int most_answers = 1'000;

using AskKind = ProcedureAsk::Kind;
constexpr std::array<std::pair<std::string_view, AskKind>, 5> ask_kinds{
    {{"text", AskKind::text},
     {"choice", AskKind::choice},
     {"choices", AskKind::choices},
     {"checklist", AskKind::checklist},
     {"attachment", AskKind::attachment}}};

class ProcedureReader {
 public:
  ProcedureReader(Language language, Problems& problems) : read_(language, problems) {}

  std::optional<Procedure> read(const Node& document) {
    Procedure procedure;
    procedure.file = document.file;
    if (!read_.map(document, "procedure", procedure_keys)) return std::nullopt;
    if (const Node* kind = read_.require(document, "procedure")) {
      const auto found = procedure_kind(kind->value);
      if (!found) read_.unexpected(*kind, "procedure", {"failure か misconduct", "failure or misconduct"});
      procedure.kind = found.value_or(ProcedureKind::failure);
    }
    procedure.title = title(document, "title");
    if (const Node* owner = document.find("owner")) procedure.owner = role(*owner, "owner");
    if (const Node* under = document.find("under")) procedure.under = role(*under, "under");
    procedure.counter = roles(document, "counter");
    if (const Node* closing = read_.require(document, "closing")) read_closing(*closing, procedure);
    if (const Node* measures = document.find("measures"))
      for (const Node* item : read_.list(*measures, "measures")) read_measure(*item, procedure);
    if (const Node* threats = document.find("threats"))
      for (const auto& [key, value] : threats->entries)
        procedure.threats.push_back({key.value, text(value, "threats")});
    if (const Node* annex = document.find("annex"))
      for (const Node* item : read_.list(*annex, "annex")) read_annex(*item, procedure);
    if (const Node* steps = read_.require(document, "steps")) read_steps(*steps, procedure);
    if (read_.found_errors()) return std::nullopt;
    return procedure;
  }

 private:
  Text text(const Node& node, std::string_view key) {
    Text result;
    if (!read_.map(node, key, text_keys)) return result;
    for (const auto& [language, target] : {std::pair("ja", &result.ja), std::pair("en", &result.en)})
      if (const Node* value = read_.require(node, language))
        *target = read_.text(*value, language).value_or("");
    return result;
  }
  Text title(const Node& node, std::string_view key) {
    const Node* value = read_.require(node, key);
    return value ? text(*value, key) : Text{};
  }
  RoleId role(const Node& node, std::string_view key) {
    return read_.one_of(node, key, role_words()).value_or(RoleId::operations_manager);
  }
  std::vector<RoleId> roles_of(const Node& value, std::string_view key) {
    std::vector<RoleId> list;
    for (const Node* item : read_.one_or_more(value, key)) list.push_back(role(*item, key));
    return list;
  }
  std::vector<RoleId> roles(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value ? roles_of(*value, key) : std::vector<RoleId>{};
  }
  std::vector<std::string> words_of(const Node& value, std::string_view key) {
    std::vector<std::string> list;
    for (const Node* item : read_.one_or_more(value, key))
      if (const auto word = read_.text(*item, key)) list.push_back(*word);
    return list;
  }
  std::vector<std::string> words(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value ? words_of(*value, key) : std::vector<std::string>{};
  }
  bool flag(const Node& node, std::string_view key, bool otherwise) {
    const Node* value = node.find(key);
    return value ? read_.flag(*value, key).value_or(otherwise) : otherwise;
  }
  std::vector<ProcedureChoice> choices(const Node& node, std::string_view key) {
    std::vector<ProcedureChoice> list;
    const Node* value = node.find(key);
    if (value && value->kind != Node::Kind::map)
      read_.unexpected(*value, key, {"語: {ja: ..., en: ...}", "WORD: {ja: ..., en: ...}"});
    if (value)
      for (const auto& [word, meaning] : value->entries) list.push_back({word.value, text(meaning, key)});
    return list;
  }

  void read_closing(const Node& node, Procedure& procedure) {
    if (!read_.map(node, "closing", closing_keys)) return;
    procedure.closers = roles(node, "by");
    procedure.quick_until = words(node, "quick_until");
    procedure.named_quick_until = words(node, "named_until");
    const Node* quick = node.find("quick");
    if (!quick) return;
    for (const auto& [word, value] : quick->entries) {
      if (!read_.map(value, "quick", quick_keys)) continue;
      procedure.quick.push_back({word.value, title(value, "title"), condition(value, "when")});
    }
  }

  void read_measure(const Node& node, Procedure& procedure) {
    if (!read_.map(node, "measures", measure_keys)) return;
    const Node* id = read_.require(node, "measure");
    procedure.measures.push_back({id ? id->value : "", title(node, "title"), title(node, "kind")});
  }

  void read_annex(const Node& node, Procedure& procedure) {
    if (!read_.map(node, "annex", annex_keys)) return;
    ProcedureAnnex row;
    if (const Node* events = read_.require(node, "events")) row.events = words_of(*events, "events");
    for (const Node& event : node.find("events") ? node.find("events")->items : std::vector<Node>{})
      if (!cause(event.value) && !category(event.value))
        read_.unexpected(event, "events", {"原因か種類の語", "the word of a cause or a category"});
    if (const Node* measures = read_.require(node, "measures"))
      for (const Node* item : read_.list(*measures, "measures"))
        row.measures.push_back(text(*item, "measures"));
    procedure.annex.push_back(std::move(row));
  }

  ProcedureCondition condition(const Node& node, std::string_view key) {
    const Node* value = node.find(key);
    return value ? condition(*value) : ProcedureCondition{};
  }

  /// Several questions in one map must all hold.
  ProcedureCondition condition(const Node& node) {
    using Kind = ProcedureCondition::Kind;
    ProcedureCondition all;
    all.kind = Kind::all;
    if (!read_.map(node, "condition", condition_keys)) return all;
    for (const auto& [key, value] : node.entries) {
      ProcedureCondition one;
      if (key.value == "decision" || key.value == "answer") {
        if (!node.find("step")) (void)read_.require(node, "step");
        continue;
      }
      if (key.value == "step")
        one = step_condition(node, value);
      else
        one = plain_condition(key, value);
      all.parts.push_back(std::move(one));
    }
    return all.parts.size() == 1 ? all.parts.front() : all;
  }

  ProcedureCondition step_condition(const Node& node, const Node& step) {
    ProcedureCondition one;
    one.kind = ProcedureCondition::Kind::step;
    one.name = step.value;
    if (const Node* decision = node.find("decision")) one.words = words_of(*decision, "decision");
    if (const Node* answer = node.find("answer"); answer && !answer->entries.empty()) {
      one.ask = answer->entries.front().key.value;
      one.words = words_of(answer->entries.front().value, "answer");
    }
    return one;
  }

  ProcedureCondition plain_condition(const Node& key, const Node& value) {
    using Kind = ProcedureCondition::Kind;
    static constexpr std::array<std::pair<std::string_view, Kind>, 12> kinds{
        {{"all", Kind::all},
         {"any", Kind::any},
         {"not", Kind::none},
         {"level", Kind::level},
         {"provisional", Kind::provisional},
         {"judged", Kind::judged},
         {"severity", Kind::severity},
         {"category", Kind::category},
         {"undetermined", Kind::undetermined},
         {"never_stopped", Kind::never_stopped},
         {"device", Kind::device},
         {"measures", Kind::measures}}};
    ProcedureCondition one;
    const auto found =
        std::ranges::find(kinds, std::string_view(key.value), &std::pair<std::string_view, Kind>::first);
    if (found == kinds.end()) return one;
    one.kind = found->second;
    switch (one.kind) {
      case Kind::all:
      case Kind::any:
      case Kind::none:
        if (value.kind == Node::Kind::map)
          one.parts.push_back(condition(value));
        else
          for (const Node* item : read_.list(value, key.value)) one.parts.push_back(condition(*item));
        break;
      case Kind::level:
      case Kind::provisional:
      case Kind::judged:
        for (const Node* item : read_.one_or_more(value, key.value))
          if (const auto level = read_.integer(*item, key.value, 1, 3)) one.levels.push_back(*level);
        break;
      case Kind::severity:
        read_words(value, key.value, one, [](const std::string& word) { return severity(word).has_value(); });
        break;
      case Kind::category:
        read_words(value, key.value, one, [](const std::string& word) { return category(word).has_value(); });
        break;
      case Kind::device:
        read_words(value, key.value, one,
                   [](const std::string& word) { return device_kind(word).has_value(); });
        break;
      default:
        break;
    }
    return one;
  }

  template <class Known>
  void read_words(const Node& value, std::string_view key, ProcedureCondition& one, Known known) {
    for (const Node* item : read_.one_or_more(value, key)) {
      if (!known(item->value)) read_.unexpected(*item, key, {"知られた語", "a word that is known here"});
      one.words.push_back(item->value);
    }
  }

  void read_steps(const Node& list, Procedure& procedure) {
    Names names{{"段階", "step"}};
    for (const Node* item : read_.list(list, "steps")) {
      if (!read_.map(*item, "steps", step_keys)) continue;
      const Node* id = read_.require(*item, "step");
      if (!id) continue;
      names.add(read_, *id, procedure.steps.size());
      procedure.steps.push_back(step(*item, *id));
    }
    if (procedure.steps.size() > most_steps || procedure.steps.empty())
      read_.unexpected(list, "steps", {"1～200 の段階", "1 to 200 steps"});
    for (const Node* item : read_.list(list, "steps")) check_references(*item, names);
  }

  /// Names of steps that lead nowhere.
  void check_references(const Node& item, const Names& names) {
    if (item.kind != Node::Kind::map) return;
    if (const Node* after = item.find("after"))
      for (const Node* other : read_.one_or_more(*after, "after")) (void)names.find(read_, *other, "after");
    if (const Node* reopens = item.find("reopens"))
      for (const auto& [decision, steps] : reopens->entries)
        for (const Node* other : read_.one_or_more(steps, "reopens"))
          (void)names.find(read_, *other, "reopens");
    for (const std::string_view key : {"when", "gate"})
      if (const Node* condition_node = item.find(key)) check_condition(*condition_node, names);
  }

  void check_condition(const Node& node, const Names& names) {
    for (const Node& item : node.items) check_condition(item, names);
    for (const auto& [key, value] : node.entries) {
      if (key.value == "step")
        (void)names.find(read_, value, "step");
      else if (key.value == "all" || key.value == "any" || key.value == "not")
        check_condition(value, names);
    }
  }

  ProcedureStep step(const Node& node, const Node& id) {
    ProcedureStep step;
    step.id = read_.name(id, "step").value_or("");
    step.line = id.line;
    step.column = id.column;
    step.title = title(node, "title");
    step.clauses = words(node, "clauses");
    if (const Node* actors = read_.require(node, "actors")) step.actors = roles_of(*actors, "actors");
    if (const Node* orders = node.find("ordered_by")) step.ordered_by = role(*orders, "ordered_by");
    step.told = roles(node, "told");
    step.request = flag(node, "request", false);
    if (const Node* answers = node.find("answers")) step.answers = answers_of(*answers, step);
    if (const Node* told = node.find("told_when"))
      for (const auto& [word, list] : told->entries) step.told_when[word.value] = roles_of(list, "told_when");
    step.after = words(node, "after");
    step.when = condition(node, "when");
    step.gate = condition(node, "gate");
    step.required = flag(node, "required", true);
    step.by_agent = flag(node, "by_agent", false);
    step.end = flag(node, "end", false);
    step.repeatable = flag(node, "repeatable", false);
    step.judges_level = flag(node, "judges_level", false);
    step.each_level = flag(node, "each_level", false);
    if (const Node* asks = node.find("asks"))
      for (const Node* item : read_.list(*asks, "asks")) step.asks.push_back(ask(*item));
    step.decisions = choices(node, "decisions");
    if (const Node* usual = node.find("usual")) step.usual_decision = decision(step, *usual, "usual");
    if (const Node* reasons = node.find("reason_for"))
      for (const Node* item : read_.one_or_more(*reasons, "reason_for"))
        step.reason_for.push_back(decision(step, *item, "reason_for"));
    if (const Node* reopens = node.find("reopens"))
      for (const auto& [word, steps] : reopens->entries)
        step.reopens[decision(step, word, "reopens")] = words_of(steps, "reopens");
    if (const Node* deadline = node.find("deadline")) step.deadline = read_deadline(*deadline);
    return step;
  }

  std::optional<std::size_t> answers_of(const Node& node, const ProcedureStep& step) {
    if (!step.request)
      read_.report(node, {"answers: request: true の手順だけに書けます",
                          "answers: expected only in a step with request: true"});
    if (node.value == "all") return ProcedureStep::everybody;
    const auto number = read_.integer(node, "answers", 1, most_answers);
    if (!number) return std::nullopt;
    return static_cast<std::size_t>(*number);
  }

  std::string decision(const ProcedureStep& step, const Node& node, std::string_view key) {
    std::vector<std::string_view> known;
    for (const ProcedureChoice& choice : step.decisions) known.push_back(choice.word);
    if (std::ranges::count(known, node.value) == 0) read_.unknown_word(node, key, known);
    return node.value;
  }

  ProcedureDeadline read_deadline(const Node& node) {
    ProcedureDeadline deadline;
    if (node.kind == Node::Kind::scalar) {
      deadline.within =
          read_.duration(node, "deadline", shortest_deadline, longest_deadline).value_or(shortest_deadline);
      return deadline;
    }
    if (!read_.map(node, "deadline", deadline_keys)) return deadline;
    if (const Node* within = read_.require(node, "within"))
      deadline.within =
          read_.duration(*within, "within", shortest_deadline, longest_deadline).value_or(shortest_deadline);
    if (const Node* hours = node.find("hours")) {
      deadline.office_hours = hours->value == "office";
      if (hours->value != "office" && hours->value != "real")
        read_.unexpected(*hours, "hours", {"office か real", "office or real"});
    }
    if (const Node* from = node.find("from")) {
      deadline.from_opening = from->value == "opening";
      if (from->value != "opening" && from->value != "turn")
        read_.unexpected(*from, "from", {"opening か turn", "opening or turn"});
    }
    return deadline;
  }

  ProcedureAsk ask(const Node& node) {
    ProcedureAsk ask;
    if (!read_.map(node, "asks", ask_keys)) return ask;
    if (const Node* name = read_.require(node, "ask")) ask.name = read_.name(*name, "ask").value_or("");
    if (const Node* kind = node.find("kind"))
      ask.kind = read_.one_of<AskKind>(*kind, "kind", ask_kinds).value_or(AskKind::text);
    ask.title = title(node, "title");
    ask.choices = choices(node, "choices");
    const bool wants_choices =
        ask.kind == AskKind::choice || ask.kind == AskKind::choices || ask.kind == AskKind::checklist;
    if (wants_choices == ask.choices.empty())
      read_.unexpected(node, "choices",
                       {"choice、choices、checklist にだけ、選択肢の一覧",
                        "a list of choices, for choice, choices and checklist only"});
    ask.required = flag(node, "required", true);
    if (const Node* compose = node.find("compose")) {
      ask.compose = compose->value;
      if (std::ranges::count(compositions, compose->value) == 0)
        read_.unknown_word(*compose, "compose", {compositions.begin(), compositions.end()});
    }
    ask.when = condition(node, "when");
    return ask;
  }

  Reader read_;
};

}  // namespace

const ProcedureAsk* ProcedureStep::ask(std::string_view name) const {
  const auto found = std::ranges::find(asks, name, &ProcedureAsk::name);
  return found == asks.end() ? nullptr : &*found;
}

const ProcedureStep* Procedure::find(std::string_view id) const {
  const auto found = std::ranges::find(steps, id, &ProcedureStep::id);
  return found == steps.end() ? nullptr : &*found;
}

const ProcedureStep* Procedure::end() const {
  const auto found = std::ranges::find(steps, true, &ProcedureStep::end);
  return found == steps.end() ? nullptr : &*found;
}

std::vector<const KeySet*> procedure_key_sets() {
  return {&procedure_keys, &closing_keys, &quick_keys, &measure_keys, &text_keys,
          &deadline_keys,  &ask_keys,     &step_keys,  &annex_keys,   &condition_keys};
}

std::optional<Procedure> read_procedure(const Node& document, Language language, Problems& problems) {
  return ProcedureReader(language, problems).read(document);
}

const Procedures& shipped_procedures() {
  static const Procedures procedures = [] {
    Procedures read;
    Problems problems;
    for (const EmbeddedFile& file : procedure_files()) {
      auto procedure =
          read_procedure(parse_yaml(file.text, file.name, Language::en, problems), Language::en, problems);
      if (!procedure) throw std::logic_error(problems.empty() ? file.name : problems.front().text());
      (procedure->kind == ProcedureKind::failure ? read.failure : read.misconduct) = std::move(*procedure);
    }
    return read;
  }();
  return procedures;
}

}  // namespace nethealth
