#include "agent/report_probe.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <iterator>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "probes/observation_json.hpp"
#include "probes/sensor_pack.hpp"

namespace nethealth {
namespace {

std::string figure(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

ProbeStatement say(Finding finding, std::string seen, Phrase means, Language language) {
  return {finding, std::move(seen), std::string(means.in(language))};
}

Phrase word_for(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return {"応答あり", "answered"};
    case Outcome::refused:
      return {"接続を断られた", "refused"};
    case Outcome::timeout:
      return {"応答なし", "no answer"};
    case Outcome::unreachable:
      return {"届かない", "unreachable"};
    case Outcome::tls_error:
      return {"TLSの誤り", "TLS error"};
    case Outcome::auth_error:
      return {"認証を断られた", "credential refused"};
    case Outcome::error:
      return {"使えない応答", "useless answer"};
    case Outcome::blind:
      return {"調べられなかった", "could not look"};
  }
  return {};
}

ProbeStatement told_by(const IcmpSeen& seen, Language language) {
  std::string text =
      seen.management
          ? std::string(
                Phrase{"管理コントローラーのICMP: ", "ICMP of the management controller: "}.in(language))
          : "ICMP: ";
  if (seen.blind)
    return say(Finding::unknown, text + std::string(word_for(Outcome::blind).in(language)),
               {"この監視機からICMPを送れません。権限 (CAP_NET_RAW か net.ipv4.ping_group_range) "
                "とネットワークを確かめてください。",
                "This host cannot send ICMP; see to its rights (CAP_NET_RAW or net.ipv4.ping_group_range) "
                "and its network."},
               language);
  text += std::to_string(seen.received) + "/" + std::to_string(seen.sent);
  text += Phrase{" 応答", " answered"}.in(language);
  if (seen.rtt_ms) text += ", " + figure(*seen.rtt_ms) + " ms";
  if (seen.error)
    text += ", " + seen.error->type + (seen.error->from.empty() ? "" : " (" + seen.error->from + ")");
  if (seen.received == seen.sent && seen.sent > 0)
    return say(Finding::healthy, text, {"機器に届きます。", "The device can be reached."}, language);
  if (seen.received > 0)
    return say(Finding::healthy, text,
               {"機器に届きますが、一部のパケットが失われました。",
                "The device can be reached, but packets were lost."},
               language);
  if (seen.error)
    return say(Finding::fault, text,
               {"途中の機器か監視機が、届かないと答えました。",
                "A device on the way, or this host, said that it cannot be reached."},
               language);
  return say(Finding::fault, text,
             {"機器が答えません。電源、回線、機器の停止を確かめてください。",
              "The device does not answer; see to its power, its cable, and whether it hangs."},
             language);
}

Phrase meaning(const SnmpSeen& seen) {
  switch (seen.status) {
    case Outcome::ok:
      return {"SNMPエージェントは動いています。", "The SNMP agent works."};
    case Outcome::timeout:
      return {"SNMPエージェントが答えません。停止か、コミュニティ名の違いか、アクセス制限です。",
              "The SNMP agent does not answer: it is down, the community is wrong, or access is limited."};
    case Outcome::auth_error:
      return {"SNMPの利用者か鍵が違います。設定の credentials を確かめてください。",
              "The SNMP user or keys are wrong; see to `credentials` in the configuration."};
    case Outcome::blind:
      return {"この監視機からSNMPを送れません。", "This host cannot send SNMP."};
    default:
      return {"SNMPエージェントが使えない応答をしました。",
              "The SNMP agent gives an answer that cannot be used."};
  }
}

void add_sensors(std::vector<ProbeStatement>& all, const SnmpSeen& seen, Language language) {
  for (const SensorSeen& sensor : seen.sensors) {
    if (sensor.status != SensorStatus::warning && sensor.status != SensorStatus::failed) continue;
    std::string text = Phrase{"センサー ", "sensor "}.in(language).data() + sensor.name + " (" +
                       std::string(word(sensor.sensor_class)) + "): " + std::string(word(sensor.status));
    if (sensor.value) text += ", " + figure(*sensor.value) + " " + sensor.unit;
    if (!sensor.text.empty()) text += ", " + sensor.text;
    all.push_back(say(Finding::fault, text,
                      {"部品の異常です。交換か修理を手配してください。",
                       "A part is not well; arrange for its repair or replacement."},
                      language));
  }
}

std::vector<ProbeStatement> told_by(const SnmpSeen& seen, Language language) {
  std::string text =
      seen.management
          ? std::string(
                Phrase{"管理コントローラーのSNMP: ", "SNMP of the management controller: "}.in(language))
          : "SNMP: ";
  text += word_for(seen.status).in(language);
  if (seen.uptime_s)
    text += Phrase{"、起動から ", ", up "}.in(language).data() + figure(*seen.uptime_s / 86'400) +
            Phrase{"日", " days"}.in(language).data();
  if (seen.status == Outcome::ok) {
    const auto up = std::count_if(seen.interfaces.begin(), seen.interfaces.end(),
                                  [](const InterfaceSeen& i) { return i.oper_up; });
    const auto cut = std::count_if(seen.interfaces.begin(), seen.interfaces.end(),
                                   [](const InterfaceSeen& i) { return i.admin_up && !i.oper_up; });
    text += Phrase{"、ポート 接続 ", ", ports up "}.in(language).data() + std::to_string(up);
    text += Phrase{" 切断 ", ", down "}.in(language).data() + std::to_string(cut);
    text += Phrase{"、センサー ", ", sensors "}.in(language).data() + std::to_string(seen.sensors.size());
  }
  const Finding finding = seen.status == Outcome::ok      ? Finding::healthy
                          : seen.status == Outcome::blind ? Finding::unknown
                                                          : Finding::fault;
  std::vector<ProbeStatement> all{say(finding, text, meaning(seen), language)};
  add_sensors(all, seen, language);
  return all;
}

Phrase meaning(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok:
      return {"サービスは動いています。", "The service works."};
    case Outcome::refused:
      return {"機器は動いていますが、サービスが待ち受けていません。",
              "The device lives, but the service does not take connections."};
    case Outcome::timeout:
      return {"サービスが時間内に答えません。", "The service does not answer in time."};
    case Outcome::unreachable:
      return {"サービスのある機器に届きません。", "The service's device cannot be reached."};
    case Outcome::tls_error:
      return {"TLSの接続ができません。証明書の期限と名前を確かめてください。",
              "No TLS connection; see to the certificate's date and name."};
    case Outcome::blind:
      return {"この監視機から調べられません。", "This host could not look."};
    default:
      return {"サービスが正しく答えません。", "The service does not answer as it should."};
  }
}

ProbeStatement told_by(const ServiceSeen& seen, const Device& device, Language language) {
  std::string text = seen.probe + " " + seen.service + ": " + std::string(word_for(seen.status).in(language));
  if (seen.code) text += ", HTTP " + std::to_string(*seen.code);
  if (seen.duration_ms) text += ", " + figure(*seen.duration_ms) + " ms";
  if (!seen.text.empty()) text += ", " + seen.text;
  if (seen.status == Outcome::blind) return say(Finding::unknown, text, meaning(seen.status), language);
  if (seen.status != Outcome::ok) return say(Finding::fault, text, meaning(seen.status), language);
  const auto service = std::find_if(device.services.begin(), device.services.end(),
                                    [&](const Service& one) { return one.name == seen.service; });
  const std::optional<int> expected = service == device.services.end() ? std::nullopt : service->expect;
  const bool wrong = seen.code && (expected ? *seen.code != *expected : *seen.code >= 400);
  if (wrong)
    return say(Finding::fault, text,
               {"サービスが、期待と違うHTTPの状態を返しました。",
                "The service returned another HTTP status than expected."},
               language);
  return say(Finding::healthy, text, meaning(Outcome::ok), language);
}

std::vector<ProbeStatement> told_by(const MonitorSeen& seen, Language language) {
  std::vector<ProbeStatement> all;
  if (seen.carrier) {
    const std::string text = std::string(Phrase{"監視機のリンク: ", "link of this host: "}.in(language)) +
                             (*seen.carrier ? "up" : "down");
    all.push_back(
        *seen.carrier
            ? say(Finding::healthy, text, {"回線はつながっています。", "The cable has a link."}, language)
            : say(Finding::fault, text,
                  {"監視機の回線が切れています。他の機器の状態は分かりません。",
                   "This host's own cable has no link; nothing can be said of other devices."},
                  language));
  }
  if (seen.gateway_ok) {
    const std::string text = std::string(Phrase{"ゲートウェイ: ", "gateway: "}.in(language)) +
                             (*seen.gateway_ok ? "ok" : "silent");
    all.push_back(*seen.gateway_ok
                      ? say(Finding::healthy, text,
                            {"最寄りのルーターが答えます。", "The nearest router answers."}, language)
                      : say(Finding::fault, text,
                            {"最寄りのルーターが答えません。", "The nearest router does not answer."},
                            language));
  }
  return all;
}

Finding overall(const std::vector<ProbeStatement>& all) {
  const auto any = [&](Finding wanted) {
    return std::any_of(all.begin(), all.end(),
                       [&](const ProbeStatement& one) { return one.finding == wanted; });
  };
  if (any(Finding::fault)) return Finding::fault;
  return any(Finding::healthy) ? Finding::healthy : Finding::unknown;
}

int exit_code(Finding finding) {
  return finding == Finding::healthy ? 0 : finding == Finding::fault ? 1 : 4;
}

std::string_view word(Finding finding) {
  return finding == Finding::healthy ? "healthy" : finding == Finding::fault ? "fault" : "unknown";
}

std::string heading(const Device& device, Finding finding, Language language) {
  const Phrase state = finding == Finding::healthy ? Phrase{"正常", "healthy"}
                       : finding == Finding::fault ? Phrase{"障害", "fault"}
                                                   : Phrase{"不明", "unknown"};
  const std::string label =
      device.label.empty() || device.label == device.name ? "" : " (" + device.label + ")";
  return device.name + label + ": " + std::string(state.in(language)) + "\n";
}

/// What the look comes to, and the sentences for it. That a log can be read says nothing of the device's
/// health.
struct Conclusion {
  Finding finding = Finding::unknown;
  std::vector<ProbeStatement> all;
};

Conclusion conclude(const Device& device, const std::vector<Observation>& observations,
                    const std::vector<LogLook>& logs, Language language) {
  std::vector<ProbeStatement> all;
  for (const Observation& observation : observations) {
    std::vector<ProbeStatement> some = statements(observation, device, language);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  const Finding finding = overall(all);
  for (const LogLook& look : logs) all.push_back(statement(look, language));
  if (observations.empty())
    all.push_back(say(Finding::unknown, std::string(Phrase{"宛先なし", "no address"}.in(language)),
                      {"この機器には調べる宛先がありません。状態は、つながっている機器から推し量ります。",
                       "This device has no address to look at; its state is inferred from what hangs on it."},
                      language));
  return {finding, std::move(all)};
}

}  // namespace

std::vector<ProbeStatement> statements(const Observation& observation, const Device& device,
                                       Language language) {
  if (const auto* icmp = std::get_if<IcmpSeen>(&observation.seen)) return {told_by(*icmp, language)};
  if (const auto* snmp = std::get_if<SnmpSeen>(&observation.seen)) return told_by(*snmp, language);
  if (const auto* service = std::get_if<ServiceSeen>(&observation.seen))
    return {told_by(*service, device, language)};
  if (const auto* monitor = std::get_if<MonitorSeen>(&observation.seen)) return told_by(*monitor, language);
  return {};
}

/// That no log can be read here is our trouble, not the device's.
ProbeStatement statement(const LogLook& look, Language language) {
  const std::string text = Phrase{"ログ ", "log "}.in(language).data() + look.path + ": " +
                           std::to_string(look.files) + Phrase{"ファイル", " files"}.in(language).data() +
                           (look.trouble.empty() ? "" : ", " + look.trouble);
  if (!look.trouble.empty())
    return say(Finding::unknown, text,
               {"読めないファイルがあります。権限を確かめてください。",
                "Some files cannot be read; see to their permissions."},
               language);
  if (look.files == 0)
    return say(Finding::unknown, text,
               {"まだ一つもありません。届き始めれば読みます。",
                "There is none yet; it will be read when it appears."},
               language);
  return say(Finding::healthy, text, {"読めます。", "They can be read."}, language);
}

ControlReply probe_report(const Device& device, const std::vector<Observation>& observations,
                          const std::vector<LogLook>& logs, Language language) {
  const auto [finding, all] = conclude(device, observations, logs, language);
  ControlReply reply;
  reply.exit_code = exit_code(finding);
  reply.out = heading(device, finding, language);
  for (const ProbeStatement& one : all)
    reply.out += "  " + without_controls(one.seen) + "\n    " + one.means + "\n";
  return reply;
}

ControlReply probe_json(const Device& device, const std::vector<Observation>& observations,
                        const std::vector<LogLook>& logs, Language language, const Zone& zone) {
  const auto [finding, all] = conclude(device, observations, logs, language);
  boost::json::array seen;
  for (const Observation& observation : observations)
    seen.push_back(boost::json::parse(observation_line(observation, zone)));
  boost::json::array meanings;
  for (const ProbeStatement& one : all)
    meanings.push_back(
        boost::json::object{{"state", word(one.finding)}, {"seen", one.seen}, {"means", one.means}});
  const boost::json::object result{{"device", device.name},
                                   {"state", word(finding)},
                                   {"observations", std::move(seen)},
                                   {"meaning", std::move(meanings)}};
  return {exit_code(finding), json_text(result) + "\n", ""};
}

}  // namespace nethealth
