#pragma once
// TCP servers in the test's own io_context that play a script to each client: what a relay, a gateway or a
// syslog receiver does on a bad day.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace nethealth {

/// One client of a server. `heard` is everything it said.
struct FakeClient {
  explicit FakeClient(boost::asio::io_context& io) : socket(io) {}
  boost::asio::ip::tcp::socket socket;
  std::string heard;
  std::size_t used = 0;  ///< of `heard`, by whoever reads it
  std::array<char, 65536> buffer{};
  bool closed = false;
  bool in_data = false;  ///< SMTP: between DATA and its end

  void say(const std::string& text) {
    boost::system::error_code ignored;
    boost::asio::write(socket, boost::asio::buffer(text), ignored);
  }
  void hang_up() {
    boost::system::error_code ignored;
    socket.close(ignored);
    closed = true;
  }
};

class FakeServer {
 public:
  using OnHeard = std::function<void(FakeClient&)>;

  /// `on_heard` comes after each read, and once with nothing heard when a client connects.
  FakeServer(boost::asio::io_context& io, OnHeard on_heard, unsigned short port = 0)
      : io_(io),
        on_heard_(std::move(on_heard)),
        acceptor_(io, {boost::asio::ip::make_address("127.0.0.1"), port}) {
    accept();
  }
  ~FakeServer() {
    *alive_ = false;
    for (const auto& client : clients) client->hang_up();
  }

  [[nodiscard]] unsigned short port() const { return acceptor_.local_endpoint().port(); }

  std::list<std::shared_ptr<FakeClient>> clients;

 private:
  void accept() {
    auto client = std::make_shared<FakeClient>(io_);
    acceptor_.async_accept(client->socket, [this, client, alive = alive_](const auto& error) {
      if (!*alive || error) return;
      clients.push_back(client);
      on_heard_(*client);
      read(client);
      accept();
    });
  }

  void read(const std::shared_ptr<FakeClient>& client) {
    if (client->closed) return;
    client->socket.async_read_some(boost::asio::buffer(client->buffer),
                                   [this, client, alive = alive_](const auto& error, std::size_t size) {
                                     if (!*alive) return;
                                     if (error) {
                                       client->closed = true;
                                       return;
                                     }
                                     client->heard.append(client->buffer.data(), size);
                                     on_heard_(*client);
                                     read(client);
                                   });
  }

  boost::asio::io_context& io_;
  OnHeard on_heard_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// A mail relay. Each answer may be replaced; an empty one is never given, "close" hangs up.
struct FakeRelay {
  std::string greeting = "220 relay\r\n";
  std::string to_mail = "250 ok\r\n";
  std::string to_recipient = "250 ok\r\n";
  std::string to_end = "250 taken\r\n";
  std::vector<std::string> messages;  ///< as they came, without the closing dot

  void operator()(FakeClient& client) {
    if (client.heard.empty()) return answer(client, greeting);
    for (;;) {
      const std::string end = client.in_data ? "\r\n.\r\n" : "\r\n";
      const std::size_t at = client.heard.find(end, client.used);
      if (client.closed || at == std::string::npos) return;
      const std::string said = client.heard.substr(client.used, at - client.used);
      client.used = at + end.size();
      if (client.in_data) {
        client.in_data = false;
        messages.push_back(said);
        answer(client, to_end);
      } else if (said.starts_with("DATA")) {
        client.in_data = true;
        answer(client, "354 go on\r\n");
      } else if (said.starts_with("MAIL")) {
        answer(client, to_mail);
      } else if (said.starts_with("RCPT")) {
        answer(client, to_recipient);
      } else {
        answer(client, said.starts_with("QUIT") ? "221 bye\r\n" : "250 relay\r\n");
      }
    }
  }

  static void answer(FakeClient& client, const std::string& text) {
    if (text == "close") return client.hang_up();
    if (!text.empty()) client.say(text);
  }
};

}  // namespace nethealth
