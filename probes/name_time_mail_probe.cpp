#include "probes/name_time_mail_probe.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <istream>
#include <memory>
#include <random>
#include <utility>

#include "probes/curl_job.hpp"
#include "probes/datagram_look.hpp"
#include "probes/dns_message.hpp"
#include "probes/ntp_message.hpp"

namespace nethealth {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t most_greeting_bytes = 4'096;

std::uint64_t cookie() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return random();
}

WallTime wall_clock() {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

ServiceSeen seen_as(std::string probe, std::string service, DatagramVerdict verdict, Milliseconds took) {
  ServiceSeen seen;
  seen.probe = std::move(probe);
  seen.service = std::move(service);
  seen.status = verdict.outcome;
  seen.text = printable_line(verdict.text);
  if (verdict.outcome != Outcome::blind) seen.duration_ms = static_cast<double>(took.count());
  return seen;
}

DatagramVerdict judge(const DnsAnswer& answer, const std::vector<std::string>& expected) {
  constexpr int no_such_name = 3;
  if (answer.code != 0)
    return {Outcome::error, answer.code == no_such_name
                                ? "no such name"
                                : "the server answers error " + std::to_string(answer.code)};
  if (answer.addresses.empty()) return {Outcome::error, "no address"};
  const bool wanted =
      expected.empty() || std::any_of(expected.begin(), expected.end(), [&](const auto& one) {
        return std::find(answer.addresses.begin(), answer.addresses.end(), one) != answer.addresses.end();
      });
  if (!wanted) return {Outcome::error, "another address: " + answer.addresses.front()};
  return {Outcome::ok, answer.addresses.front()};
}

DatagramVerdict judge(const NtpAnswer& answer, Milliseconds offset) {
  if (!answer.synchronised)
    return {Outcome::error,
            "the server is not synchronised (stratum " + std::to_string(answer.stratum) + ")"};
  const auto ahead = std::chrono::duration_cast<Milliseconds>(answer.ahead);
  const std::string text = std::to_string(ahead.count()) + " ms ahead of our clock";
  return {std::chrono::abs(answer.ahead) > offset + answer.uncertainty ? Outcome::error : Outcome::ok, text};
}

/// One connection that waits to be greeted.
class Greeting : public std::enable_shared_from_this<Greeting> {
 public:
  Greeting(boost::asio::io_context& io, ServiceAsk ask, ServiceCallback callback)
      : socket_(io),
        timer_(io),
        ask_(std::move(ask)),
        callback_(std::move(callback)),
        began_(std::chrono::steady_clock::now()) {}

  void begin() {
    timer_.expires_after(ask_.timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& ended) {
      if (!ended) self->answer({Outcome::timeout, self->connected_ ? "connected, no greeting" : ""});
    });
    socket_.async_connect({ask_.address, ask_.port}, [self = shared_from_this()](const error_code& error) {
      if (!self->callback_) return;
      if (error) return self->answer({outcome_of_error(error.value()), error.message()});
      self->connected_ = true;
      self->listen();
    });
  }

 private:
  /// The greeting may have several lines, of which the last has a space after its code.
  void listen() {
    boost::asio::async_read_until(
        socket_, room_, '\n',
        [self = shared_from_this()](const error_code& error, std::size_t) { self->came(error); });
  }

  void came(const error_code& error) {
    if (!callback_) return;
    if (error) return answer({Outcome::error, "hung up without a greeting"});
    std::string line;
    std::istream stream(&room_);
    std::getline(stream, line);
    const bool is_reply = line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3,
                                                          [](char c) { return c >= '0' && c <= '9'; });
    if (is_reply && line.size() > 3 && line[3] == '-') return listen();
    const bool ready = is_reply && line.starts_with("220");
    const auto leave = std::make_shared<std::string>("QUIT\r\n");
    boost::asio::async_write(socket_, boost::asio::buffer(*leave),
                             [self = shared_from_this(), leave](const error_code&, std::size_t) {
                               error_code ignored;
                               self->socket_.close(ignored);
                             });
    answer({ready ? Outcome::ok : Outcome::error, line});
  }

  void answer(DatagramVerdict verdict) {
    if (!callback_) return;
    timer_.cancel();
    error_code ignored;
    if (verdict.outcome == Outcome::timeout) socket_.close(ignored);
    std::exchange(callback_, {})(
        seen_as("smtp", ask_.service, std::move(verdict),
                std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began_)));
  }

  tcp::socket socket_;
  boost::asio::steady_timer timer_;
  ServiceAsk ask_;
  ServiceCallback callback_;
  std::chrono::steady_clock::time_point began_;
  boost::asio::streambuf room_{most_greeting_bytes};
  bool connected_ = false;
};

}  // namespace

void dns_look(boost::asio::io_context& io, ServiceAsk ask, std::string name,
              std::vector<std::string> expected, ServiceCallback callback) {
  const bool sixth = !expected.empty() && std::all_of(expected.begin(), expected.end(), [](const auto& one) {
    return one.find(':') != std::string::npos;
  });
  const DnsType type = sixth ? DnsType::aaaa : DnsType::a;
  const auto id = static_cast<std::uint16_t>(cookie());
  DatagramRequest request{{ask.address, ask.port}, dns_question(id, name, type), ask.timeout};
  datagram_look(
      io, std::move(request),
      [=, name = std::move(name),
       expected = std::move(expected)](std::string_view bytes) -> std::optional<DatagramVerdict> {
        const auto answer = dns_answer(bytes, id, name, type);
        if (!answer) return std::nullopt;
        return judge(*answer, expected);
      },
      [service = std::move(ask.service), callback = std::move(callback)](DatagramVerdict verdict,
                                                                         Milliseconds took) {
        callback(seen_as("dns", service, std::move(verdict), took));
      });
}

void ntp_look(boost::asio::io_context& io, ServiceAsk ask, Milliseconds offset, ServiceCallback callback) {
  const std::uint64_t ours = cookie();
  const WallTime asked = wall_clock();
  DatagramRequest request{{ask.address, ask.port}, ntp_question(ours), ask.timeout};
  datagram_look(
      io, std::move(request),
      [=](std::string_view bytes) -> std::optional<DatagramVerdict> {
        const auto answer = ntp_answer(bytes, ours, asked, wall_clock());
        if (!answer) return std::nullopt;
        return judge(*answer, offset);
      },
      [service = std::move(ask.service), callback = std::move(callback)](DatagramVerdict verdict,
                                                                         Milliseconds took) {
        callback(seen_as("ntp", service, std::move(verdict), took));
      });
}

void smtp_look(boost::asio::io_context& io, ServiceAsk ask, ServiceCallback callback) {
  std::make_shared<Greeting>(io, std::move(ask), std::move(callback))->begin();
}

}  // namespace nethealth
