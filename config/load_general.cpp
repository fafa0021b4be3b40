#include <sys/stat.h>

#include <array>
#include <tuple>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_interval{100};
constexpr Milliseconds longest_interval{86'400'000};
constexpr Milliseconds shortest_timeout{10};
constexpr Milliseconds longest_timeout{600'000};
constexpr int most_packets = 20;
constexpr int most_retries = 10;

void load_site_block(Loading& load) {
  Reader& read = load.read;
  const Node* node = load.root.find("site");
  if (node == nullptr && !read.has_holes()) node = read.require(load.root, "site");
  if (node == nullptr || !read.map(*node, "site", keys::site)) return;
  if (const Node* name = read.require(*node, "name")) set(load.site.name, read.text(*name, "name"));
  if (const Node* language = node->find("language")) {
    set(load.site.language, read.one_of(*language, "language", language_words()));
  }
  const Node* timezone = node->find("timezone");
  if (timezone != nullptr) set(load.site.timezone, read.text(*timezone, "timezone"));
  if (const auto zone = Zone::find(load.site.timezone)) {
    load.site.zone = *zone;
  } else {
    read.unexpected(timezone != nullptr ? *timezone : *node, "timezone",
                    {"Asia/Tokyo のような、この計算機にある時間帯の名前を書いてください",
                     "the name of a time zone that this host has, such as Asia/Tokyo"});
  }
}

void load_store(Loading& load) {
  load.site.store_path = "/var/lib/nethealth/state.db";
  const Node* node = load.root.find("store");
  if (node == nullptr) return;
  const auto text = load.read.text(*node, "store");
  if (!text) return;
  constexpr std::string_view sqlite = "sqlite:";
  if (text->starts_with(sqlite) && text->size() > sqlite.size()) {
    const std::string path = text->substr(sqlite.size());
    load.site.store_path = path == ":memory:" ? path : resolve(load.folder, path);
    return;
  }
  if (text->starts_with("postgresql:") || text->starts_with("postgres:")) {
    // The address of a database may hold a password and is not repeated.
    load.read.report(*node,
                     {"store: PostgreSQL はこの版では使えません。sqlite:/パス を書いてください",
                      "store: found postgresql, which this version cannot use, expected sqlite:/PATH"});
    return;
  }
  load.read.unexpected(
      *node, "store",
      {"sqlite:/パス か sqlite::memory: を書いてください", "sqlite:/PATH or sqlite::memory:"});
}

/// A key that others can read is refused; that a file is missing shows only where the program runs.
void look_at_file(Loading& load, const Node& node, std::string_view key, const std::string& path,
                  bool secret) {
  if (load.secrets == Secrets::optional) return;
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    load.read.warn(node,
                   {"{0}: ファイル {1} がありません。できるまで画面と API は動きません",
                    "{0}: found no file {1}, expected one; pages and API do not work without it"},
                   {key, quote(path, load.read.language())});
  } else if (secret && (status.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0) {
    load.read.report(
        node,
        {"{0}: 秘密のファイル {1} は所有者以外も読めます。chmod 600 を行ってください",
         "{0}: the secret file {1} is open to its group or others, expected its owner only; run: "
         "chmod 600"},
        {key, quote(path, load.read.language())});
  }
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

void load_http_files(Loading& load, const Node& node, HttpServer& server) {
  const Node* certificate = node.find("certificate");
  const Node* key = node.find("key_file");
  const std::array<std::tuple<const Node*, std::string_view, std::string*>, 2> files{
      {{certificate, "certificate", &server.certificate}, {key, "key_file", &server.key_file}}};
  for (const auto& [file, name, path] : files) {
    if (file == nullptr) continue;
    const auto text = load.read.text(*file, name);
    if (!text) continue;
    *path = resolve(load.folder, *text);
    look_at_file(load, *file, name, *path, name == "key_file");
  }
  if ((certificate == nullptr) != (key == nullptr))
    load.read.report(node, {"http: certificate と key_file は両方書いてください",
                            "http: found only one of certificate and key_file, expected both"});
}

void load_http(Loading& load) {
  Reader& read = load.read;
  const Node* node = load.root.find("http");
  if (node == nullptr || !read.map(*node, "http", keys::http_server)) return;
  HttpServer server;
  load_http_files(load, *node, server);
  if (const Node* url = node->find("public_url")) {
    const auto text = read.text(*url, "public_url");
    const auto parts = text ? split_url(*text) : std::nullopt;
    if (text && (!parts || (parts->scheme != "https" && parts->scheme != "http"))) {
      read.unexpected(*url, "public_url",
                      {"https:// で始まる URL を書いてください", "a URL that starts with https://"});
    }
    set(server.public_url, text);
  }
  const Node* listen = node->find("listen");
  if (listen == nullptr) return;
  const auto text = read.text(*listen, "listen");
  const auto parts = text ? split_host_port(*text) : std::nullopt;
  if (text && !parts) {
    read.unexpected(
        *listen, "listen",
        {"127.0.0.1:8443 のように アドレス:ポート を書いてください", "ADDRESS:PORT such as 127.0.0.1:8443"});
  }
  if (!parts) return;
  server.host = parts->host == "localhost" ? "127.0.0.1" : parts->host;
  server.port = parts->port;
  if (server.certificate.empty() && !is_loopback(parts->host)) {
    read.unexpected(*listen, "listen",
                    {"暗号化なしでは 127.0.0.1 か [::1] だけです。certificate と key_file を書いてください",
                     "127.0.0.1 or [::1], because without certificate and key_file nothing is encrypted"});
    return;
  }
  load.site.http = std::move(server);
}

void load_times(Reader& read, const Node& node, Milliseconds& interval, Milliseconds& timeout) {
  const Node* interval_node = node.find("interval");
  const Node* timeout_node = node.find("timeout");
  if (interval_node != nullptr) {
    set(interval, read.duration(*interval_node, "interval", shortest_interval, longest_interval));
  }
  if (timeout_node != nullptr) {
    set(timeout, read.duration(*timeout_node, "timeout", shortest_timeout, longest_timeout));
  }
  if (interval_node != nullptr && timeout_node != nullptr && timeout > interval) {
    read.warn(*timeout_node,
              {"timeout が interval（{0}）より長くなっています。短くしてください",
               "found a timeout longer than the interval ({0}), expected a shorter one"},
              {interval_node->value});
  }
}

}  // namespace

void load_polling(Reader& read, const Node& node, Polling& polling) {
  if (!read.map(node, "polling", keys::polling)) return;
  if (const Node* icmp = node.find("icmp"); icmp != nullptr && read.map(*icmp, "icmp", keys::icmp_polling)) {
    load_times(read, *icmp, polling.icmp.interval, polling.icmp.timeout);
    if (const Node* packets = icmp->find("packets")) {
      set(polling.icmp.packets, read.integer(*packets, "packets", 1, most_packets));
    }
  }
  if (const Node* snmp = node.find("snmp"); snmp != nullptr && read.map(*snmp, "snmp", keys::snmp_polling)) {
    load_times(read, *snmp, polling.snmp.interval, polling.snmp.timeout);
    if (const Node* retries = snmp->find("retries")) {
      set(polling.snmp.retries, read.integer(*retries, "retries", 0, most_retries));
    }
  }
  if (const Node* tcp = node.find("tcp"); tcp != nullptr && read.map(*tcp, "tcp", keys::tcp_polling)) {
    load_times(read, *tcp, polling.tcp.interval, polling.tcp.timeout);
  }
  if (const Node* http = node.find("http"); http != nullptr && read.map(*http, "http", keys::http_polling)) {
    load_times(read, *http, polling.http.interval, polling.http.timeout);
  }
}

void load_general(Loading& load) {
  load.read.map(load.root, "nethealth.yaml", keys::top);
  load_site_block(load);
  load_store(load);
  load_http(load);
  if (const Node* polling = load.root.find("polling")) load_polling(load.read, *polling, load.site.polling);
}

void load_rooms(Loading& load) {
  const auto nodes = name_items(load, "rooms", keys::room, load.rooms, load.site.rooms);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Room& room = load.site.rooms[i];
    room.label = room.name;
    if (const Node* label = nodes[i]->find("label")) set(room.label, load.read.text(*label, "label"));
  }
}

}  // namespace nethealth
