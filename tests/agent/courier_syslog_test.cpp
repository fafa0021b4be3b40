#include "agent/courier_syslog.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ip/udp.hpp>

#include "tests/agent/fake_server.hpp"
#include "tests/agent/sample_events.hpp"
#include "tests/probes/run_until.hpp"

using namespace nethealth;

namespace {

SyslogTarget target(SyslogTransport transport, unsigned short port) {
  SyslogTarget target;
  target.target = "test";
  target.transport = transport;
  target.host = "127.0.0.1";
  target.port = port;
  return target;
}

SyslogCourierOptions quick_syslog() {
  SyslogCourierOptions options;
  options.delays = {Milliseconds(2)};
  options.settle_tcp = Milliseconds(20);
  options.settle_udp = Milliseconds(20);
  options.stall_limit = Milliseconds(200);
  return options;
}

/// Octet-counted frames, in order; what is left over is ignored.
std::vector<std::string> frames(const std::string& heard) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < heard.size()) {
    const std::size_t space = heard.find(' ', at);
    if (space == std::string::npos) break;
    const std::size_t size = std::stoul(heard.substr(at, space - at));
    if (space + 1 + size > heard.size()) break;
    out.push_back(heard.substr(space + 1, size));
    at = space + 1 + size;
  }
  return out;
}

std::string after(const std::string& text, const std::string& mark) {
  const std::size_t at = text.find(mark);
  REQUIRE(at != std::string::npos);
  return text.substr(at + mark.size(), text.find('"', at + mark.size()) - at - mark.size());
}
std::string id_of(const std::string& record) {
  return after(record, "nethealth@32473 id=\"");
}
std::string sequence_of(const std::string& record) {
  return after(record, "sequenceId=\"");
}

struct SyslogDesk {
  explicit SyslogDesk(SyslogTarget to, SyslogCourierOptions options = quick_syslog())
      : courier(
            io_for(), std::move(to), {"mon-1", "1"}, Zone(),
            [this](const SyslogOutcome& outcome) { sent.push_back(outcome.id); }, [this] { ++refills; },
            [this](const std::string& text) { troubles.push_back(text); }, std::move(options)) {}
  static boost::asio::io_context& io_for() {
    static boost::asio::io_context io;
    return io;
  }
  boost::asio::io_context& io = io_for();

  bool offer(int number) {
    return courier.offer(samples::syslog_queued("s" + std::to_string(number)), samples::moment());
  }
  bool until(const std::function<bool()>& holds) { return run_until(io, holds); }

  std::vector<std::string> sent;
  std::vector<std::string> troubles;
  int refills = 0;
  SyslogCourier courier;
};

}  // namespace

TEST_CASE("records reach a TCP receiver in order and each is reported once") {
  FakeServer server(SyslogDesk::io_for(), [](FakeClient&) {});
  SyslogDesk desk(target(SyslogTransport::tcp, server.port()));
  constexpr int count = 3'000;
  for (int number = 0; number < count; ++number) CHECK(desk.offer(number));
  CHECK(desk.offer(0));
  CHECK(desk.sent.empty());
  REQUIRE(desk.until([&] { return desk.sent.size() == count; }));
  REQUIRE(server.clients.size() == 1);
  const auto heard = frames(server.clients.front()->heard);
  REQUIRE(heard.size() == count);
  for (std::size_t i = 0; i < count; ++i) {
    CHECK(id_of(heard[i]) == "s" + std::to_string(i));
    CHECK(sequence_of(heard[i]) == std::to_string(i + 1));
    CHECK(desk.sent[i] == "s" + std::to_string(i));
  }
  CHECK(desk.troubles.empty());
  CHECK(desk.courier.held() == 0);
}

TEST_CASE("newline framing ends each record with a line feed") {
  FakeServer server(SyslogDesk::io_for(), [](FakeClient&) {});
  SyslogTarget to = target(SyslogTransport::tcp, server.port());
  to.framing = SyslogFraming::newline;
  SyslogDesk desk(to);
  desk.offer(1);
  REQUIRE(desk.until([&] { return desk.sent.size() == 1; }));
  CHECK(server.clients.front()->heard.starts_with("<163>1 "));
  CHECK(server.clients.front()->heard.ends_with("障害\n"));
}

TEST_CASE("what a receiver may not have got when it closed is sent again whole with the same number") {
  int closes = 0;
  FakeServer server(SyslogDesk::io_for(), [&](FakeClient& client) {
    if (!client.heard.empty() && closes < 3) {
      ++closes;
      client.hang_up();
    }
  });
  SyslogDesk desk(target(SyslogTransport::tcp, server.port()));
  for (int number = 1; number <= 5; ++number) desk.offer(number);
  REQUIRE(desk.until([&] { return desk.sent.size() == 5; }));
  CHECK(closes == 3);
  REQUIRE(server.clients.size() == 4);
  const auto heard = frames(server.clients.back()->heard);
  REQUIRE(heard.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(sequence_of(heard[i]) == std::to_string(i + 1));
  REQUIRE(desk.troubles.size() == 2);
  CHECK_FALSE(desk.troubles[0].empty());
  CHECK(desk.troubles[1].empty());
}

TEST_CASE("a receiver that closed while nothing was sent is noticed before the next record") {
  FakeServer server(SyslogDesk::io_for(), [](FakeClient&) {});
  SyslogDesk desk(target(SyslogTransport::tcp, server.port()));
  desk.offer(1);
  REQUIRE(desk.until([&] { return desk.sent.size() == 1; }));
  server.clients.front()->hang_up();
  desk.offer(2);
  REQUIRE(desk.until([&] { return desk.sent.size() == 2; }));
  REQUIRE(server.clients.size() == 2);
  CHECK(frames(server.clients.back()->heard).size() == 1);
}

TEST_CASE("a receiver that is not there gets everything once it is") {
  unsigned short port = 0;
  {
    port = FakeServer(SyslogDesk::io_for(), [](FakeClient&) {}).port();
  }
  SyslogDesk desk(target(SyslogTransport::tcp, port));
  for (int number = 1; number <= 3; ++number) desk.offer(number);
  REQUIRE(desk.until([&] { return !desk.troubles.empty(); }));
  CHECK(desk.sent.empty());
  CHECK(desk.courier.held() == 3);
  FakeServer server(
      SyslogDesk::io_for(), [](FakeClient&) {}, port);
  REQUIRE(desk.until([&] { return desk.sent.size() == 3; }));
  CHECK(desk.sent == std::vector<std::string>{"s1", "s2", "s3"});
}

TEST_CASE("a receiver that takes nothing is given up and nothing counts as sent") {
  boost::asio::ip::tcp::acceptor deaf(SyslogDesk::io_for(), {boost::asio::ip::make_address("127.0.0.1"), 0});
  // Small buffers, so that the records do not fit into them.
  deaf.set_option(boost::asio::socket_base::receive_buffer_size(4'096));
  SyslogDesk desk(target(SyslogTransport::tcp, deaf.local_endpoint().port()));
  SyslogQueued big = samples::syslog_queued();
  big.message = std::string(7'000, 'x');
  for (int number = 0; number < 3'000; ++number) {
    big.id = std::to_string(number);
    CHECK(desk.courier.offer(big, samples::moment()));
  }
  REQUIRE(desk.until([&] { return !desk.troubles.empty(); }));
  CHECK(desk.troubles[0] == "the other side takes nothing");
  CHECK(desk.courier.held() + desk.sent.size() == 3'000);
  CHECK(desk.courier.held() > 0);
}

TEST_CASE("beyond its room a courier says no and asks for the rest when it has run empty") {
  FakeServer server(SyslogDesk::io_for(), [](FakeClient&) {});
  SyslogCourierOptions options = quick_syslog();
  options.held = 10;
  SyslogDesk desk(target(SyslogTransport::tcp, server.port()), options);
  for (int number = 0; number < 10; ++number) CHECK(desk.offer(number));
  CHECK_FALSE(desk.offer(10));
  REQUIRE(desk.until([&] { return desk.sent.size() == 9 || desk.refills == 1; }));
  REQUIRE(desk.until([&] { return desk.refills == 1; }));
  CHECK(desk.sent.size() == 10);
  CHECK(desk.offer(10));
  REQUIRE(desk.until([&] { return desk.sent.size() == 11; }));
}

TEST_CASE("a week of records for a receiver that was away leaves in order out of bounded memory") {
  constexpr int records = 7 * 24 * 60;
  constexpr std::size_t held = 500;
  const unsigned short port = FakeServer(SyslogDesk::io_for(), [](FakeClient&) {}).port();
  SyslogCourierOptions options = quick_syslog();
  options.held = held;
  SyslogDesk desk(target(SyslogTransport::tcp, port), options);
  // The journal: what is unsent is offered again whenever the courier has room.
  std::size_t most_held = 0;
  const auto offer_unsent = [&] {
    for (int number = static_cast<int>(desk.sent.size()); number < records; ++number) {
      const bool taken = desk.offer(number);
      most_held = std::max(most_held, desk.courier.held());
      if (!taken) return;
    }
  };
  offer_unsent();
  REQUIRE(desk.until([&] { return !desk.troubles.empty(); }));
  CHECK(desk.sent.empty());
  FakeServer server(
      SyslogDesk::io_for(), [](FakeClient&) {}, port);
  int answered = 0;
  REQUIRE(desk.until([&] {
    if (desk.refills > answered) {
      answered = desk.refills;
      offer_unsent();
    }
    return desk.sent.size() == records;
  }));
  CHECK(most_held == held);
  CHECK(answered >= records / static_cast<int>(held) - 1);
  std::vector<std::string> heard;
  for (const auto& client : server.clients)
    for (const std::string& record : frames(client->heard)) heard.push_back(id_of(record));
  REQUIRE(heard.size() == records);
  for (std::size_t i = 0; i < records; ++i) CHECK(heard[i] == "s" + std::to_string(i));
}

TEST_CASE("a UDP receiver that refuses gets every record later") {
  using boost::asio::ip::udp;
  const auto address = boost::asio::ip::make_address("127.0.0.1");
  unsigned short port = 0;
  { port = udp::socket(SyslogDesk::io_for(), {address, 0}).local_endpoint().port(); }
  SyslogDesk desk(target(SyslogTransport::udp, port));
  for (int number = 1; number <= 3; ++number) desk.offer(number);
  REQUIRE(desk.until([&] { return !desk.troubles.empty(); }));
  CHECK(desk.sent.empty());
  udp::socket receiver(SyslogDesk::io_for(), {address, port});
  REQUIRE(desk.until([&] { return desk.sent.size() == 3; }));
  std::string heard(4'096, '\0');
  for (int number = 1; number <= 3; ++number) {
    const std::size_t size = receiver.receive(boost::asio::buffer(heard));
    CHECK(id_of(heard.substr(0, size)) == "s" + std::to_string(number));
    CHECK(sequence_of(heard.substr(0, size)) == std::to_string(number));
  }
}
