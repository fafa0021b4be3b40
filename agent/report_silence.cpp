#include "agent/report_silence.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "agent/report_text.hpp"
#include "rules/drill.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

const Drill* find_drill(const Picture& picture, int number) {
  if (number == 0) return picture.drills.empty() ? nullptr : &picture.drills.back();
  const auto found = std::find_if(picture.drills.begin(), picture.drills.end(),
                                  [&](const Drill& drill) { return drill.number == number; });
  return found == picture.drills.end() ? nullptr : &*found;
}

/// Of a test: every channel took its message. Of a drill: everybody answered.
bool passed(const Drill& drill) {
  if (!drill.test) return drill.all_answered();
  return std::all_of(drill.calls.begin(), drill.calls.end(),
                     [](const NotificationPicture& call) { return call.sent.has_value(); });
}

bool waits(const NotificationPicture& call) {
  return !call.sent && (call.failure.empty() || call.failing != Failing::refused);
}

/// Nothing more will come of it: nobody has time left to answer, nothing is being sent.
bool is_over(const Drill& drill, Time now) {
  if (drill.test)
    return std::all_of(drill.calls.begin(), drill.calls.end(),
                       [](const NotificationPicture& call) { return !waits(call) || !call.failure.empty(); });
  const auto answers = drill.answers();
  return std::all_of(answers.begin(), answers.end(), [&](const Drill::Answer& answer) {
    const NotificationPicture* last = drill.unanswered(answer.person);
    // The engine calls the next channel as soon as the time is over; so this was the last one.
    return last == nullptr || last->notification.answer_by < now;
  });
}

std::int64_t seconds_between(Time from, Time until) {
  return std::chrono::duration_cast<std::chrono::seconds>(until - from).count();
}

std::string call_line(const NotificationPicture& call, Language language) {
  std::string text = padded(call.notification.channel, 16) + " ";
  if (call.sent) return text + std::string(Phrase{"受け付けられた", "accepted"}.in(language));
  if (call.failure.empty()) return text + std::string(Phrase{"送信中", "being sent"}.in(language));
  return text + std::string(Phrase{"失敗: ", "failed: "}.in(language)) + without_controls(call.failure);
}

ControlReply no_drill(Language language) {
  return {
      1, "",
      std::string(Phrase{"nethealth: 訓練はまだありません。\n", "nethealth: there was no drill yet.\n"}.in(
          language))};
}

}  // namespace

ControlReply silence_list_report(const Picture& picture, const Site& site, Language language) {
  ControlReply reply;
  for (const SilencePicture& silence : picture.silences) {
    const SilenceAdded& what = silence.what;
    const std::string scope = !what.device.empty() ? "device " + what.device
                              : !what.room.empty() ? "room " + what.room
                                                   : "cause " + what.cause;
    reply.out += padded(std::to_string(what.silence), 5) + padded(scope, 28) +
                 std::string(Phrase{"終わり ", "until "}.in(language)) + format_time(what.until, site.zone) +
                 "  " + person_text(site, what.person) + "  " + without_controls(what.reason);
    if (!silence.in_force())
      reply.out +=
          std::string(Phrase{"  (もう一人の確認待ち)", "  (waits for a second person)"}.in(language));
    reply.out += "\n";
  }
  if (picture.silences.empty())
    reply.out = std::string(Phrase{"連絡の停止はありません。\n", "There are no silences.\n"}.in(language));
  return reply;
}

ControlReply silence_list_json(const Picture& picture, const Site& site) {
  json::array silences;
  for (const SilencePicture& silence : picture.silences) {
    const SilenceAdded& what = silence.what;
    const auto or_null = [](const std::string& text) {
      return text.empty() ? json::value(nullptr) : json::value(json::string(text));
    };
    silences.push_back(json::object{{"silence", what.silence},
                                    {"device", or_null(what.device)},
                                    {"room", or_null(what.room)},
                                    {"cause", or_null(what.cause)},
                                    {"from", format_time(silence.added, site.zone)},
                                    {"until", format_time(what.until, site.zone)},
                                    {"person", what.person},
                                    {"reason", what.reason},
                                    {"in_force", silence.in_force()},
                                    {"confirmed_by", or_null(silence.confirmed_by)}});
  }
  return {0, json_text(silences) + "\n", ""};
}

ControlReply drill_report(const Picture& picture, const Site& site, int number, Language language) {
  const Drill* drill = find_drill(picture, number);
  if (drill == nullptr) return no_drill(language);
  ControlReply reply;
  const Phrase title = drill->test      ? Phrase{"経路の試験 ", "Test of channels "}
                       : drill->planned ? Phrase{"定期の訓練 ", "Planned drill "}
                                        : Phrase{"訓練 ", "Drill "};
  reply.out = std::string(title.in(language)) + std::to_string(drill->number) + "  " +
              format_time(drill->began, site.zone) + "\n";
  if (drill->test)
    for (const NotificationPicture& call : drill->calls) reply.out += call_line(call, language) + "\n";
  else
    for (const Drill::Answer& answer : drill->answers())
      reply.out += padded(person_text(site, answer.person), 24) + " " + answer_text(answer, language) + "\n";
  reply.exit_code = passed(*drill) ? 0 : 1;
  return reply;
}

ControlReply drill_json(const Picture& picture, const Site& site, int number, Time now, Language language) {
  const Drill* drill = find_drill(picture, number);
  if (drill == nullptr) return {1, "null\n", no_drill(language).err};
  const auto time_or_null = [&](const std::optional<Time>& time) {
    return time ? json::value(json::string(format_time(*time, site.zone))) : json::value(nullptr);
  };
  json::array people;
  for (const Drill::Answer& answer : drill->answers())
    people.push_back(
        json::object{{"person", answer.person},
                     {"called", time_or_null(answer.first_called)},
                     {"answered", time_or_null(answer.answered)},
                     {"seconds", answer.answered && answer.first_called
                                     ? json::value(seconds_between(*answer.first_called, *answer.answered))
                                     : json::value(nullptr)},
                     {"channel", answer.channel},
                     {"delivered", answer.reached}});
  json::array calls;
  for (const NotificationPicture& call : drill->calls)
    calls.push_back(json::object{{"id", call.notification.id},
                                 {"person", call.notification.person},
                                 {"channel", call.notification.channel},
                                 {"delivery", delivery_word(call)},
                                 {"failure", call.failure},
                                 {"answer_by", time_or_null(call.notification.answer_by)}});
  const json::object object{{"drill", drill->number},       {"test", drill->test},
                            {"planned", drill->planned},    {"began", format_time(drill->began, site.zone)},
                            {"over", is_over(*drill, now)}, {"passed", passed(*drill)},
                            {"people", std::move(people)},  {"calls", std::move(calls)}};
  return {passed(*drill) ? 0 : 1, json_text(object) + "\n", ""};
}

}  // namespace nethealth
