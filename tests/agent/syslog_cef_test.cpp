#include "agent/syslog_cef.hpp"

#include <doctest/doctest.h>

#include <random>

#include "agent/syslog_message.hpp"
#include "tests/agent/sample_events.hpp"

using namespace nethealth;

namespace {

/// Fields of the header; a bar after a backslash does not end one.
std::vector<std::string> header(const std::string& text) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < text.size() && fields.size() < 8; ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      fields.back() += text[++i];
    else if (text[i] == '|')
      fields.emplace_back();
    else
      fields.back() += text[i];
  }
  return fields;
}

}  // namespace

TEST_CASE("an event in CEF has seven header fields and the values under known keys") {
  SyslogQueued queued = samples::syslog_queued("7-3s");
  queued.message_id = "INCIDENT-OPENED";
  queued.severity = 2;
  queued.message = "不正 a|b=c\\d";
  queued.values = {{"device", "cs-1"}, {"category", "misconduct"}, {"room", "x=y"}};
  const std::string text = cef_event(queued, 8'000);
  const auto fields = header(text);
  REQUIRE(fields.size() == 8);
  CHECK(fields[0] == "CEF:0");
  CHECK(fields[4] == "INCIDENT-OPENED");
  CHECK(fields[5] == "不正 a|b=c\\d");
  CHECK(fields[6] == "9");
  CHECK(text.ends_with(
      "externalId=7-3s msg=不正 a|b\\=c\\\\d cat=misconduct dvchost=cs-1 cs1Label=room cs1=x\\=y"));
}

TEST_CASE("nothing in an event can begin another record or another header field") {
  std::mt19937 random(7);
  const std::vector<std::string> pieces{
      "|",  "\\",   "=",     "\n", "\r", "CEF:0|", "<165>1 ", "\xE2\x80\xAE", "\x1B[2J", std::string(1, '\0'),
      "漢", "\xFF", " msg=", "a"};
  for (int round = 0; round < 20'000; ++round) {
    SyslogQueued queued = samples::syslog_queued("1-1s");
    queued.message.clear();
    std::string value;
    for (int i = 0; i < 12; ++i) {
      queued.message += pieces[random() % pieces.size()];
      value += pieces[random() % pieces.size()];
    }
    queued.values = {{"device", value}};
    const std::string text = cef_event(queued, 600);
    REQUIRE(text.size() <= 600 + 1'100);
    for (const char byte : text) REQUIRE(static_cast<unsigned char>(byte) >= 0x20);
    REQUIRE(header(text).size() == 8);
    REQUIRE(header(text)[4] == "incident.opened");
  }
}

TEST_CASE("the header of an event in CEF is that of RFC 5424") {
  SyslogTarget target;
  target.format = SyslogFormat::cef;
  target.transport = SyslogTransport::tcp;
  const std::string text =
      syslog_message(samples::syslog_queued(), samples::moment(), 5, target, {"h", "1"}, Zone());
  CHECK(
      text.starts_with("<163>1 2026-11-24T00:00:00.123+00:00 h nethealth 1 incident.opened "
                       "[meta sequenceId=\"5\"] CEF:0|nethealth|"));
}
