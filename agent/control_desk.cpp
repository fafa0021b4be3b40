#include "agent/control_desk.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/control_procedure.hpp"
#include "agent/report_incident.hpp"
#include "agent/report_procedure.hpp"
#include "agent/report_reasoning.hpp"
#include "agent/report_status.hpp"
#include "agent/report_verify.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

ControlReply refused(const std::string& why, const ControlRequest& request) {
  ControlReply reply{1, "", "nethealth: " + why + "\n"};
  if (request.json) reply.out = json::serialize(json::object{{"ok", false}, {"error", why}}) + "\n";
  return reply;
}

ControlReply done(const ControlRequest& request, const std::string& person, bool journaled,
                  Language language) {
  ControlReply reply;
  if (request.json) {
    reply.out =
        json::serialize(json::object{
            {"ok", true}, {"incident", request.incident}, {"person", person}, {"journaled", journaled}}) +
        "\n";
  } else {
    const bool acknowledged = request.verb == ControlVerb::incident_ack;
    const std::string number = std::to_string(request.incident);
    if (language == Language::ja)
      reply.out = "障害" + number + (acknowledged ? "を引き受けました" : "を終了にしました") + " (" + person +
                  ")。\n";
    else
      reply.out =
          "Incident " + number + (acknowledged ? " acknowledged" : " closed") + " by " + person + ".\n";
  }
  if (!journaled)
    reply.err =
        std::string(Phrase{"nethealth: 記録不可: 記録に書けないため、今は記憶だけにあります。\n",
                           "nethealth: not journaled: the journal cannot be written; it is in memory only.\n"}
                        .in(language));
  return reply;
}

void act(const ControlDesk& desk, const ControlRequest& request, const Peer& peer, Language language,
         const ControlSocket::Answer& answer) {
  const Result<std::string> person = acting_person(desk.site, peer, request.as, language);
  if (!person) return answer(refused(person.error().text(), request));
  const Act what = request.verb == ControlVerb::incident_ack
                       ? Act(Acknowledge{request.incident, *person})
                       : Act(Close{request.incident, *person, request.reason, request.value("decision")});
  desk.pump.act(what, language,
                [answer, request, language,
                 name = person_text(desk.site, *person)](const Result<Pump::ActDone>& result) {
                  answer(result ? done(request, name, result->journaled, language)
                                : refused(result.error().text(), request));
                });
}

}  // namespace

Result<std::string> acting_person(const Site& site, const Peer& peer, const std::string& as,
                                  Language language) {
  const bool root = peer.user == 0;
  const auto named = std::find_if(site.people.begin(), site.people.end(),
                                  [&](const Person& person) { return person.name == as; });
  const auto own = std::find_if(site.people.begin(), site.people.end(), [&](const Person& person) {
    return !peer.account.empty() && person.login == peer.account;
  });
  const auto say = [&](Phrase phrase, const std::string& subject) {
    return failure("", subject + std::string(phrase.in(language)));
  };
  if (root && as.empty())
    return say({"rootは、誰として行うかを --as で示してください。", "root must say with --as who acts."}, "");
  if (!as.empty() && named == site.people.end())
    return say({": この名前は設定の people にありません。", ": no such name in the configuration's people."},
               as);
  if (root) return named->name;
  if (own == site.people.end())
    return say({": このアカウントを login に持つ人が設定の people にいません。",
                ": nobody in the configuration's people has this account as login."},
               peer.account.empty() ? std::to_string(peer.user) : peer.account);
  if (!as.empty() && as != own->name)
    return say({": 他の人として行えるのはrootだけです。", ": only root may act as somebody else."}, as);
  return own->name;
}

void answer(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
            const ControlSocket::Answer& answer) {
  const Language language = request.language.value_or(desk.site.language);
  const ReportStyle style{language, request.colour};
  const Picture picture =
      request.acts() || request.verb == ControlVerb::verify ? Picture{} : desk.engine.picture();
  switch (request.verb) {
    case ControlVerb::status:
      return answer(request.json ? status_json(picture, desk.site, desk.clock.now(), language, desk.dropped)
                                 : status_report(picture, desk.site, desk.clock.now(), style, desk.dropped));
    case ControlVerb::incident_list:
      return answer(request.json ? incident_list_json(picture, desk.site, language)
                                 : incident_list_report(picture, desk.site, style));
    case ControlVerb::incident_show: {
      if (request.json) return answer(incident_report_json(picture, desk.site, request.incident, language));
      ControlReply reply = incident_report(picture, desk.site, request.incident, style);
      reply.out += procedure_report(picture, desk.site, desk.engine.procedures(), request.incident, style);
      return answer(reply);
    }
    case ControlVerb::incident_why:
      return answer(why_report(desk.engine, desk.site, request.incident, language, request.json));
    case ControlVerb::why_not:
      return answer(why_not_report(desk.engine, desk.site, request.device, language, request.json));
    case ControlVerb::incident_ack:
    case ControlVerb::incident_close:
      return act(desk, request, peer, language, answer);
    case ControlVerb::verify:
      return desk.store.verify([answer, language, as_json = request.json](const JournalVerdict& verdict) {
        answer(verify_report(verdict, language, as_json));
      });
    default:
      return answer_procedure(desk, request, peer, language, answer);
  }
}

}  // namespace nethealth
