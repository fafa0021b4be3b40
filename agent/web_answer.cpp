#include "agent/web_answer.hpp"

#include <algorithm>

#include "agent/html_text.hpp"
#include "agent/report_text.hpp"
#include "rules/incident.hpp"

namespace nethealth {
namespace {

constexpr std::string_view style =
    "body{font:1.2em/1.6 sans-serif;max-width:40em;margin:1em auto;padding:0 1em}"
    "pre{white-space:pre-wrap;background:#eee;padding:.6em}"
    "button{font:inherit;padding:.6em 1.2em;margin:.4em .4em .4em 0}";

WebReply page(int status, Language language, Phrase title, const std::string& body) {
  WebReply reply{status, ""};
  reply.type = "text/html; charset=utf-8";
  reply.body =
      "<!DOCTYPE html>\n<html lang=\"" + std::string(language == Language::ja ? "ja" : "en") +
      "\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" +
      std::string(title.in(language)) + "</title><style>" + std::string(style) + "</style></head><body><h1>" +
      std::string(title.in(language)) + "</h1>\n" + body + "</body></html>\n";
  return reply;
}

std::string paragraph(const std::string& text) {
  return "<p>" + html_escaped(text) + "</p>\n";
}

/// The call that the link was in, whose text the page shows again.
const Notification* called(const Picture& picture, const TokenAnswer& known) {
  const auto is_it = [&](const NotificationPicture& told) {
    return told.notification.id == known.notification;
  };
  const auto search = [&](const std::vector<NotificationPicture>& all) {
    const auto found = std::ranges::find_if(all, is_it);
    return found == all.end() ? nullptr : &found->notification;
  };
  for (const IncidentPicture& incident : picture.incidents)
    if (const Notification* found = search(incident.notifications)) return found;
  for (const Drill& drill : picture.drills)
    if (const Notification* found = search(drill.calls)) return found;
  return nullptr;
}

WebReply question(const ControlDesk& desk, const Picture& picture, const TokenAnswer& known,
                  Language language) {
  std::string body = paragraph(person_text(desk.site, known.person));
  const Notification* page_of = called(picture, known);
  if (page_of != nullptr)
    body += "<pre>" + html_escaped(page_of->subject + "\n\n" + page_of->body) + "</pre>\n";
  const auto button = [&](const char* value, Phrase text) {
    body += "<button name=\"do\" value=\"" + std::string(value) + "\">" + std::string(text.in(language)) +
            "</button>\n";
  };
  body += "<form method=\"post\">";
  if (known.incident == 0) {
    button("take", {"訓練の連絡を受けました", "I got this drill's call"});
  } else if (page_of != nullptr && page_of->kind == NotificationKind::request) {
    button("take", {"受けました", "I got it"});
  } else {
    button("take", {"私が対応します", "I take it"});
    button("pass", {"対応できません（次の人へ）", "Not me, next"});
  }
  body += "</form>\n";
  return page(200, language, {"呼び出しへの返答", "Answer a call"}, body);
}

WebReply outcome(const Result<Pump::ActDone>& done, bool takes, bool summoned, int incident,
                 Language language) {
  if (!done)
    return page(409, language, {"受け付けられません", "Not accepted"}, paragraph(done.error().text()));
  std::string text(takes ? Phrase{"あなたが対応者として記録されました。ほかの人は呼び出しません。",
                                  "You have it; nobody else is called."}
                               .in(language)
                         : Phrase{"次の人を呼び出します。", "The next person is called."}.in(language));
  if (incident == 0)
    text = Phrase{"訓練の返答を記録しました。", "Your answer to the drill is recorded."}.in(language);
  else if (summoned)
    text = Phrase{"返答を記録しました。", "Your answer is recorded."}.in(language);
  if (incident != 0) text += " #" + std::to_string(incident);
  if (!done->journaled)
    text += Phrase{" (記録に書けないため、メモリーにだけあります)",
                   " (in memory only: the journal cannot be written)"}
                .in(language);
  return page(200, language, {"受け付けました", "Accepted"}, paragraph(text));
}

}  // namespace

bool answer_by_link(const ControlDesk& desk, const WebRequest& request, Language language,
                    const WebServer::Answer& answer) {
  const Picture picture = desk.engine.picture();
  const auto known =
      desk.tokens.find(picture, std::string_view(request.path).substr(answer_path.size()), desk.clock.now());
  if (!known) return false;
  const bool takes = request.body == "do=take";
  if (request.method == "GET") {
    answer(question(desk, picture, *known, language));
  } else if (request.method != "POST" || (!takes && request.body != "do=pass")) {
    answer(page(
        400, language, {"読めない返答です", "Not a readable answer"},
        paragraph(std::string(
            Phrase{"届いた連絡のリンクをもう一度開いてください。", "Open the link in the message again."}.in(
                language)))));
  } else {
    const Notification* page_of = called(picture, *known);
    const bool summoned = page_of != nullptr && page_of->kind == NotificationKind::request;
    const Act act = answer_act(*known, takes, takes ? "by link" : "");
    desk.pump.act(
        act, language,
        [answer, takes, summoned, incident = known->incident, language](const Result<Pump::ActDone>& done) {
          answer(outcome(done, takes, summoned, incident, language));
        });
  }
  return true;
}

WebReply link_is_over(Language language) {
  return page(404, language, {"このリンクは使えません", "This link does not work"},
              paragraph(std::string(Phrase{
                  "一度使われたか、24時間を過ぎたか、障害が終了しています。電話で連絡してください。",
                  "It was used, is older than a day, or its incident is over. Please answer by telephone."}
                                        .in(language))));
}

}  // namespace nethealth
