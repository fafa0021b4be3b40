#include "agent/report_status.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "agent/event_json.hpp"
#include "agent/log.hpp"
#include "agent/report_incident.hpp"
#include "rules/explain.hpp"
#include "rules/incident.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

std::string incident_words(const IncidentPicture& incident, const Site& site, Language language) {
  const IncidentOpened& now = incident.now;
  std::string text(Phrase{"障害", "incident "}.in(language));
  text += std::to_string(incident.number) + ": " + short_place(site, now.diagnosis.location, language) + " " +
          cause_text(now.diagnosis, now.severity, language);
  return text;
}

std::string reason_of(const DevicePicture& device, const Picture& picture, const Site& site,
                      Language language) {
  for (auto number = device.incidents.rbegin(); number != device.incidents.rend(); ++number)
    if (const IncidentPicture* const incident = incident_of(picture, *number))
      return incident_words(*incident, site, language);
  if (!device.signs.empty()) return sentence(device.signs.front(), language, site.zone);
  if (device.health == DeviceHealth::unknown) {
    const Phrase never{"まだ確かめられていません", "not looked at yet"};
    const Phrase not_polled{"調べる宛先がありません", "has no address to look at"};
    const auto index = site.device(device.name);
    const bool polled = index && (!site.devices[*index].addresses.empty() || *index == site.monitor);
    return std::string((polled ? never : not_polled).in(language));
  }
  return {};
}

std::string headline(const Picture& picture, const Site& site, Time now, const ReportStyle& style) {
  const bool fault = has_fault(picture);
  const auto open =
      std::count_if(picture.incidents.begin(), picture.incidents.end(),
                    [](const IncidentPicture& incident) { return incident.state == IncidentState::open; });
  std::string text = site.name + ": ";
  if (fault)
    text += coloured(Phrase{"障害あり", "fault"}.in(style.language), Colour::red, style);
  else
    text += coloured(Phrase{"正常", "healthy"}.in(style.language), Colour::green, style);
  text += Phrase{"、発生中の障害 ", ", open incidents "}.in(style.language);
  text += std::to_string(open) + "  " + format_time(now, site.zone) + "\n";
  return text;
}

/// What came from outside and could not be used, by reason; empty when nothing was.
std::string dropped_line(const std::vector<DroppedCount>& dropped, Language language) {
  if (dropped.empty()) return {};
  std::string line(Phrase{"捨てた受信: ", "dropped on arrival: "}.in(language));
  const char* between = "";
  for (const DroppedCount& one : dropped) {
    line +=
        between + std::string(one.probe) + " " + std::string(one.reason) + " " + std::to_string(one.count);
    between = ", ";
  }
  return line + "\n";
}

json::array dropped_json(const std::vector<DroppedCount>& dropped) {
  json::array all;
  for (const DroppedCount& one : dropped)
    all.push_back(json::object{{"probe", one.probe}, {"reason", one.reason}, {"count", one.count}});
  return all;
}

/// The same reached the same person by another way.
bool reached_otherwise(const IncidentPicture& incident, const NotificationPicture& lost) {
  const Notification& said = lost.notification;
  return std::ranges::any_of(incident.notifications, [&](const NotificationPicture& other) {
    const Notification& again = other.notification;
    const bool same_kind = again.kind == said.kind || (is_call(again.kind) && is_call(said.kind));
    return other.sent && other.queued >= lost.queued && same_kind && again.person == said.person &&
           again.about == said.about;
  });
}

/// Messages of what is not over yet that have not reached the person they are for.
std::vector<const NotificationPicture*> undelivered(const Picture& picture) {
  std::vector<const NotificationPicture*> found;
  for (const IncidentPicture& incident : picture.incidents) {
    if (incident.state != IncidentState::open && incident.state != IncidentState::restored) continue;
    for (const NotificationPicture& told : incident.notifications)
      if (!told.sent && !told.failure.empty() && !reached_otherwise(incident, told)) found.push_back(&told);
  }
  return found;
}

std::string undelivered_line(const NotificationPicture& told, const Site& site, Language language) {
  const Notification& notification = told.notification;
  const Phrase how = told.failing == Failing::refused    ? Phrase{"拒否", "refused"}
                     : told.failing == Failing::retrying ? Phrase{"再試行中", "retrying"}
                                                         : Phrase{"届いたか不明", "unknown"};
  return std::string(Phrase{"未達の連絡: ", "not delivered: "}.in(language)) + notification.id + " " +
         person_text(site, notification.person) + " (" + notification.channel + ") " +
         std::string(how.in(language)) + ": " + without_controls(told.failure) + "\n";
}

/// A way in or out that does not work, or that says something of itself; empty for others.
std::string channel_line(const ChannelState& state, const Site& site, Language language) {
  if (state.trouble.empty() && state.shows.empty()) return {};
  const Phrase what = state.what == "mailbox"        ? Phrase{"返信の受信箱", "mailbox of replies"}
                      : state.what == "lamp"         ? Phrase{"表示灯", "signal tower"}
                      : state.what == "syslog"       ? Phrase{"syslog の送り先", "syslog receiver"}
                      : state.what == "alertmanager" ? Phrase{"Alertmanager", "Alertmanager"}
                                                     : Phrase{"通知経路", "channel"};
  std::string line = std::string(what.in(language)) + " " + state.channel + ": ";
  if (!state.trouble.empty()) {
    line += std::string(Phrase{"使えません", "does not work"}.in(language));
    if (state.since) line += " (" + format_time(*state.since, site.zone) + ")";
    line += ": " + without_controls(state.trouble);
  }
  if (!state.shows.empty()) line += (state.trouble.empty() ? "" : "; ") + without_controls(state.shows);
  return line + "\n";
}

json::array channels_json(const std::vector<ChannelState>& channels, const Site& site) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
  };
  json::array all;
  for (const ChannelState& state : channels)
    all.push_back(
        json::object{{"channel", state.channel},
                     {"what", state.what},
                     {"works", state.trouble.empty()},
                     {"trouble", text_or_null(state.trouble)},
                     {"since", state.since ? json::value(format_time(*state.since, site.zone)) : nullptr},
                     {"shows", text_or_null(state.shows)}});
  return all;
}

}  // namespace

bool has_fault(const Picture& picture) {
  return std::any_of(picture.devices.begin(), picture.devices.end(),
                     [](const DevicePicture& device) {
                       return device.health == DeviceHealth::fault || device.health == DeviceHealth::affected;
                     }) ||
         std::any_of(picture.incidents.begin(), picture.incidents.end(),
                     [](const IncidentPicture& incident) { return incident.state == IncidentState::open; });
}

ControlReply status_report(const Picture& picture, const Site& site, Time now, const ReportStyle& style,
                           const std::vector<DroppedCount>& dropped,
                           const std::vector<LogSourceState>& log_sources,
                           const std::vector<ChannelState>& channels) {
  std::size_t name_width = 0;
  std::size_t label_width = 0;
  std::size_t health_width = 0;
  for (const DevicePicture& device : picture.devices) {
    name_width = std::max(name_width, display_width(device.name));
    label_width = std::max(label_width, display_width(device.label));
    health_width = std::max(health_width, display_width(health_text(device.health, style.language)));
  }
  ControlReply reply;
  reply.exit_code = has_fault(picture) ? 1 : 0;
  reply.out = headline(picture, site, now, style);
  for (const DevicePicture& device : picture.devices) {
    const std::string health = padded(health_text(device.health, style.language), health_width);
    std::string line = coloured(health, colour_of(device.health), style) + "  " +
                       padded(device.name, name_width) + "  " + padded(device.label, label_width) + "  " +
                       padded(time_text(device.since, site.zone), 29) + "  " +
                       without_controls(reason_of(device, picture, site, style.language));
    line.erase(line.find_last_not_of(' ') + 1);
    reply.out += line + "\n";
  }
  reply.out += dropped_line(dropped, style.language);
  for (const LogSourceState& source : log_sources)
    if (source.seen.silent || source.seen.clock_off)
      reply.out += std::string(Phrase{"ログ: ", "log: "}.in(style.language)) +
                   without_controls(log_source_text(source, site, style.language)) + "\n";
  for (const ChannelState& channel : channels) reply.out += channel_line(channel, site, style.language);
  for (const NotificationPicture* told : undelivered(picture))
    reply.out += undelivered_line(*told, site, style.language);
  return reply;
}

ControlReply status_json(const Picture& picture, const Site& site, Time now, Language language,
                         const std::vector<DroppedCount>& dropped,
                         const std::vector<LogSourceState>& log_sources,
                         const std::vector<ChannelState>& channels) {
  const auto time_or_null = [&](const std::optional<Time>& time) {
    return time ? json::value(json::string(format_time(*time, site.zone))) : json::value(nullptr);
  };
  json::array devices;
  for (const DevicePicture& device : picture.devices) {
    json::array reasons;
    for (const Reason& sign : device.signs) reasons.emplace_back(sentence(sign, language, site.zone));
    devices.push_back(json::object{{"device", device.name},
                                   {"label", device.label},
                                   {"kind", word(device.kind)},
                                   {"room", device.room},
                                   {"state", word(device.health)},
                                   {"since", time_or_null(device.since)},
                                   {"last_seen", time_or_null(device.last_seen)},
                                   {"incidents", json::value_from(device.incidents)},
                                   {"reasons", std::move(reasons)}});
  }
  json::array incidents;
  for (const IncidentPicture& incident : picture.incidents)
    if (incident.state == IncidentState::open || incident.state == IncidentState::restored)
      incidents.emplace_back(incident_json(incident, language, site.zone));
  json::array lost;
  for (const NotificationPicture* told : undelivered(picture))
    lost.push_back(json::object{{"id", told->notification.id},
                                {"person", told->notification.person},
                                {"channel", told->notification.channel},
                                {"delivery", delivery_word(*told)},
                                {"failure", told->failure}});
  json::array sources;
  for (const LogSourceState& source : log_sources)
    sources.push_back(json::object{
        {"device", source.device},
        {"source", source.seen.source},
        {"last", time_or_null(source.seen.last)},
        {"silent", source.seen.silent},
        {"clock_ahead_s", source.seen.ahead
                              ? json::value(static_cast<double>(source.seen.ahead->count()) / 1e3)
                              : json::value(nullptr)},
        {"clock_off", source.seen.clock_off}});
  const bool fault = has_fault(picture);
  const json::object status{
      {"state", fault ? "fault" : "healthy"}, {"time", format_time(now, site.zone)},
      {"devices", std::move(devices)},        {"incidents", std::move(incidents)},
      {"dropped", dropped_json(dropped)},     {"undelivered", std::move(lost)},
      {"log_sources", std::move(sources)},    {"channels", channels_json(channels, site)}};
  return {fault ? 1 : 0, json_text(status) + "\n", ""};
}

}  // namespace nethealth
