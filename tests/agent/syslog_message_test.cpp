#include "agent/syslog_message.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "probes/json_text.hpp"

using namespace nethealth;

namespace {

SyslogTarget target(SyslogTransport transport) {
  SyslogTarget target;
  target.transport = transport;
  target.facility = 20;
  return target;
}

std::string text_of(const SyslogQueued& queued, SyslogTransport transport = SyslogTransport::tcp) {
  return syslog_message(queued, Time(Milliseconds(1'795'478'400'123)), 7, target(transport),
                        {"mon 1.city", "4711"}, Zone::find("Asia/Tokyo").value_or(Zone()));
}

/// A reader of its own, strict by RFC 5424: the parameters of the second element and the message, or a failed
/// check.
struct Parsed {
  std::map<std::string, std::string> values;
  std::string message;
};
Parsed parse(const std::string& text) {
  Parsed parsed;
  std::size_t at = 0;
  const auto expect = [&](std::string_view wanted) {
    REQUIRE(text.substr(at, wanted.size()) == wanted);
    at += wanted.size();
  };
  expect("<");
  at = text.find('>');
  expect(">1 ");
  for (int field = 0; field < 5; ++field) {
    const std::size_t end = text.find(' ', at);
    REQUIRE(end != std::string::npos);
    REQUIRE(end > at);
    for (; at < end; ++at) REQUIRE((text[at] > ' ' && text[at] < '\x7f'));
    ++at;
  }
  expect("[meta sequenceId=\"7\"][nethealth@32473");
  while (text.at(at) == ' ') {
    ++at;
    const std::size_t equals = text.find('=', at);
    const std::string key = text.substr(at, equals - at);
    REQUIRE(key.size() <= 32);
    REQUIRE(key.find_first_of(" ]\"") == std::string::npos);
    at = equals + 1;
    expect("\"");
    std::string value;
    while (text.at(at) != '"') {
      REQUIRE(text[at] != ']');
      if (text[at] == '\\') {
        ++at;
        REQUIRE(std::string("\"\\]").find(text.at(at)) != std::string::npos);
      }
      value += text[at++];
    }
    ++at;
    parsed.values[key] = value;
  }
  expect("] ");
  parsed.message = text.substr(at);
  return parsed;
}

}  // namespace

TEST_CASE("a record is written as RFC 5424 wants it") {
  CHECK(text_of(
            {"s1", "t", 3, "incident.opened", {{"device", "sw-2f"}, {"port", "a\"b\\c]d"}}, "障害 opened"}) ==
        "<163>1 2026-11-24T09:00:00.123+09:00 mon1.city nethealth 4711 incident.opened "
        R"([meta sequenceId="7"][nethealth@32473 id="s1" device="sw-2f" port="a\"b\\c\]d"] 障害 opened)");
  SyslogTarget with_bom = target(SyslogTransport::udp);
  with_bom.bom = true;
  const std::string text = syslog_message({"s", "t", 5, "", {}, "x"}, Time(), 7, with_bom, {"", ""}, Zone());
  CHECK(text ==
        "<165>1 1970-01-01T00:00:00.000+00:00 - nethealth - - [meta sequenceId=\"7\"][nethealth@32473 "
        "id=\"s\"] "
        "\xEF\xBB\xBFx");
}

TEST_CASE("nothing hidden leaves in a record") {
  const Parsed parsed = parse(text_of({"s1",
                                       "t",
                                       3,
                                       "m",
                                       {{"line", "a\n\x1b[2J\xC2\x9B"}},
                                       "x\r\n<165>1 forged\xE2\x80\xAE\xE2\x80\x8B\xFF\xF3\xA0\x80\x81"}));
  CHECK(parsed.values.at("line") == "a\\u000A\\u001B[2J\\u009B");
  CHECK(parsed.message == "x\\u000D\\u000A<165>1 forged\\u202E\\u200B�\\U000E0001");
}

TEST_CASE("a long record is cut at a character's border to what the transport carries") {
  SyslogQueued queued{"s1", "t", 3, "m", {}, {}};
  for (int i = 0; i < 3'000; ++i) queued.message += "障";
  for (int i = 0; i < 50; ++i) queued.values["key" + std::to_string(i)] = std::string(300, ']');
  const std::string over_udp = text_of(queued, SyslogTransport::udp);
  CHECK(over_udp.size() <= 2'048);
  CHECK(over_udp.size() > 2'040);
  CHECK(parse(over_udp).message.size() >= 399);
  const std::string over_tcp = text_of(queued);
  CHECK(over_tcp.size() <= 8'000);
  CHECK(over_tcp.size() > 7'990);
  CHECK(mend_utf8(over_tcp) == over_tcp);
}

TEST_CASE("hostile text can neither forge a record nor break one") {
  std::mt19937 random(29);
  static const std::vector<std::string> pieces{
      "\"] ", "] ", "\\", "\\]", "\n", "<165>1 ", "\xE2\x80\xAE", "\xF0\x9F",
      "障",   "a",  "\0", " ",   "=",  "\xFF",    "\x7f",         "\xC2\x85"};
  const auto hostile = [&] {
    std::string out;
    for (unsigned i = random() % 120; i > 0; --i) out += pieces[random() % pieces.size()];
    return out;
  };
  for (int round = 0; round < 5'000; ++round) {
    SyslogQueued queued{hostile(), "t", static_cast<int>(random() % 20) - 5, hostile(), {}, hostile()};
    for (unsigned i = random() % 4; i > 0; --i) queued.values[hostile()] = hostile();
    const auto transport = random() % 2 == 0 ? SyslogTransport::udp : SyslogTransport::tcp;
    const std::string text = text_of(queued, transport);
    REQUIRE(text.size() <= (transport == SyslogTransport::udp ? 2'048 : 8'000));
    for (const char byte : text) {
      const bool printable = static_cast<unsigned char>(byte) >= 0x20 && byte != '\x7f';
      REQUIRE(printable);
    }
    REQUIRE(mend_utf8(text) == text);
    parse(text);
  }
}

TEST_CASE("a frame counts bytes or ends with a line feed") {
  CHECK(syslog_frame("障x", SyslogFraming::octet_counting) == "4 障x");
  CHECK(syslog_frame("障x", SyslogFraming::newline) == "障x\n");
}
