// The bytes of an HTTP connection, through the real server.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <memory>

#include "agent/web_server.hpp"
#include "tests/fuzz/must.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace nethealth;
  using boost::asio::ip::tcp;
  boost::asio::io_context io{1};
  HttpServer where;
  where.host = "127.0.0.1";
  WebServer::Handlers handlers;
  handlers.request = [](const WebRequest& request, const WebServer::Answer& answer) {
    must(request.path.find('\0') == std::string::npos, "a path holds no nought");
    answer(WebReply{});
  };
  handlers.body_limit = [](const WebRequest&) { return std::size_t{1'000}; };
  auto server = WebServer::open(io, where, handlers);
  must(server.has_value(), "a server can be opened");
  tcp::socket socket(io);
  boost::system::error_code ignored;
  socket.connect({boost::asio::ip::address_v4::loopback(), (*server)->port()}, ignored);
  bool over = false;
  std::array<char, 4096> room{};
  std::function<void()> listen = [&] {
    socket.async_read_some(boost::asio::buffer(room),
                           [&](const boost::system::error_code& error, std::size_t) {
                             error ? static_cast<void>(over = true) : listen();
                           });
  };
  listen();
  boost::asio::async_write(socket, boost::asio::buffer(data, size),
                           [&](const boost::system::error_code&, std::size_t) {
                             socket.shutdown(tcp::socket::shutdown_send, ignored);
                           });
  while (!over && io.run_one() > 0) continue;
  must(over, "a connection ends");
  socket.close(ignored);
  return 0;
}
