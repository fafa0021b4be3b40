#include "agent/web_api.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "agent/audit_trail.hpp"
#include "agent/digest.hpp"
#include "agent/event_json.hpp"
#include "agent/procedure_form.hpp"
#include "agent/procedure_graph.hpp"
#include "agent/web_answer.hpp"
#include "agent/web_callback.hpp"
#include "agent/web_metrics.hpp"
#include "agent/web_routes.hpp"
#include "config/embedded.hpp"

namespace nethealth {
namespace {

namespace json = boost::json;

constexpr std::string_view root = "/api/v1";
constexpr std::size_t stranger_body_bytes = std::size_t{8} * 1024;
constexpr std::size_t known_body_bytes = std::size_t{64} * 1024;
constexpr const char* seconds_to_wait = "900";

WebReply error_reply(int status, const std::string& what) {
  return {status, json_text(json::object{{"ok", false}, {"error", what}}) + "\n"};
}

WebReply plain(int status, std::string text, std::string type = "text/plain; charset=utf-8") {
  WebReply reply{status, std::move(text)};
  reply.type = std::move(type);
  return reply;
}

std::string cookie_of(const WebRequest& request) {
  const std::string wanted = std::string(session_cookie) + "=";
  const std::string all = request.header("cookie");
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find(';', at), all.size());
    const std::size_t start = all.find_first_not_of(' ', at);
    if (start < end && all.compare(start, wanted.size(), wanted) == 0)
      return all.substr(start + wanted.size(), end - start - wanted.size());
    at = end + 1;
  }
  return "";
}

std::string bearer_of(const WebRequest& request) {
  constexpr std::string_view scheme = "bearer ";
  const std::string value = request.header("authorization");
  std::string start = value.substr(0, scheme.size());
  std::ranges::transform(start, start.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return start == scheme ? value.substr(scheme.size()) : "";
}

/// A page of another site must not speak in somebody's name: browsers say where a request comes from.
bool comes_from_elsewhere(const WebRequest& request) {
  const std::string origin = request.header("origin");
  if (origin.empty()) return false;
  return origin != (request.encrypted ? "https://" : "http://") + request.header("host");
}

Language language_of(const WebRequest& request, const Site& site) {
  const auto wanted = request.query.find("lang");
  if (wanted != request.query.end() && wanted->second == "ja") return Language::ja;
  if (wanted != request.query.end() && wanted->second == "en") return Language::en;
  const std::string accepted = request.header("accept-language").substr(0, 2);
  if (accepted == "ja") return Language::ja;
  if (accepted == "en") return Language::en;
  return site.language;
}

bool may_bring_files(std::string_view path) {
  return path == "/api/v1/incidents" ||
         (path.starts_with("/api/v1/incidents/") &&
          (path.find("/steps/") != std::string_view::npos || path.ends_with("/notes")));
}

struct Identity {
  std::string person;
  std::string csrf;  ///< of a session; empty for a token
};

/// The answer of the control desk as a reply: acts are done or refused, questions have an answer or no
/// subject.
WebReply reply_of(const ControlRequest& request, const ControlReply& answer) {
  if (request.acts() && answer.exit_code != 0) return {409, answer.out};
  if (answer.out.empty() || answer.out == "null\n") {
    std::string why = answer.err;
    while (why.ends_with('\n')) why.pop_back();
    constexpr std::string_view name = "nethealth: ";
    if (why.starts_with(name)) why.erase(0, name.size());
    return error_reply(404, why);
  }
  return {200, answer.out};
}

}  // namespace

class WebApi::Impl {
 public:
  Impl(boost::asio::io_context& io, World world, LoginLimits limits)
      : world_(std::move(world)), login_(io, limits), description_(web_files().front().text) {}

  void take(const WebRequest& given, const WebServer::Answer& answer) {
    WebRequest request = given;
    if (request.method == "HEAD") request.method = "GET";
    if (request.path == "/healthz") return answer(plain(200, "ok\n"));
    if (request.path == "/api/v1/openapi.json") return answer({200, description_});
    const std::optional<ControlDesk> desk = world_.desk();
    if (request.path == "/readyz") return answer(readiness(desk));
    if (!desk)
      return answer(error_reply(503, "the daemon is starting, stopping or reading its configuration"));
    if (request.path == "/metrics")
      return answer(plain(200,
                          metrics_text(*desk, world_.counters(), login_.sessions(), world_.storage_failing()),
                          "text/plain; version=0.0.4; charset=utf-8"));
    if (request.path.starts_with(answer_path)) return link(*desk, request, answer);
    if (request.path.starts_with(callback_path)) return callback(*desk, request, answer);
    if (!request.path.starts_with(root))
      return answer(error_reply(404, "no such address; the API is below /api/v1"));
    if (request.path == "/api/v1/session") return session(*desk, request, answer);
    api(*desk, request, answer);
  }

  [[nodiscard]] std::size_t body_limit(const WebRequest& request) {
    if (request.method == "GET" || request.method == "HEAD") return 0;
    const std::optional<ControlDesk> desk = world_.desk();
    if (!desk) return stranger_body_bytes;
    const bool known = login_.by_token(desk->site, bearer_of(request)).has_value() ||
                       login_.by_cookie(desk->site, cookie_of(request), desk->clock.now()) != nullptr;
    if (!known) return stranger_body_bytes;
    return may_bring_files(request.path) ? control_large_request_limit_bytes : known_body_bytes;
  }

 private:
  void link(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer) {
    const Time now = desk.clock.now();
    const Language language = language_of(request, desk.site);
    if (login_.must_wait(request.address, now)) return answer(wait_reply());
    if (answer_by_link(desk, request, language, answer)) return;
    login_.failed(request.address, now);
    if (desk.trail) desk.trail->refused("", "link", request.address, now);
    answer(link_is_over(language));
  }

  void callback(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer) {
    const Time now = desk.clock.now();
    if (login_.must_wait(request.address, now)) return answer(wait_reply());
    if (take_callback(desk, request, answer)) return;
    login_.failed(request.address, now);
    if (desk.trail) desk.trail->refused("", "callback", request.address, now);
    answer(unknown_reply("no channel of this name takes reports, or the secret is not the channel's"));
  }

  WebReply readiness(const std::optional<ControlDesk>& desk) const {
    if (!desk) return plain(503, "not ready: starting, stopping or reading the configuration\n");
    if (world_.storage_failing()) return plain(503, "not ready: the journal cannot be written\n");
    return plain(200, "ready\n");
  }

  /// Who asks; else the reply that says why that is not known.
  std::variant<Identity, WebReply> identify(const ControlDesk& desk, const WebRequest& request) {
    const Time now = desk.clock.now();
    if (const std::string token = bearer_of(request); !token.empty()) {
      if (const auto person = login_.by_token(desk.site, token)) return Identity{*person, ""};
      if (login_.must_wait(request.address, now)) return wait_reply();
      login_.failed(request.address, now);
      if (desk.trail) desk.trail->refused("", "token", request.address, now);
      return unknown_reply("this token is nobody's");
    }
    if (const std::string cookie = cookie_of(request); !cookie.empty()) {
      const WebSession* session = login_.by_cookie(desk.site, cookie, now);
      if (session != nullptr) return Identity{session->person, session->csrf};
      return unknown_reply("the session is over; log in again");
    }
    return unknown_reply(
        "say who you are: a token (Authorization: Bearer ...) or a session (POST /api/v1/session)");
  }

  static WebReply unknown_reply(const std::string& why) {
    WebReply reply = error_reply(401, why);
    reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"nethealth\"");
    return reply;
  }
  static WebReply wait_reply() {
    WebReply reply = error_reply(429, "too many failures from your address; wait a quarter of an hour");
    reply.headers.emplace_back("Retry-After", seconds_to_wait);
    return reply;
  }

  /// Empty when the request may change something in this person's name.
  static std::optional<WebReply> forged(const WebRequest& request, const Identity& who) {
    if (who.csrf.empty()) return std::nullopt;
    if (comes_from_elsewhere(request)) return error_reply(403, "the request comes from another site");
    if (!same_secret(request.header("x-csrf-token"), who.csrf))
      return error_reply(403, "X-CSRF-Token is missing or wrong; GET /api/v1/session tells it");
    return std::nullopt;
  }

  static bool is_json(const WebRequest& request) {
    return request.body.empty() || request.header("content-type").starts_with("application/json");
  }

  void session(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer) {
    if (request.method == "POST") return log_in(desk, request, answer);
    if (request.method != "GET" && request.method != "DELETE") return answer(not_with("GET, POST, DELETE"));
    auto who = identify(desk, request);
    if (auto* reply = std::get_if<WebReply>(&who)) return answer(std::move(*reply));
    const auto& identity = std::get<Identity>(who);
    if (request.method == "GET") return answer({200, session_json(desk.site, identity)});
    if (auto refused = forged(request, identity)) return answer(std::move(*refused));
    login_.end(cookie_of(request));
    if (desk.trail) desk.trail->left(identity.person, request.address);
    WebReply reply{200, "{\"ok\":true}\n"};
    reply.headers.emplace_back("Set-Cookie", cookie_text("", request.encrypted, 0));
    answer(reply);
  }

  static std::string session_json(const Site& site, const Identity& who) {
    json::array roles;
    const auto person = site.person(who.person);
    for (std::size_t i = 0; person && i < role_count; ++i)
      if (std::ranges::count(site.roles[i].people, *person) > 0)
        roles.emplace_back(word(static_cast<RoleId>(i)));
    return json_text(
               json::object{{"ok", true},
                            {"person", who.person},
                            {"label", person ? site.people[*person].label : who.person},
                            {"roles", std::move(roles)},
                            {"csrf", who.csrf.empty() ? json::value(nullptr) : json::value(who.csrf)}}) +
           "\n";
  }

  static std::string cookie_text(const std::string& value, bool encrypted, long seconds) {
    return std::string(session_cookie) + "=" + value +
           "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(seconds) +
           (encrypted ? "; Secure" : "");
  }

  void log_in(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer) {
    if (comes_from_elsewhere(request)) return answer(error_reply(403, "the request comes from another site"));
    if (!is_json(request)) return answer(error_reply(415, "expected Content-Type: application/json"));
    json::error_code error;
    const json::value body = json::parse(request.body, error);
    const json::object* object = error ? nullptr : body.if_object();
    const json::value* person = object ? object->if_contains("person") : nullptr;
    const json::value* password = object ? object->if_contains("password") : nullptr;
    if (!person || !person->is_string() || !password || !password->is_string() || object->size() != 2)
      return answer(error_reply(400, "expected {\"person\": text, \"password\": text}"));
    const std::string name(person->get_string());
    login_.by_password(desk.site, name, std::string(password->get_string()), request.address,
                       desk.clock.now(),
                       [desk, name, answer, address = request.address, encrypted = request.encrypted](
                           const std::optional<PeopleLogin::Opened>& opened, PeopleLogin::Refusal refusal) {
                         if (desk.is_over())
                           return answer(error_reply(503, "the configuration was read anew; try again"));
                         if (opened) return answer(welcome(desk, *opened, address, encrypted));
                         if (refusal == PeopleLogin::Refusal::busy)
                           return answer(error_reply(503, "too many passwords are being checked; try again"));
                         if (refusal == PeopleLogin::Refusal::too_many) return answer(wait_reply());
                         if (desk.trail) desk.trail->refused(name, "password", address, desk.clock.now());
                         answer(unknown_reply("the person or the password is wrong"));
                       });
  }

  static WebReply welcome(const ControlDesk& desk, const PeopleLogin::Opened& opened,
                          const std::string& address, bool encrypted) {
    if (desk.trail) desk.trail->came_in(opened.session.person, address);
    WebReply reply{200, session_json(desk.site, {opened.session.person, opened.session.csrf})};
    const auto lasts = std::chrono::duration_cast<std::chrono::seconds>(LoginLimits{}.session_lasts);
    reply.headers.emplace_back("Set-Cookie", cookie_text(opened.cookie, encrypted, lasts.count()));
    return reply;
  }

  static WebReply not_with(const std::string& allowed) {
    WebReply reply = error_reply(405, "this address takes: " + allowed);
    reply.headers.emplace_back("Allow", allowed);
    return reply;
  }

  void api(const ControlDesk& desk, const WebRequest& request, const WebServer::Answer& answer) {
    auto who = identify(desk, request);
    if (auto* reply = std::get_if<WebReply>(&who)) return answer(std::move(*reply));
    const auto& identity = std::get<Identity>(who);
    RouteMatch match = match_route(request.method, std::string_view(request.path).substr(root.size()));
    if (match.route == nullptr && match.allowed.empty()) return answer(error_reply(404, "no such address"));
    if (match.route == nullptr) return answer(not_with(match.allowed));
    if (request.method != "GET") {
      if (auto refused = forged(request, identity)) return answer(std::move(*refused));
      if (!is_json(request)) return answer(error_reply(415, "expected Content-Type: application/json"));
    }
    const Language language = language_of(request, desk.site);
    if (const Result<void> read = read_body(*match.route, request.body, match.request); !read)
      return answer(error_reply(422, read.error().text()));
    match.request.language = language;
    if (match.route->document) return document(desk, request, match, answer);
    Peer peer;
    peer.user = static_cast<uid_t>(-1);  // no account of this host
    peer.person = identity.person;
    peer.way = identity.csrf.empty() ? "token" : "session";
    peer.account = request.address;
    nethealth::answer(desk, match.request, peer, [answer, asked = match.request](const ControlReply& reply) {
      answer(reply_of(asked, reply));
    });
  }

  /// A report or a chart, which browsers and printers take as they are.
  static void document(const ControlDesk& desk, const WebRequest& request, RouteMatch& match,
                       const WebServer::Answer& answer) {
    const bool chart = match.request.verb == ControlVerb::procedure_graph;
    if (!match.procedure.empty()) {
      const auto kind = procedure_kind(match.procedure);
      if (!kind) return answer(error_reply(404, "the procedures are failure and misconduct"));
      const Procedure& procedure = desk.engine.procedures().of(*kind);
      const Language language = *match.request.language;
      if (!chart)
        return answer(
            plain(200, procedure_form(procedure, &desk.site, language), "text/html; charset=utf-8"));
      return answer(plain(200, procedure_svg(procedure, nullptr, &desk.site, language), "image/svg+xml"));
    }
    const auto wanted = request.query.find("format");
    const std::string format = wanted == request.query.end() ? "html" : wanted->second;
    if (!chart && format != "html" && format != "text")
      return answer(error_reply(422, "format is html or text"));
    match.request.values["format"] = {format};
    const std::string type = chart              ? "image/svg+xml"
                             : format == "html" ? "text/html; charset=utf-8"
                                                : "text/plain; charset=utf-8";
    nethealth::answer(desk, match.request, Peer{},
                      [answer, type, asked = match.request](const ControlReply& reply) {
                        WebReply made = reply_of(asked, reply);
                        if (made.status == 200) made.type = type;
                        answer(made);
                      });
  }

  World world_;
  PeopleLogin login_;
  std::string description_;
};

WebApi::WebApi(boost::asio::io_context& io, World world, LoginLimits limits)
    : impl_(std::make_unique<Impl>(io, std::move(world), limits)) {}
WebApi::~WebApi() = default;

WebServer::Handlers WebApi::handlers() {
  return {
      [this](const WebRequest& request, const WebServer::Answer& answer) { impl_->take(request, answer); },
      [this](const WebRequest& request) { return impl_->body_limit(request); }};
}

}  // namespace nethealth
