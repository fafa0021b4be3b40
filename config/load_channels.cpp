#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr std::string_view template_words[] = {"address", "subject", "text",       "id",          "token",
                                               "kind",    "round",   "answer_url", "callback_url"};

bool is_web_address(const std::string& text) {
  return (text.starts_with("http://") || text.starts_with("https://")) &&
         text.find_first_of(" \t") == std::string::npos;
}

void load_signing_in(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  constexpr std::array<std::pair<std::string_view, Channel::Encryption>, 2> encryptions{
      {{"offered", Channel::Encryption::offered}, {"required", Channel::Encryption::required}}};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> charsets{
      {{"utf-8", "utf-8"}, {"iso-2022-jp", "iso-2022-jp"}}};
  if (const Node* encryption = node.find("encryption")) {
    set(channel.encryption,
        read.one_of(*encryption, "encryption", WordList<Channel::Encryption>(encryptions)));
  }
  if (const Node* charset = node.find("charset")) {
    const auto known = read.one_of(*charset, "charset", WordList<std::string_view>(charsets));
    if (known) channel.charset = std::string(*known);
  }
  const Node* user = node.find("user");
  const Node* password = node.find("password_file");
  if ((user == nullptr) != (password == nullptr)) {
    read.report(user != nullptr ? *user : *password, {"user と password_file は両方書いてください",
                                                      "found one of user and password_file, expected both"});
  }
  if (user != nullptr) set(channel.user, read.text(*user, "user"));
  if (password != nullptr) channel.password = read_secret(load, *password, "password_file");
  const bool sealed = channel.encryption == Channel::Encryption::required ||
                      std::all_of(channel.servers.begin(), channel.servers.end(),
                                  [](const std::string& server) { return server.starts_with("smtps://"); });
  if (password != nullptr && !sealed) {
    read.report(*password,
                {"パスワードを平文で送らないよう、encryption: required か smtps:// にしてください",
                 "found a password that could be sent in clear, expected encryption: required or smtps://"});
  }
}

void load_smtp(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  if (const Node* server = read.require(node, "server")) {
    for (const Node* item : read.one_or_more(*server, "server")) {
      const auto text = read.text(*item, "server");
      if (!text) continue;
      const auto parts = split_url(*text);
      if (parts && (parts->scheme == "smtp" || parts->scheme == "smtps") && parts->rest.empty()) {
        channel.servers.push_back(*text);
      } else {
        read.unexpected(*item, "server",
                        {"smtp://ホスト:ポート か smtps://ホスト:ポート を書いてください",
                         "smtp://HOST:PORT or smtps://HOST:PORT"});
      }
    }
  }
  const Node* from = read.require(node, "from");
  const auto text = from == nullptr ? std::nullopt : read.text(*from, "from");
  if (text && !is_mail_address(*text)) {
    read.unexpected(
        *from, "from",
        {"name@example.lg.jp のような宛先を書いてください", "a mail address such as name@example.lg.jp"});
  }
  set(channel.from, text);
  load_signing_in(load, node, channel);
  if (const Node* replies = node.find("replies")) load_replies(load, *replies, channel);
}

/// A gap that would be sent as it stands is most likely mistyped.
void check_template(Reader& read, const Node& node, const std::string& body) {
  const std::vector<std::string_view> known(std::begin(template_words), std::end(template_words));
  for (std::size_t open = body.find('{'); open != std::string::npos; open = body.find('{', open + 1)) {
    const std::size_t end = body.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", open + 1);
    if (end == std::string::npos || end == open + 1 || body[end] != '}') continue;
    const std::string word = body.substr(open + 1, end - open - 1);
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    read.warn(node,
              {"body: {{0}} は埋められません{1}。使えるもの: {address} {subject} {text} {id} {token} {kind} "
               "{round} {answer_url} {callback_url}",
               "body: found {{0}}, which is sent as it stands{1}; known: {address} {subject} {text} {id} "
               "{token} {kind} {round} {answer_url} {callback_url}"},
              {word, read.suggestion(word, known)});
  }
}

void load_webhook(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  load_url(load, node, channel);
  if (const Node* body = read.require(node, "body")) {
    set(channel.body, read.long_text(*body, "body"));
    check_template(read, *body, channel.body);
  }
  if (const Node* type = node.find("content_type")) {
    set(channel.content_type, read.text(*type, "content_type"));
  }
  if (const Node* token = node.find("token_file")) channel.token = read_secret(load, *token, "token_file");
  if (const Node* callback = node.find("callback")) load_callback(load, *callback, channel);
}

void load_command(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  const Node* command = read.require(node, "command");
  if (command == nullptr) return;
  for (const Node* item : read.one_or_more(*command, "command"))
    if (const auto text = read.text(*item, "command")) channel.command.push_back(*text);
  if (channel.command.empty() || channel.command.front().starts_with('/')) return;
  read.unexpected(
      *command, "command",
      {"[/usr/local/bin/プログラム, 引数] のように、絶対パスで書いてください（シェルは使いません）",
       "a list such as [/usr/local/bin/program, argument] with an absolute path; no shell is used"});
}

/// http:// for the tower's own page, pns:// for its socket (PATLITE's "PNS" commands).
void load_lamp_url(Loading& load, const Node& node, Channel& channel) {
  const Node* url = node.find("url");
  const auto parts =
      url != nullptr && url->value.starts_with("pns://") ? split_url(url->value) : std::nullopt;
  if (!parts || !parts->rest.empty()) return load_url(load, node, channel);
  channel.url = url->value;
}

void load_patlite(Loading& load, const Node& node, Channel& channel) {
  load_lamp_url(load, node, channel);
  load_severities(load, node, channel);
}

/// The keys of a channel depend on its type; without one, all are known.
KeySet channel_keys(const Node& item) {
  const Node* type = item.kind == Node::Kind::map ? item.find("type") : nullptr;
  if (type != nullptr && type->value == "smtp") return keys::smtp_channel;
  if (type != nullptr && type->value == "webhook") return keys::webhook_channel;
  if (type != nullptr && type->value == "patlite") return keys::patlite_channel;
  if (type != nullptr && type->value == "command") return keys::command_channel;
  if (type != nullptr && type->value == "snmp_trap") return keys::snmp_trap_channel;
  if (type != nullptr && type->value == "alertmanager") return keys::alertmanager_channel;
  return {
      "channel",
      {"name",    "type", "server",       "from",       "encryption", "user",    "password_file", "charset",
       "url",     "body", "content_type", "token_file", "on",         "command", "detail",        "through",
       "replies", "snmp", "inform",       "engine_id",  "interval",   "callback"}};
}

}  // namespace

void load_url(Loading& load, const Node& node, Channel& channel) {
  const Node* url = load.read.require(node, "url");
  const auto text = url == nullptr ? std::nullopt : load.read.text(*url, "url");
  if (text && !is_web_address(*text)) {
    load.read.unexpected(
        *url, "url",
        {"http:// か https:// で始まる URL を書いてください", "a URL that starts with http:// or https://"});
  } else if (text && !split_url(*text)) {
    load.read.warn(*url,
                   {"url: {0} には正しいホスト名がなく、送信できません。確かめてください",
                    "url: found no valid host in {0}, nothing can be sent there"},
                   {quote(*text, load.read.language())});
  }
  set(channel.url, text);
}

void load_severities(Loading& load, const Node& node, Channel& channel) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> severities{
      {{"stopped", "stopped"}, {"at_risk", "at_risk"}}};
  Reader& read = load.read;
  if (const Node* on = read.require(node, "on")) {
    for (const Node* item : read.one_or_more(*on, "on")) {
      const auto severity = read.one_of(*item, "on", WordList<std::string_view>(severities));
      if (severity) channel.on.emplace_back(*severity);
    }
  }
}

void load_channels(Loading& load) {
  Reader& read = load.read;
  const Node* list = load.root.find("channels");
  if (list == nullptr) return;
  for (const Node* item : read.list(*list, "channels")) {
    if (!read.map(*item, "channels", channel_keys(*item))) continue;
    Channel& channel = load.site.channels.emplace_back();
    if (const Node* name = read.require(*item, "name")) {
      if (const auto text = read.name(*name, "name")) {
        channel.name = *text;
        load.channels.add(read, *name, load.site.channels.size() - 1);
      }
    }
    const Node* type = read.require(*item, "type");
    const auto known = type == nullptr ? std::nullopt : read.one_of(*type, "type", channel_type_words());
    if (!known) {
      load.channel_types_known = false;
      continue;
    }
    channel.type = *known;
    if (const Node* detail = item->find("detail")) {
      set(channel.detail, read.one_of(*detail, "detail", detail_words()));
    }
    if (const Node* through = item->find("through"))
      load.through_nodes.emplace_back(load.site.channels.size() - 1, through);
    if (*known == Channel::Type::smtp) load_smtp(load, *item, channel);
    if (*known == Channel::Type::webhook) load_webhook(load, *item, channel);
    if (*known == Channel::Type::patlite) load_patlite(load, *item, channel);
    if (*known == Channel::Type::command) load_command(load, *item, channel);
    if (*known == Channel::Type::snmp_trap) load_snmp_trap(load, *item, channel);
    if (*known == Channel::Type::alertmanager) load_alertmanager(load, *item, channel);
  }
}

}  // namespace nethealth
