#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr std::string_view template_words[] = {"address", "subject", "text", "id"};

bool is_web_address(const std::string& text) {
  return (text.starts_with("http://") || text.starts_with("https://")) &&
         text.find_first_of(" \t") == std::string::npos;
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
}

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

/// A gap that would be sent as it stands is most likely mistyped.
void check_template(Reader& read, const Node& node, const std::string& body) {
  const std::vector<std::string_view> known(std::begin(template_words), std::end(template_words));
  for (std::size_t open = body.find('{'); open != std::string::npos; open = body.find('{', open + 1)) {
    const std::size_t end = body.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", open + 1);
    if (end == std::string::npos || end == open + 1 || body[end] != '}') continue;
    const std::string word = body.substr(open + 1, end - open - 1);
    if (std::find(known.begin(), known.end(), word) != known.end()) continue;
    read.warn(node,
              {"body: {{0}} は埋められません{1}。使えるもの: {address} {subject} {text} {id}",
               "body: found {{0}}, which is sent as it stands{1}; known: {address} {subject} {text} {id}"},
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
}

void load_patlite(Loading& load, const Node& node, Channel& channel) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> severities{
      {{"stopped", "stopped"}, {"at_risk", "at_risk"}}};
  Reader& read = load.read;
  load_url(load, node, channel);
  if (const Node* on = read.require(node, "on")) {
    for (const Node* item : read.one_or_more(*on, "on")) {
      const auto severity = read.one_of(*item, "on", WordList<std::string_view>(severities));
      if (severity) channel.on.emplace_back(*severity);
    }
  }
  read.warn(node,
            {"{0}: patlite の表示灯は、この版では読み込んで確かめるだけで、点灯しません",
             "{0}: a patlite lamp is read and checked, but not driven by this version"},
            {channel.name});
}

/// The keys of a channel depend on its type; without one, all are known.
KeySet channel_keys(const Node& item) {
  const Node* type = item.kind == Node::Kind::map ? item.find("type") : nullptr;
  if (type != nullptr && type->value == "smtp") return keys::smtp_channel;
  if (type != nullptr && type->value == "webhook") return keys::webhook_channel;
  if (type != nullptr && type->value == "patlite") return keys::patlite_channel;
  return {"channel", {"name", "type", "server", "from", "url", "body", "content_type", "on"}};
}

}  // namespace

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
    if (*known == Channel::Type::smtp) load_smtp(load, *item, channel);
    if (*known == Channel::Type::webhook) load_webhook(load, *item, channel);
    if (*known == Channel::Type::patlite) load_patlite(load, *item, channel);
  }
}

}  // namespace nethealth
