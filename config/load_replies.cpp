// How people answer a channel's messages: the mailbox of replies, the callbacks of a gateway.

#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_look{5'000};
constexpr Milliseconds longest_look{3'600'000};
constexpr std::size_t shortest_secret_bytes = 20;
constexpr std::string_view token_gap = "{token}";

std::string without_gap(std::string text) {
  const std::size_t gap = text.find(token_gap);
  if (gap != std::string::npos) text.replace(gap, token_gap.size(), "0");
  return text;
}

void load_mailbox_server(Loading& load, const Node& node, ReplyMailbox& mailbox) {
  constexpr std::array<std::string_view, 4> schemes{"imap", "imaps", "pop3", "pop3s"};
  const Node* server = load.read.require(node, "server");
  const auto text = server == nullptr ? std::nullopt : load.read.text(*server, "server");
  if (!text) return;
  const auto parts = split_url(*text);
  if (!parts || std::ranges::find(schemes, parts->scheme) == schemes.end() || !parts->rest.empty())
    load.read.unexpected(
        *server, "server",
        {"imaps://ホスト、imap://ホスト、pop3s://ホスト、pop3://ホスト のどれかを書いてください",
         "imaps://HOST, imap://HOST, pop3s://HOST or pop3://HOST"});
  mailbox.server = *text;
}

void load_mailbox_address(Loading& load, const Node& node, ReplyMailbox& mailbox) {
  const Node* address = load.read.require(node, "address");
  const auto text = address == nullptr ? std::nullopt : load.read.text(*address, "address");
  if (!text) return;
  if (!is_mail_address(without_gap(*text)))
    load.read.unexpected(
        *address, "address",
        {"nethealth@example.lg.jp か nethealth+{token}@example.lg.jp のような宛先を書いてください",
         "a mail address such as nethealth@example.lg.jp or nethealth+{token}@example.lg.jp"});
  mailbox.address = *text;
}

/// A list of words, each of one line.
void load_words(Loading& load, const Node& node, std::string_view key, std::vector<std::string>& words) {
  const Node* list = node.find(key);
  if (list == nullptr) return;
  words.clear();
  for (const Node* item : load.read.one_or_more(*list, key))
    if (const auto text = load.read.text(*item, key)) words.push_back(*text);
}

/// It comes in over HTTP, and the gateway has to be told where.
void check_way_in(Loading& load, const Node& node, const Channel& channel) {
  const bool told_where = channel.body.find("{callback_url}") != std::string::npos;
  if (!load.site.http)
    load.read.report(node, {"callback を受けるには http が必要です。http: {listen: ...} を書いてください",
                            "callback: found no http, expected http: {listen: ...} to take it"});
  else if (told_where && load.site.http->public_url.empty())
    load.read.report(node, {"{callback_url} を送るには http の public_url が必要です",
                            "callback: found {callback_url} without public_url, expected it under http"});
}

}  // namespace

void load_callback(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  if (!read.map(node, "callback", keys::callback)) return;
  GatewayCallback callback;
  if (const Node* file = read.require(node, "secret_file")) {
    callback.secret = read_secret(load, *file, "secret_file");
    if (!callback.secret.empty() && callback.secret.reveal().size() < shortest_secret_bytes)
      read.report(*file, {"secret_file: 秘密が短すぎます（20文字以上）",
                          "secret_file: found less than 20 characters, expected more"});
  }
  for (const auto& [key, target] : {std::pair{"token", &callback.token},
                                    std::pair{"status", &callback.status}, std::pair{"key", &callback.key}})
    if (const Node* part = node.find(key)) set(*target, read.text(*part, key));
  load_words(load, node, "accepted", callback.accepted);
  load_words(load, node, "failed", callback.failed);
  load_words(load, node, "take", callback.take);
  load_words(load, node, "pass", callback.pass);
  const auto both = std::ranges::find_if(callback.take, [&](const std::string& word) {
    return std::ranges::find(callback.pass, word) != callback.pass.end();
  });
  if (both != callback.take.end())
    read.report(node,
                {"callback: {0} が take と pass の両方にあります。どちらか一方に書いてください",
                 "callback: found {0} under take and under pass, expected it under one of them"},
                {quote(*both, read.language())});
  check_way_in(load, node, channel);
  channel.callback = std::move(callback);
}

void load_replies(Loading& load, const Node& node, Channel& channel) {
  Reader& read = load.read;
  if (!read.map(node, "replies", keys::replies)) return;
  ReplyMailbox mailbox;
  load_mailbox_server(load, node, mailbox);
  load_mailbox_address(load, node, mailbox);
  if (const Node* user = read.require(node, "user")) set(mailbox.user, read.text(*user, "user"));
  if (const Node* password = read.require(node, "password_file"))
    mailbox.password = read_secret(load, *password, "password_file");
  if (const Node* folder = node.find("folder")) set(mailbox.folder, read.text(*folder, "folder"));
  if (const Node* authority = node.find("certificate_authority"))
    if (const auto text = read.text(*authority, "certificate_authority"))
      mailbox.certificate_authority = resolve(load.folder, *text);
  if (const Node* interval = node.find("interval"))
    set(mailbox.interval, read.duration(*interval, "interval", shortest_look, longest_look));
  if (const Node* known = node.find("known_senders"))
    set(mailbox.known_senders, read.flag(*known, "known_senders"));
  channel.replies = std::move(mailbox);
}

}  // namespace nethealth
