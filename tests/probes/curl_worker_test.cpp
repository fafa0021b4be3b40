#include "probes/curl_worker.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "own_network.hpp"
#include "run_until.hpp"
#include "scripted_server.hpp"

using namespace nethealth;

namespace {

struct CurlBench {
  boost::asio::io_context io{1};
  std::optional<CurlWorker> worker{std::in_place, io};

  CurlReply perform(CurlJob job) {
    std::optional<CurlReply> reply;
    worker->perform(std::move(job), [&reply](CurlReply what) { reply = std::move(what); });
    REQUIRE(run_until(io, [&reply] { return reply.has_value(); }));
    return *reply;
  }
};

CurlJob get(const std::string& url, Milliseconds timeout = Milliseconds(20'000)) {
  return {CurlHttp{.method = "GET", .url = url, .headers = {}, .body = ""}, timeout};
}

CurlJob post(const std::string& url, Milliseconds timeout = Milliseconds(20'000)) {
  return {
      CurlHttp{
          .method = "POST", .url = url, .headers = {"Content-Type: application/json"}, .body = "{\"id\":7}"},
      timeout};
}

CurlJob mail(const std::string& server, Milliseconds timeout = Milliseconds(20'000)) {
  return {CurlMail{server,
                   "nethealth@example.lg.jp",
                   {"sato@example.lg.jp"},
                   "Subject: =?utf-8?B?6Zqc5a6z?=\r\n\r\n.dot\nbare\r\n.\r\nlast",
                   false,
                   "",
                   ""},
          timeout};
}

void answer(Talk& talk, const std::string& status, const std::string& body) {
  talk.hear("\r\n\r\n");
  talk.say("HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

/// What a mail server says at each step; an empty answer keeps silent until the other side gives up, "close"
/// hangs up.
struct MailScript {
  std::string hello = "250 mail.example.lg.jp";
  std::string starttls = "220 go ahead";
  std::string sender = "250 ok";
  std::string recipient = "250 ok";
  std::string data = "354 go on";
  std::string message = "250 2.0.0 queued as 4711";
  std::string quit = "221 bye";
  bool hasty = false;  ///< says goodbye right after a refusal, without waiting for QUIT
};

class MailServer {
 public:
  explicit MailServer(MailScript script, int connections = 1)
      : script_(std::move(script)), server_([this](Talk& talk) { serve(talk); }, connections) {}

  [[nodiscard]] std::string url() const { return server_.url("smtp"); }
  std::string message() {
    const std::lock_guard lock(mutex_);
    return message_;
  }

 private:
  [[nodiscard]] bool say(Talk& talk, const std::string& answer) const {
    if (answer == "close") return false;
    if (answer.empty()) {
      talk.wait_for_end();
      return false;
    }
    talk.say(answer + "\r\n");
    if (script_.hasty && answer.starts_with("4")) talk.say(script_.quit + "\r\n");
    return true;
  }

  void serve(Talk& talk) {
    talk.say("220 mail.example.lg.jp ESMTP\r\n");
    for (std::string line = talk.hear("\r\n"); !line.empty(); line = talk.hear("\r\n")) {
      const std::string verb = line.substr(0, 4);
      if (verb == "STAR") {
        (void)say(talk, script_.starttls);
        talk.hear(1);  // the beginning of TLS, which this server does not know
        return;
      }
      const std::string& reply = verb == "EHLO" || verb == "HELO" ? script_.hello
                                 : verb == "MAIL"                 ? script_.sender
                                 : verb == "RCPT"                 ? script_.recipient
                                 : verb == "DATA"                 ? script_.data
                                                                  : script_.quit;
      if (!say(talk, reply)) return;
      if (verb != "DATA" || !reply.starts_with("354")) continue;
      keep(talk.hear("\r\n.\r\n"));
      if (!say(talk, script_.message)) return;
    }
  }

  void keep(std::string message) {
    const std::lock_guard lock(mutex_);
    message_ = std::move(message);
  }

  MailScript script_;
  std::mutex mutex_;
  std::string message_;
  ScriptedServer server_;
};

}  // namespace

TEST_CASE("an HTTP answer brings its status and body") {
  CurlBench bench;
  const ScriptedServer server([](Talk& talk) { answer(talk, "404 Not Found", "nothing here"); });
  const auto reply = bench.perform(get(server.url("http")));
  CHECK(reply.outcome == Outcome::ok);
  CHECK(reply.code == 404);
  CHECK(reply.body == "nothing here");
  CHECK(reply.reason == "HTTP status 404");
  CHECK_FALSE(reply.answer_unknown);
}

TEST_CASE("a POST arrives whole with its headers") {
  CurlBench bench;
  std::string head;
  std::string body;
  {
    const ScriptedServer server([&](Talk& talk) {
      head = talk.hear("\r\n\r\n");
      body = talk.hear(std::size_t{8});
      talk.say("HTTP/1.1 204 No Content\r\n\r\n");
    });
    CHECK(bench.perform(post(server.url("http") + "/hook")).code == 204);
  }
  CHECK(head.starts_with("POST /hook HTTP/1.1\r\n"));
  CHECK(head.find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(body == "{\"id\":7}");
}

TEST_CASE("a redirect is an answer and not followed") {
  CurlBench bench;
  const ScriptedServer server([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.say("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  });
  const auto reply = bench.perform(get(server.url("http")));
  CHECK(reply.outcome == Outcome::ok);
  CHECK(reply.code == 302);
}

TEST_CASE("a proxy of the environment is not used") {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  CurlBench bench;
  const ScriptedServer server([](Talk& talk) { answer(talk, "200 OK", ""); });
  CHECK(bench.perform(get(server.url("http"))).code == 200);
  ::unsetenv("http_proxy");
}

TEST_CASE("a body without end is cut at the limit and still an answer") {
  CurlBench bench;
  const ScriptedServer server([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.say("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + std::string(300'000, 'x'));
    talk.wait_for_end();
  });
  auto job = get(server.url("http"));
  job.max_response_bytes = 1'000;
  const auto reply = bench.perform(std::move(job));
  CHECK(reply.outcome == Outcome::ok);
  CHECK(reply.code == 200);
  CHECK(reply.body.size() == 1'000);
}

TEST_CASE("a server that drips delays nobody else and ends at its time") {
  CurlBench bench;
  const ScriptedServer drip([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.say("H");
    talk.wait_for_end();
  });
  const ScriptedServer server([](Talk& talk) { answer(talk, "200 OK", ""); });
  std::optional<CurlReply> slow;
  bench.worker->perform(post(drip.url("http"), Milliseconds(700)),
                        [&slow](CurlReply reply) { slow = std::move(reply); });
  CHECK(bench.perform(get(server.url("http"))).code == 200);
  CHECK_FALSE(slow);
  REQUIRE(run_until(bench.io, [&slow] { return slow.has_value(); }));
  CHECK(slow->outcome == Outcome::timeout);
  CHECK(slow->answer_unknown);
  CHECK(slow->reason.find("it may have arrived") != std::string::npos);
}

TEST_CASE("a refused connection surely brought nothing") {
  CurlBench bench;
  const Listener bound_only(-1);
  const auto reply = bench.perform(post("http://127.0.0.1:" + std::to_string(bound_only.port())));
  CHECK(reply.outcome == Outcome::refused);
  CHECK(reply.code == 0);
  CHECK_FALSE(reply.answer_unknown);
}

TEST_CASE("a server that hangs up after the request leaves the answer unknown") {
  CurlBench bench;
  const ScriptedServer server([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.hear(std::size_t{8});
  });
  const auto reply = bench.perform(post(server.url("http")));
  CHECK(reply.outcome == Outcome::error);
  CHECK(reply.answer_unknown);
}

TEST_CASE("an answer that is no HTTP is an error") {
  CurlBench bench;
  const ScriptedServer server([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.say(std::string("SSH-2.0-\0\x1b[31m\r\n", 15));
  });
  const auto reply = bench.perform(get(server.url("http")));
  CHECK(reply.outcome == Outcome::error);
  CHECK(std::none_of(reply.reason.begin(), reply.reason.end(), [](char letter) { return letter < ' '; }));
}

TEST_CASE("a job that could do harm is refused before anything is sent") {
  CurlBench bench;
  CHECK(bench.perform(get("file:///etc/passwd")).outcome == Outcome::error);
  CHECK(bench.perform(get("gopher://127.0.0.1/")).outcome == Outcome::error);
  auto job = get("http://127.0.0.1:1/");
  std::get<CurlHttp>(job.what).headers = {"X: y\r\nEvil: z"};
  CHECK(bench.perform(job).reason == "a header has a control character");
  job = mail("smtp://127.0.0.1:1");
  std::get<CurlMail>(job.what).to = {"a@b>\r\nRCPT TO:<c@d"};
  CHECK(bench.perform(job).reason == "a recipient is not a mail address");
  std::get<CurlMail>(job.what).to.clear();
  CHECK(bench.perform(job).outcome == Outcome::error);
}

TEST_CASE("a mail arrives with its dots doubled and every line end made whole") {
  CurlBench bench;
  MailServer server({});
  const auto reply = bench.perform(mail(server.url()));
  CHECK(reply.outcome == Outcome::ok);
  CHECK(reply.code == 250);
  CHECK(reply.reason == "the mail server accepted the message: 250 2.0.0 queued as 4711");
  CHECK_FALSE(reply.answer_unknown);
  CHECK(server.message() == "Subject: =?utf-8?B?6Zqc5a6z?=\r\n\r\n..dot\r\nbare\r\n..\r\nlast\r\n.\r\n");
}

TEST_CASE("a mail that the server refuses is surely not accepted and the reason quotes it") {
  for (const bool late : {false, true}) {
    CurlBench bench;
    MailScript script;
    (late ? script.message : script.recipient) = late ? "554 5.7.1 content refused" : "450 4.2.0 greylisted";
    MailServer server(script);
    const auto reply = bench.perform(mail(server.url()));
    CHECK(reply.outcome == Outcome::error);
    CHECK(reply.code == (late ? 554 : 450));
    CHECK(reply.reason.find(late ? "554 5.7.1 content refused" : "450 4.2.0 greylisted") !=
          std::string::npos);
    CHECK_FALSE(reply.answer_unknown);
  }
}

TEST_CASE("a goodbye is no verdict on a mail however early it comes") {
  for (int i = 0; i < 100; ++i) {
    CurlBench bench;
    MailScript script;
    script.recipient = "450 4.2.0 greylisted";
    script.hasty = true;
    MailServer server(script);
    const auto reply = bench.perform(mail(server.url()));
    CHECK(reply.code == 450);
    CHECK(reply.reason == "the mail server refused: 450 4.2.0 greylisted");
  }
}

TEST_CASE("a mail whose last reply is lost may have been accepted") {
  for (const std::string end : {"close", ""}) {
    CurlBench bench;
    MailScript script;
    script.message = end;
    MailServer server(script);
    const auto reply = bench.perform(mail(server.url(), Milliseconds(end.empty() ? 700 : 20'000)));
    CHECK(reply.outcome == (end.empty() ? Outcome::timeout : Outcome::error));
    CHECK(reply.answer_unknown);
  }
}

TEST_CASE("a mail that breaks off before its text is surely not accepted") {
  for (const std::string end : {"close", ""}) {
    CurlBench bench;
    MailScript script;
    script.recipient = end;
    MailServer server(script);
    const auto reply = bench.perform(mail(server.url(), Milliseconds(end.empty() ? 300 : 20'000)));
    CHECK(reply.outcome == (end.empty() ? Outcome::timeout : Outcome::error));
    CHECK_FALSE(reply.answer_unknown);
  }
}

TEST_CASE("a mail server that never says goodbye delays nobody") {
  for (const std::string recipient : {"250 ok", "550 no such person"}) {
    CurlBench bench;
    MailScript script;
    script.recipient = recipient;
    script.quit = "";
    MailServer mute(script);
    const ScriptedServer server([](Talk& talk) { answer(talk, "200 OK", ""); });
    CHECK(bench.perform(mail(mute.url())).code == (recipient.starts_with("250") ? 250 : 550));
    CHECK(bench.perform(get(server.url("http"))).code == 200);
  }
}

TEST_CASE("a mail server with broken encryption still gets the mail in clear when smtp was asked") {
  CurlBench bench;
  MailScript script;
  script.hello = "250-mail.example.lg.jp\r\n250 STARTTLS";
  MailServer server(script, 2);
  const auto reply = bench.perform(mail(server.url()));
  CHECK(reply.outcome == Outcome::ok);
  CHECK(server.message().starts_with("Subject: "));
}

TEST_CASE("smtps is never sent in clear") {
  CurlBench bench;
  MailServer server({});
  auto job = mail(server.url());
  auto& order = std::get<CurlMail>(job.what);
  order.server.replace(0, 4, "smtps");
  const auto reply = bench.perform(std::move(job));
  CHECK(reply.outcome == Outcome::tls_error);
  CHECK_FALSE(reply.answer_unknown);
  CHECK(server.message().empty());
}

TEST_CASE("a worker that stops ends every job and says so") {
  CurlBench bench;
  const ScriptedServer drip([](Talk& talk) {
    talk.hear("\r\n\r\n");
    talk.wait_for_end();
  });
  std::optional<CurlReply> reply;
  bench.worker->perform(get(drip.url("http")), [&reply](CurlReply what) { reply = std::move(what); });
  bench.worker.reset();
  bench.io.run();
  REQUIRE(reply);
  CHECK(reply->outcome == Outcome::blind);
  CHECK(reply->reason == "stopping");
}

TEST_CASE("more jobs than the limit are blind and the others go on") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit enough = before;
  enough.rlim_cur = 4'096;
  if (skipped_unless(::setrlimit(RLIMIT_NOFILE, &enough) == 0, "too few descriptors")) return;
  CurlBench bench;
  const Listener nobody_accepts(4'096);
  const auto url = "http://127.0.0.1:" + std::to_string(nobody_accepts.port());
  std::size_t too_many = 0;
  std::size_t stopped = 0;
  for (std::size_t i = 0; i <= CurlWorker::max_jobs; ++i) {
    bench.worker->perform(get(url), [&](const CurlReply& reply) {
      if (reply.reason == "stopping") ++stopped;
      if (reply.outcome == Outcome::blind && reply.reason.find("too many") != std::string::npos) ++too_many;
    });
  }
  CHECK(run_until(bench.io, [&] { return too_many == 1; }));
  bench.worker.reset();
  bench.io.restart();
  bench.io.run();
  CHECK(too_many == 1);
  CHECK(stopped == CurlWorker::max_jobs);
  ::setrlimit(RLIMIT_NOFILE, &before);
}
