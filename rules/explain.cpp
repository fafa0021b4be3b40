#include "rules/explain.hpp"

#include <algorithm>
#include <array>

#include "rules/mask.hpp"

namespace nethealth {

namespace {

struct Sentence {
  std::string_view code;
  Phrase text;
};

constexpr std::array sentences{
    Sentence{"silent",
             {"{label} ({device}) が ping に応答しない（連続 {count} 回）",
              "{label} ({device}) does not answer ping ({count} looks in a row)"}},
    Sentence{"silent_together",
             {"{count} 台が {seconds} 秒以内に応答しなくなった: {devices}",
              "{count} devices stopped answering within {seconds} s: {devices}"}},
    Sentence{"returned", {"一度復旧したが、また起きた", "it had come back to normal, and is broken again"}},
    Sentence{"flapping",
             {"断続している: 復旧してはまた起きた（30分に{count}回）。{minutes}分続けて正常なら復旧とみなす",
              "it flaps: {count} times in 30 min it came back and broke again; {minutes} min without a fault "
              "count as restored"}},
    Sentence{
        "recorded_elsewhere",
        {"{label} ({device}) も同時に応答しなくなった。記録上の接続先は動いているので、接続の記録を確かめる",
         "{label} ({device}) fell silent with it; what it is recorded behind works, so check that record"}},
    Sentence{"answers", {"{label} ({device}) は ping に応答している", "{label} ({device}) answers ping"}},
    Sentence{"siblings_answer",
             {"{label} ({device}) につながる他の {count} 台は応答している: {devices}",
              "{count} others on {label} ({device}) answer: {devices}"}},
    Sentence{"port_down",
             {"{label} ({device}) のポート {port}（{peer} 側）がリンクダウン",
              "port {port} of {label} ({device}), towards {peer}, lost its link"}},
    Sentence{"port_up",
             {"{label} ({device}) のポート {port}（{peer} 側）はリンクアップのまま",
              "port {port} of {label} ({device}), towards {peer}, keeps its link"}},
    Sentence{"port_errors",
             {"{label} ({device}) のポート {port}（{peer} 側）でエラーが増えている（{count} 件）",
              "errors rise on port {port} of {label} ({device}), towards {peer} ({count})"}},
    Sentence{"snmp_silent",
             {"{label} ({device}) の SNMP エージェントが応答しない（連続 {count} 回）",
              "the SNMP agent of {label} ({device}) does not answer ({count} looks in a row)"}},
    Sentence{"snmp_access_refused",
             {"{label} ({device}) の SNMP エージェントが認証を拒否した",
              "the SNMP agent of {label} ({device}) refuses our credential"}},
    Sentence{
        "service_bad",
        {"{label} ({device}) のサービス {service}: {how}", "service {service} of {label} ({device}): {how}"}},
    Sentence{"sensor",
             {"{label} ({device}) のセンサー {sensor}: {status} {value}",
              "sensor {sensor} of {label} ({device}): {status} {value}"}},
    Sentence{"on_battery",
             {"{label} ({device}) がバッテリーで運転している", "{label} ({device}) runs on battery"}},
    Sentence{"log_line",
             {"{label} ({device}) のログ「{title_ja}」: {line}",
              "log of {label} ({device}), \"{title_en}\": {line}"}},
    Sentence{"carrier_down",
             {"監視ホスト {label} のネットワークインターフェースがリンクダウン",
              "the network card of the monitoring host {label} lost its link"}},
    Sentence{"gateway_silent",
             {"監視ホスト {label} から最寄りのゲートウェイが応答しない",
              "the gateway nearest to the monitoring host {label} does not answer"}},
    Sentence{"storage_failed",
             {"監視ホスト {label} の記録（ジャーナル）に書き込めない: {error}",
              "the journal on the monitoring host {label} cannot be written: {error}"}},
    Sentence{"management_silent",
             {"{label} ({device}) の管理コントローラーが応答しない",
              "the management controller of {label} ({device}) does not answer"}},
    Sentence{"arp_silent",
             {"{label} ({device}) のアドレスには ARP でも誰も答えない: 電源断か配線の断が疑わしい",
              "nobody answers ARP for {label} ({device}): it seems to be without power or cable"}},
    Sentence{
        "arp_answers",
        {"{label} ({device}) は ARP には答える（{mac}）: 電源と配線は生きていて、ハングアップか遮断の疑い",
         "{label} ({device}) does answer ARP ({mac}): it has power and cable, and hangs or filters"}},
    Sentence{"on_the_way",
             {"{label} ({device}) は経路調査に応答した: そこまでの機器と配線は動いている",
              "{label} ({device}) answered a path trace: all up to it works"}},
    Sentence{"trace_ends",
             {"{label} ({device}) への経路は {hop} まで応答し（{count} 段）、その先は応答しない",
              "on the way to {label} ({device}) all answers up to {hop} (hop {count}), and nothing beyond"}},
    Sentence{"trace_refused",
             {"{label} ({device}) への経路の途中で {hop}（{count} 段目）が「届けられない」と答えた",
              "on the way to {label} ({device}), {hop} (hop {count}) says that it cannot deliver"}},
    Sentence{"trace_reaches",
             {"{label} ({device}) への経路調査は本体まで届いた（{count} 段）",
              "a path trace to {label} ({device}) came through (hop {count})"}},
    Sentence{"trace_no_hop",
             {"{label} ({device}) への経路の途中のどの機器も応答しない",
              "nothing on the way to {label} ({device}) answers a path trace"}},
    Sentence{"log_source_silent",
             {"{label} ({device}) のログ {source} が {limit} を超えて途絶えている。"
              "送り元と転送の設定を確かめる",
              "log {source} of {label} ({device}) has been silent for more than {limit}; check its "
              "sender and the forwarding"}},
    Sentence{
        "log_source_unlike_itself",
        {"{label} ({device}) のログ {source} が {limit} を超えて途絶えている"
         "（これまでで最も長い間隔の6倍。expect_within で変えられる）。送り元と転送の設定を確かめる",
         "log {source} of {label} ({device}) has been silent for more than {limit}, six times its longest "
         "pause so far (expect_within changes that); check its sender and the forwarding"}},
    Sentence{
        "log_clock_off",
        {"{label} ({device}) のログ {source} の時刻が {seconds} 秒ずれている。時刻合わせ（NTP）を確かめる",
         "the times in log {source} of {label} ({device}) are {seconds} s off; check how its clock is "
         "set (NTP)"}},
    Sentence{"trap",
             {"{label} ({device}) から SNMP トラップ {oid} を受けた",
              "{label} ({device}) sent the SNMP trap {oid}"}},
    Sentence{"misconduct_line",
             {"{label} ({device}) のログ「{title_ja}」（発信元 {source}）: {line}",
              "log of {label} ({device}), \"{title_en}\" (source {source}): {line}"}},
    Sentence{"misconduct_count",
             {"同じ発信元 {source} から {minutes} 分以内に {count} 回: {title_ja}",
              "{count} times within {minutes} min from the same source {source}: {title_en}"}},
    Sentence{"login_after_failures",
             {"失敗が続いた後、発信元 {source} からのログインが成功した",
              "a log-in from {source} succeeded after the failures"}},
    Sentence{"port_clean",
             {"{label} ({device}) のポート {port}（{peer} 側）のエラーは増えていない",
              "no errors rise on port {port} of {label} ({device}), towards {peer}"}},
    Sentence{"snmp_answers",
             {"{label} ({device}) の SNMP エージェントは応答している",
              "the SNMP agent of {label} ({device}) answers"}},
    Sentence{"service_answers",
             {"{label} ({device}) のサービス {service} は応答している",
              "service {service} of {label} ({device}) answers"}},
    Sentence{"management_answers",
             {"{label} ({device}) の管理コントローラーは応答している",
              "the management controller of {label} ({device}) answers"}},
    Sentence{"well", {"{label} ({device}) は正常: {what}", "{label} ({device}) is well: {what}"}},
    Sentence{"not_looked",
             {"{label} ({device}) を {probe} で調べれば区別できる（故障の後まだ調べていない）",
              "a look at {label} ({device}) by {probe} would tell (none since the fault began)"}},
    Sentence{"told_by", {"障害 {incident} として知らせてある", "it is told as incident {incident}"}},
    Sentence{"affected_by",
             {"{label} ({device}) は障害 {incident} の影響で使えない。原因は別の場所にある",
              "{label} ({device}) cannot be used because of incident {incident}; the cause is elsewhere"}},
    Sentence{"dismissed",
             {"人が終了にした障害の続きなので、一度正常に戻るまで新しい障害にしない",
              "a person closed its incident; it opens none until it has been well once"}},
    Sentence{"masked",
             {"{label} ({device}) に届かないため、これだけでは何も言えない",
              "{label} ({device}) is not reached, so this alone says nothing"}},
    Sentence{
        "out_of_hours",
        {"{label} ({device}) は開庁時間外、または今日まだ一度も応答していないため、沈黙を異常とみなさない",
         "{label} ({device}) is out of its hours, or has not yet answered today: its silence is no fault"}},
    Sentence{"in_maintenance",
             {"{label} ({device}) は計画された作業の最中なので知らせない",
              "{label} ({device}) is in planned maintenance, so nobody is told"}},
    Sentence{"coming_back",
             {"復旧の途中なので、もう少し待ってから判断する",
              "it is coming back; it has a little time before it is judged"}},
    Sentence{"too_little",
             {"証拠がまだ足りない（{need} のうち {have}、連続 {count} 回）。次に調べた結果で決める",
              "too little evidence yet ({have} of {need}, {count} looks in a row); the next look decides"}},
    Sentence{"waits_for_looks",
             {"原因の場所を区別する応答を待っている（長くても数秒から一巡）",
              "answers that tell the place are awaited (some seconds, a round at the most)"}},
    Sentence{"evidence_only",
             {"それだけでは障害とせず、他の異常の証拠として使う",
              "it makes no incident alone; it is evidence for others"}},
    Sentence{
        "judged_by_others",
        {"{label} ({device}) にはアドレスがないので、つながる機器の応答から判断する。今は異常の証拠がない",
         "{label} ({device}) has no address and is judged by what hangs on it; nothing there accuses it "
         "now"}},
    Sentence{
        "never_looked",
        {"{label} ({device}) はまだ一度も調べていない", "{label} ({device}) has not been looked at yet"}},
    Sentence{"all_well",
             {"{label} ({device}) の {count} 項目を調べ、異常はない",
              "{count} things were looked at on {label} ({device}), and all are well"}},
    Sentence{"reported", {"{person} からの報告: {line}", "reported by {person}: {line}"}},
    Sentence{"suspect", {"{label} ({device}) に異常の疑い", "{label} ({device}) is under suspicion"}},
};

struct Word {
  std::string_view word;
  Phrase text;
};

constexpr std::array value_words{
    Word{"refused", {"接続拒否", "connection refused"}},
    Word{"timeout", {"時間切れ", "timed out"}},
    Word{"unreachable", {"到達不能", "unreachable"}},
    Word{"tls_error", {"TLS エラー", "TLS error"}},
    Word{"error", {"エラー", "error"}},
    Word{"warning", {"警告", "warning"}},
    Word{"failed", {"故障", "failed"}},
};

std::string value_text(const std::string& key, const std::string& value, Language language) {
  if (key == "line") return mask_line(value);
  if (key == "how" || key == "status") {
    for (const Word& known : value_words)
      if (known.word == value) return std::string(known.text.in(language));
    if (value.starts_with("http_")) return "HTTP " + value.substr(5);
  }
  return value;
}

std::string filled(std::string_view pattern, const Reason& reason, Language language) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t end = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      text += pattern[i];
      continue;
    }
    const std::string key(pattern.substr(i + 1, end - i - 1));
    if (const auto value = reason.values.find(key); value != reason.values.end())
      text += value_text(key, value->second, language);
    i = end;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

struct CauseWord {
  Cause cause;
  Phrase text;
};

constexpr std::array cause_texts{
    CauseWord{Cause::device_power, {"応答なし（電源断・故障）", "no answer (power or breakdown)"}},
    CauseWord{Cause::device_hardware, {"機器の故障", "hardware fault"}},
    CauseWord{Cause::device_hang, {"ハングアップ", "hung"}},
    CauseWord{Cause::service, {"サービス停止", "service down"}},
    CauseWord{Cause::agent, {"SNMP エージェント停止", "SNMP agent silent"}},
    CauseWord{Cause::link, {"配線の断", "cable down"}},
    CauseWord{Cause::switch_, {"スイッチ停止", "switch down"}},
    CauseWord{Cause::hub, {"ハブ停止", "hub down"}},
    CauseWord{Cause::router, {"ルーター停止", "router down"}},
    CauseWord{Cause::power_feed, {"電源喪失", "power lost"}},
    CauseWord{Cause::environment, {"設置環境の異常", "room environment"}},
    CauseWord{Cause::monitor_uplink, {"監視ホストの回線断", "the monitor's own uplink is down"}},
    CauseWord{Cause::configuration, {"設定の誤り", "configuration fault"}},
    CauseWord{Cause::loop, {"ループ", "loop"}},
    CauseWord{Cause::unknown, {"原因不明の異常", "fault of unknown cause"}},
    CauseWord{Cause::misuse, {"不正使用の疑い", "suspected misuse"}},
    CauseWord{Cause::unauthorised_access, {"不正アクセスの疑い", "suspected unauthorised access"}},
    CauseWord{Cause::malware, {"ウイルス検出", "malware detected"}},
    CauseWord{Cause::unknown_device, {"未登録機器の接続", "unknown device"}},
    CauseWord{Cause::other, {"不正行為の疑い", "suspected misconduct"}},
};

std::string room_label(const Site& site, const std::string& name) {
  for (const Room& room : site.rooms)
    if (room.name == name) return room.label.empty() ? room.name : room.label;
  return name;
}

}  // namespace

std::string sentence(const Reason& reason, Language language, const Zone& zone) {
  std::string text = reason.time ? format_clock(*reason.time, zone) + " " : std::string();
  for (const Sentence& known : sentences)
    if (known.code == reason.code) return text + filled(known.text.in(language), reason, language);
  text += reason.code;
  for (const auto& [key, value] : reason.values) text.append(" ").append(key).append("=").append(value);
  return text;
}

std::string label_of(const Site& site, const std::string& device) {
  const auto index = site.device(device);
  if (!index || site.devices[*index].label.empty()) return device;
  return site.devices[*index].label;
}

std::string person_label(const Site& site, const std::string& name) {
  const auto index = site.person(name);
  return index ? site.people[*index].label : name;
}

std::string short_place(const Site& site, const Location& location, Language language) {
  if (location.device.empty())
    return location.room.empty() ? std::string(Phrase{"場所不明", "unknown place"}.in(language))
                                 : room_label(site, location.room);
  if (location.peer.empty()) return label_of(site, location.device);
  return label_of(site, location.device) + "–" + label_of(site, location.peer);
}

std::string place_text(const Site& site, const Location& location, Language language) {
  std::string text = short_place(site, location, language);
  if (!location.device.empty()) {
    text += " (" + location.device;
    if (!location.port.empty()) text += ":" + location.port;
    if (!location.peer.empty()) text += " – " + location.peer;
    text += ")";
  }
  if (!location.component.empty())
    text += std::string(Phrase{"、部位 ", ", part "}.in(language)) + location.component;
  if (!location.room.empty() && !location.device.empty())
    text += std::string(Phrase{"、", ", "}.in(language)) + room_label(site, location.room);
  return text;
}

namespace {

/// It is a source of log lines that is meant, not its device.
bool tells_of(const Diagnosis& diagnosis, std::string_view code) {
  return std::ranges::count(diagnosis.evidence, code, &Reason::code) > 0;
}

bool tells_of_silent_log(const Diagnosis& diagnosis) {
  return tells_of(diagnosis, "log_source_silent") || tells_of(diagnosis, "log_source_unlike_itself");
}

}  // namespace

std::string cause_text(const Diagnosis& diagnosis, Severity severity, Language language) {
  if (diagnosis.cause == Cause::agent && tells_of_silent_log(diagnosis))
    return std::string(Phrase{"ログの途絶", "log silent"}.in(language));
  if (diagnosis.cause == Cause::configuration && tells_of(diagnosis, "log_clock_off"))
    return std::string(Phrase{"ログの時刻のずれ", "log clock off"}.in(language));
  if (diagnosis.cause == Cause::power_feed && severity == Severity::at_risk)
    return std::string(Phrase{"バッテリー運転中", "on battery"}.in(language));
  if (diagnosis.cause == Cause::link && severity == Severity::at_risk)
    return std::string(Phrase{"配線の劣化・冗長性の喪失", "cable degraded or redundancy lost"}.in(language));
  for (const CauseWord& known : cause_texts) {
    if (known.cause != diagnosis.cause) continue;
    std::string text(known.text.in(language));
    const bool with_part = diagnosis.cause == Cause::service || diagnosis.cause == Cause::device_hardware;
    if (with_part && !diagnosis.location.component.empty()) text += " " + diagnosis.location.component;
    return text;
  }
  return "";
}

std::string category_text(Category category, Language language) {
  switch (category) {
    case Category::hardware:
      return std::string(Phrase{"ハードウェア", "hardware"}.in(language));
    case Category::software:
      return std::string(Phrase{"ソフトウェア", "software"}.in(language));
    case Category::network:
      return std::string(Phrase{"ネットワーク", "network"}.in(language));
    case Category::misconduct:
      return std::string(Phrase{"不正行為", "misconduct"}.in(language));
    case Category::undetermined:
      break;
  }
  return std::string(Phrase{"種別未確定", "undetermined"}.in(language));
}

std::string severity_text(Severity severity, Language language) {
  return std::string(severity == Severity::stopped ? Phrase{"停止", "stopped"}.in(language)
                                                   : Phrase{"停止のおそれ", "at risk"}.in(language));
}

std::string role_title(const Site& site, RoleId role) {
  const std::string& title = site.role(role).title;
  return title.empty() ? std::string(word(role)) : title;
}

std::string first_step(const Site& site, const Diagnosis& diagnosis, Language language) {
  const std::string place = place_text(site, diagnosis.location, language);
  const auto say = [&](const char* ja, const char* en) {
    return language == Language::ja ? place + ja : std::string(en) + place;
  };
  if (tells_of_silent_log(diagnosis))
    return say(" のログの書き出しと転送の設定を確かめる。", "Look at what writes and forwards the logs of ");
  if (tells_of(diagnosis, "log_clock_off"))
    return say(" の時刻合わせ（NTP）の設定を確かめる。", "Look at how the clock is set (NTP) at ");
  switch (diagnosis.cause) {
    case Cause::hub:
      return say(
          " の電源ランプを見る。消えていれば電源プラグ、点いていれば上位ポートのランプと配線を確かめる。",
          "Look at the power lamp (dark: the plug; lit: the uplink port's lamp and cable) of ");
    case Cause::switch_:
    case Cause::router:
      return say(
          " の電源ランプと上位ポートのリンクランプを見る。電源が消えていれば電源、点いていれば上位の配線。",
          "Look at the power lamp and the uplink's link lamp of ");
    case Cause::link:
      return say(" の両端のコネクタとリンクランプを見る。抜け・折れがなければ別のケーブルに替える。",
                 "Look at both connectors and link lamps, then try another cable, at ");
    case Cause::monitor_uplink:
      return say(" のケーブルとスイッチ側のランプを見る。直るまで監視ができない。",
                 "Nothing can be watched until this works: look at the cable and the switch's lamp at ");
    case Cause::device_power:
      return say(" の電源ランプ・警告ランプと形状の異常を見る。",
                 "Look at the power and warning lamps and for damage at ");
    case Cause::device_hardware:
      return say(" の警告ランプを見て、保守委託事業者に部品の状態を伝える。",
                 "Look at the warning lamps and tell the contractor the part: ");
    case Cause::power_feed:
      return say(
          " の入力電源（ブレーカー・コンセント）を見る。電池が尽きる前に停止の要否を判断する。",
          "Look at the mains (breaker, plug) and decide on an orderly stop before the battery is empty: ");
    case Cause::environment:
      return say(" の温度・煙・漏水を現地で確かめる。", "Go and check heat, smoke and water in ");
    case Cause::device_hang:
      return say(" の画面とイベントログを見て、再起動の可否を運用管理者に確かめる。",
                 "Look at the screen and event log, and ask whether it may be restarted: ");
    case Cause::service:
    case Cause::configuration:
      return say(" の業務イベントログとバグ情報を確かめ、サービスの再起動を検討する。",
                 "Look at the application's event log and known bugs, and consider restarting: ");
    case Cause::agent:
      return say(" は動いている。SNMP サービスの再起動を予定する。",
                 "It works; plan a restart of the SNMP service of ");
    case Cause::misuse:
    case Cause::unauthorised_access:
    case Cause::malware:
    case Cause::unknown_device:
    case Cause::other:
      return say(" の操作を止め、電源を切らずに現状とログを保全し、運用管理者の指示を待つ。",
                 "Stop work, keep it powered, preserve its logs, and wait for the operations manager at ");
    default:
      break;
  }
  return say(" の警告ランプ、イベントログ、配線をこの順に確かめる。",
             "Check warning lamps, event log and cables, in this order, at ");
}

}  // namespace nethealth
