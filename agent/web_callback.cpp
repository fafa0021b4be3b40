#include "agent/web_callback.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <optional>

#include "agent/digest.hpp"
#include "agent/event_json.hpp"
#include "probes/snmp_value.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

using Parts = std::map<std::string, std::string>;

constexpr std::size_t longest_part_bytes = 200;
constexpr std::size_t most_parts = 100;
constexpr std::size_t deepest = 4;

WebReply told(int status, const std::string& did, const std::string& why = {}) {
  json::object object{{"ok", status == 200}, {"did", did}};
  if (!why.empty()) object["error"] = why;
  return {status, json_text(object) + "\n"};
}

/// The password of "Basic ...", which some gateways take from an address with a user in it.
std::string basic_password(std::string_view encoded) {
  const std::string plain = from_base64(encoded).value_or("");
  const std::size_t colon = plain.find(':');
  return colon == std::string::npos ? std::string() : plain.substr(colon + 1);
}

bool shows_secret(const WebRequest& request, const Secret& secret) {
  const std::string& known = secret.reveal();
  if (known.empty()) return false;
  const std::string shown = request.header("authorization");
  if (shown.starts_with("Bearer ")) return same_secret(shown.substr(7), known);
  if (shown.starts_with("Basic "))
    return same_secret(basic_password(std::string_view(shown).substr(6)), known);
  return same_secret(request.header("x-nethealth-secret"), known);
}

/// Every plain value by its name; those inside others with dots: "data.status".
void add_parts(const json::object& object, const std::string& above, std::size_t depth, Parts& parts) {
  for (const auto& [key, value] : object) {
    if (parts.size() >= most_parts || depth > deepest) return;
    const std::string name = above + std::string(key);
    if (const auto* inner = value.if_object())
      add_parts(*inner, name + ".", depth + 1, parts);
    else if (const auto* text = value.if_string())
      parts[name] = std::string(*text);
    else if (value.is_number() || value.is_bool())
      parts[name] = json::serialize(value);
  }
}

std::optional<Parts> parts_of(const WebRequest& request) {
  if (request.header("content-type").starts_with("application/x-www-form-urlencoded"))
    return form_parts(request.body);
  Parts parts;
  boost::system::error_code error;
  const json::value value = json::parse(request.body, error);
  if (error || !value.is_object()) return std::nullopt;
  add_parts(value.get_object(), "", 1, parts);
  return parts;
}

std::string part(const Parts& parts, const std::string& name) {
  const auto found = parts.find(name);
  return found == parts.end() ? std::string() : found->second.substr(0, longest_part_bytes);
}

bool is_among(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// The key that was pressed; `known` is empty when the message can no longer be answered. One that was
/// pressed before, for this very message, is no mistake of the gateway's.
void answer_key(const ControlDesk& desk, const Channel& channel, const std::optional<TokenAnswer>& known,
                bool takes, const TokenMessage& message, const WebServer::Answer& answer) {
  const std::string did = takes ? "taken" : "passed";
  if (!takes && message.told.notification.kind == NotificationKind::request)
    return answer(told(409, "nothing", "several are asked to answer; there is nothing to pass on"));
  if (!known) {
    const bool again =
        takes ? message.told.acknowledged_by == message.told.notification.person : message.passed_on;
    return answer(again ? told(200, did) : told(409, "nothing", "it can no longer be answered"));
  }
  desk.pump.act(answer_act(*known, takes, "by a key, told by " + channel.name), desk.site.language,
                [answer, did](const Result<Pump::ActDone>& done) {
                  answer(done ? told(200, did) : told(409, "nothing", done.error().text()));
                });
}

void answer_status(const ControlDesk& desk, const Channel& channel, const std::string& status,
                   const NotificationPicture& message, const WebServer::Answer& answer) {
  const bool failed = is_among(channel.callback->failed, status);
  if (!failed && !is_among(channel.callback->accepted, status)) return answer(told(200, "nothing"));
  const std::string did = failed ? "failed" : "accepted";
  const bool lost = !message.failure.empty() && message.failing == Failing::refused;
  if (message.acknowledged || (failed ? lost : message.sent.has_value())) return answer(told(200, did));
  NotificationOutcome outcome{message.notification.id, failed ? Delivery::failed : Delivery::sent, "", ""};
  if (failed) outcome.reason = "the gateway reports: " + printable(status);
  desk.pump.report(outcome, [answer, did](bool) { answer(told(200, did)); });
}

}  // namespace

bool take_callback(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer) {
  const std::string rest = request.path.substr(callback_path.size());
  const std::size_t slash = rest.find('/');
  const auto channel = std::ranges::find(desk.site.channels, rest.substr(0, slash), &Channel::name);
  if (channel == desk.site.channels.end() || !channel->callback) return false;
  if (!shows_secret(request, channel->callback->secret)) return false;
  if (request.method != "POST") {
    answer(told(405, "nothing", "POST it"));
    return true;
  }
  const auto parts = parts_of(request);
  if (!parts) {
    answer(told(400, "nothing", "expected an object of JSON, or a form"));
    return true;
  }
  const std::string token =
      slash == std::string::npos ? part(*parts, channel->callback->token) : rest.substr(slash + 1);
  const Picture picture = desk.engine.picture();
  const Time now = desk.clock.now();
  const auto message = desk.tokens.find_message(picture, token, now);
  if (!message || message->told.notification.channel != channel->name) {
    answer(told(404, "nothing", "no message of this channel has that token"));
    return true;
  }
  const std::string key = part(*parts, channel->callback->key);
  const bool takes = is_among(channel->callback->take, key);
  if (takes || is_among(channel->callback->pass, key))
    answer_key(desk, *channel, desk.tokens.find(picture, token, now), takes, *message, answer);
  else
    answer_status(desk, *channel, part(*parts, channel->callback->status), message->told, answer);
  return true;
}

}  // namespace nethealth
