#include "probes/syslog_listener.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/write.hpp>
#include <random>

#include "probes/syslog_framing.hpp"
#include "run_until.hpp"

using namespace nethealth;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;

namespace {

using Texts = std::vector<std::string>;

struct Heard {
  DeviceIndex device;
  LogSeen line;
};

/// A listener by UDP and TCP that knows this host as device 3.
struct Ears {
  boost::asio::io_context io{1};
  std::vector<Heard> heard;
  std::vector<std::string> problems;
  SyslogListener listener;

  explicit Ears(const std::string& from = "127.0.0.1", const std::string& encoding = "auto")
      : listener(
            io,
            {{"udp://127.0.0.1:0", from, 3, encoding, {"network"}},
             {"tcp://127.0.0.1:0", from, 3, encoding, {"network"}}},
            [this](DeviceIndex device, const std::string&, LogSeen line) {
              heard.push_back({device, std::move(line)});
            },
            problems) {
    REQUIRE(problems.empty());
  }
  void datagram(const std::string& message) {
    udp::socket socket(io, udp::v4());
    socket.send_to(boost::asio::buffer(message), {boost::asio::ip::address_v4::loopback(), listener.port(0)});
  }
  tcp::socket connect() {
    tcp::socket socket(io);
    socket.connect({boost::asio::ip::address_v4::loopback(), listener.port(1)});
    return socket;
  }
  bool hears(std::size_t count) {
    return run_until(io, [&] { return heard.size() >= count; });
  }
};

Texts split(const Texts& pieces) {
  SyslogSplitter splitter;
  Texts messages;
  const auto keep = [&](std::string_view message, std::size_t) { messages.emplace_back(message); };
  for (const std::string& piece : pieces)
    if (!splitter.feed(piece, keep)) return {"refused"};
  splitter.finish(keep);
  return messages;
}

}  // namespace

TEST_CASE("syslog: a datagram of a known device is a line of its log") {
  Ears ears;
  ears.datagram("<189>Nov 24 09:00:00 sw-core %LINK-3-UPDOWN: down\n");
  REQUIRE(ears.hears(1));
  CHECK(ears.heard[0].device == 3);
  CHECK(ears.heard[0].line.line == "Nov 24 09:00:00 sw-core %LINK-3-UPDOWN: down");
  CHECK(ears.heard[0].line.rules == Texts{"network"});
  CHECK(ears.heard[0].line.file == "syslog from 127.0.0.1");
}

TEST_CASE("syslog: a stranger is dropped and counted") {
  Ears ears("192.0.2.9");
  ears.datagram("<1>x");
  CHECK(run_until(ears.io, [&] { return ears.listener.counters().dropped_unknown_source == 1; }));
  auto socket = ears.connect();
  CHECK(run_until(ears.io, [&] { return ears.listener.counters().dropped_unknown_source == 2; }));
  CHECK(ears.heard.empty());
}

TEST_CASE("syslog: a stream in both framings and a last message without an end") {
  Ears ears;
  auto socket = ears.connect();
  boost::asio::write(socket, boost::asio::buffer(std::string("8 <1>first<2>second\n9 <3>th\nird\n<4>last")));
  socket.shutdown(tcp::socket::shutdown_send);
  REQUIRE(ears.hears(4));
  CHECK(ears.heard[0].line.line == "first");
  CHECK(ears.heard[1].line.line == "second");
  CHECK(ears.heard[3].line.line == "last");
}

TEST_CASE("syslog: who resets a connection is still known and every line has a place of its own") {
  Ears ears;
  tcp::socket socket = ears.connect();
  ears.io.poll();
  boost::asio::write(socket, boost::asio::buffer(std::string("<13>one\n<13>two\n")));
  socket.set_option(tcp::socket::linger(true, 0));
  socket.close();
  REQUIRE(ears.hears(2));
  for (const Heard& one : ears.heard) CHECK(one.line.file == "syslog from 127.0.0.1");
  CHECK(ears.heard[0].line.offset > 0);
  CHECK(ears.heard[0].line.offset < ears.heard[1].line.offset);
}

TEST_CASE("syslog: Japanese of old devices is read by the encoding given") {
  Ears ears("127.0.0.1", "cp932");
  ears.datagram("<1>\x8f\xe1\x8a\x51");
  REQUIRE(ears.hears(1));
  CHECK(ears.heard[0].line.line == "障害");
}

TEST_CASE("syslog: connections of one device are limited and what is no syslog ends one") {
  Ears ears;
  std::vector<tcp::socket> sockets;
  for (std::size_t i = 0; i < syslog_connections_per_source + 1; ++i) sockets.push_back(ears.connect());
  CHECK(run_until(ears.io, [&] { return ears.listener.counters().dropped_connections == 1; }));
  boost::asio::write(sockets[0], boost::asio::buffer(std::string("99999999999 x")));
  CHECK(run_until(ears.io, [&] { return ears.listener.counters().dropped_framing == 1; }));
}

TEST_CASE("syslog: a storm is dropped beyond the limit and counted") {
  Ears ears;
  auto socket = ears.connect();
  std::string storm;
  for (int i = 0; i < 20'000; ++i) storm += "<1>again\n";
  boost::asio::async_write(socket, boost::asio::buffer(storm),
                           [](const boost::system::error_code&, std::size_t) {});
  CHECK(run_until(ears.io,
                  [&] { return ears.heard.size() + ears.listener.counters().dropped_storm == 20'000; }));
  CHECK(ears.listener.counters().dropped_storm > 0);
}

TEST_CASE("syslog: a place that cannot be listened at is told and the other is heard") {
  boost::asio::io_context io{1};
  std::vector<std::string> problems;
  const SyslogListener listener(
      io,
      {{"udp://192.0.2.1:0", "127.0.0.1", 0, "auto", {}},
       {"nonsense", "127.0.0.1", 0, "auto", {}},
       {"udp://127.0.0.1:0", "127.0.0.1", 0, "auto", {}}},
      [](DeviceIndex, const std::string&, LogSeen) {}, problems);
  CHECK(problems.size() == 2);
  CHECK(listener.port(2) != 0);
}

TEST_CASE("syslog: messages are the same however a stream is cut") {
  const std::string stream = "8 <1>first<2>second\n12 <3>th\nird xx\n5 <4>ab\n<5>end\n";
  const Texts whole = split({stream});
  CHECK(whole == Texts{"<1>first", "<2>second", "<3>th\nird xx", "<4>ab", "<5>end"});
  for (std::size_t at = 1; at < stream.size(); ++at)
    CHECK(split({stream.substr(0, at), stream.substr(at)}) == whole);
  CHECK(split({"12x"}) == Texts{"refused"});
  CHECK(split({"1234567890 x"}) == Texts{"refused"});
  std::mt19937 random(1);
  for (int round = 0; round < 2'000; ++round) {
    std::string broken = stream;
    for (int i = 0; i < 4; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    for (const std::string& message : split({broken})) CHECK(message.size() <= stream.size());
  }
}

TEST_CASE("syslog: an endless message is cut and says by how much") {
  SyslogSplitter splitter;
  std::size_t kept = 0, lost = 0;
  const auto keep = [&](std::string_view message, std::size_t left_out) {
    kept = message.size();
    lost = left_out;
  };
  for (int i = 0; i < 100; ++i) REQUIRE(splitter.feed(std::string(1'000, 'x'), keep));
  REQUIRE(splitter.feed("\n", keep));
  CHECK(kept == most_syslog_message_bytes);
  CHECK(kept + lost == 100'000);
}

TEST_CASE("syslog: only a priority and a byte order mark are taken off") {
  CHECK(syslog_text("<134>1 2026-11-24T00:00:00Z h a - - - x") == "1 2026-11-24T00:00:00Z h a - - - x");
  CHECK(syslog_text("<0>\xEF\xBB\xBFx\r\n") == "x");
  CHECK(syslog_text("<abc>x") == "<abc>x");
  CHECK(syslog_text("<12345>x") == "<12345>x");
  CHECK(syslog_text("<>x") == "<>x");
  CHECK(syslog_text("<1").size() == 2);
  CHECK(syslog_text("").empty());
}
