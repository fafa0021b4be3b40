#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>

#include "agent/courier_mail.hpp"
#include "agent/courier_webhook.hpp"
#include "tests/agent/deliver.hpp"
#include "tests/agent/fake_server.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

using Kind = DeliveryResult::Kind;

Channel relay_channel(const std::vector<unsigned short>& ports) {
  Channel channel;
  channel.name = "mail";
  channel.from = "nethealth@example.jp";
  for (const unsigned short port : ports)
    channel.servers.push_back("smtp://127.0.0.1:" + std::to_string(port));
  return channel;
}

Channel webhook_channel(unsigned short port) {
  Channel channel;
  channel.type = Channel::Type::webhook;
  channel.url = "http://127.0.0.1:" + std::to_string(port) + "/send";
  channel.body = R"({"to":"{address}","text":"{subject}: {text}","id":"{id}","other":"{else}"})";
  return channel;
}

struct Post {
  boost::asio::io_context io;
  CurlWorker worker{io};
};

}  // namespace

TEST_CASE("a mail is accepted when the relay took it") {
  Post post;
  FakeRelay relay;
  FakeServer server(post.io, std::ref(relay));
  MailCourier courier(post.worker, relay_channel({server.port()}), "0123", Zone(), Language::ja);
  CHECK(deliver(post.io, courier).kind == Kind::accepted);
  REQUIRE(relay.messages.size() == 1);
  CHECK(relay.messages[0].find("Message-ID: <nethealth.0123.1.page.0@example.jp>\r\n") != std::string::npos);
  CHECK(relay.messages[0].find("References: <nethealth.0123.incident.3@example.jp>\r\n") !=
        std::string::npos);
  CHECK(server.clients.front()->heard.find("RCPT TO:<kato@example.jp>") != std::string::npos);
}

TEST_CASE("a mail that the relay refuses for good is refused and one for later is not") {
  Post post;
  FakeRelay relay;
  FakeServer server(post.io, std::ref(relay));
  MailCourier courier(post.worker, relay_channel({server.port()}), "0123", Zone(), Language::ja);
  relay.to_recipient = "550 no such user\r\n";
  const auto refused = deliver(post.io, courier);
  CHECK(refused.kind == Kind::refused);
  CHECK(refused.reason.find("550") != std::string::npos);
  relay.to_recipient = "451 greylisted\r\n";
  CHECK(deliver(post.io, courier).kind == Kind::failed_temporarily);
  relay.to_recipient = "250 ok\r\n";
  relay.to_end = "554 spam\r\n";
  CHECK(deliver(post.io, courier).kind == Kind::refused);
  relay.greeting = "close";
  CHECK(deliver(post.io, courier).kind == Kind::failed_temporarily);
}

TEST_CASE("a relay that vanishes after the message leaves the outcome unknown") {
  Post post;
  FakeRelay relay;
  relay.to_end = "close";
  FakeServer server(post.io, std::ref(relay));
  MailCourier courier(post.worker, relay_channel({server.port()}), "0123", Zone(), Language::ja);
  CHECK(deliver(post.io, courier).kind == Kind::unknown);
  CHECK(relay.messages.size() == 1);
}

TEST_CASE("the next relay is tried within one attempt and remembered") {
  Post post;
  FakeRelay bad;
  FakeRelay good;
  bad.to_mail = "421 closing\r\n";
  FakeServer first(post.io, std::ref(bad));
  FakeServer second(post.io, std::ref(good));
  MailCourier courier(post.worker, relay_channel({first.port(), second.port()}), "0123", Zone(),
                      Language::ja);
  CHECK(deliver(post.io, courier).kind == Kind::accepted);
  CHECK(first.clients.size() == 1);
  CHECK(deliver(post.io, courier).kind == Kind::accepted);
  CHECK(first.clients.size() == 1);
  CHECK(good.messages.size() == 2);
  CHECK(good.messages[0].find("=?UTF-8?B?44CQ5YaN6YCB") == std::string::npos);
}

TEST_CASE(
    "a copy through the next relay after an unknown outcome is marked and doubts weigh more than refusals") {
  Post post;
  FakeRelay vanishing;
  FakeRelay other;
  vanishing.to_end = "close";
  FakeServer first(post.io, std::ref(vanishing));
  FakeServer second(post.io, std::ref(other));
  MailCourier courier(post.worker, relay_channel({first.port(), second.port()}), "0123", Zone(),
                      Language::ja);
  other.to_recipient = "550 no\r\n";
  CHECK(deliver(post.io, courier).kind == Kind::unknown);
  other.to_recipient = "250 ok\r\n";
  CHECK(deliver(post.io, courier).kind == Kind::accepted);
  REQUIRE(other.messages.size() == 1);
  // The subject begins with 【再送】.
  CHECK(other.messages[0].find("Subject: =?UTF-8?B?44CQ5YaN6YCB") != std::string::npos);
}

TEST_CASE("a person without a mail address is refused without asking a relay") {
  Post post;
  FakeRelay relay;
  FakeServer server(post.io, std::ref(relay));
  MailCourier courier(post.worker, relay_channel({server.port()}), "0123", Zone(), Language::ja);
  Letter nowhere = samples::letter();
  nowhere.notification.address = "+81900000000";
  CHECK(deliver(post.io, courier, nowhere).kind == Kind::refused);
  CHECK(relay.messages.empty());
}

TEST_CASE("a webhook posts its filled in body with the id as idempotency key") {
  Post post;
  std::string status = "200 OK";
  FakeServer server(post.io, [&](FakeClient& client) {
    const std::size_t head = client.heard.find("\r\n\r\n");
    if (head == std::string::npos || client.heard.find("\"other\":\"{else}\"}") == std::string::npos) return;
    client.say("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  WebhookCourier courier(post.worker, webhook_channel(server.port()), Language::en);
  Letter hostile = samples::letter();
  hostile.notification.subject = "a\"b\\c\n{text}";
  CHECK(deliver(post.io, courier, hostile, {.resend = true, .unjournaled = false}).kind == Kind::accepted);
  const std::string heard = server.clients.front()->heard;
  CHECK(heard.starts_with("POST /send HTTP/1.1\r\n"));
  CHECK(heard.find("Idempotency-Key: 1.page.0\r\n") != std::string::npos);
  CHECK(heard.find("Content-Type: application/json\r\n") != std::string::npos);
  const auto body = boost::json::parse(heard.substr(heard.find("\r\n\r\n") + 4));
  CHECK(body.at("text").as_string() == "[resend] a\"b\\c\n{text}: 本文\n二行目\n");
  CHECK(body.at("to").as_string() == "kato@example.jp");
  const std::pair<const char*, Kind> answers[] = {
      {"202 Accepted", Kind::accepted},       {"302 Found", Kind::refused},
      {"401 Unauthorized", Kind::refused},    {"429 Too Many", Kind::failed_temporarily},
      {"503 Busy", Kind::failed_temporarily}, {"504 Gateway Timeout", Kind::unknown}};
  for (const auto& [answer, kind] : answers) {
    status = answer;
    CHECK_MESSAGE(deliver(post.io, courier).kind == kind, answer);
  }
}

TEST_CASE("a gateway that hangs up leaves the outcome unknown and one that is not there does not") {
  Post post;
  unsigned short port = 0;
  {
    FakeServer server(post.io, [&](FakeClient& client) {
      if (client.heard.find("{else}") != std::string::npos) client.hang_up();
    });
    port = server.port();
    WebhookCourier courier(post.worker, webhook_channel(port), Language::en);
    CHECK(deliver(post.io, courier).kind == Kind::unknown);
  }
  WebhookCourier courier(post.worker, webhook_channel(port), Language::en);
  CHECK(deliver(post.io, courier).kind == Kind::failed_temporarily);
}

TEST_CASE("a webhook body follows its content type") {
  Channel channel = webhook_channel(1);
  channel.body = "to={address}&text={subject}";
  channel.content_type = "application/x-www-form-urlencoded";
  Letter what = samples::letter();
  what.notification.subject = "a b&障";
  CHECK(webhook_body(channel, what, {}, Language::en) == "to=kato%40example.jp&text=a%20b%26%E9%9A%9C");
  channel.content_type = "text/plain; charset=utf-8";
  CHECK(webhook_body(channel, what, {}, Language::en) == "to=kato@example.jp&text=a b&障");
}
