// The only file that sees Beast (its parser alone: the rest costs half a minute to compile) and Asio's TLS.

#include "agent/web_server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/url/pct_string_view.hpp>
#include <optional>
#include <set>
#include <utility>

#include "agent/accepting.hpp"
#include "probes/log_decode.hpp"

namespace nethealth {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t read_bytes = 16 * 1024;
constexpr std::size_t drained_limit_bytes = std::size_t{16} * 1024 * 1024;

std::string_view reason_of(int status) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  return {reason.data(), reason.size()};
}

/// Empty when a percent sign is not followed by two hexadecimal digits, or a control character or what is no
/// UTF-8 comes of it.
std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string spaced;
  for (const char c : text) plus_is_space&& c == '+' ? spaced += "%20" : spaced += c;
  const auto view = boost::urls::make_pct_string_view(spaced);
  if (!view) return std::nullopt;
  std::string plain = view->decode();
  const bool has_control =
      std::ranges::any_of(plain, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (has_control || !is_valid_utf8(plain)) return std::nullopt;
  return plain;
}

/// False when a pair cannot be decoded; the others are taken all the same.
bool read_pairs(std::string_view rest, std::map<std::string, std::string>& into) {
  bool good = true;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto name = decoded(pair.substr(0, pair.find('=')), true);
    const std::size_t equals = pair.find('=');
    const auto value = decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    good = good && name && value;
    if (name && value && !name->empty()) into[*name] = *value;
  }
  return good;
}

bool read_target(std::string_view target, WebRequest& request) {
  if (target.empty() || target.front() != '/') return false;
  const std::size_t question = target.find('?');
  const auto path = decoded(target.substr(0, question), false);
  if (!path) return false;
  request.path = *path;
  return read_pairs(question == std::string_view::npos ? "" : target.substr(question + 1), request.query);
}

std::string head_of(const WebReply& reply, bool stays, bool encrypted) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " " + std::string(reason_of(reply.status)) +
                     "\r\nContent-Type: " + reply.type +
                     "\r\nContent-Length: " + std::to_string(reply.body.size()) +
                     "\r\nConnection: " + (stays ? "keep-alive" : "close") +
                     "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY"
                     "\r\nReferrer-Policy: no-referrer\r\n";
  if (encrypted) head += "Strict-Transport-Security: max-age=31536000\r\n";
  bool has_policy = false;
  for (const auto& [name, value] : reply.headers) {
    head += name;
    head += ": " + value + "\r\n";
    has_policy = has_policy || name == "Content-Security-Policy";
  }
  if (!has_policy)
    head +=
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n";
  return head + "\r\n";
}

WebReply problem(int status, const std::string& what) {
  return {status, "{\"ok\":false,\"error\":\"" + what + "\"}\n"};
}

/// One client. Its parts are used by the server's one thread only.
struct WebConnection {
  WebConnection(tcp::socket accepted, ssl::context& context, bool with_tls)
      : stream(std::move(accepted), context), timer(stream.get_executor()), encrypted(with_tls) {}

  template <class Buffers, class Done>
  void read_some(Buffers buffers, Done done) {
    encrypted ? stream.async_read_some(buffers, std::move(done))
              : stream.next_layer().async_read_some(buffers, std::move(done));
  }
  template <class Buffers, class Done>
  void write(Buffers buffers, Done done) {
    encrypted ? asio::async_write(stream, buffers, std::move(done))
              : asio::async_write(stream.next_layer(), buffers, std::move(done));
  }
  tcp::socket& socket() { return stream.next_layer(); }

  ssl::stream<tcp::socket> stream;
  asio::steady_timer timer;
  bool encrypted;
  std::string address;
  std::array<char, read_bytes> arrived{};
  std::string pending;  ///< read and not parsed yet
  std::optional<http::request_parser<http::string_body>> parser;
  WebRequest request;
  std::string output;
  std::size_t requests = 0;
  std::size_t drained = 0;
  bool large = false;  ///< has one of the places for large bodies
  bool stays = true;
  bool waits_for_answer = false;
};
using SharedConnection = std::shared_ptr<WebConnection>;

}  // namespace

std::map<std::string, std::string> form_parts(std::string_view body) {
  std::map<std::string, std::string> parts;
  read_pairs(body, parts);
  return parts;
}

class WebServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, Handlers handlers, WebLimits limits)
      : acceptor_(io), pause_(io), handlers_(std::move(handlers)), limits_(limits) {}

  std::optional<Failure> listen(const HttpServer& where) {
    const std::string place = where.host + ":" + std::to_string(where.port);
    if (auto wrong = prepare_tls(where)) return wrong;
    error_code error;
    const auto address = asio::ip::make_address(where.host, error);
    if (error) return Failure{place, "not an address: " + error.message()};
    const tcp::endpoint endpoint(address, where.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(waiting_connections, error);
    if (error) return Failure{place, "cannot listen: " + error.message()};
    listening_ = true;
    accept();
    return std::nullopt;
  }

  void stop() {
    listening_ = false;
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    const auto connections = connections_;
    for (const auto& connection : connections) end(connection);
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] const WebCounters& counters() const { return counters_; }

 private:
  std::optional<Failure> prepare_tls(const HttpServer& where) {
    encrypted_ = !where.certificate.empty();
    if (!encrypted_) return std::nullopt;
    context_.set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                         ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | ssl::context::no_compression |
                         SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    error_code error;
    context_.use_certificate_chain_file(where.certificate, error);
    if (error) return Failure{where.certificate, "not a usable certificate: " + error.message()};
    context_.use_private_key_file(where.key_file, ssl::context::pem, error);
    if (error) return Failure{where.key_file, "not a usable key of the certificate: " + error.message()};
    return std::nullopt;
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (!self->listening_) return;
      if (error) return self->accept_later();
      self->begin(std::move(socket));
      self->accept();
    });
  }

  /// Out of descriptors, most likely: trying again at once would spin.
  void accept_later() {
    pause_.expires_after(pause_after_a_failed_accept);
    pause_.async_wait([self = shared_from_this()](error_code error) {
      if (!error && self->listening_) self->accept();
    });
  }

  void begin(tcp::socket socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return;
    ++counters_.connections;
    const std::string address = endpoint.address().to_string();
    std::size_t& of_address = by_address_[address];
    if (connections_.size() >= limits_.connections || of_address >= limits_.connections_of_one_address) {
      if (of_address == 0) by_address_.erase(address);
      ++counters_.turned_away;
      return;
    }
    ++of_address;
    socket.set_option(tcp::no_delay(true), error);
    const auto connection = std::make_shared<WebConnection>(std::move(socket), context_, encrypted_);
    connection->address = address;
    connections_.insert(connection);
    if (!encrypted_) return next_request(connection);
    limit(connection, limits_.to_shake_hands);
    connection->stream.async_handshake(ssl::stream_base::server,
                                       [self = shared_from_this(), connection](error_code failed) {
                                         if (!self->lives(connection)) return;
                                         if (!failed) return self->next_request(connection);
                                         ++self->counters_.no_tls;
                                         self->end(connection);
                                       });
  }

  [[nodiscard]] bool lives(const SharedConnection& connection) const {
    return connections_.contains(connection);
  }

  void limit(const SharedConnection& connection, Milliseconds time) {
    connection->timer.expires_after(time);
    connection->timer.async_wait([self = shared_from_this(), connection](error_code error) {
      if (error || !self->lives(connection)) return;
      ++self->counters_.slow;
      self->end(connection);
    });
  }

  void next_request(const SharedConnection& connection) {
    if (!listening_) return end(connection);
    connection->parser.emplace();
    connection->parser->header_limit(static_cast<std::uint32_t>(limits_.head_bytes));
    connection->parser->body_limit(boost::none);
    connection->parser->eager(false);
    connection->request = {};
    limit(connection, limits_.to_send_the_head);
    parse(connection);
  }

  void read(const SharedConnection& connection) {
    connection->read_some(asio::buffer(connection->arrived),
                          [self = shared_from_this(), connection](error_code error, std::size_t bytes) {
                            if (!self->lives(connection)) return;
                            if (error) return self->end(connection);
                            connection->pending.append(connection->arrived.data(), bytes);
                            self->parse(connection);
                          });
  }

  void parse(const SharedConnection& connection) {
    auto& parser = *connection->parser;
    while (!parser.is_done()) {
      if (connection->pending.empty()) return read(connection);
      const bool had_head = parser.is_header_done();
      error_code error;
      const std::size_t used = parser.put(asio::buffer(connection->pending), error);
      connection->pending.erase(0, used);
      if (error == http::error::need_more) return read(connection);
      if (error) return refuse(connection, error);
      if (!had_head && parser.is_header_done() && !take_head(connection)) return;
    }
    connection->request.body = std::move(parser.get().body());
    hand_over(connection);
  }

  /// False when it goes on elsewhere: an answer, or a word to the client, is on its way.
  bool take_head(const SharedConnection& connection) {
    auto& parser = *connection->parser;
    WebRequest& request = connection->request;
    const auto& message = parser.get();
    request.method = std::string(message.method_string());
    request.address = connection->address;
    request.encrypted = connection->encrypted;
    for (const auto& field : message) {
      std::string name(field.name_string());
      std::ranges::transform(name, name.begin(),
                             [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      request.headers[name] = std::string(field.value());
    }
    connection->stays = parser.keep_alive() && ++connection->requests < limits_.requests_of_one_connection;
    if (message.version() < 10 || message.version() > 11)
      return refused(connection, 505, "HTTP/1.1 is spoken here");
    const auto target = message.target();
    if (!read_target({target.data(), target.size()}, request))
      return refused(connection, 400, "the address of the request is not readable");
    return take_limits(connection);
  }

  bool take_limits(const SharedConnection& connection) {
    auto& parser = *connection->parser;
    const std::size_t allowed = handlers_.body_limit(connection->request);
    const auto length = parser.content_length();
    if (length && *length > allowed)
      return refused(connection, 413, "the body is longer than " + std::to_string(allowed) + " bytes");
    const bool is_large = length ? *length > limits_.small_body_bytes : parser.chunked();
    if (is_large && allowed > limits_.small_body_bytes) {
      if (large_ >= limits_.large_bodies)
        return refused(connection, 503, "too many large requests, try again");
      ++large_;
      connection->large = true;
    }
    parser.body_limit(allowed);
    parser.eager(true);
    limit(connection, limits_.to_send_the_body);
    if (connection->request.header("expect") != "100-continue") return true;
    ask_for_the_body(connection);
    return false;
  }

  /// The client waits for this word before it sends the body (RFC 9110 10.1.1).
  void ask_for_the_body(const SharedConnection& connection) {
    static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
    connection->write(asio::buffer(text),
                      [self = shared_from_this(), connection](error_code error, std::size_t) {
                        if (!self->lives(connection)) return;
                        error ? self->end(connection) : self->parse(connection);
                      });
  }

  void refuse(const SharedConnection& connection, error_code error) {
    if (error == http::error::header_limit)
      refused(connection, 431, "the head is longer than " + std::to_string(limits_.head_bytes) + " bytes");
    else if (error == http::error::body_limit)
      refused(connection, 413, "the body is too long");
    else
      refused(connection, 400, "not a readable HTTP request");
  }

  bool refused(const SharedConnection& connection, int status, const std::string& what) {
    ++counters_.garbled;
    connection->stays = false;
    reply(connection, problem(status, what));
    return false;
  }

  void hand_over(const SharedConnection& connection) {
    ++counters_.requests;
    connection->waits_for_answer = true;
    limit(connection, limits_.to_be_answered);
    handlers_.request(connection->request, [weak = weak_from_this(), connection](const WebReply& answer) {
      const auto self = weak.lock();
      if (!self || !self->lives(connection) || !std::exchange(connection->waits_for_answer, false)) return;
      self->reply(connection, answer);
    });
  }

  void reply(const SharedConnection& connection, const WebReply& answer) {
    connection->output = head_of(answer, connection->stays, connection->encrypted);
    if (connection->request.method != "HEAD") connection->output += answer.body;
    if (std::exchange(connection->large, false)) --large_;
    limit(connection, limits_.to_take_the_reply);
    connection->write(asio::buffer(connection->output),
                      [self = shared_from_this(), connection](error_code error, std::size_t) {
                        if (!self->lives(connection)) return;
                        connection->output = {};
                        if (error) return self->end(connection);
                        connection->stays ? self->next_request(connection) : self->farewell(connection);
                      });
  }

  /// What still arrives is read away for a moment: closing at once would take the reply back from the client.
  void farewell(const SharedConnection& connection) {
    limit(connection, limits_.to_go);
    error_code ignored;
    if (!connection->encrypted) connection->socket().shutdown(tcp::socket::shutdown_send, ignored);
    if (connection->encrypted) {
      connection->stream.async_shutdown(
          [self = shared_from_this(), connection](error_code) { self->end(connection); });
      return;
    }
    drain(connection);
  }

  void drain(const SharedConnection& connection) {
    connection->read_some(asio::buffer(connection->arrived),
                          [self = shared_from_this(), connection](error_code error, std::size_t bytes) {
                            if (!self->lives(connection)) return;
                            connection->drained += bytes;
                            if (error || connection->drained > drained_limit_bytes)
                              return self->end(connection);
                            self->drain(connection);
                          });
  }

  void end(const SharedConnection& connection) {
    if (connections_.erase(connection) == 0) return;
    if (const auto found = by_address_.find(connection->address);
        found != by_address_.end() && --found->second == 0)
      by_address_.erase(found);
    if (std::exchange(connection->large, false)) --large_;
    connection->timer.cancel();
    error_code ignored;
    connection->socket().close(ignored);
  }

  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  ssl::context context_{ssl::context::tls_server};
  Handlers handlers_;
  WebLimits limits_;
  bool encrypted_ = false;
  bool listening_ = false;
  std::size_t large_ = 0;
  std::set<SharedConnection> connections_;
  std::map<std::string, std::size_t> by_address_;
  WebCounters counters_;
};

Result<std::unique_ptr<WebServer>> WebServer::open(asio::io_context& io, const HttpServer& where,
                                                   Handlers handlers, WebLimits limits) {
  auto impl = std::make_shared<Impl>(io, std::move(handlers), limits);
  if (auto wrong = impl->listen(where)) return tl::unexpected(*wrong);
  return std::unique_ptr<WebServer>(new WebServer(std::move(impl)));
}

WebServer::WebServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
WebServer::~WebServer() {
  impl_->stop();
}
std::uint16_t WebServer::port() const {
  return impl_->port();
}
const WebCounters& WebServer::counters() const {
  return impl_->counters();
}

}  // namespace nethealth
