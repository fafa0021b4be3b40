#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

void load_tcp(Reader& read, const Node& port, Service& service) {
  service.kind = Service::Kind::tcp;
  if (const auto number = read.integer(port, "tcp", 1, 65'535))
    service.port = static_cast<std::uint16_t>(*number);
}

void load_http(Reader& read, const Node& node, const Node& url, Service& service) {
  service.kind = Service::Kind::http;
  const auto text = read.text(url, "http");
  const auto parts = text ? split_url(*text) : std::nullopt;
  if (text && (!parts || (parts->scheme != "http" && parts->scheme != "https"))) {
    read.unexpected(
        url, "http",
        {"http:// か https:// で始まり、正しいホスト名のある URL を書いてください（ユーザー名は含めません）",
         "a URL that starts with http:// or https:// and has a valid host and no user name"});
  }
  set(service.url, text);
  if (const Node* expect = node.find("expect")) service.expect = read.integer(*expect, "expect", 100, 599);
  if (const Node* body = node.find("body")) set(service.body, read.text(*body, "body"));
}

void load_port(Reader& read, const Node& node, Service& service) {
  const Node* port = node.find("port");
  const auto number = port == nullptr ? std::nullopt : read.integer(*port, "port", 1, 65'535);
  if (number) service.port = static_cast<std::uint16_t>(*number);
}

void load_dns(Reader& read, const Node& question, Service& service) {
  service.kind = Service::Kind::dns;
  service.port = 53;
  if (!read.map(question, "dns", keys::dns_question)) return;
  if (const Node* name = read.require(question, "name")) {
    const auto text = read.text(*name, "name");
    const auto parts = text ? split_host_port(*text + ":53") : std::nullopt;
    if (text && (!parts || canonical_address(*text)))
      read.unexpected(*name, "name", {"調べる名前を書いてください", "a name to look up"});
    set(service.ask, text);
  }
  if (const Node* expect = question.find("expect"))
    for (const Node* item : read.one_or_more(*expect, "expect"))
      if (const auto text = read.text(*item, "expect")) {
        const auto address = canonical_address(*text);
        if (!address) read.unexpected(*item, "expect", {"IP アドレスを書いてください", "an IP address"});
        if (address) service.answers.push_back(*address);
      }
  load_port(read, question, service);
}

/// `true`, or a map of limits.
void load_ntp(Reader& read, const Node& limits, Service& service) {
  service.kind = Service::Kind::ntp;
  service.port = 123;
  if (limits.kind == Node::Kind::scalar) {
    if (limits.value != "true")
      read.unexpected(limits, "ntp", {"true か {offset: 1s} と書いてください", "true or {offset: 1s}"});
    return;
  }
  if (!read.map(limits, "ntp", keys::ntp_limits)) return;
  if (const Node* offset = limits.find("offset"))
    set(service.offset, read.duration(*offset, "offset", Milliseconds(1), std::chrono::hours(1)));
  load_port(read, limits, service);
}

/// `true`, or a port.
void load_smtp(Reader& read, const Node& port, Service& service) {
  service.kind = Service::Kind::smtp;
  service.port = 25;
  if (port.value == "true") return;
  if (const auto number = read.integer(port, "smtp", 1, 65'535))
    service.port = static_cast<std::uint16_t>(*number);
}

void load_plugin(Reader& read, const Node& command, Service& service) {
  constexpr std::size_t most_words = 100;
  service.kind = Service::Kind::plugin;
  for (const Node* item : read.one_or_more(command, "plugin")) {
    const auto text = read.text(*item, "plugin");
    if (!text) continue;
    const bool is_program = service.command.empty();
    if ((is_program && !text->starts_with('/')) || service.command.size() == most_words)
      read.unexpected(*item, "plugin",
                      {"プログラムの絶対パスと、100 個までの引数を書いてください（シェルは使いません）",
                       "a program's absolute path and up to 100 arguments (no shell is used)"});
    service.command.push_back(*text);
  }
}

/// Of one device.
constexpr std::size_t most_services = 1'000;

using LoadOne = void (*)(Reader&, const Node&, Service&);

/// How a service is asked: the key that says so, and the keys that go with it.
struct ServiceWay {
  std::string_view key;
  const KeySet* keys;
  LoadOne load;  ///< null: http, which needs its neighbours
};
const std::array<ServiceWay, 6> service_ways{{{"http", &keys::http_service, nullptr},
                                              {"tcp", &keys::tcp_service, load_tcp},
                                              {"dns", &keys::dns_service, load_dns},
                                              {"ntp", &keys::ntp_service, load_ntp},
                                              {"smtp", &keys::smtp_service, load_smtp},
                                              {"plugin", &keys::plugin_service, load_plugin}}};

const ServiceWay* way_of(const Node& item) {
  if (item.kind != Node::Kind::map) return nullptr;
  const auto way = std::find_if(service_ways.begin(), service_ways.end(),
                                [&](const ServiceWay& one) { return item.find(one.key) != nullptr; });
  return way == service_ways.end() ? nullptr : &*way;
}

/// The keys of a service depend on how it is asked.
KeySet service_keys(const Node& item) {
  if (const ServiceWay* way = way_of(item)) return *way->keys;
  return {"service", {"name", "tcp", "http", "dns", "ntp", "smtp", "plugin", "expect", "depends_on"}};
}

/// Services in a circle could never be explained by one another.
bool depends_on_itself(const std::vector<Service>& services, std::size_t start) {
  std::vector<bool> seen(services.size());
  std::vector<std::size_t> open = services[start].depends_on;
  while (!open.empty()) {
    const std::size_t next = open.back();
    open.pop_back();
    if (next == start) return true;
    if (seen[next]) continue;
    seen[next] = true;
    open.insert(open.end(), services[next].depends_on.begin(), services[next].depends_on.end());
  }
  return false;
}

}  // namespace

void load_services(Loading& load, const Node& list, Device& device) {
  Reader& read = load.read;
  Names names{{"サービス", "service"}};
  std::vector<const Node*> nodes;
  if (list.items.size() > most_services) {
    read.report(list,
                {"services: {0} 個あります。一台に 1,000 個までにしてください",
                 "services: found {0} services of one device, expected at most 1,000"},
                {std::to_string(list.items.size())});
    return;
  }
  for (const Node* item : read.list(list, "services")) {
    if (!read.map(*item, "services", service_keys(*item))) continue;
    Service& service = device.services.emplace_back();
    nodes.push_back(item);
    const Node* name = read.require(*item, "name");
    const auto text = name == nullptr ? std::nullopt : read.name(*name, "name");
    if (text) {
      service.name = *text;
      names.add(read, *name, device.services.size() - 1);
    }
    const ServiceWay* way = way_of(*item);
    if (way == nullptr) {
      read.report(*item,
                  {"tcp（ポート番号）、http（URL）、dns、ntp、smtp、plugin のどれかを書いてください",
                   "found neither tcp nor http, expected a port under tcp, a URL under http, or dns, ntp, "
                   "smtp or plugin"});
    } else if (way->load == nullptr) {
      load_http(read, *item, *item->find(way->key), service);
    } else {
      way->load(read, *item->find(way->key), service);
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Node* depends = nodes[i]->find("depends_on");
    if (depends == nullptr) continue;
    for (const Node* item : read.one_or_more(*depends, "depends_on")) {
      if (const auto found = names.find(read, *item, "depends_on"))
        device.services[i].depends_on.push_back(*found);
    }
    if (depends_on_itself(device.services, i)) {
      read.report(*depends,
                  {"depends_on: {0} が巡り巡って自分自身に依存しています",
                   "depends_on: found {0} to depend on itself, expected no circle"},
                  {quote(device.services[i].name, read.language())});
    }
  }
}

}  // namespace nethealth
