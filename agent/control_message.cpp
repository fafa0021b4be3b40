#include "agent/control_message.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace nethealth {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 24> verb_words{
    "status",           "incident list",   "incident show",   "incident ack",     "incident close",
    "verify",           "incident open",   "incident step",   "incident note",    "incident reclassify",
    "incident measure", "incident report", "procedure graph", "incident why",     "why-not",
    "incident pass",    "silence add",     "silence list",    "silence confirm",  "silence end",
    "drill start",      "drill show",      "drill answer",    "incident evidence"};
constexpr std::int64_t highest_incident = 999'999'999;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->as_string()) : std::string();
}

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_bool() && found->as_bool();
}

std::int64_t number_of(const json::object& object, std::string_view key) {
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_int64() ? found->as_int64() : 0;
}

Result<json::object> object_from(std::string_view line) {
  boost::system::error_code error;
  json::value value = json::parse(line, error);
  if (error) return failure("", "not JSON: " + error.message());
  if (!value.is_object()) return failure("", "not a JSON object");
  return std::move(value.as_object());
}

}  // namespace

std::string to_line(const ControlRequest& request) {
  json::object object{{"verb", verb_words[static_cast<std::size_t>(request.verb)]},
                      {"json", request.json},
                      {"colour", request.colour},
                      {"incident", request.incident},
                      {"device", request.device},
                      {"as", request.as},
                      {"reason", request.reason},
                      {"number", request.number}};
  if (!request.values.empty()) {
    json::object values;
    for (const auto& [key, list] : request.values) values[key] = json::array(list.begin(), list.end());
    object["values"] = std::move(values);
  }
  if (request.language) object["lang"] = *request.language == Language::ja ? "ja" : "en";
  return json::serialize(object) + "\n";
}

std::string to_line(const ControlReply& reply) {
  return json::serialize(json::object{{"exit", reply.exit_code}, {"out", reply.out}, {"err", reply.err}}) +
         "\n";
}

Result<ControlRequest> request_from_line(std::string_view line) {
  const Result<json::object> object = object_from(line);
  if (!object) return tl::unexpected(object.error());
  const auto verb = std::find(verb_words.begin(), verb_words.end(), text_of(*object, "verb"));
  if (verb == verb_words.end()) return failure("", "\"verb\" is none that this version knows");
  ControlRequest request;
  request.verb = static_cast<ControlVerb>(verb - verb_words.begin());
  const std::string language = text_of(*object, "lang");
  if (language == "ja") request.language = Language::ja;
  if (language == "en") request.language = Language::en;
  request.json = flag_of(*object, "json");
  request.colour = flag_of(*object, "colour");
  const std::int64_t incident = number_of(*object, "incident");
  if (incident < 0 || incident > highest_incident) return failure("", "\"incident\" is out of range");
  request.incident = static_cast<int>(incident);
  request.device = text_of(*object, "device");
  request.as = text_of(*object, "as");
  request.reason = text_of(*object, "reason");
  const std::int64_t number = number_of(*object, "number");
  if (number < 0 || number > highest_incident) return failure("", "\"number\" is out of range");
  request.number = static_cast<int>(number);
  if (const json::value* values = object->if_contains("values"); values != nullptr && values->is_object())
    for (const auto& [key, list] : values->as_object())
      if (list.is_array())
        for (const json::value& item : list.as_array())
          if (item.is_string()) request.values[std::string(key)].emplace_back(item.as_string());
  return request;
}

Result<ControlReply> reply_from_line(std::string_view line) {
  const Result<json::object> object = object_from(line);
  if (!object) return tl::unexpected(object.error());
  ControlReply reply;
  reply.exit_code = static_cast<int>(number_of(*object, "exit"));
  reply.out = text_of(*object, "out");
  reply.err = text_of(*object, "err");
  return reply;
}

}  // namespace nethealth
