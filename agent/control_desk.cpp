#include "agent/control_desk.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/audit_trail.hpp"
#include "agent/control_procedure.hpp"
#include "agent/event_json.hpp"
#include "agent/lamp_keeper.hpp"
#include "agent/report_incident.hpp"
#include "agent/report_procedure.hpp"
#include "agent/report_reasoning.hpp"
#include "agent/report_silence.hpp"
#include "agent/report_status.hpp"
#include "agent/report_verify.hpp"
#include "probes/json_text.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

std::string done_sentence(const ControlRequest& request, const std::string& person, Language language) {
  Phrase what{"を終了にしました", " closed"};
  if (request.verb == ControlVerb::incident_ack) what = {"を引き受けました", " acknowledged"};
  if (request.verb == ControlVerb::incident_pass) what = {"を次の人へ回しました", " passed on"};
  if (request.incident == 0)
    return std::string(Phrase{"記録しました", "Done"}.in(language)) + " (" + person + ")\n";
  const std::string number = std::to_string(request.incident);
  if (language == Language::ja) return "障害" + number + std::string(what.ja) + " (" + person + ")。\n";
  return "Incident " + number + std::string(what.en) + " by " + person + ".\n";
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
    reply.out = done_sentence(request, person, language);
  }
  if (!journaled) reply.err = not_journaled.in(language);
  return reply;
}

std::optional<Time> end_of(const ControlDesk& desk, const ControlRequest& request) {
  if (const auto span = parse_duration(request.value("for"))) return desk.clock.now() + *span;
  return parse_site_time(request.value("until"), desk.site.zone);
}

Result<Act> act_of(const ControlDesk& desk, const ControlRequest& request, const std::string& person,
                   Language language) {
  switch (request.verb) {
    case ControlVerb::incident_ack:
      return Acknowledge{request.incident, person};
    case ControlVerb::incident_pass:
      return Pass{request.incident, person, request.reason};
    case ControlVerb::silence_add: {
      const auto until = end_of(desk, request);
      if (!until)
        return failure("", request.value("for") + request.value("until") +
                               std::string(Phrase{": 2h や \"2026-12-05T23:00\" のように書いてください。",
                                                  ": expected a duration such as 2h, or a time such as "
                                                  "\"2026-12-05T23:00\"."}
                                               .in(language)));
      return AddSilence{
          person, request.reason, request.value("device"), request.value("room"), request.value("cause"),
          *until};
    }
    case ControlVerb::silence_confirm:
      return ConfirmSilence{request.number, person};
    case ControlVerb::silence_end:
      return EndSilence{request.number, person};
    case ControlVerb::drill_start:
      return StartDrill{person, request.value("person")};
    case ControlVerb::drill_answer:
      return AnswerDrill{person};
    default:
      return Close{request.incident, person, request.reason, request.value("decision")};
  }
}

void carry_out(const ControlDesk& desk, const ControlRequest& request, const Act& what,
               const std::string& person, Language language, const ControlSocket::Answer& answer) {
  desk.pump.act(what, language,
                [answer, request, language,
                 name = person_text(desk.site, person)](const Result<Pump::ActDone>& result) {
                  answer(result ? done(request, name, result->journaled, language)
                                : refused(result.error().text(), request));
                });
}

/// Whoever holds a page's token acts as the person it went to.
void act_by_token(const ControlDesk& desk, ControlRequest request, Language language,
                  const ControlSocket::Answer& answer) {
  const auto found = desk.tokens.find(desk.engine.picture(), request.value("token"), desk.clock.now());
  if (!found)
    return answer(
        refused(std::string(Phrase{"この合言葉は使えません（誤り、使用済み、期限切れ、終了した障害）。",
                                   "this token cannot be used: wrong, used, too old, or of an "
                                   "incident that is over."}
                                .in(language)),
                request));
  request.incident = found->incident;
  const Act what = answer_act(*found, request.verb != ControlVerb::incident_pass, request.reason);
  carry_out(desk, request, what, found->person, language, answer);
}

/// Nothing of it is journaled but who asked: a lamp test decides nothing.
void test_lamp(const ControlDesk& desk, const ControlRequest& request, const Peer& peer, Language language,
               const ControlSocket::Answer& answer) {
  const std::string lamp = request.value("lamp");
  const Result<std::string> person = whoever_acts(desk, request, peer, language);
  if (!person) return answer(refused(person.error().text(), request));
  if (desk.lamps == nullptr || !desk.lamps->has(lamp))
    return answer(
        refused(lamp + std::string(Phrase{": この名前の表示灯（type が patlite の経路）はありません。",
                                          ": no signal tower (channel of type patlite) has this name."}
                                       .in(language)),
                request));
  desk.lamps->test(lamp, [answer, request, lamp](const LampTest& test) {
    ControlReply reply{test.good ? 0 : 1, "", ""};
    if (request.json)
      reply.out =
          json::serialize(json::object{{"ok", test.good}, {"lamp", lamp}, {"shows", test.text}}) + "\n";
    else
      (test.good ? reply.out : reply.err) = lamp + ": " + test.text + "\n";
    answer(reply);
  });
}

void act(const ControlDesk& desk, const ControlRequest& request, const Peer& peer, Language language,
         const ControlSocket::Answer& answer) {
  if (request.verb == ControlVerb::drill_start && request.values.contains("lamp"))
    return test_lamp(desk, request, peer, language, answer);
  const bool for_another =
      request.values.contains("by_telephone") && request.verb == ControlVerb::incident_ack;
  AnsweredFor who;
  if (request.values.contains("token")) return act_by_token(desk, request, language, answer);
  if (for_another) {
    const Result<AnsweredFor> found = answered_for(desk.site, peer, request.as, language);
    if (!found) return answer(refused(found.error().text(), request));
    who = *found;
  } else {
    const Result<std::string> person = whoever_acts(desk, request, peer, language);
    if (!person) return answer(refused(person.error().text(), request));
    who.person = *person;
  }
  Result<Act> made = act_of(desk, request, who.person, language);
  if (!made) return answer(refused(made.error().text(), request));
  if (auto* acknowledge = std::get_if<Acknowledge>(&*made)) acknowledge->noted_by = who.noted_by;
  carry_out(desk, request, *made, who.person, language, answer);
}

}  // namespace

ControlReply refused(const std::string& why, const ControlRequest& request) {
  ControlReply reply{1, "", "nethealth: " + why + "\n"};
  if (request.json) reply.out = json_text(json::object{{"ok", false}, {"error", why}}) + "\n";
  return reply;
}

Result<AnsweredFor> answered_for(const Site& site, const Peer& peer, const std::string& as,
                                 Language language) {
  const auto say = [&](Phrase phrase) { return failure("", as + std::string(phrase.in(language))); };
  if (as.empty())
    return say({"電話で答えた人を --as で示してください。", "say with --as who answered by telephone."});
  if (!site.person(as))
    return say({": この名前は設定の people にありません。", ": no such name in the configuration's people."});
  if (peer.user == 0) return AnsweredFor{as, "root"};
  const Result<std::string> own = acting_person(site, peer, "", language);
  if (!own) return tl::unexpected(own.error());
  return AnsweredFor{as, *own};
}

Result<std::string> acting_person(const Site& site, const Peer& peer, const std::string& as,
                                  Language language) {
  if (!peer.person.empty() && (as.empty() || as == peer.person)) return peer.person;
  const bool root = peer.user == 0 && peer.person.empty();
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
  if (!peer.person.empty())
    return say({": 他の人としては行えません。", ": nobody acts as somebody else."}, as);
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

Result<std::string> whoever_acts(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
                                 Language language) {
  Result<std::string> person = acting_person(desk.site, peer, request.as, language);
  if (desk.trail == nullptr) return person;
  const std::string from = !peer.account.empty() ? peer.account : "user " + std::to_string(peer.user);
  if (person)
    desk.trail->acts(*person, peer.way, from);
  else
    desk.trail->refused(request.as, peer.way, from, desk.clock.now());
  return person;
}

void answer(const ControlDesk& desk, const ControlRequest& request, const Peer& peer,
            const ControlSocket::Answer& answer) {
  const Language language = request.language.value_or(desk.site.language);
  const ReportStyle style{language, request.colour};
  const Picture picture =
      request.acts() || request.verb == ControlVerb::verify ? Picture{} : desk.engine.picture();
  switch (request.verb) {
    case ControlVerb::status:
      return answer(request.json ? status_json(picture, desk.site, desk.clock.now(), language, desk.dropped,
                                               desk.log_sources, desk.channels)
                                 : status_report(picture, desk.site, desk.clock.now(), style, desk.dropped,
                                                 desk.log_sources, desk.channels));
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
    case ControlVerb::silence_list:
      return answer(request.json ? silence_list_json(picture, desk.site)
                                 : silence_list_report(picture, desk.site, language));
    case ControlVerb::drill_show:
      return answer(request.json ? drill_json(picture, desk.site, request.number, desk.clock.now(), language)
                                 : drill_report(picture, desk.site, request.number, language));
    case ControlVerb::incident_ack:
    case ControlVerb::incident_close:
    case ControlVerb::incident_pass:
    case ControlVerb::silence_add:
    case ControlVerb::silence_confirm:
    case ControlVerb::silence_end:
    case ControlVerb::drill_start:
    case ControlVerb::drill_answer:
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
