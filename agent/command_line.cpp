#include "agent/command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <string_view>
#include <vector>

namespace nethealth {
namespace {

constexpr int highest_incident_number = 999'999'999;

/// --lang counts for help and complaints too, so it is looked for before the real reading.
Language language_of_words(int argc, const char* const* argv, Language fallback) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word.starts_with("--lang="))
      word.remove_prefix(7);
    else if (word == "--lang" && i + 1 < argc)
      word = argv[i + 1];
    else
      continue;
    if (word == "ja") return Language::ja;
    if (word == "en") return Language::en;
  }
  return fallback;
}

/// The words of the library's own complaints for Japanese readers; the detail stays as the library says it.
std::string complaint(const CLI::ParseError& error, Language language) {
  static const std::map<std::string, std::string> japanese = {
      {"RequiredError", "足りない指定があります"},     {"ExtrasError", "知らない引数があります"},
      {"ConversionError", "値の形が正しくありません"}, {"ValidationError", "使えない値です"},
      {"ArgumentMismatch", "値の数が合いません"},      {"RequiresError", "一緒に使う指定が足りません"},
      {"ExcludesError", "一緒に使えない指定です"}};
  std::string detail = error.what();
  if (language == Language::en)
    return "nethealth: " + detail + "\nRun `nethealth --help` to see what is possible.\n";
  const auto found = japanese.find(error.get_name());
  const std::string what = found == japanese.end() ? "使い方が正しくありません" : found->second;
  return "nethealth: " + what + ": " + detail + "\n使い方は `nethealth --help` で見られます。\n";
}

/// Builds the verbs; `chosen` is what the user meant once the words are read.
class CommandLineReader {
 public:
  explicit CommandLineReader(Language language)
      : language_(language),
        app_(text("市役所ネットワークの監視", "network health monitoring"), "nethealth") {
    app_.require_subcommand(1, 1);
    app_.set_version_flag("--version", std::string("nethealth ") + NETHEALTH_VERSION,
                          text("版を表示する", "print the version"));
    app_.set_help_flag("-h,--help", text("この説明を表示する", "print this help"));
    app_.get_formatter()->column_width(36);
    add_common_options();
    add_verbs();
  }

  std::variant<CommandLine, Farewell> read(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return farewell(error);
    }
    if (!lang_.empty()) line_.language = lang_ == "ja" ? Language::ja : Language::en;
    return line_;
  }

 private:
  [[nodiscard]] std::string text(const char* ja, const char* en) const {
    return std::string(Phrase{ja, en}.in(language_));
  }

  void add_common_options() {
    app_.add_option("--config", line_.config, text("設定ファイル", "the configuration file"))
        ->type_name("FILE")
        ->capture_default_str();
    app_.add_option("--socket", line_.socket, text("デーモンの制御ソケット", "the daemon's control socket"))
        ->type_name("PATH")
        ->capture_default_str();
    app_.add_option("--lang", lang_, text("表示の言語", "the language of the output"))
        ->type_name("ja|en")
        ->check(CLI::IsMember({"ja", "en"}));
    app_.add_flag("--json", line_.json, text("JSONの値を一つ出力する", "print one JSON value"));
  }

  CLI::App* verb(CLI::App& parent, const char* name, Verb verb, const std::string& description) {
    CLI::App* sub = parent.add_subcommand(name, description);
    sub->fallthrough();
    sub->footer(
        text("共通の指定 (--config --json --lang --socket) は動詞の前でも後でも書けます。",
             "The common options (--config --json --lang --socket) may stand before or after the verb."));
    sub->callback([this, verb] { line_.verb = verb; });
    return sub;
  }

  void add_verbs() {
    verb(app_, "run", Verb::run, text("監視を前面で動かす", "run the daemon in the foreground"));
    verb(app_, "check", Verb::check,
         text("設定を全部読み、誤りを全部示す", "read the whole configuration and show every mistake"));
    CLI::App* probe = verb(app_, "probe", Verb::probe, text("機器を一つ、今調べる", "probe one device now"));
    probe->add_option("DEVICE", line_.device, text("機器の名前", "the device's name"))->required();
    probe->add_flag(
        "--neighbours", line_.neighbours,
        text("隣の機器 (LLDP) と学習したアドレスをポートごとに示し、記録されたケーブルと比べる",
             "show its neighbours (LLDP) and learned addresses by port, and compare the recorded cables"));
    verb(app_, "status", Verb::status,
         text("ネットワークの今の様子 (悪いものから)", "the network now, worst first"));
    add_incident_verbs();
    number(verb(app_, "why", Verb::incident_why, text("incident why と同じ", "as incident why")));
    verb(app_, "why-not", Verb::why_not,
         text("その機器について何も知らせない理由", "why nothing is said of a device"))
        ->add_option("DEVICE", line_.device, text("機器の名前", "the device's name"))
        ->required();
    add_procedure_verbs();
    CLI::App* replay = verb(app_, "replay", Verb::replay,
                            text("記録した観測を仮想の時間で再生する",
                                 "run the engine over recorded observations in virtual time"));
    replay
        ->add_option("FILE", line_.files,
                     text("観測のファイル (.gz可、- は標準入力) か、記録のフォルダ",
                          "the observations (.gz allowed, - is standard input), or a folder of recordings"))
        ->required();
    replay
        ->add_option("--against", line_.against,
                     text("別の設定でも再生し、判断の違いを示す",
                          "play them under another configuration too, and show what differs"))
        ->type_name("FILE");
    verb(app_, "test", Verb::test,
         text("筋書き (何が起き、誰に知らせるべきか) を仮想の時間で確かめる",
              "play scenarios (what happens, and who must be told) in virtual time"))
        ->add_option("FILE", line_.files, text("筋書きのファイル", "the scenarios"))
        ->required();
    add_silence_verbs();
    add_drill_verbs();
    CLI::App* password = verb(app_, "password", Verb::password,
                              text("パスワードを読み、password_file に置く行を出す",
                                   "read a password, print the line for password_file"));
    password->add_flag_callback(
        "--token", [this] { line_.values["token"] = {"true"}; },
        text("代わりに新しいトークンと、token_file に置く行を出す",
             "make a token instead, and the line for token_file"));
    verb(app_, "verify", Verb::verify,
         text("記録の連鎖を端から端まで確かめる", "check the journal's hash chain end to end"));
  }

  void add_incident_verbs() {
    CLI::App* incident = incident_ = app_.add_subcommand(
        "incident", text("障害の一覧と対応", "the incidents, and what people do about them"));
    incident->fallthrough();
    incident->require_subcommand(1, 1);
    verb(*incident, "list", Verb::incident_list, text("障害の一覧 (古い順)", "all incidents, oldest first"));
    number(verb(*incident, "show", Verb::incident_show, text("一件を詳しく", "one incident in full")));
    number(verb(*incident, "why", Verb::incident_why,
                text("そう判断した理由の全部", "the whole reasoning: evidence, rivals, what would tell")));
    CLI::App* ack = number_or_token(
        verb(*incident, "ack", Verb::incident_ack, text("引き受けたと知らせる", "say that you have it")));
    CLI::App* close = number(verb(*incident, "close", Verb::incident_close, text("終了にする", "close it")));
    close->add_option("--reason", line_.reason, text("終了の理由", "why it is closed"))
        ->required()
        ->type_name("TEXT");
    value(
        close, "--decision", "decision", "WORD",
        text("終わり方 (false_alarm など)", "how it ends without the rest of the plan, such as false_alarm"));
    CLI::App* pass = number_or_token(verb(*incident, "pass", Verb::incident_pass,
                                          text("自分ではない、次の人へ", "not me: call the next")));
    pass->add_option("--reason", line_.reason, text("理由", "why"))->type_name("TEXT");
    by_telephone(ack, text("--as の人が電話で答えた", "the person of --as answered by telephone"));
    for (CLI::App* act : {ack, close, pass}) as(act);
  }

  void as(CLI::App* act) {
    act->add_option("--as", line_.as, text("行う人 (rootは必須)", "the person who acts (root must say)"))
        ->type_name("PERSON");
  }

  void add_silence_verbs() {
    CLI::App* silence =
        app_.add_subcommand("silence", text("機器・部屋・原因ごとに、連絡を一時止める",
                                            "no pages for a device, room or cause, for a while"));
    silence->fallthrough();
    silence->require_subcommand(1, 1);
    CLI::App* add = verb(*silence, "add", Verb::silence_add, text("止める", "add one"));
    CLI::Option_group* scope = add->add_option_group("scope");
    value(scope, "--device", "device", "DEVICE", text("機器", "the device"));
    value(scope, "--room", "room", "ROOM", text("部屋", "the room"));
    value(scope, "--cause", "cause", "CAUSE", text("原因", "the cause"));
    scope->require_option(1);
    CLI::Option_group* end = add->add_option_group("end");
    value(end, "--until", "until", "TIME", text("終わりの時刻", "when it ends"));
    value(end, "--for", "for", "DURATION", text("長さ (2h など)", "how long (2h, say)"));
    end->require_option(1);
    add->add_option("--reason", line_.reason, text("理由", "why"))->required()->type_name("TEXT");
    verb(*silence, "list", Verb::silence_list, text("止めているもの", "what is silenced"));
    CLI::App* confirm = verb(*silence, "confirm", Verb::silence_confirm,
                             text("二人目として認める", "agree to it as the second person"));
    CLI::App* over = verb(*silence, "end", Verb::silence_end, text("再開する", "end one"));
    for (CLI::App* act : {confirm, over})
      act->add_option("N", line_.number, text("番号", "its number"))
          ->required()
          ->check(CLI::Range(1, highest_incident_number));
    for (CLI::App* act : {add, confirm, over}) as(act);
  }

  void add_drill_verbs() {
    CLI::App* drill = verb(
        app_, "drill", Verb::drill,
        text("連絡網の訓練をし、誰が答えたかを示す", "drill the contact network and report who answered"));
    drill->add_flag("--answer", line_.answer, text("訓練に答える", "answer the drill"));
    drill->add_flag("--last", line_.last, text("前の訓練の結果", "the result of the last one"));
    as(drill);
    CLI::App* test = verb(app_, "test-page", Verb::test_page,
                          text("一人の連絡経路を全部、または表示灯を一つ試す",
                               "try every channel of one person, or a signal tower"));
    CLI::Option_group* what = test->add_option_group("what");
    value(what, "PERSON", "person", "PERSON", text("人の名前", "the person's name"));
    value(what, "--lamp", "lamp", "CHANNEL", text("表示灯の経路の名前", "the signal tower's channel"));
    what->require_option(1);
    as(test);
  }

  /// The page's token says of which incident, and in whose name.
  CLI::App* number_or_token(CLI::App* sub) {
    CLI::Option_group* which = sub->add_option_group("which");
    which->add_option("N", line_.incident, text("障害の番号", "the incident's number"))
        ->check(CLI::Range(1, highest_incident_number));
    value(which, "--token", "token", "TOKEN", text("連絡にある合言葉", "the token in the page"));
    which->require_option(1);
    return sub;
  }

  void by_telephone(CLI::App* act, const std::string& description) {
    act->add_flag_callback(
        "--by-telephone", [this] { line_.values["by_telephone"] = {"true"}; }, description);
  }

  void value(CLI::App* sub, const char* name, const char* key, const char* type,
             const std::string& description, bool required = false) {
    CLI::Option* option = sub->add_option(name, line_.values[key], description)->type_name(type);
    // An option may be repeated and takes one value each time; an argument stands once.
    if (name[0] == '-')
      option->allow_extra_args(false);
    else
      option->expected(1);
    option->required(required);
  }

  /// What every act of the procedure can say.
  CLI::App* act(CLI::App* sub) {
    as(sub);
    sub->add_option("--reason", line_.reason,
                    text("理由 (代理・訂正・判断)", "the reason (of an absence, a correction, a decision)"))
        ->type_name("TEXT");
    value(sub, "--text", "text", "TEXT|PART=TEXT", text("本文、または項目=本文", "the text, or PART=TEXT"));
    value(sub, "--decision", "decision", "WORD|PART=WORD,...",
          text("判断、または項目=選択", "the decision, or PART=CHOICES"));
    value(sub, "--attach", "attach", "FILE",
          text("添付ファイル (合わせて8 MiBまで)", "a file that is kept with it (8 MiB together)"));
    value(sub, "--at", "at", "TIME", text("実際の時刻 (後から入力するとき)", "when it really happened"));
    value(sub, "--from", "from", "ROLE", text("どこからの知らせか", "whom the notice came from"));
    by_telephone(sub, text("電話で伝えた (連絡は送らない)", "it was told by telephone (no message leaves)"));
    return sub;
  }

  void add_procedure_verbs() {
    CLI::App* open = act(verb(*incident_, "open", Verb::incident_open,
                              text("人が見つけたことを事案にする", "open an incident by hand")));
    value(open, "PROCEDURE", "procedure", "failure|misconduct", text("区分", "the class"));
    value(open, "--device", "device", "DEVICE", text("機器", "the device"));
    value(open, "--room", "room", "ROOM", text("部屋", "the room"));
    value(open, "--severity", "severity", "stopped|at_risk",
          text("停止かそのおそれか", "stopped or at risk"));
    value(open, "--category", "category", "WORD", text("障害の種類", "hardware, software, network"));
    value(open, "--row", "row", "ROW",
          text("脅威の表の行 (3a など)", "rows of the threat table, such as 3a"));
    CLI::App* step = act(number(verb(*incident_, "step", Verb::incident_step,
                                     text("手順の段階を記録する", "record a step of the procedure"))));
    value(step, "STEP", "step", "STEP", text("段階 (5.1.2 など)", "the step, such as 5.1.2"), true);
    step->add_flag_callback(
        "--draft", [this] { line_.values["draft"] = {"true"}; },
        text("記録せず、文面だけを見る", "only show what would be recorded and sent"));
    CLI::App* note = act(
        number(verb(*incident_, "note", Verb::incident_note, text("記録に書き加える", "add to the record"))));
    value(note, "TEXT", "note", "TEXT", text("内容", "what is to be noted"), true);
    CLI::App* reclassify = act(number(verb(*incident_, "reclassify", Verb::incident_reclassify,
                                           text("区分を変える", "move it to the other class"))));
    value(reclassify, "PROCEDURE", "procedure", "failure|misconduct", text("区分", "the class"), true);
    value(reclassify, "--row", "row", "ROW", text("脅威の表の行", "rows of the threat table"));
    CLI::App* measure = act(number(verb(*incident_, "measure", Verb::incident_measure,
                                        text("再発防止策・恒久対策", "measures against recurrence"))));
    value(measure, "MEASURE", "measure", "MEASURE",
          text("対策 (なければ一覧)", "the measure (a list without)"));
    value(measure, "--owner", "owner", "PERSON", text("担当者", "who carries it out"));
    value(measure, "--due", "due", "DATE", text("期日 (2027-03-31)", "until when (2027-03-31)"));
    CLI::App* report = number(verb(*incident_, "report", Verb::incident_paper,
                                   text("印刷・保管用の報告書", "a report for printing and archiving")));
    value(report, "--format", "format", "text|html", text("形 (初めは text)", "its form (text by default)"));
    CLI::App* evidence =
        number(verb(*incident_, "evidence", Verb::incident_evidence,
                    text("証拠の原本を取り出す (ログの行、記録、添付、照合値)",
                         "export the originals: log lines, records, attached files, checksums")));
    value(evidence, "--to", "to", "DIRECTORY", text("新しい、または空のフォルダ", "a new or empty folder"),
          true);
    evidence->add_option("--as", line_.as, text("行う人 (rootは必須)", "the person who acts (root must say)"))
        ->type_name("PERSON");
    CLI::App* procedure =
        app_.add_subcommand("procedure", text("緊急時の手順", "the written emergency procedures"));
    procedure->fallthrough();
    procedure->require_subcommand(1, 1);
    value(verb(*procedure, "graph", Verb::procedure_graph,
               text("流れ図をSVGで描く", "draw the flow chart as SVG")),
          "WHICH", "which", "failure|misconduct|N",
          text("手順、または事案の番号", "the procedure, or an incident"), true);
    value(verb(*procedure, "form", Verb::procedure_form,
               text("手書き用の白紙の様式 (印刷用HTML)", "blank forms to write on (HTML for printing)")),
          "WHICH", "which", "failure|misconduct", text("手順", "the procedure"), true);
  }

  CLI::App* number(CLI::App* sub) {
    sub->add_option("N", line_.incident, text("障害の番号", "the incident's number"))
        ->required()
        ->check(CLI::Range(1, highest_incident_number));
    return sub;
  }

  Farewell farewell(const CLI::ParseError& error) {
    if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::Success)) {
      const std::vector<std::string> unknown = app_.remaining(true);
      if (app_.get_subcommands().empty() && !unknown.empty())
        return {exit_wrong_usage, complaint(CLI::ExtrasError(unknown), language_)};
      return {exit_wrong_usage, complaint(error, language_)};
    }
    std::ostringstream out;
    app_.exit(error, out, out);
    return {0, out.str()};
  }

  Language language_;
  CLI::App app_;
  CLI::App* incident_ = nullptr;
  CommandLine line_;
  std::string lang_;
};

}  // namespace

std::variant<CommandLine, Farewell> parse_command_line(int argc, const char* const* argv,
                                                       Language fallback_language) {
  return CommandLineReader(language_of_words(argc, argv, fallback_language)).read(argc, argv);
}

Language environment_language() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("ja") ? Language::ja : Language::en;
  }
  return Language::en;
}

}  // namespace nethealth
