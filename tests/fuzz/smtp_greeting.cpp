// What a mail server says first, over a real connection.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <optional>

#include "probes/name_time_mail_probe.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  using boost::asio::ip::tcp;
  boost::asio::io_context io{1};
  tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  std::optional<ServiceSeen> seen;
  smtp_look(io,
            {boost::asio::ip::address_v4::loopback(), acceptor.local_endpoint().port(), "mail",
             std::chrono::seconds(10)},
            [&](ServiceSeen what) { seen = std::move(what); });
  tcp::socket server(io);
  acceptor.async_accept(server, [&](const boost::system::error_code& error) {
    boost::system::error_code ignored;
    if (error) return;
    boost::asio::write(server, boost::asio::buffer(data, size), ignored);
    server.shutdown(tcp::socket::shutdown_send, ignored);
  });
  while (!seen && io.run_one() > 0) continue;
  must(seen.has_value(), "a look ends");
  must(seen->status == Outcome::ok || seen->status == Outcome::error || seen->status == Outcome::unreachable,
       "a server that speaks is no timeout");
  return 0;
}
