#include <doctest/doctest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <random>

#include "probes/dns_message.hpp"
#include "probes/name_time_mail_probe.hpp"
#include "probes/ntp_message.hpp"
#include "run_until.hpp"

using namespace nethealth;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;

namespace {

using Texts = std::vector<std::string>;

/// Answers datagrams by a function of them; says nothing where it returns nothing.
class DatagramServer {
 public:
  using Answer = std::function<std::string(const std::string&)>;
  DatagramServer(boost::asio::io_context& io, Answer answer)
      : socket_(io, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)), answer_(std::move(answer)) {
    listen();
  }
  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }
  int asked = 0;

 private:
  void listen() {
    socket_.async_receive_from(boost::asio::buffer(room_), from_,
                               [this](const boost::system::error_code& error, std::size_t bytes) {
                                 if (error) return;
                                 ++asked;
                                 const std::string answer = answer_(std::string(room_.data(), bytes));
                                 if (!answer.empty()) socket_.send_to(boost::asio::buffer(answer), from_);
                                 listen();
                               });
  }
  udp::socket socket_;
  udp::endpoint from_;
  std::array<char, 1500> room_{};
  Answer answer_;
};

/// The answer to a question about cs-1.example.lg.jp, with addresses of four bytes and a pointer to the name.
std::string dns_reply(const std::string& question, const Texts& addresses, int code = 0) {
  std::string reply = question;
  reply[2] = '\x81';
  reply[3] = static_cast<char>(0x80 | code);
  reply[7] = static_cast<char>(addresses.size());
  for (const std::string& address : addresses) {
    reply += std::string("\xC0\x0C\0\x01\0\x01\0\0\0\x3C\0\x04", 12);
    for (const unsigned char byte : boost::asio::ip::make_address_v4(address).to_bytes())
      reply += static_cast<char>(byte);
  }
  return reply;
}

void put_stamp(std::string& bytes, std::size_t at, std::chrono::nanoseconds since_1970) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_1970);
  const auto fraction = static_cast<std::uint64_t>((since_1970 - seconds).count());
  const std::uint64_t value = (static_cast<std::uint64_t>(seconds.count()) + 2'208'988'800U) << 32 |
                              (fraction << 32) / 1'000'000'000U;
  for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(value >> (56 - 8 * i) & 0xFF);
}

std::string ntp_reply(const std::string& question, std::chrono::nanoseconds ahead, int stratum = 2) {
  std::string reply(48, '\0');
  reply[0] = stratum == 16 ? '\xE4' : '\x24';
  reply[1] = static_cast<char>(stratum);
  for (std::size_t i = 0; i < 8; ++i) reply[24 + i] = question[40 + i];
  const auto now = std::chrono::system_clock::now().time_since_epoch() + ahead;
  put_stamp(reply, 32, now);
  put_stamp(reply, 40, now);
  return reply;
}

ServiceSeen dns(const DatagramServer::Answer& answer, Texts expected = {},
                Milliseconds timeout = Milliseconds(10'000)) {
  boost::asio::io_context io{1};
  const DatagramServer server(io, answer);
  std::optional<ServiceSeen> seen;
  dns_look(io, {boost::asio::ip::address_v4::loopback(), server.port(), "names", timeout},
           "CS-1.example.lg.jp", std::move(expected), [&](ServiceSeen what) { seen = std::move(what); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  return *seen;
}

ServiceSeen ntp(const DatagramServer::Answer& answer, Milliseconds offset = Milliseconds(1'000)) {
  boost::asio::io_context io{1};
  const DatagramServer server(io, answer);
  std::optional<ServiceSeen> seen;
  ntp_look(io, {boost::asio::ip::address_v4::loopback(), server.port(), "time", Milliseconds(10'000)}, offset,
           [&](ServiceSeen what) { seen = std::move(what); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  return *seen;
}

ServiceSeen smtp(const std::string& says, Milliseconds timeout = Milliseconds(10'000)) {
  boost::asio::io_context io{1};
  tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  std::optional<tcp::socket> peer;
  acceptor.async_accept([&](const boost::system::error_code& error, tcp::socket socket) {
    REQUIRE(!error);
    boost::asio::write(socket, boost::asio::buffer(says));
    if (says != "hang up") peer.emplace(std::move(socket));
  });
  std::optional<ServiceSeen> seen;
  smtp_look(io, {boost::asio::ip::address_v4::loopback(), acceptor.local_endpoint().port(), "mail", timeout},
            [&](ServiceSeen what) { seen = std::move(what); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  return *seen;
}

}  // namespace

TEST_CASE("a name server that gives an address is ok") {
  const ServiceSeen seen =
      dns([](const std::string& question) { return dns_reply(question, {"192.0.2.10"}); });
  CHECK(seen.status == Outcome::ok);
  CHECK(seen.probe == "dns");
  CHECK(seen.service == "names");
  CHECK(seen.text == "192.0.2.10");
}

TEST_CASE("a name server that gives another address than one expected is at fault") {
  const auto both = [](const std::string& question) {
    return dns_reply(question, {"192.0.2.10", "192.0.2.11"});
  };
  CHECK(dns(both, {"192.0.2.11"}).status == Outcome::ok);
  CHECK(dns(both, {"192.0.2.12"}).status == Outcome::error);
}

TEST_CASE("a name server that knows no such name or has no address is at fault") {
  CHECK(dns([](const std::string& question) { return dns_reply(question, {}, 3); }).status == Outcome::error);
  CHECK(dns([](const std::string& question) { return dns_reply(question, {}); }).status == Outcome::error);
}

TEST_CASE("a name server is asked again when the first question is lost and foreign answers do not count") {
  int asked = 0;
  const ServiceSeen seen = dns(
      [&](const std::string& question) {
        std::string foreign = dns_reply(question, {"192.0.2.99"});
        foreign[0] = static_cast<char>(foreign[0] + 1);
        return ++asked == 1 ? foreign : dns_reply(question, {"192.0.2.10"});
      },
      {"192.0.2.10"}, Milliseconds(200));
  CHECK(asked == 2);
  CHECK(seen.status == Outcome::ok);
}

TEST_CASE("a silent name server is a time limit and a closed port is refused") {
  CHECK(dns([](const std::string&) { return std::string(); }, {}, Milliseconds(20)).status ==
        Outcome::timeout);
  boost::asio::io_context io{1};
  const std::uint16_t free_port = [&] {
    const udp::socket socket(io, udp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    return socket.local_endpoint().port();
  }();
  std::optional<ServiceSeen> seen;
  dns_look(io, {boost::asio::ip::address_v4::loopback(), free_port, "names", Milliseconds(10'000)},
           "a.example", {}, [&](ServiceSeen what) { seen = std::move(what); });
  REQUIRE(run_until(io, [&] { return seen.has_value(); }));
  CHECK(seen->status == Outcome::refused);
}

TEST_CASE("no cut and no flipped byte of a DNS answer is read beyond its end") {
  const std::string question = dns_question(7, "cs-1.example.lg.jp", DnsType::a);
  const std::string reply = dns_reply(question, {"192.0.2.10", "192.0.2.11"});
  REQUIRE(dns_answer(reply, 7, "cs-1.example.lg.jp", DnsType::a)->addresses.size() == 2);
  for (std::size_t length = 0; length < reply.size(); ++length) {
    const std::string cut = reply.substr(0, length);
    if (const auto answer = dns_answer(cut, 7, "cs-1.example.lg.jp", DnsType::a))
      CHECK(answer->addresses.size() < 2);
  }
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = reply;
    for (int i = 0; i < 3; ++i) broken[random() % broken.size()] = static_cast<char>(random());
    if (const auto answer = dns_answer(broken, 7, "cs-1.example.lg.jp", DnsType::a))
      CHECK(answer->addresses.size() <= most_dns_addresses);
  }
  std::string circle = question;
  circle[2] = '\x81';
  circle[7] = '\x01';
  circle += std::string("\xC0", 1) + static_cast<char>(circle.size());
  CHECK(dns_answer(circle, 7, "cs-1.example.lg.jp", DnsType::a)->addresses.empty());
}

TEST_CASE("a time server near our clock is ok and one that is off is at fault") {
  using namespace std::chrono_literals;
  CHECK(ntp([](const std::string& question) { return ntp_reply(question, 0s); }).status == Outcome::ok);
  CHECK(ntp([](const std::string& question) { return ntp_reply(question, -1h); }).status == Outcome::error);
  const ServiceSeen ahead = ntp([](const std::string& question) { return ntp_reply(question, 24h); });
  CHECK(ahead.status == Outcome::error);
  CHECK(ahead.text.find("ahead") != std::string::npos);
}

TEST_CASE("a time server that does not know the time is at fault") {
  using namespace std::chrono_literals;
  CHECK(ntp([](const std::string& question) { return ntp_reply(question, 0s, 16); }).status ==
        Outcome::error);
  CHECK(ntp([](const std::string& question) { return ntp_reply(question, 0s, 0); }).status == Outcome::error);
}

TEST_CASE("only an answer to our own question tells the time") {
  const WallTime now{std::chrono::seconds(1'795'500'000)};
  const std::string question = ntp_question(42);
  const std::string reply = ntp_reply(question, std::chrono::seconds(0));
  CHECK(ntp_answer(reply, 42, now, now));
  CHECK_FALSE(ntp_answer(reply, 43, now, now));
  CHECK_FALSE(ntp_answer(reply.substr(0, 47), 42, now, now));
  CHECK_FALSE(ntp_answer(question, 42, now, now));
}

TEST_CASE("a mail server that greets is ok and one that refuses is at fault") {
  const ServiceSeen seen = smtp("220 mail.example.lg.jp ESMTP\r\n");
  CHECK(seen.status == Outcome::ok);
  CHECK(seen.probe == "smtp");
  CHECK(seen.text == "220 mail.example.lg.jp ESMTP");
  CHECK(smtp("220-hello\r\n220 there\r\n").status == Outcome::ok);
  CHECK(smtp("554 no service\r\n").status == Outcome::error);
  CHECK(smtp("SSH-2.0-OpenSSH_9.2\r\n").status == Outcome::error);
  CHECK(smtp("hang up").status == Outcome::error);
  CHECK(smtp(std::string(10'000, 'x')).status == Outcome::error);
}

TEST_CASE("a mail server that takes the connection and says nothing is a time limit") {
  const ServiceSeen seen = smtp("", Milliseconds(30));
  CHECK(seen.status == Outcome::timeout);
  CHECK(seen.text.find("greeting") != std::string::npos);
}
