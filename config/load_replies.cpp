// How people answer a channel's messages: the mailbox of replies.

#include <algorithm>
#include <array>

#include "config/loading.hpp"
#include "config/wording.hpp"

namespace nethealth {
namespace {

constexpr Milliseconds shortest_look{5'000};
constexpr Milliseconds longest_look{3'600'000};
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

}  // namespace

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
