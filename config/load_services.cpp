#include <algorithm>

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
}

/// Of one device.
constexpr std::size_t most_services = 1'000;

/// The keys of a service depend on how it is asked.
KeySet service_keys(const Node& item) {
  if (item.kind == Node::Kind::map && item.find("http") != nullptr) return keys::http_service;
  if (item.kind == Node::Kind::map && item.find("tcp") != nullptr) return keys::tcp_service;
  return {"service", {"name", "tcp", "http", "expect", "depends_on"}};
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
    const Node* tcp = item->find("tcp");
    const Node* http = item->find("http");
    if (http != nullptr) load_http(read, *item, *http, service);
    if (tcp != nullptr && http == nullptr) load_tcp(read, *tcp, service);
    if (tcp == nullptr && http == nullptr) {
      read.report(*item, {"tcp（ポート番号）か http（URL）がありません。どちらかを書いてください",
                          "found neither tcp nor http, expected a port under tcp or a URL under http"});
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
