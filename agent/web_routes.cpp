#include "agent/web_routes.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace nethealth {
namespace {

namespace json = boost::json;

constexpr int highest_number = 999'999'999;

constexpr BodyKey open_keys[] = {{"procedure", BodyPart::text, "procedure"},
                                 {"device", BodyPart::text, "device"},
                                 {"room", BodyPart::text, "room"},
                                 {"severity", BodyPart::text, "severity"},
                                 {"category", BodyPart::text, "category"},
                                 {"rows", BodyPart::texts, "row"},
                                 {"text", BodyPart::text, "text"},
                                 {"from", BodyPart::text, "from"},
                                 {"at", BodyPart::text, "at"},
                                 {"by_telephone", BodyPart::flag, "by_telephone"},
                                 {"attachments", BodyPart::files, "attach"}};
constexpr BodyKey step_keys[] = {
    {"text", BodyPart::text, "plain_text"}, {"decision", BodyPart::text, "decision"},
    {"answers", BodyPart::answers, "text"}, {"reason", BodyPart::text, "reason"},
    {"at", BodyPart::text, "at"},           {"by_telephone", BodyPart::flag, "by_telephone"},
    {"draft", BodyPart::flag, "draft"},     {"attachments", BodyPart::files, "attach"}};
constexpr BodyKey note_keys[] = {{"text", BodyPart::text, "note"},
                                 {"from", BodyPart::text, "from"},
                                 {"at", BodyPart::text, "at"},
                                 {"by_telephone", BodyPart::flag, "by_telephone"},
                                 {"attachments", BodyPart::files, "attach"}};
constexpr BodyKey reclassify_keys[] = {{"procedure", BodyPart::text, "procedure"},
                                       {"reason", BodyPart::text, "reason"},
                                       {"rows", BodyPart::texts, "row"}};
constexpr BodyKey measure_keys[] = {
    {"measure", BodyPart::text, "measure"}, {"decision", BodyPart::text, "decision"},
    {"text", BodyPart::text, "text"},       {"reason", BodyPart::text, "reason"},
    {"owner", BodyPart::text, "owner"},     {"due", BodyPart::text, "due"}};
constexpr BodyKey close_keys[] = {{"reason", BodyPart::text, "reason"},
                                  {"decision", BodyPart::text, "decision"}};

constexpr BodyKey pass_keys[] = {{"reason", BodyPart::text, "reason"}};
constexpr BodyKey silence_keys[] = {
    {"device", BodyPart::text, "device"}, {"room", BodyPart::text, "room"},
    {"cause", BodyPart::text, "cause"},   {"for", BodyPart::text, "for"},
    {"until", BodyPart::text, "until"},   {"reason", BodyPart::text, "reason"}};
constexpr BodyKey drill_keys[] = {{"person", BodyPart::text, "person"}};

constexpr WebRoute routes[] = {
    {"GET", "/status", ControlVerb::status},
    {"GET", "/verify", ControlVerb::verify},
    {"GET", "/incidents", ControlVerb::incident_list},
    {"POST", "/incidents", ControlVerb::incident_open, open_keys},
    {"GET", "/incidents/{incident}", ControlVerb::incident_show},
    {"GET", "/incidents/{incident}/why", ControlVerb::incident_why},
    {"GET", "/incidents/{incident}/report", ControlVerb::incident_paper, {}, true},
    {"GET", "/incidents/{incident}/graph", ControlVerb::procedure_graph, {}, true},
    {"POST", "/incidents/{incident}/ack", ControlVerb::incident_ack},
    {"POST", "/incidents/{incident}/pass", ControlVerb::incident_pass, pass_keys},
    {"POST", "/incidents/{incident}/steps/{step}", ControlVerb::incident_step, step_keys},
    {"POST", "/incidents/{incident}/notes", ControlVerb::incident_note, note_keys},
    {"POST", "/incidents/{incident}/reclassify", ControlVerb::incident_reclassify, reclassify_keys},
    {"GET", "/incidents/{incident}/measures", ControlVerb::incident_measure},
    {"POST", "/incidents/{incident}/measures", ControlVerb::incident_measure, measure_keys},
    {"POST", "/incidents/{incident}/close", ControlVerb::incident_close, close_keys},
    {"POST", "/incidents/{incident}/evidence", ControlVerb::incident_evidence},
    {"GET", "/silences", ControlVerb::silence_list},
    {"POST", "/silences", ControlVerb::silence_add, silence_keys},
    {"POST", "/silences/{silence}/confirm", ControlVerb::silence_confirm},
    {"POST", "/silences/{silence}/end", ControlVerb::silence_end},
    {"GET", "/drills", ControlVerb::drill_show},
    {"POST", "/drills", ControlVerb::drill_start, drill_keys},
    {"GET", "/drills/{drill}", ControlVerb::drill_show},
    {"POST", "/drills/answer", ControlVerb::drill_answer},
    {"GET", "/devices/{device}/why-not", ControlVerb::why_not},
    {"GET", "/procedures/{procedure}/graph", ControlVerb::procedure_graph, {}, true},
    {"GET", "/procedures/{procedure}/form", ControlVerb::incident_paper, {}, true},
};

std::string_view next_segment(std::string_view& rest) {
  if (!rest.empty() && rest.front() == '/') rest.remove_prefix(1);
  const std::string_view segment = rest.substr(0, rest.find('/'));
  rest.remove_prefix(segment.size());
  return segment;
}

bool read_number(std::string_view segment, int& number) {
  const auto read = std::from_chars(segment.data(), segment.data() + segment.size(), number);
  return read.ec == std::errc{} && read.ptr == segment.data() + segment.size() && number > 0 &&
         number <= highest_number;
}

bool take(std::string_view name, std::string_view segment, RouteMatch& match) {
  if (name == "{incident}") return read_number(segment, match.request.incident);
  if (name == "{silence}" || name == "{drill}") return read_number(segment, match.request.number);
  if (segment.empty()) return false;
  if (name == "{step}") match.request.values["step"] = {std::string(segment)};
  if (name == "{device}") match.request.device = segment;
  if (name == "{procedure}") match.procedure = segment;
  return true;
}

bool fits(const WebRoute& route, std::string_view path, RouteMatch& match) {
  std::string_view pattern = route.path;
  while (!pattern.empty() || !path.empty()) {
    if (pattern.empty() || path.empty() || path.front() != '/') return false;
    const std::string_view wanted = next_segment(pattern);
    const std::string_view given = next_segment(path);
    if (wanted.starts_with('{') ? !take(wanted, given, match) : wanted != given) return false;
  }
  return true;
}

/// What a part of a body must be, for the one who wrote it.
std::string wrong(const BodyKey& key, std::string_view expected) {
  return "\"" + std::string(key.name) + "\": expected " + std::string(expected);
}

class BodyReader {
 public:
  BodyReader(ControlRequest& request, std::vector<std::string>& problems)
      : request_(request), problems_(problems) {}

  void read(const BodyKey& key, const json::value& value) {
    switch (key.part) {
      case BodyPart::text:
        if (!value.is_string()) return complain(key, "a text");
        if (key.value == "reason")
          request_.reason = value.get_string();
        else
          add(key, value.get_string());
        return;
      case BodyPart::texts:
        if (value.is_string()) return add(key, value.get_string());
        if (!all_texts(value)) return complain(key, "a list of texts");
        for (const json::value& item : value.get_array()) add(key, item.get_string());
        return;
      case BodyPart::flag:
        if (!value.is_bool()) return complain(key, "true or false");
        if (value.get_bool()) add(key, "true");
        return;
      case BodyPart::answers:
        return answers(key, value);
      case BodyPart::files:
        return files(key, value);
    }
  }

 private:
  void add(const BodyKey& key, std::string_view text) {
    request_.values[std::string(key.value)].emplace_back(text);
  }
  void complain(const BodyKey& key, std::string_view expected) { problems_.push_back(wrong(key, expected)); }
  static bool all_texts(const json::value& value) {
    return value.is_array() &&
           std::ranges::all_of(value.get_array(), [](const auto& item) { return item.is_string(); });
  }

  void answers(const BodyKey& key, const json::value& value) {
    const auto is_word = [](std::string_view name) {
      return !name.empty() &&
             name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == std::string_view::npos;
    };
    if (!value.is_object()) return complain(key, "an object of texts or lists of texts");
    for (const auto& [part, answer] : value.get_object()) {
      if (!is_word(part) || (!answer.is_string() && !all_texts(answer)))
        return complain(key, "an object of texts or lists of texts");
      std::string text = std::string(part) + "=";
      if (answer.is_string()) {
        text += answer.get_string();
      } else {
        for (const json::value& item : answer.get_array())
          text += (text.ends_with('=') ? "" : ",") + std::string(item.get_string());
      }
      add(key, text);
    }
  }

  void files(const BodyKey& key, const json::value& value) {
    constexpr std::string_view expected = "a list of {\"name\": text, \"base64\": text}";
    if (!value.is_array()) return complain(key, expected);
    for (const json::value& file : value.get_array()) {
      const json::object* entry = file.if_object();
      const json::value* name = entry ? entry->if_contains("name") : nullptr;
      const json::value* content = entry ? entry->if_contains("base64") : nullptr;
      if (!name || !name->is_string() || !content || !content->is_string() || entry->size() != 2)
        return complain(key, expected);
      std::string one_line(name->get_string());
      std::ranges::replace(one_line, '\n', '_');
      add(key, one_line + "\n" + std::string(content->get_string()));
    }
  }

  ControlRequest& request_;
  std::vector<std::string>& problems_;
};

}  // namespace

RouteMatch match_route(std::string_view method, std::string_view path) {
  RouteMatch found;
  for (const WebRoute& route : routes) {
    RouteMatch match;
    if (!fits(route, path, match)) continue;
    if (route.method == method) {
      match.route = &route;
      match.request.verb = route.verb;
      match.request.json = !route.document;
      return match;
    }
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  return found;
}

Result<void> read_body(const WebRoute& route, std::string_view body, ControlRequest& request) {
  if (body.empty()) return {};
  json::error_code error;
  const json::value value = json::parse({body.data(), body.size()}, error);
  if (error || !value.is_object()) return failure("", "the body is no JSON object");
  std::vector<std::string> problems;
  BodyReader reader(request, problems);
  for (const auto& [name, part] : value.get_object()) {
    const std::string_view given(name.data(), name.size());
    const auto key = std::ranges::find(route.body, given, &BodyKey::name);
    if (key != route.body.end()) {
      reader.read(*key, part);
      continue;
    }
    std::string known;
    for (const BodyKey& each : route.body) known += (known.empty() ? "" : ", ") + std::string(each.name);
    problems.push_back("\"" + std::string(given.substr(0, 60)) +
                       "\": unknown; known: " + (known.empty() ? "nothing" : known));
  }
  std::string all;
  for (const std::string& problem : problems) all += (all.empty() ? "" : "; ") + problem;
  if (!all.empty()) return failure("", all);
  return {};
}

}  // namespace nethealth
