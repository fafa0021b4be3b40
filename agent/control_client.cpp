#include "agent/control_client.hpp"

#include <sys/un.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <iostream>

namespace nethealth {
namespace {

namespace asio = boost::asio;
using Stream = asio::local::stream_protocol;
using boost::system::error_code;

}  // namespace

tl::expected<ControlReply, NoAnswer> ask_daemon(const std::string& socket_path, const ControlRequest& request,
                                                Milliseconds patience) {
  if (socket_path.empty() || socket_path.size() >= sizeof(sockaddr_un::sun_path))
    return tl::unexpected(NoAnswer{"the path of the socket is empty or too long"});
  asio::io_context io;
  Stream::socket socket(io);
  error_code error;
  socket.connect(Stream::endpoint(socket_path), error);
  if (error) return tl::unexpected(NoAnswer{error.message()});
  const std::string line = to_line(request);
  std::string answer;
  error = asio::error::timed_out;
  asio::async_write(socket, asio::buffer(line), [&](error_code write_error, std::size_t) {
    // A daemon that has already refused closes early; its answer is still worth reading.
    static_cast<void>(write_error);
    asio::async_read_until(socket, asio::dynamic_buffer(answer, control_reply_limit_bytes), '\n',
                           [&](error_code read_error, std::size_t) { error = read_error; });
  });
  io.run_for(patience);
  if (error) return tl::unexpected(NoAnswer{error.message()});
  const Result<ControlReply> reply = reply_from_line(std::string_view(answer).substr(0, answer.find('\n')));
  if (!reply) return tl::unexpected(NoAnswer{reply.error().text()});
  return *reply;
}

int print(const ControlReply& reply) {
  std::cout << reply.out << std::flush;
  std::cerr << reply.err << std::flush;
  return std::cout ? reply.exit_code : 1;
}

std::string no_answer_text(const std::string& socket_path, const NoAnswer& problem, Language language) {
  if (language == Language::ja)
    return "nethealth: デーモンが応答しません (" + socket_path + ": " + problem.why +
           ")。動いているかを systemctl status nethealth で確かめ、ソケットの場所が違うときは --socket "
           "で示してください。\n";
  return "nethealth: no daemon answers (" + socket_path + ": " + problem.why +
         "). See whether it runs with `systemctl status nethealth`; if its socket is elsewhere, say so with "
         "--socket.\n";
}

}  // namespace nethealth
