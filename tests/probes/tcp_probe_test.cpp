#include "probes/tcp_probe.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <optional>

#include "own_network.hpp"
#include "run_until.hpp"
#include "scripted_server.hpp"

using namespace nethealth;
using boost::asio::ip::tcp;

namespace {

std::optional<ServiceSeen> look(boost::asio::io_context& io, const std::string& address, std::uint16_t port,
                                Milliseconds timeout = Milliseconds(10'000)) {
  std::optional<ServiceSeen> seen;
  tcp_look(io, {boost::asio::ip::make_address(address), port, "app", timeout},
           [&seen](ServiceSeen what) { seen = std::move(what); });
  run_until(io, [&seen] { return seen.has_value(); });
  return seen;
}

/// No descriptor can be opened while this lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a port that takes connections is ok and names its service") {
  boost::asio::io_context io{1};
  const Listener listener;
  const auto seen = look(io, "127.0.0.1", listener.port());
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  CHECK(seen->probe == "tcp");
  CHECK(seen->service == "app");
  CHECK(seen->duration_ms);
}

TEST_CASE("a port that takes connections over IPv6 is ok") {
  boost::asio::io_context io{1};
  boost::system::error_code error;
  tcp::acceptor acceptor(io);
  acceptor.open(tcp::v6(), error);
  acceptor.bind({boost::asio::ip::address_v6::loopback(), 0}, error);
  if (skipped_unless(!error, "no IPv6")) return;
  acceptor.listen();
  const auto seen = look(io, "::1", acceptor.local_endpoint().port());
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
}

TEST_CASE("a port where nobody listens refuses") {
  boost::asio::io_context io{1};
  const Listener bound_only(-1);
  const auto seen = look(io, "127.0.0.1", bound_only.port());
  REQUIRE(seen);
  CHECK(seen->status == Outcome::refused);
}

TEST_CASE("a port that does not answer times out") {
  boost::asio::io_context io{1};
  const Listener full(0);
  tcp::socket first(io);
  tcp::socket second(io);
  const tcp::endpoint there(boost::asio::ip::address_v4::loopback(), full.port());
  first.async_connect(there, [](const auto&) {});  // fills the queue: the kernel drops further requests
  second.async_connect(there, [](const auto&) {});
  io.run_one();
  const auto seen = look(io, "127.0.0.1", full.port(), Milliseconds(200));
  REQUIRE(seen);
  CHECK(seen->status == Outcome::timeout);
}

TEST_CASE("an address without a way is unreachable and what an own rule forbids is blind") {
  if (skipped_without_root()) return;
  CHECK(in_own_network([]() -> std::string {
          boost::asio::io_context io{1};
          auto seen = look(io, "192.0.2.1", 80);
          if (!seen || seen->status != Outcome::unreachable) return "not unreachable";
          if (!run_command("ip link set lo up") || !run_command("ip route add prohibit 192.0.2.0/24"))
            return "no network";
          seen = look(io, "192.0.2.1", 80);
          return seen && seen->status == Outcome::blind ? "" : "not blind";
        }) == "");
}

TEST_CASE("without a free descriptor the look is blind") {
  boost::asio::io_context io{1};
  const Listener listener;
  const tcp::socket before(io);  // what the loop itself needs is open by now
  std::optional<ServiceSeen> seen;
  {
    const NoDescriptors none;
    seen = look(io, "127.0.0.1", listener.port());
  }
  REQUIRE(seen);
  CHECK(seen->status == Outcome::blind);
  CHECK_FALSE(seen->duration_ms);
}

TEST_CASE("a service that greets sees an orderly end and no reset") {
  boost::asio::io_context io{1};
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  tcp::socket service(io);
  boost::system::error_code end;
  boost::system::error_code farewell;
  std::string heard(16, '\0');
  const std::string words(8 * 1024, 'g');
  bool done = false;
  acceptor.async_accept(service, [&](const auto& failed) {
    if (failed) return;
    boost::asio::write(service, boost::asio::buffer(words), end);
    boost::asio::async_read(service, boost::asio::buffer(heard), [&](const auto& error, std::size_t) {
      end = error;
      boost::asio::write(service, boost::asio::buffer(words), farewell);
      done = true;
    });
  });
  const auto seen = look(io, "127.0.0.1", acceptor.local_endpoint().port());
  REQUIRE(seen);
  CHECK(seen->status == Outcome::ok);
  REQUIRE(run_until(io, [&done] { return done; }));
  CHECK(end == boost::asio::error::eof);
  CHECK_FALSE(farewell);
  service.close();
  io.restart();
  io.run();
}
