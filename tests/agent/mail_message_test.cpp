#include "agent/mail_message.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <sstream>
#include <vector>

#include "agent/digest.hpp"
#include "probes/json_text.hpp"
#include "tests/agent/sample_times.hpp"

using namespace nethealth;

namespace {

MailMessage sample() {
  MailMessage message;
  message.from = "nethealth@example.lg.jp";
  message.to = "sato@example.lg.jp";
  message.subject = "[停止] 2階市民課ハブ (hub-2f) が応答しません 09:00 #1";
  message.body = "ハブが止まりました。\n次に: 電源を確かめてください。\n";
  message.message_id = message_id("0123abcd", "1.page.0", message.from);
  message.thread_id = thread_id("0123abcd", 1, message.from);
  message.date = Time(Milliseconds(1'795'478'400'123));
  message.important = true;
  return message;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t from = 0;
  for (std::size_t at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", from)) {
    lines.push_back(text.substr(from, at - from));
    from = at + 2;
  }
  CHECK(from == text.size());
  return lines;
}

/// The header's lines, folded ones joined by a line feed; ends at the empty line.
std::vector<std::string> headers_of(const std::string& text) {
  std::vector<std::string> headers;
  for (const std::string& line : lines_of(text)) {
    if (line.empty()) break;
    if (line.front() == ' ' && !headers.empty()) {
      headers.back() += "\n" + line;
    } else {
      headers.push_back(line);
    }
  }
  return headers;
}

std::string header(const std::string& text, const std::string& name) {
  std::string found;
  for (const std::string& line : headers_of(text)) {
    if (!line.starts_with(name + ": ")) continue;
    CHECK(found.empty());
    found = line.substr(name.size() + 2);
  }
  return found;
}

std::string decoded_subject(const std::string& text) {
  std::istringstream words(header(text, "Subject"));
  std::string subject;
  for (std::string word; words >> word;) {
    CHECK(word.size() <= 75);
    REQUIRE(word.starts_with("=?UTF-8?B?"));
    REQUIRE(word.ends_with("?="));
    const std::string part = from_base64(word.substr(10, word.size() - 12)).value_or("no base64");
    CHECK(mend_utf8(part) == part);
    subject += part;
  }
  return subject;
}

std::string decoded_body(const std::string& text) {
  std::string base64 = text.substr(text.find("\r\n\r\n") + 4);
  std::erase_if(base64, [](char letter) { return letter == '\r' || letter == '\n'; });
  return from_base64(base64).value_or("no base64");
}

}  // namespace

TEST_CASE("a page is a mail that every mail program understands") {
  const std::string text = mail_text(sample(), samples::tokyo());
  CHECK(header(text, "Date") == "Tue, 24 Nov 2026 09:00:00 +0900");
  CHECK(header(text, "From") == "nethealth@example.lg.jp");
  CHECK(header(text, "To") == "sato@example.lg.jp");
  CHECK(header(text, "Message-ID") == "<nethealth.0123abcd.1.page.0@example.lg.jp>");
  CHECK(header(text, "In-Reply-To") == "<nethealth.0123abcd.incident.1@example.lg.jp>");
  CHECK(header(text, "References") == "<nethealth.0123abcd.incident.1@example.lg.jp>");
  CHECK(header(text, "Auto-Submitted") == "auto-generated");
  CHECK(header(text, "Importance") == "high");
  CHECK(header(text, "Content-Type") == "text/plain; charset=UTF-8");
  CHECK(decoded_subject(text) == sample().subject);
  CHECK(decoded_body(text) == "ハブが止まりました。\r\n次に: 電源を確かめてください。\r\n");
  for (const std::string& line : lines_of(text)) CHECK(line.size() <= 78);
}

TEST_CASE("a plain subject stays readable and a message that is no page is not important") {
  MailMessage message = sample();
  message.subject = "hub-2f is down";
  message.important = false;
  message.thread_id.clear();
  const std::string text = mail_text(message, Zone());
  CHECK(header(text, "Subject") == "hub-2f is down");
  CHECK(header(text, "Importance").empty());
  CHECK(header(text, "In-Reply-To").empty());
  CHECK(header(text, "Date") == "Tue, 24 Nov 2026 00:00:00 +0000");
}

TEST_CASE("a repeat has the same Message-ID and says so in its subject") {
  MailMessage message = sample();
  message.resend = true;
  message.unjournaled = true;
  const std::string text = mail_text(message, samples::tokyo());
  CHECK(header(text, "Message-ID") == header(mail_text(sample(), samples::tokyo()), "Message-ID"));
  CHECK(decoded_subject(text) == "【再送】【記録不可】" + sample().subject);
  message.language = Language::en;
  CHECK(marked_subject("x", true, false, Language::en) == "[resend] x");
  CHECK(marked_subject("x", false, false, Language::en) == "x");
}

TEST_CASE("no field can add a header or end the header") {
  const std::string attack = "x\r\nBcc: evil@example.com\r\n\r\nbody\x0b\x85\xc2\x85\xe2\x80\xa8 \x7f";
  MailMessage message = sample();
  const auto names = headers_of(mail_text(message, samples::tokyo())).size();
  message.subject = message.body = message.from = message.to = attack + "@example.com";
  message.message_id = message_id(attack, attack, attack);
  message.thread_id = attack;
  const std::string text = mail_text(message, samples::tokyo());
  CHECK(headers_of(text).size() == names);
  for (const std::string& line : headers_of(text)) CHECK_FALSE(line.starts_with("Bcc"));
  for (const char byte : text) {
    const bool printable = (byte >= ' ' && byte < '\x7f') || byte == '\r' || byte == '\n';
    REQUIRE(printable);
  }
}

TEST_CASE("random bytes in every field leave a well formed mail") {
  std::mt19937 random(23);
  for (int round = 0; round < 2'000; ++round) {
    const auto bytes = [&] {
      std::string out;
      for (unsigned i = random() % 200; i > 0; --i) out += static_cast<char>(random());
      return out;
    };
    MailMessage message = sample();
    message.subject = bytes();
    message.body = bytes();
    message.to = bytes();
    message.from = bytes();
    message.message_id = message_id(bytes(), bytes(), bytes());
    const std::string text = mail_text(message, samples::tokyo());
    CHECK(headers_of(text).size() == 13);
    for (const std::string& line : lines_of(text)) REQUIRE(line.size() < 998);
  }
}

TEST_CASE("an address is taken bare or not at all") {
  CHECK(clean_address("sato@example.jp") == "sato@example.jp");
  CHECK(clean_address("佐藤 <sato@example.jp>") == "sato@example.jp");
  CHECK(clean_address("sato@example.jp\r\nRCPT TO:<x@y>") == "x@y");
  CHECK(clean_address("nobody").empty());
  CHECK(clean_address("@example.jp").empty());
  CHECK(clean_address("a@b@c").empty());
  CHECK(clean_address("").empty());
  CHECK(message_id("i", "n", "") == "nethealth.i.n@nethealth.invalid");
  CHECK(thread_id("i", 0, "a@b").empty());
}

TEST_CASE("the old Japanese set is used where every letter fits and UTF-8 where one does not") {
  MailMessage message;
  message.from = "nethealth@example.jp";
  message.to = "sato@example.jp";
  message.subject = "【停止】二階市民課ハブ 応答なし 09:00から";
  message.body = "何が: ハブ\n";
  message.charset = "iso-2022-jp";
  const std::string old = mail_text(message, Zone());
  CHECK(old.find("charset=ISO-2022-JP") != std::string::npos);
  CHECK(old.find("=?ISO-2022-JP?B?GyRC") != std::string::npos);
  CHECK(old.find("UTF-8") == std::string::npos);
  message.body = "髙橋さんへ①\n";
  const std::string modern = mail_text(message, Zone());
  CHECK(modern.find("charset=UTF-8") != std::string::npos);
  CHECK(modern.find("ISO-2022-JP") == std::string::npos);
}
