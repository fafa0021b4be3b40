#include "probes/datagram_look.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

namespace nethealth {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

constexpr std::size_t most_answer_bytes = 4'096;
/// Strangers' datagrams that are looked at in one look.
constexpr int most_strangers = 100;

class Question : public std::enable_shared_from_this<Question> {
 public:
  Question(boost::asio::io_context& io, DatagramRequest request, ReadDatagram read,
           std::function<void(DatagramVerdict, Milliseconds)> callback)
      : io_(io),
        socket_(io),
        timer_(io),
        request_(std::move(request)),
        read_(std::move(read)),
        callback_(std::move(callback)),
        began_(std::chrono::steady_clock::now()) {}

  void begin() {
    error_code error;
    socket_.open(request_.to.protocol(), error);
    // A connected socket takes answers from nobody else, and is told when nobody listens.
    if (!error) socket_.connect(request_.to, error);
    if (error) {
      boost::asio::post(io_, [self = shared_from_this(), error] {
        self->answer({outcome_of_error(error.value()), error.message()});
      });
      return;
    }
    ask();
  }

 private:
  void ask() {
    error_code error;
    socket_.send(boost::asio::buffer(request_.question), 0, error);
    if (error) {
      boost::asio::post(io_, [self = shared_from_this(), error] {
        self->answer({outcome_of_error(error.value()), error.message()});
      });
      return;
    }
    timer_.expires_after(request_.timeout / 2);
    timer_.async_wait([self = shared_from_this()](const error_code& ended) {
      if (ended || !self->callback_) return;
      if (std::exchange(self->repeated_, true)) return self->answer({Outcome::timeout, ""});
      self->ask();
    });
    if (!std::exchange(listening_, true)) listen();
  }

  void listen() {
    socket_.async_receive(boost::asio::buffer(room_),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->came(error, bytes);
                          });
  }

  void came(const error_code& error, std::size_t bytes) {
    if (!callback_) return;
    if (error) return answer({outcome_of_error(error.value()), error.message()});
    if (auto verdict = read_(std::string_view(room_.data(), bytes))) return answer(std::move(*verdict));
    if (++strangers_ > most_strangers) return answer({Outcome::error, "nothing but foreign answers"});
    listen();
  }

  void answer(DatagramVerdict verdict) {
    if (!callback_) return;
    const auto callback = std::exchange(callback_, {});
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
    callback(std::move(verdict),
             std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began_));
  }

  boost::asio::io_context& io_;
  udp::socket socket_;
  boost::asio::steady_timer timer_;
  DatagramRequest request_;
  ReadDatagram read_;
  std::function<void(DatagramVerdict, Milliseconds)> callback_;
  std::chrono::steady_clock::time_point began_;
  std::array<char, most_answer_bytes> room_{};
  bool repeated_ = false, listening_ = false;
  int strangers_ = 0;
};

}  // namespace

Outcome outcome_of_error(int error) {
  switch (error) {
    case 0:
      return Outcome::ok;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return Outcome::refused;
    case ETIMEDOUT:
      return Outcome::timeout;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
      return Outcome::unreachable;
    default:
      return Outcome::blind;  // no descriptor, port, memory or permission: this host's fault
  }
}

void datagram_look(boost::asio::io_context& io, DatagramRequest request, ReadDatagram read,
                   std::function<void(DatagramVerdict, Milliseconds)> callback) {
  std::make_shared<Question>(io, std::move(request), std::move(read), std::move(callback))->begin();
}

}  // namespace nethealth
