#include "agent/mail_answer.hpp"

#include <doctest/doctest.h>

#include "tests/agent/sample_events.hpp"
#include "tests/agent/temporary_folder.hpp"

using namespace nethealth;

namespace {

using MeaningKind = MailMeaning::Kind;

/// A city hall of two people, of whom one was called for incident 4.
class Hall {
 public:
  Hall() : tokens_(folder_.file("key")) {
    Channel mail;
    mail.name = "mail";
    site_.channels.push_back(mail);
    for (const char* name : {"sato", "suzuki"}) {
      Person person;
      person.name = name;
      ContactChannel way;
      way.address = std::string(name) + "@example.jp";
      person.channels.push_back(way);
      site_.people.push_back(person);
    }
    call(4, "4-1");
  }

  void call(int number, const std::string& id) {
    IncidentPicture& incident = picture_.incidents.emplace_back();
    incident.number = number;
    Notification page = samples::notification(id);
    page.person = "sato";
    page.body = "2階市民課ハブが止まりました。\n了解の前に電源を確かめてください。\n";
    incident.notifications.push_back({page, samples::moment(), samples::moment(), {}, "", ""});
  }

  [[nodiscard]] std::string token(const std::string& id = "4-1") const {
    return plain_token(tokens_.token(id));
  }
  [[nodiscard]] std::string reply_to(const std::string& id = "4-1") const {
    return "In-Reply-To: <nethealth.abc.4-1." + token(id) + "@example.jp>\r\n";
  }
  [[nodiscard]] MailMeaning meaning(const std::string& mail) const {
    return meaning_of(read_mail(mail), picture_, tokens_, site_, mailbox_, "Nethealth@example.jp",
                      samples::moment(1'000));
  }
  [[nodiscard]] std::string_view why(const std::string& mail) const {
    const MailMeaning meant = meaning(mail);
    CHECK(meant.kind == MeaningKind::nothing);
    return meant.why;
  }

  Picture picture_;
  ReplyMailbox mailbox_;
  Site site_;

 private:
  TemporaryFolder folder_;
  PageTokens tokens_;
};

const std::string from_sato = "From: =?UTF-8?B?5L2Q6Jek?= <Sato@Example.jp>\r\n";
const std::string from_stranger = "From: someone@elsewhere.example\r\n";

std::string plain(const std::string& headers, const std::string& text) {
  return headers + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + text + "\r\n";
}

}  // namespace

TEST_CASE("the token is found wherever an old telephone left it") {
  Hall hall;
  std::string dashed = hall.token();
  for (const std::size_t at : {12U, 8U, 4U}) dashed.insert(at, "-");
  for (const std::string& mail :
       {plain(from_stranger + hall.reply_to(), "了解"),
        plain(from_stranger + "References: <a@b>\r\n <x." + hall.token() + "@example.jp>\r\n", "了解"),
        plain(from_stranger + "To: nethealth+" + hall.token() + "@example.jp\r\n", "了解"),
        plain(from_stranger + "X-Original-To: <nethealth+" + hall.token() + "@example.jp>\r\n", "了解"),
        plain(from_stranger + "Subject: Re: " + dashed + "\r\n", "了解"),
        plain(from_stranger, "了解\r\n\r\n> 返答の合言葉: " + dashed)}) {
    CAPTURE(mail);
    const MailMeaning meant = hall.meaning(mail);
    CHECK(meant.kind == MeaningKind::take);
    REQUIRE(meant.answers.size() == 1);
    CHECK(meant.answers[0].incident == 4);
    CHECK(meant.answers[0].person == "sato");
  }
}

TEST_CASE("without a token only the address that was called counts and only for one call") {
  Hall hall;
  CHECK(hall.meaning(plain(from_sato, "対応します")).kind == MeaningKind::take);
  CHECK(hall.why(plain(from_stranger, "対応します")) == "no_token");
  CHECK(hall.why(plain("From: suzuki@example.jp\r\n", "対応します")) == "no_token");
  CHECK(hall.why(plain(from_sato, "")) == "not_understood");
  CHECK(hall.why(plain("Authentication-Results: mx; spf=fail\r\n" + from_sato, "了解")) == "forged");
  hall.call(5, "5-1");
  CHECK(hall.why(plain(from_sato, "了解")) == "ambiguous");
  const MailMeaning named = hall.meaning(plain(from_sato + "Subject: Re: #5\r\n", "了解"));
  REQUIRE(named.answers.size() == 1);
  CHECK(named.answers[0].incident == 5);
  hall.mailbox_.known_senders = false;
  CHECK(hall.why(plain(from_sato + "Subject: Re: #5\r\n", "了解")) == "no_token");
}

TEST_CASE("words of a reply say yes or no or nothing") {
  using enum AnswerWord;
  const std::string page = "止まりました。\n了解の前に電源を確かめてください。\n";
  const std::pair<const char*, AnswerWord> replies[] = {
      {"了解", take},
      {"了解です。\n\n佐藤", take},
      {"ＡＣＫ", take},
      {"Ok, on my way", take},
      {"１", take},
      {"対応します\n> 次へ と書くと次の人", take},
      {"次へ", pass},
      {"今は対応できません", pass},
      {"不可", pass},
      {"Pass.", pass},
      {"2", pass},
      {"I cannot come, ok?", pass},
      {"", empty},
      {"\n > 了解\n", empty},
      {"On Tue, 24 Nov 2026, A <a@b> wrote:\n次へ", empty},
      {"iPhoneから送信", empty},
      {"止まりました。\r\n了解の前に電源を確かめてください。", empty},
      {"何ですか", unclear},
      {"passport", unclear},
      {"12", unclear},
  };
  for (const auto& [text, meant] : replies) {
    CAPTURE(text);
    CHECK(answer_word(text, page) == meant);
  }
}

TEST_CASE("charsets and encodings of Japanese mail are read and what cannot be is said to be garbled") {
  Hall hall;
  const std::string head = from_stranger + hall.reply_to();
  const auto typed = [&](const std::string& charset, const std::string& encoding, const std::string& body) {
    return head + "Content-Type: text/plain; charset=" + charset +
           "\r\nContent-Transfer-Encoding: " + encoding + "\r\n\r\n" + body + "\r\n";
  };
  CHECK(hall.meaning(typed("iso-2022-jp", "7bit", "\x1B$B<!$X\x1B(B")).kind == MeaningKind::pass);
  CHECK(hall.meaning(typed("\"Shift_JIS\"", "8bit", "\x8E\x9F\x82\xD6")).kind == MeaningKind::pass);
  CHECK(hall.meaning(typed("utf-8", "base64", "5qyh44G4")).kind == MeaningKind::pass);
  CHECK(hall.meaning(typed("utf-8", "quoted-printable", "=E6=AC=\r\n=A1=E3=81=B8")).kind ==
        MeaningKind::pass);
  CHECK(hall.meaning(head + "\r\n\x8E\x9F\x82\xD6\r\n").kind == MeaningKind::pass);
  CHECK(hall.why(typed("utf-8", "8bit", "\x8E\x9F\x82\xD6")) == "garbled");
  CHECK(hall.why(typed("no-such-charset", "8bit", "ok")) == "garbled");
}

TEST_CASE("of several parts the first readable text counts and an attachment does not") {
  Hall hall;
  const std::string head =
      from_stranger + hall.reply_to() + "Content-Type: multipart/mixed; boundary=\"=_x\"\r\n\r\n";
  CHECK(hall.meaning(head +
                     "--=_x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nack\r\n"
                     "--=_x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
                     "--y\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n不可\r\n"
                     "--y\r\nContent-Type: text/html\r\n\r\n<p>ack</p>\r\n--y--\r\n--=_x--\r\n")
            .kind == MeaningKind::pass);
  CHECK(hall.meaning(from_stranger + hall.reply_to() +
                     "Content-Type: text/html; charset=utf-8\r\n\r\n<head>ack</head><style>ack</style>"
                     "<div>&nbsp;不可<blockquote>ack</blockquote></div>")
            .kind == MeaningKind::pass);
  CHECK(hall.meaning(head + "--=_x\r\n\r\nack\r\n").kind == MeaningKind::take);
}

TEST_CASE("no mail of a program is an answer") {
  Hall hall;
  for (const char* mark :
       {"Auto-Submitted: auto-replied\r\n", "X-Autoreply: yes\r\n", "Precedence: bulk\r\n",
        "Return-Path: <>\r\n", "Subject: =?UTF-8?B?6Ieq5YuV5b+c562U?=\r\n", "List-Id: <a.b>\r\n",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n"}) {
    CAPTURE(mark);
    CHECK(hall.why(std::string(mark) + from_sato + hall.reply_to() + "\r\nack\r\n") == "automatic");
  }
  CHECK(hall.meaning(plain("Auto-Submitted: no\r\n" + from_sato + hall.reply_to(), "ack")).kind ==
        MeaningKind::take);
  CHECK(hall.why(plain("From: nethealth@example.jp\r\n" + hall.reply_to(), "ack")) == "own");
}

TEST_CASE("a bounce names the message that did not arrive and why") {
  Hall hall;
  const auto bounce = [&](const std::string& action) {
    return "From: MAILER-DAEMON@relay.example\r\nReturn-Path: <>\r\n"
           "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
           "--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
           "Reporting-MTA: dns; relay.example\r\n\r\nFinal-Recipient: rfc822; sato@example.jp\r\nAction: " +
           action +
           "\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n"
           "--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <nethealth.abc.4-1." +
           hall.token() + "@example.jp>\r\n\r\nbody\r\n--b--\r\n";
  };
  const MailMeaning failed = hall.meaning(bounce("failed"));
  CHECK(failed.kind == MeaningKind::undelivered);
  CHECK(failed.notification == "4-1");
  CHECK(failed.reason == "returned by mail: 5.1.1 550 no such user");
  CHECK(hall.why(bounce("delayed")) == "delayed");
  CHECK(hall.why(bounce("delivered")) == "automatic");
  const MailMeaning old = hall.meaning(
      plain("From: mailer-daemon@relay.example\r\n",
            "Your message was not delivered.\r\nMessage-ID: <n.a.4-1." + hall.token() + "@example.jp>"));
  CHECK(old.kind == MeaningKind::undelivered);
  hall.picture_.incidents[0].notifications[0].failure = "550";
  CHECK(hall.why(bounce("failed")) == "repeated");
}

TEST_CASE("an answered or old call and a mail that was read before are no answer") {
  Hall hall;
  const std::string mail = plain(from_sato + "Message-ID: <7@phone>\r\n" + hall.reply_to(), "了解");
  CHECK(hall.meaning(mail).kind == MeaningKind::take);
  StepRecord record;
  record.what.text = "by mail <7@phone>";
  hall.picture_.incidents[0].records.push_back(record);
  CHECK(hall.why(mail) == "repeated");
  hall.picture_.incidents[0].records.clear();
  hall.picture_.incidents[0].notifications[0].acknowledged = samples::moment();
  CHECK(hall.why(mail) == "old_token");
}

TEST_CASE("what a stranger sends neither crashes nor answers") {
  Hall hall;
  std::string nested = from_stranger;
  for (int i = 0; i < 500; ++i) nested += "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
  CHECK(hall.why(nested + "\r\nack\r\n") == "no_token");
  std::string many = from_stranger + "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 10'000; ++i) many += "--b\r\n\r\nack\r\n";
  CHECK(hall.why(many) == "no_token");
  std::string tags = from_stranger + "Content-Type: text/html\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) tags += "<head></head><";
  CHECK(hall.why(tags) == "no_token");
  for (const char* text : {"", "\r\n", ":", "From: <<<@>>>\r\n\r\n", "From: a@b\r\nSubject: =?utf-8?B?",
                           "From: a@b\r\nSubject: =?x?q?=?=\r\n", "Content-Type: text/plain; charset=\""})
    CHECK(hall.meaning(text).kind == MeaningKind::nothing);
  std::string zeros = plain(from_stranger, "ack");
  zeros.insert(3, 5, '\0');
  CHECK(hall.meaning(zeros).kind == MeaningKind::nothing);
}
